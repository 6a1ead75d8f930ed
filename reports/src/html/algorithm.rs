//! The overview and the verdicts on each algorithm, as the templates are filled with them.

use contend_model::property::{Kind, Property};
use contend_model::verdict::Row;
use serde::Serialize;

use super::group::{Group, by_backend};
use super::term::Term;
use crate::causes::Cause;
use crate::matrix::{Mark, Matrix};
use crate::names::grouped;
use crate::stories::Stories;

/// Locks, or queues.
#[derive(Serialize)]
pub(super) struct KindOfAlgorithm {
    kind: String,
    properties: Vec<Term>,
    groups: Vec<Group<AlgorithmView>>,
}

#[derive(Serialize)]
struct AlgorithmView {
    name: String,
    document: String,
    form: String,
    backend: String,
    kind: String,
    summary: String,
    /// What it takes to break it, by property.
    causes: Vec<CauseView>,
    lines: Vec<Line>,
}

#[derive(Serialize)]
struct CauseView {
    property: String,
    letters: String,
    class: &'static str,
    /// The story that shows the weakest cause.
    anchor: Option<String>,
}

#[derive(Serialize)]
struct Line {
    property: String,
    meaning: &'static str,
    cells: Vec<CellView>,
}

#[derive(Serialize)]
struct CellView {
    sign: &'static str,
    class: &'static str,
    figure: String,
    anchor: Option<String>,
    hint: String,
    as_claimed: bool,
}

impl KindOfAlgorithm {
    /// All of one kind; `None` if there are none.
    pub fn new(kind: Kind, matrices: &[Matrix<'_>], stories: &Stories<'_>) -> Option<Self> {
        let of_kind = matrices.iter().filter(|matrix| matrix.card.kind == kind);
        let groups =
            by_backend(of_kind.map(|matrix| (matrix.card, AlgorithmView::new(matrix, stories))));
        let properties = Property::of(kind).iter().copied().map(Term::property).collect();
        let kind = kind.to_string();
        (!groups.is_empty()).then_some(KindOfAlgorithm { kind, properties, groups })
    }
}

impl AlgorithmView {
    fn new(matrix: &Matrix<'_>, stories: &Stories<'_>) -> Self {
        let card = matrix.card;
        let mut lines = Vec::new();
        let mut causes = Vec::new();
        for (property, rows) in &matrix.lines {
            lines.push(Line {
                property: property.to_string(),
                meaning: property.meaning(),
                cells: rows.map(|row| CellView::new(row, stories)).into(),
            });
            let cause = Cause::of(matrix, *property);
            let weakest = cause.broken_by().first();
            let shown = rows.iter().flatten().find(|row| Some(&row.environment) == weakest);
            causes.push(CauseView {
                property: property.to_string(),
                letters: Cause::cell(matrix, *property),
                class: match cause {
                    Cause::Moot => "moot",
                    Cause::Nothing { unknown } if unknown.is_empty() => "holds",
                    Cause::Nothing { .. } => "unknown",
                    Cause::Broken { .. } => "violated",
                },
                anchor: shown.and_then(|row| stories.of_row(row)).map(|story| story.anchor.clone()),
            });
        }
        AlgorithmView {
            name: card.name.clone(),
            document: card.document.clone(),
            form: card.form.to_string(),
            backend: card.backend.clone(),
            kind: card.kind.to_string(),
            summary: card.summary.clone(),
            causes,
            lines,
        }
    }
}

impl CellView {
    fn new(row: Option<&Row>, stories: &Stories<'_>) -> Self {
        let mark = row.map_or(Mark::Absent, Mark::of);
        CellView {
            sign: mark.sign(),
            class: match mark {
                Mark::Holds => "holds",
                Mark::Violated => "violated",
                Mark::Unknown => "unknown",
                Mark::Moot | Mark::Absent => "moot",
            },
            figure: row.map(Row::figure).unwrap_or_default(),
            anchor: row.and_then(|row| stories.of_row(row)).map(|story| story.anchor.clone()),
            hint: row.map(hint).unwrap_or_default(),
            as_claimed: row.is_none_or(|row| row.as_claimed),
        }
    }
}

/// What a reader learns on hovering over a verdict.
fn hint(row: &Row) -> String {
    let mut text = format!("{} in {}: {}", row.property, row.environment, row.verdict);
    if let Some(reason) = &row.reason {
        text += &format!(": {reason}");
    }
    if row.states > 0 {
        let whole = if row.exhausted { "all of the scope" } else { "not all of the scope" };
        text += &format!(". {} states, {whole}: {}", grouped(row.states as u64), row.scope);
    }
    let claim = match (row.claimed, row.as_claimed) {
        (true, true) => ". Claimed.",
        (false, true) => ".",
        (true, false) => ". Claimed, and yet not so.",
        (false, false) => ". Not claimed, and yet it holds.",
    };
    text + claim
}
