//! The documents' formulas, as the templates are filled with them.

use contend_model::measure::{self, FORMULAS, Formula};
use contend_model::run::Comparison;
use serde::Serialize;

use crate::figures::by_runs;
use crate::names::number;

/// One formula, and every situation in which it was measured.
#[derive(Serialize)]
pub(super) struct FormulaView {
    id: String,
    document: &'static str,
    claimed: &'static str,
    corrected: &'static str,
    rows: Vec<FormulaRow>,
}

#[derive(Serialize)]
struct FormulaRow {
    algorithm: String,
    runs: &'static str,
    situation: String,
    document: String,
    corrected: String,
    measured: String,
    low: String,
    high: String,
    agrees_document: bool,
    agrees_corrected: bool,
}

impl FormulaView {
    /// All formulas.
    pub fn all(comparison: &Comparison) -> Vec<Self> {
        FORMULAS.iter().map(|formula| FormulaView::new(formula, comparison)).collect()
    }

    fn new(formula: &'static Formula, comparison: &Comparison) -> Self {
        let rows = by_runs(comparison).flat_map(|(runs, simulation)| {
            let formulas = simulation.metrics.formulas().iter();
            let measured = formulas.filter(|measured| measured.formula == formula.id);
            measured.map(move |measured| FormulaRow::new(&simulation.algorithm, runs, measured))
        });
        FormulaView {
            id: formula.id.to_string(),
            document: formula.document,
            claimed: formula.claimed,
            corrected: formula.corrected,
            rows: rows.collect(),
        }
    }
}

impl FormulaRow {
    fn new(algorithm: &str, runs: &'static str, comparison: &measure::Comparison) -> Self {
        FormulaRow {
            algorithm: algorithm.to_owned(),
            runs,
            situation: comparison.situation.clone(),
            document: number(comparison.document_value),
            corrected: number(comparison.corrected_value),
            measured: number(comparison.measured.value),
            low: number(comparison.measured.low),
            high: number(comparison.measured.high),
            agrees_document: comparison.agrees_document,
            agrees_corrected: comparison.agrees_corrected,
        }
    }
}
