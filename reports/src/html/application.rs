//! What the runs meant to programs, as the templates are filled with it.

use contend_model::property::Kind;
use contend_model::run::{Comparison, SimulationReport};
use serde::Serialize;

use super::group::{Group, by_backend};
use crate::applications::{Harm, harms, note};
use crate::figures::measured;
use crate::names::{count, grouped, number};

/// What became of the programs that rely on one kind of algorithm, under faults.
#[derive(Serialize)]
pub(super) struct ApplicationsView {
    kind: String,
    note: &'static str,
    programs: Vec<Program>,
    harms: Vec<HarmView>,
    groups: Vec<Group<ApplicationRow>>,
}

/// Columns that belong to one program.
#[derive(Serialize)]
struct Program {
    name: &'static str,
    columns: usize,
}

#[derive(Serialize)]
struct HarmView {
    title: &'static str,
    meaning: &'static str,
}

#[derive(Serialize)]
struct ApplicationRow {
    algorithm: String,
    operations: String,
    cells: Vec<HarmCell>,
}

#[derive(Serialize)]
struct HarmCell {
    class: &'static str,
    text: String,
    seeds: String,
    hint: String,
    /// The length of its bar in per cent: logarithmic, from one in a million to all.
    bar: u32,
}

impl ApplicationsView {
    /// `None` if nothing of this kind was simulated under faults.
    pub fn new(comparison: &Comparison, kind: Kind) -> Option<Self> {
        let measured = measured(comparison, kind);
        let rows = measured.iter().filter_map(|one| Some((one.card, one.faulty?)));
        let rows = rows.map(|(card, report)| {
            let row = ApplicationRow {
                algorithm: card.name.clone(),
                operations: grouped(report.metrics.operations()),
                cells: harms(kind).iter().map(|harm| HarmCell::new(harm, report)).collect(),
            };
            (card, row)
        });
        let groups = by_backend(rows);
        let heading = |harm: &Harm| HarmView { title: harm.title, meaning: harm.meaning };
        (!groups.is_empty()).then(|| ApplicationsView {
            kind: kind.to_string(),
            note: note(kind),
            programs: programs(harms(kind)),
            harms: harms(kind).iter().map(heading).collect(),
            groups,
        })
    }
}

fn programs(harms: &[Harm]) -> Vec<Program> {
    let same = harms.chunk_by(|one, next| one.application == next.application);
    same.map(|harms| Program { name: harms[0].application, columns: harms.len() }).collect()
}

impl HarmCell {
    fn new(harm: &Harm, report: &SimulationReport) -> Self {
        let Some(toll) = harm.toll(&report.metrics) else {
            let hint = "the record does not say".into();
            let (text, seeds) = ("–".into(), String::new());
            return HarmCell { class: "moot", text, seeds, hint, bar: 0 };
        };
        let per_million = toll.per_million.unwrap_or(0.0);
        HarmCell {
            class: if toll.times > 0 { "rate" } else { "none" },
            text: toll.per_million.map_or_else(|| "–".into(), number),
            seeds: match toll.seeds {
                0 => String::new(),
                seeds => count(seeds as usize, "seed"),
            },
            hint: harm.sentence(&toll, report.seeds),
            bar: (100.0 * per_million.max(1.0).log10() / 6.0).round().min(100.0) as u32,
        }
    }
}
