(function () {
  "use strict";
  var form = document.getElementById("filters");
  var keys = ["kind", "backend", "form", "property", "text"];
  var rows = Array.from(document.querySelectorAll("#causes tr[data-a]"));
  var all = function (what) { return Array.from(document.querySelectorAll(what)); };
  var owned = all("[data-a]"), ofProperty = all("[data-property]"), groups = all("[data-all]");

  // What the form says, and the kind of algorithm that has the chosen property.
  function wanted() {
    var values = {};
    keys.forEach(function (key) { values[key] = form.elements[key].value.trim(); });
    var option = form.elements.property.selectedOptions[0];
    values.kindOfProperty = option ? option.dataset.kind || "" : "";
    return values;
  }

  function fits(row, values) {
    var data = row.dataset;
    var text = [data.a, data.backend, data.form, data.text].join(" ").toLowerCase();
    return ["kind", "backend", "form"].every(function (key) {
      return values[key] === "" || data[key] === values[key];
    }) && (values.kindOfProperty === "" || data.kind === values.kindOfProperty)
      && values.text.toLowerCase().split(/\s+/).every(function (word) { return text.includes(word); });
  }

  function filter() {
    var values = wanted(), shown = new Set(), kinds = new Set();
    rows.filter(function (row) { return fits(row, values); }).forEach(function (row) {
      shown.add(row.dataset.a);
      kinds.add(row.dataset.kind);
    });
    owned.forEach(function (element) { element.hidden = !shown.has(element.dataset.a); });
    ofProperty.forEach(function (element) {
      element.hidden = values.property !== ""
        && !element.dataset.property.split(" ").includes(values.property);
    });
    all("#choice [data-kind]").forEach(function (part) { part.hidden = !kinds.has(part.dataset.kind); });
    // A heading without anything below it says nothing.
    groups.forEach(function (group) {
      group.hidden = !Array.from(group.querySelectorAll("[data-a]")).some(function (element) {
        return !element.hidden;
      });
    });
    // An algorithm that never breaks the chosen property has no story left.
    all("#counterexamples [data-a]").forEach(function (part) {
      part.hidden = part.hidden || !part.querySelector("details:not([hidden])");
    });
    document.getElementById("none").hidden = shown.size > 0;
    document.getElementById("shown").value = shown.size === rows.length
      ? rows.length + " algorithms" : shown.size + " of " + rows.length;
  }

  // A filtered view has an address: #kind=lock&backend=redis, with &at=NAME to go to a place.
  function remember() {
    var values = wanted();
    var parts = keys.filter(function (key) { return values[key] !== ""; }).map(function (key) {
      return key + "=" + encodeURIComponent(values[key]);
    });
    history.replaceState(null, "", "#" + parts.join("&"));
  }

  function recall() {
    var hash = location.hash.slice(1), place = hash;
    if (hash.includes("=")) {
      var values = new URLSearchParams(hash);
      keys.forEach(function (key) { form.elements[key].value = values.get(key) || ""; });
      place = values.get("at") || "";
    }
    filter();
    var target = document.getElementById(decodeURIComponent(place));
    if (!target) { return; }
    if (target.closest("[hidden]")) {
      // Whoever follows a link wants to see where it leads.
      keys.forEach(function (key) { form.elements[key].value = ""; });
      filter();
    }
    if (target instanceof HTMLDetailsElement) { target.open = true; }
    target.scrollIntoView();
  }

  form.hidden = false;
  form.addEventListener("submit", function (event) { event.preventDefault(); });
  form.addEventListener("input", function () { filter(); remember(); });
  form.addEventListener("reset", function () { setTimeout(function () { filter(); remember(); }); });
  window.addEventListener("hashchange", recall);
  recall();
})();
