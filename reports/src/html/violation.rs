//! How often properties were violated, as the templates are filled with it.

use contend_model::metrics::ViolationRate;
use contend_model::property::{Kind, Property};
use contend_model::run::Comparison;
use serde::Serialize;

use super::group::{Group, by_backend};
use super::term::Term;
use crate::figures::{is_judged, measured};
use crate::names::{grouped, number};

/// The rates of one kind of algorithm, under faults.
#[derive(Serialize)]
pub(super) struct Violations {
    kind: String,
    properties: Vec<Term>,
    groups: Vec<Group<ViolationRow>>,
}

#[derive(Serialize)]
struct ViolationRow {
    algorithm: String,
    operations: String,
    cells: Vec<RateCell>,
}

#[derive(Serialize)]
struct RateCell {
    property: String,
    class: &'static str,
    text: String,
    interval: String,
    hint: String,
    /// The length of its bar in per cent: logarithmic, from one in a million to all.
    bar: u32,
}

impl Violations {
    /// `None` if nothing of this kind was simulated under faults.
    pub fn new(comparison: &Comparison, kind: Kind) -> Option<Self> {
        let measured = measured(comparison, kind);
        let faulty = || measured.iter().filter_map(|one| Some((one.card, one.faulty?)));
        let judged =
            |property: &Property| faulty().any(|(card, report)| is_judged(card, report, *property));
        let properties: Vec<Property> = Property::of(kind).iter().copied().filter(judged).collect();
        let rows = faulty().map(|(card, report)| {
            let rates = report.metrics.violations();
            let cell = |&property: &Property| {
                let rate = rates.iter().find(|rate| rate.property == property);
                RateCell::new(property, rate.filter(|_| is_judged(card, report, property)))
            };
            let row = ViolationRow {
                algorithm: card.name.clone(),
                operations: grouped(report.metrics.operations()),
                cells: properties.iter().map(cell).collect(),
            };
            (card, row)
        });
        let groups = by_backend(rows);
        let properties = properties.iter().copied().map(Term::property).collect();
        (!groups.is_empty()).then(|| Violations { kind: kind.to_string(), properties, groups })
    }
}

impl RateCell {
    fn new(property: Property, rate: Option<&ViolationRate>) -> Self {
        let name = property.to_string();
        let estimate = rate.and_then(|rate| Some((rate, rate.per_million?)));
        let Some((rate, estimate)) = estimate else {
            let (text, interval) = ("–".into(), String::new());
            let hint = "not offered, not asked for in these runs, or nothing was finished".into();
            return RateCell { property: name, class: "moot", text, interval, hint, bar: 0 };
        };
        let (low, high) = (number(estimate.low), number(estimate.high));
        let seen = rate.runs > 0;
        let at_most = rate.at_most_per_million.map(|at_most| format!("≤ {}", number(at_most)));
        RateCell {
            property: name,
            class: if seen { "rate" } else { "none" },
            text: if seen { number(estimate.value) } else { "0".into() },
            interval: if seen { format!("{low} – {high}") } else { at_most.unwrap_or_default() },
            hint: format!("{} runs violated {property}", grouped(rate.runs)),
            bar: (100.0 * estimate.value.max(1.0).log10() / 6.0).round().min(100.0) as u32,
        }
    }
}
