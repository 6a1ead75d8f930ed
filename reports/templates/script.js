(function () {
  "use strict";
  var form = document.getElementById("filters");
  var keys = ["kind", "backend", "form", "property"];
  function filter() {
    document.querySelectorAll("[data-kind], [data-property]").forEach(function (element) {
      element.hidden = keys.some(function (key) {
        var wanted = form.elements[key].value;
        return wanted !== "" && key in element.dataset && element.dataset[key] !== wanted;
      });
    });
  }
  function open() {
    var target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target instanceof HTMLDetailsElement) {
      target.open = true;
      target.scrollIntoView();
    }
  }
  form.hidden = false;
  form.addEventListener("change", filter);
  window.addEventListener("hashchange", open);
  open();
})();
