//! The report as one HTML file that needs nothing else: no network, no fonts. Without its
//! script it can be read all the same, but not filtered.

mod algorithm;
mod application;
mod cost;
mod formula;
mod group;
mod page;
mod provenance;
mod story;
mod term;
mod violation;

use contend_model::run::Comparison;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior};

use page::Page;

/// The templates, by name. Those that end in `.html` are escaped.
const TEMPLATES: [(&str, &str); 11] = [
    ("report.html", include_str!("../templates/report.html")),
    ("overview.html", include_str!("../templates/overview.html")),
    ("verdicts.html", include_str!("../templates/verdicts.html")),
    ("counterexamples.html", include_str!("../templates/counterexamples.html")),
    ("costs.html", include_str!("../templates/costs.html")),
    ("violations.html", include_str!("../templates/violations.html")),
    ("applications.html", include_str!("../templates/applications.html")),
    ("formulas.html", include_str!("../templates/formulas.html")),
    ("provenance.html", include_str!("../templates/provenance.html")),
    ("style.css", include_str!("../templates/style.css")),
    ("script.js", include_str!("../templates/script.js")),
];

/// The whole report as HTML.
///
/// # Panics
/// If a template is wrong: they are part of the program, and a test renders them all.
pub fn html(comparison: &Comparison) -> String {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
    environment.set_syntax(syntax.expect("the usual delimiters are valid"));
    for (name, source) in TEMPLATES {
        environment.add_template(name, source).expect("the templates are well-formed");
    }
    let template = environment.get_template("report.html").expect("it was just added");
    let page = Serde(Page::new(comparison));
    template.render(page).expect("the templates and the page fit each other")
}
