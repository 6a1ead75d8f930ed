//! A formula of the documents, its correction, and what was measured, side by side.

use super::{Estimate, FormulaId};
use serde::{Deserialize, Serialize};

/// What a formula predicts in one situation, as claimed and as corrected, against a measurement.
/// All figures share one unit. A prediction agrees if the measured interval contains it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// Which formula.
    pub formula: FormulaId,
    /// In which situation, in words: the algorithm, the workload, the unit.
    pub situation: String,
    /// The value by the document.
    pub document_value: f64,
    /// The value by the correction that applies to this situation.
    pub corrected_value: f64,
    /// What was measured, with its 95 % interval.
    pub measured: Estimate,
    /// Whether the measurement is compatible with the document.
    pub agrees_document: bool,
    /// Whether the measurement is compatible with the correction.
    pub agrees_corrected: bool,
}

impl Comparison {
    /// Judges both values by the measurement.
    pub fn new(
        formula: FormulaId,
        situation: impl Into<String>,
        document_value: f64,
        corrected_value: f64,
        measured: Estimate,
    ) -> Self {
        Self {
            formula,
            situation: situation.into(),
            document_value,
            corrected_value,
            measured,
            agrees_document: measured.contains(document_value),
            agrees_corrected: measured.contains(corrected_value),
        }
    }

    /// Whether the measurement tells the two values apart: it agrees with one of them only. If
    /// not, the interval is too wide, or the situation is one in which the document is right.
    pub fn decides(&self) -> bool {
        self.agrees_document != self.agrees_corrected
    }
}
