//! Which figures are shown, under which names: one list for all formats.

use contend_model::metrics::{LockSummary, QueueSummary, Summary};
use contend_model::property::Kind;
use contend_model::run::{Comparison, SimulationReport};

use crate::names::{grouped, number};

/// A table of figures over all algorithms of one kind.
pub(crate) struct Sheet {
    /// What it is about.
    pub title: &'static str,
    /// Its columns.
    pub columns: &'static [Column],
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

/// The simulations of one kind of algorithm, in the order of the record.
pub(crate) fn simulations(comparison: &Comparison, kind: Kind) -> Vec<&SimulationReport> {
    let all = comparison.simulations.iter();
    all.filter(|simulation| simulation.metrics.kind() == kind).collect()
}

/// The tables of one kind.
pub(crate) fn sheets(kind: Kind) -> &'static [Sheet] {
    match kind {
        Kind::Lock => LOCKS,
        Kind::Queue => QUEUES,
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

fn lock(summary: &Summary) -> Option<&LockSummary> {
    match summary {
        Summary::Lock(lock) => Some(lock),
        Summary::Queue(_) => None,
    }
}

fn queue(summary: &Summary) -> Option<&QueueSummary> {
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

const LOCKS: &[Sheet] = &[
    Sheet {
        title: "Waiting and cost of an acquisition",
        columns: &[
            count("acquired", "acquisitions in all runs", Summary::operations),
            P50,
            P90,
            P99,
            MAX,
            RATE,
            MESSAGES,
            value("service ops", "requests that services took in, per acquisition", |s| {
                lock(s)?.service_operations_per_operation
            }),
            value("attempts", "calls of acquire per acquisition", |s| {
                lock(s)?.attempts_per_operation
            }),
            value(
                "failed",
                "calls of acquire refused or without an answer, per acquisition",
                |s| lock(s)?.failed_attempts_per_operation,
            ),
        ],
    },
    Sheet {
        title: "Fairness, use and recovery",
        columns: &[
            JAIN,
            value("overtaken", "later comers served first during a wait, mean", |s| {
                Some(lock(s)?.overtakings.mean)
            }),
            value("at most", "later comers served first during one wait", |s| {
                Some(lock(s)?.overtakings.max as f64)
            }),
            value("waiters", "clients waiting, mean over time", |s| Some(lock(s)?.waiters.mean)),
            value("held %", "share of time in which somebody believes that it holds", |s| {
                Some(100.0 * lock(s)?.utilisation)
            }),
            value("twice %", "share of time in which several believe so at once", |s| {
                Some(100.0 * lock(s)?.overlap)
            }),
            RECOVERY_P50,
            RECOVERY_P99,
            NEVER,
        ],
    },
];

const QUEUES: &[Sheet] = &[
    Sheet {
        title: "Waiting and cost of an item",
        columns: &[
            count("finished", "items that a consumer finished, in all runs", Summary::operations),
            P50,
            P90,
            P99,
            MAX,
            value("finished p99 ms", "99th percentile from enqueue to the end of the work", |s| {
                if_any(queue(s)?.finished_ms.count, queue(s)?.finished_ms.p99)
            }),
            RATE,
            MESSAGES,
            value("service ops", "requests that services took in, per item", |s| {
                queue(s)?.service_operations_per_operation
            }),
            value("idle polls", "calls of dequeue that found nothing, per item", |s| {
                if_any(s.operations(), queue(s)?.idle_polls as f64 / s.operations() as f64)
            }),
            value("backlog", "items waiting, mean over time", |s| Some(queue(s)?.backlog.mean)),
        ],
    },
    Sheet {
        title: "What went wrong, fairness and recovery",
        columns: &[
            count("lost", "items acknowledged to their producer and never finished", |s| {
                queue(s).map_or(0, |queue| queue.lost)
            }),
            count("redelivered", "deliveries beyond the first of an item", |s| {
                queue(s).map_or(0, |queue| queue.redeliveries)
            }),
            count("applied twice", "items whose effect came about more than once", |s| {
                queue(s).map_or(0, |queue| queue.applied_again)
            }),
            count("inverted", "pairs of items that certainly came out in reverse", |s| {
                queue(s).map_or(0, |queue| queue.inversions)
            }),
            count("stale acks", "acknowledgements that came too late", |s| {
                queue(s).map_or(0, |queue| queue.stale_acks)
            }),
            JAIN,
            RECOVERY_P50,
            RECOVERY_P99,
            NEVER,
        ],
    },
];
