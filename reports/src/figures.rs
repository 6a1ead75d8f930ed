//! Which figures are shown, under which names: one list for all formats.

mod lock;
mod queue;

use contend_model::algorithm::Card;
use contend_model::metrics::{LockSummary, QueueSummary, Summary};
use contend_model::property::{Kind, Property};
use contend_model::run::{Comparison, SimulationReport};
use contend_model::scenario::Scenario;

use crate::names::{grouped, number};

/// A table of figures over all algorithms of one kind.
pub(crate) struct Sheet {
    /// What it is about.
    pub title: &'static str,
    /// What runs cost in which nobody fails.
    pub calm: &'static [Column],
    /// What only runs under faults tell, or tell otherwise.
    pub faults: &'static [Column],
}

impl Sheet {
    /// Each figure once, for a simulation that is looked at alone.
    pub fn columns(&self) -> impl Iterator<Item = &'static Column> {
        let new = |column: &&Column| self.calm.iter().all(|calm| calm.title != column.title);
        self.calm.iter().chain(self.faults.iter().filter(new))
    }
}

/// What was simulated of one algorithm.
#[derive(Clone, Copy)]
pub(crate) struct Measured<'a> {
    /// Which.
    pub card: &'a Card,
    /// With nobody failing.
    pub calm: Option<&'a SimulationReport>,
    /// Under every kind of fault.
    pub faulty: Option<&'a SimulationReport>,
}

/// Whether simulated runs of this algorithm can violate the property at all: otherwise that none
/// did says nothing.
pub(crate) fn is_judged(card: &Card, simulation: &SimulationReport, property: Property) -> bool {
    let asked = match property {
        // Only a graph of all states tells whether it goes on for ever.
        Property::Fairness | Property::Interruptibility | Property::Revocation => false,
        Property::Reentrancy => Scenario::from_toml("", &simulation.scenario)
            .is_ok_and(|scenario| scenario.workload.nested),
        _ => true,
    };
    asked && card.does_not_offer(property).is_none()
}

/// All simulations with the name of their runs: those of one algorithm side by side.
pub(crate) fn by_runs(
    comparison: &Comparison,
) -> impl Iterator<Item = (&'static str, &SimulationReport)> {
    let of_card = |card: &Card| {
        let calm = comparison.calm(&card.name).map(|calm| ("calm", calm));
        let faulty = comparison.simulation(&card.name).map(|faulty| ("all faults", faulty));
        calm.into_iter().chain(faulty)
    };
    comparison.cards.iter().flat_map(of_card)
}

/// What was simulated of one kind, in the order of the cards.
pub(crate) fn measured(comparison: &Comparison, kind: Kind) -> Vec<Measured<'_>> {
    let cards = comparison.cards.iter().filter(|card| card.kind == kind);
    cards
        .map(|card| Measured {
            card,
            calm: comparison.calm(&card.name),
            faulty: comparison.simulation(&card.name),
        })
        .filter(|measured| measured.calm.or(measured.faulty).is_some())
        .collect()
}

/// One figure.
pub(crate) struct Column {
    /// Its heading, with the unit.
    pub title: &'static str,
    /// What exactly it is.
    pub meaning: &'static str,
    /// How it is read off.
    pub read: Read,
}

/// How a figure is read off.
pub(crate) enum Read {
    /// A whole number.
    Count(fn(&Summary) -> u64),
    /// A measured value that may not be there.
    Value(fn(&Summary) -> Option<f64>),
}

impl Column {
    /// The figure as a number, for a bar.
    pub fn value(&self, summary: &Summary) -> Option<f64> {
        match self.read {
            Read::Count(count) => Some(count(summary) as f64),
            Read::Value(value) => value(summary),
        }
    }

    /// The figure as text.
    pub fn text(&self, summary: &Summary) -> String {
        match self.read {
            Read::Count(count) => grouped(count(summary)),
            Read::Value(value) => value(summary).map_or_else(|| "–".into(), number),
        }
    }
}

/// The tables of one kind.
pub(crate) fn sheets(kind: Kind) -> &'static [Sheet] {
    match kind {
        Kind::Lock => lock::SHEETS,
        Kind::Queue => queue::SHEETS,
    }
}

const fn count(title: &'static str, meaning: &'static str, read: fn(&Summary) -> u64) -> Column {
    Column { title, meaning, read: Read::Count(read) }
}

const fn value(
    title: &'static str,
    meaning: &'static str,
    read: fn(&Summary) -> Option<f64>,
) -> Column {
    Column { title, meaning, read: Read::Value(read) }
}

fn of_lock(summary: &Summary) -> Option<&LockSummary> {
    match summary {
        Summary::Lock(lock) => Some(lock),
        Summary::Queue(_) => None,
    }
}

fn of_queue(summary: &Summary) -> Option<&QueueSummary> {
    match summary {
        Summary::Queue(queue) => Some(queue),
        Summary::Lock(_) => None,
    }
}

/// A quantile says nothing where nothing was recorded.
fn if_any(count: u64, value: f64) -> Option<f64> {
    (count > 0).then_some(value)
}

const P50: Column = value("p50 ms", "median wait", |s| if_any(s.wait_ms().count, s.wait_ms().p50));
const P90: Column =
    value("p90 ms", "90th percentile", |s| if_any(s.wait_ms().count, s.wait_ms().p90));
const P99: Column =
    value("p99 ms", "99th percentile", |s| if_any(s.wait_ms().count, s.wait_ms().p99));
const MAX: Column = value("max ms", "longest wait", |s| if_any(s.wait_ms().count, s.wait_ms().max));
const RATE: Column =
    value("per s", "operations per virtual second, failures and healing included", |s| {
        Some(s.throughput_per_s())
    });
const MESSAGES: Column = value(
    "messages",
    "messages of clients and services per operation, without the writes to the resource",
    Summary::messages_per_operation,
);
const JAIN: Column = value(
    "Jain",
    "Jain's index of a run, mean of all: 1 if all are served alike, 1/N if one has everything",
    Summary::jain_index,
);
const RECOVERY_P50: Column = value("recovery p50 ms", "median time until things went on", |s| {
    if_any(s.recovery().ms.count, s.recovery().ms.p50)
});
const RECOVERY_P99: Column = value("recovery p99 ms", "99th percentile of the same", |s| {
    if_any(s.recovery().ms.count, s.recovery().ms.p99)
});
const NEVER: Column =
    count("never", "crashes after which nothing went on until the end of the run", |s| {
        s.recovery().never
    });
