//! What the simulated runs cost, as the templates are filled with it.

use contend_model::metrics::Summary;
use contend_model::property::Kind;
use contend_model::run::Comparison;
use minijinja::Value;
use serde::Serialize;

use crate::figures::{Column, sheets, simulations};
use crate::names::{grouped, number};
use crate::svg::{Distributions, RateScale, sparkline};

/// The costs of one kind of algorithm.
#[derive(Serialize)]
pub(super) struct Costs {
    kind: String,
    sheets: Vec<SheetView>,
    panels: Vec<Panel>,
    /// Curves that the panels share.
    #[serde(skip)]
    pub definitions: String,
}

#[derive(Serialize)]
struct SheetView {
    title: &'static str,
    columns: Vec<ColumnView>,
    rows: Vec<SheetRow>,
}

#[derive(Serialize)]
struct ColumnView {
    title: &'static str,
    meaning: &'static str,
}

#[derive(Serialize)]
struct SheetRow {
    algorithm: Tagged,
    cells: Vec<Figure>,
}

/// An algorithm with what filters go by.
#[derive(Serialize)]
struct Tagged {
    name: String,
    form: String,
    backend: String,
    kind: String,
}

#[derive(Serialize)]
struct Figure {
    text: String,
    /// The length of its bar, in per cent of the largest of the column.
    bar: u32,
}

#[derive(Serialize)]
struct Panel {
    algorithm: Tagged,
    mean: String,
    chart: Value,
    series: Option<Value>,
}

/// Violations, as rates with intervals.
#[derive(Serialize)]
pub(super) struct Violations {
    axis: Value,
    rows: Vec<ViolationRow>,
}

#[derive(Serialize)]
struct ViolationRow {
    algorithm: Tagged,
    property: String,
    runs: String,
    value: String,
    low: String,
    high: String,
    chart: Value,
}

impl Tagged {
    fn new(comparison: &Comparison, name: &str) -> Self {
        let card = comparison.cards.iter().find(|card| card.name == name);
        Tagged {
            name: name.to_owned(),
            form: card.map_or_else(String::new, |card| card.form.to_string()),
            backend: card.map_or_else(String::new, |card| card.backend.clone()),
            kind: card.map_or_else(String::new, |card| card.kind.to_string()),
        }
    }
}

impl Costs {
    pub fn new(comparison: &Comparison, kind: Kind) -> Option<Self> {
        let simulations = simulations(comparison, kind);
        if simulations.is_empty() {
            return None;
        }
        let (prefix, level) = match kind {
            Kind::Lock => ("lock-cdf-", "waiters"),
            Kind::Queue => ("queue-cdf-", "backlog"),
        };
        let curves = simulations.iter().map(|s| s.metrics.wait_cdf()).collect();
        let distributions = Distributions::new(prefix, curves);
        let panel = |(place, simulation): (usize, &&contend_model::run::SimulationReport)| Panel {
            algorithm: Tagged::new(comparison, &simulation.algorithm),
            mean: match simulation.metrics.over_seeds().wait_ms {
                Some(mean) => {
                    let (value, half) = (number(mean.value), number(mean.high - mean.value));
                    format!("mean {value} ± {half} ms")
                }
                None => String::new(),
            },
            chart: Value::from_safe_string(distributions.panel(place, &simulation.algorithm)),
            series: simulation.metrics.series().map(|series| {
                Value::from_safe_string(sparkline(
                    series,
                    &format!("{level}, seed {}", series.seed),
                ))
            }),
        };
        let sheet = |sheet: &crate::figures::Sheet| SheetView {
            title: sheet.title,
            columns: sheet
                .columns
                .iter()
                .map(|column| ColumnView { title: column.title, meaning: column.meaning })
                .collect(),
            rows: {
                let largest: Vec<f64> = sheet
                    .columns
                    .iter()
                    .map(|column| largest(column, simulations.iter().map(|s| &s.metrics)))
                    .collect();
                let row = |simulation: &&contend_model::run::SimulationReport| SheetRow {
                    algorithm: Tagged::new(comparison, &simulation.algorithm),
                    cells: sheet
                        .columns
                        .iter()
                        .zip(&largest)
                        .map(|(column, largest)| figure(column, &simulation.metrics, *largest))
                        .collect(),
                };
                simulations.iter().map(row).collect()
            },
        };
        Some(Costs {
            kind: kind.to_string(),
            sheets: sheets(kind).iter().map(sheet).collect(),
            panels: simulations.iter().enumerate().map(panel).collect(),
            definitions: distributions.definitions(),
        })
    }
}

fn largest<'a>(column: &Column, summaries: impl Iterator<Item = &'a Summary>) -> f64 {
    summaries.filter_map(|summary| column.value(summary)).fold(0.0, f64::max)
}

fn figure(column: &Column, summary: &Summary, largest: f64) -> Figure {
    let share = column.value(summary).filter(|_| largest > 0.0).map_or(0.0, |v| v / largest);
    Figure { text: column.text(summary), bar: (100.0 * share).round() as u32 }
}

impl Violations {
    pub fn new(comparison: &Comparison) -> Option<Self> {
        let seen = || {
            comparison.simulations.iter().flat_map(|simulation| {
                let rates = simulation.metrics.violations().iter();
                let seen = rates.filter(|rate| rate.runs > 0);
                seen.filter_map(move |rate| Some((simulation, rate, rate.per_million?)))
            })
        };
        if comparison.simulations.is_empty() {
            return None;
        }
        let scale = RateScale::new(seen().map(|(_, _, estimate)| estimate));
        let mut rows = Vec::new();
        for (simulation, rate, estimate) in seen() {
            rows.push(ViolationRow {
                algorithm: Tagged::new(comparison, &simulation.algorithm),
                property: rate.property.to_string(),
                runs: grouped(rate.runs),
                value: number(estimate.value),
                low: number(estimate.low),
                high: number(estimate.high),
                chart: Value::from_safe_string(scale.row(estimate)),
            });
        }
        Some(Violations { axis: Value::from_safe_string(scale.axis()), rows })
    }
}
