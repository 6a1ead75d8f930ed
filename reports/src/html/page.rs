//! What the templates are filled with.

use contend_model::property::{Environment, Kind, Property};
use contend_model::run::Comparison;
use minijinja::Value;
use serde::Serialize;

use super::algorithm::KindOfAlgorithm;
use super::application::ApplicationsView;
use super::cost::Costs;
use super::formula::FormulaView;
use super::provenance::Provenance;
use super::story::StoriesOfAlgorithm;
use super::term::Term;
use super::violation::Violations;
use crate::choice;
use crate::matrix::Matrix;
use crate::names::list;
use crate::stories::Stories;
use crate::svg;

/// The page.
#[derive(Serialize)]
pub(super) struct Page {
    title: String,
    opening: Vec<Opening>,
    kinds: Vec<KindOfAlgorithm>,
    /// For the filter.
    backends: Vec<String>,
    stories: Vec<StoriesOfAlgorithm>,
    /// Elements that several drawings share.
    drawings: Value,
    costs: Vec<Costs>,
    violations: Vec<Violations>,
    applications: Vec<ApplicationsView>,
    formulas: Vec<FormulaView>,
    environments: Vec<Term>,
    properties: Vec<Term>,
    provenance: Provenance,
}

#[derive(Serialize)]
struct Opening {
    title: &'static str,
    /// The kind of algorithm that it is about; empty if about all.
    kind: String,
    sentences: Vec<Value>,
}

impl Page {
    pub fn new(comparison: &Comparison) -> Self {
        const KINDS: [Kind; 2] = [Kind::Lock, Kind::Queue];
        let stories = Stories::of(comparison);
        let matrices = Matrix::all(comparison);
        let kind = |kind| KindOfAlgorithm::new(kind, &matrices, &stories);
        let costs: Vec<Costs> =
            KINDS.into_iter().filter_map(|kind| Costs::new(comparison, kind)).collect();
        let drawings: String = costs.iter().map(|costs| costs.definitions.as_str()).collect();
        Page {
            title: title(comparison),
            opening: choice::sentences(comparison).into_iter().map(Opening::new).collect(),
            kinds: KINDS.into_iter().filter_map(kind).collect(),
            backends: backends(comparison),
            stories: StoriesOfAlgorithm::all(comparison, &stories),
            drawings: Value::from_safe_string(drawings),
            costs,
            violations: KINDS
                .into_iter()
                .filter_map(|kind| Violations::new(comparison, kind))
                .collect(),
            applications: KINDS
                .into_iter()
                .filter_map(|kind| ApplicationsView::new(comparison, kind))
                .collect(),
            formulas: FormulaView::all(comparison),
            environments: Environment::ALL.into_iter().map(Term::environment).collect(),
            properties: Property::ALL.into_iter().map(Term::property).collect(),
            provenance: Provenance::new(comparison),
        }
    }
}

fn title(comparison: &Comparison) -> String {
    let count = |kind: Kind| comparison.cards.iter().filter(|card| card.kind == kind).count();
    let part = |kind: Kind| match count(kind) {
        0 => None,
        1 => Some(format!("one {kind}")),
        some => Some(format!("{some} {kind}s")),
    };
    let parts: Vec<String> = [Kind::Lock, Kind::Queue].into_iter().filter_map(part).collect();
    let mut title = list(&parts);
    if let Some(first) = title.get(..1) {
        title = first.to_uppercase() + &title[1..];
    }
    format!("{title}, compared by evidence")
}

fn backends(comparison: &Comparison) -> Vec<String> {
    let mut backends: Vec<String> =
        comparison.cards.iter().map(|card| card.backend.clone()).collect();
    backends.sort();
    backends.dedup();
    backends
}

impl Opening {
    fn new((kind, sentences): (Option<Kind>, Vec<String>)) -> Self {
        Opening {
            title: match kind {
                Some(Kind::Lock) => "Locks",
                Some(Kind::Queue) => "Queues",
                None => "Evidence",
            },
            kind: kind.map_or_else(String::new, |kind| kind.to_string()),
            sentences: sentences.iter().map(|sentence| with_code(sentence)).collect(),
        }
    }
}

/// Escapes a sentence and sets what stands between back-quotes as code.
fn with_code(sentence: &str) -> Value {
    let mut html = String::new();
    for (place, part) in sentence.split('`').enumerate() {
        let part = svg::escaped(part);
        html += &if place % 2 == 1 { format!("<code>{part}</code>") } else { part };
    }
    Value::from_safe_string(html)
}
