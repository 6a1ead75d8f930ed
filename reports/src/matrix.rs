//! The verdicts on one algorithm, by property and environment.

use contend_model::algorithm::Card;
use contend_model::property::{Environment, Property};
use contend_model::run::Comparison;
use contend_model::verdict::{Row, Verdict};

/// What one cell of a verdict table says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    /// No state within the scope violates it.
    Holds,
    /// There is a counterexample.
    Violated,
    /// Nobody can tell; the row says why.
    Unknown,
    /// The question does not arise: not offered, or not applicable.
    Moot,
    /// Nobody has asked.
    Absent,
}

impl Mark {
    /// As tables show it.
    pub fn sign(self) -> &'static str {
        match self {
            Mark::Holds => "✔",
            Mark::Violated => "✘",
            Mark::Unknown => "?",
            Mark::Moot => "–",
            Mark::Absent => "",
        }
    }

    /// What a row says.
    pub fn of(row: &Row) -> Mark {
        match row.verdict {
            Verdict::Holds => Mark::Holds,
            Verdict::Violated => Mark::Violated,
            Verdict::Unknown if is_moot(row) => Mark::Moot,
            Verdict::Unknown => Mark::Unknown,
        }
    }
}

/// The explorer says of such rows why there is nothing to ask.
fn is_moot(row: &Row) -> bool {
    let reason = row.reason.as_deref().unwrap_or("");
    reason.starts_with("not offered") || reason.starts_with("not applicable")
}

/// The verdicts on one algorithm.
#[derive(Debug)]
pub(crate) struct Matrix<'a> {
    /// The algorithm.
    pub card: &'a Card,
    /// For each property of its kind, the rows by environment.
    pub lines: Vec<(Property, [Option<&'a Row>; 6])>,
}

impl<'a> Matrix<'a> {
    /// Gathers the rows of one algorithm.
    pub fn new(card: &'a Card, rows: &'a [Row]) -> Self {
        let find = |property, environment| {
            rows.iter().find(|row| {
                row.algorithm == card.name
                    && row.property == property
                    && row.environment == environment
            })
        };
        let line = |&property| (property, Environment::ALL.map(|e| find(property, e)));
        Matrix { card, lines: Property::of(card.kind).iter().map(line).collect() }
    }

    /// The verdicts on all algorithms.
    pub fn all(comparison: &'a Comparison) -> Vec<Self> {
        comparison.cards.iter().map(|card| Matrix::new(card, &comparison.rows)).collect()
    }

    /// What one cell says.
    pub fn mark(&self, property: Property, environment: Environment) -> Mark {
        let place = Environment::ALL.iter().position(|&e| e == environment);
        let line = self.lines.iter().find(|(candidate, _)| *candidate == property);
        match line.zip(place).and_then(|((_, rows), place)| rows[place]) {
            Some(row) => Mark::of(row),
            None => Mark::Absent,
        }
    }

    /// How often a waiter is overtaken at most, where there is a bound.
    pub fn most_overtaken(&self) -> Option<u8> {
        let rows = self.lines.iter().flat_map(|(_, rows)| rows).flatten();
        rows.filter_map(|row| row.overtakings).max()
    }

    /// How many cells say so.
    pub fn count(&self, mark: Mark) -> usize {
        let rows = self.lines.iter().flat_map(|(_, rows)| rows).flatten();
        rows.filter(|row| Mark::of(row) == mark).count()
    }
}
