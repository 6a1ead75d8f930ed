//! What runs cost: folds over histories, merged across seeds.
//!
//! A run is added once it is over; nothing is counted inside an algorithm. All sums are whole
//! numbers, so merging is commutative and associative to the last bit: it does not matter which
//! thread ran which seed. Memory does not grow with the number of runs.

mod cdf;
mod level;
mod lock;
mod lock_fold;
mod lock_formulas;
mod outage;
mod queue;
mod queue_fold;
mod queue_formulas;
mod queue_history;
mod queue_order;
mod spread;
mod units;
mod violations;

pub use lock::{LockMetrics, LockSummary, Overtakings};
pub use outage::OutageSummary;
pub use queue::{QueueMetrics, QueueSummary};
pub use queue_history::Linearizability;
pub use violations::ViolationRate;

use serde::{Deserialize, Serialize};

use crate::algorithm::Role;
use crate::application::{Application, Applications};
use crate::history::Record;
use crate::measure::{Estimate, Sample, WaitSummary};
use crate::property::{Kind, Property};

/// One run, as the metrics see it.
#[derive(Clone, Copy, Debug)]
pub struct Observed<'a> {
    /// Its seed.
    pub seed: u64,
    /// What callers saw, in the order of time; stamps are nanoseconds.
    pub history: &'a [Record],
    /// When the run ended, in nanoseconds of virtual time.
    pub ended_at: u64,
    /// Whether the limit of time cut it off: then what is missing at its end may come yet.
    pub cut_off: bool,
    /// What went over the network.
    pub traffic: Traffic,
    /// Each property that was violated, once.
    pub violated: &'a [Property],
}

/// What went over the network in one run, apart from the writes to the protected resource: those
/// are the caller's and cost the same with every algorithm.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Messages that clients sent, copies and lost ones included.
    pub from_clients: u64,
    /// Messages that services sent.
    pub from_services: u64,
    /// Requests that services took in.
    pub operations: u64,
}

/// What runs of one scenario cost. See [`LockMetrics`] and [`QueueMetrics`].
#[derive(Clone, Debug)]
pub enum Metrics {
    /// Of a lock.
    Lock(Box<LockMetrics>),
    /// Of a queue.
    Queue(Box<QueueMetrics>),
}

/// Metrics as they are reported.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Summary {
    /// Of a lock.
    Lock(Box<LockSummary>),
    /// Of a queue.
    Queue(Box<QueueSummary>),
}

/// Means of seeds with 95 % intervals. One seed is one batch: values within a run depend on each
/// other. `None` if fewer than two seeds measured anything.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct OverSeeds {
    /// Mean wait of a seed, in milliseconds.
    pub wait_ms: Option<Estimate>,
    /// Throughput of a seed, in operations per virtual second.
    pub throughput_per_s: Option<Estimate>,
    /// Messages per operation of a seed.
    pub messages_per_operation: Option<Estimate>,
    /// Jain's index of a seed.
    pub jain_index: Option<Estimate>,
}

/// How long it took until things went on after a crash that mattered.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recovery {
    /// The times, of those crashes that were recovered from.
    pub ms: WaitSummary,
    /// Crashes after which nothing went on until the end of the run.
    pub never: u64,
}

/// A level over time, such as waiters or backlog, over all seeds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LevelSummary {
    /// Weighted by time.
    pub mean: f64,
    /// The highest that lasted for any time.
    pub max: u64,
}

/// A level over the time of one run, for a chart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// The run's seed: the lowest of all.
    pub seed: u64,
    /// Cells of equal length.
    pub samples: Vec<Sample>,
}

impl Metrics {
    /// Nothing measured yet. The roles are those of the clients, in order.
    pub fn new(kind: Kind, roles: &[Role]) -> Self {
        match kind {
            Kind::Lock => Metrics::Lock(Box::new(LockMetrics::new(roles.len()))),
            Kind::Queue => Metrics::Queue(Box::new(QueueMetrics::new(roles))),
        }
    }

    /// The same for these programs alone; without this, for all that fit.
    #[must_use]
    pub fn asked_about(mut self, applications: &[Application]) -> Self {
        let asked = Applications::new(applications);
        match &mut self {
            Metrics::Lock(metrics) => metrics.application = asked,
            Metrics::Queue(metrics) => metrics.application = asked,
        }
        self
    }

    /// Takes in a run.
    pub fn add(&mut self, run: &Observed<'_>) {
        match self {
            Metrics::Lock(metrics) => metrics.add(run),
            Metrics::Queue(metrics) => metrics.add(run),
        }
    }

    /// Takes in what was measured elsewhere of the same scenario.
    ///
    /// # Panics
    /// If one measures a lock and the other a queue.
    pub fn merge(&mut self, other: &Metrics) {
        match (self, other) {
            (Metrics::Lock(metrics), Metrics::Lock(other)) => metrics.merge(other),
            (Metrics::Queue(metrics), Metrics::Queue(other)) => metrics.merge(other),
            _ => panic!("the metrics of a lock and of a queue have nothing in common"),
        }
    }

    /// The figures.
    pub fn summary(&self) -> Summary {
        match self {
            Metrics::Lock(metrics) => Summary::Lock(Box::new(metrics.summary())),
            Metrics::Queue(metrics) => Summary::Queue(Box::new(metrics.summary())),
        }
    }
}

/// What both kinds report, so that a table need not tell them apart.
impl Summary {
    /// Lock or queue.
    pub fn kind(&self) -> Kind {
        match self {
            Summary::Lock(_) => Kind::Lock,
            Summary::Queue(_) => Kind::Queue,
        }
    }

    /// Acquisitions, or items finished.
    pub fn operations(&self) -> u64 {
        match self {
            Summary::Lock(lock) => lock.operations,
            Summary::Queue(queue) => queue.operations,
        }
    }

    /// From wanting to having the lock; or from enqueuing to the first delivery.
    pub fn wait_ms(&self) -> &WaitSummary {
        match self {
            Summary::Lock(lock) => &lock.wait_ms,
            Summary::Queue(queue) => &queue.wait_ms,
        }
    }

    /// The cumulative distribution of the wait: pairs of milliseconds and a fraction.
    pub fn wait_cdf(&self) -> &[(f64, f64)] {
        match self {
            Summary::Lock(lock) => &lock.wait_cdf,
            Summary::Queue(queue) => &queue.wait_cdf,
        }
    }

    /// Operations per virtual second.
    pub fn throughput_per_s(&self) -> f64 {
        match self {
            Summary::Lock(lock) => lock.throughput_per_s,
            Summary::Queue(queue) => queue.throughput_per_s,
        }
    }

    /// Messages per operation.
    pub fn messages_per_operation(&self) -> Option<f64> {
        match self {
            Summary::Lock(lock) => lock.messages_per_operation,
            Summary::Queue(queue) => queue.messages_per_operation,
        }
    }

    /// Jain's index of fairness.
    pub fn jain_index(&self) -> Option<f64> {
        match self {
            Summary::Lock(lock) => lock.jain_index,
            Summary::Queue(queue) => queue.jain_index,
        }
    }

    /// Means of seeds, with intervals.
    pub fn over_seeds(&self) -> &OverSeeds {
        match self {
            Summary::Lock(lock) => &lock.over_seeds,
            Summary::Queue(queue) => &queue.over_seeds,
        }
    }

    /// After crashes of holders, or of consumers at work.
    pub fn recovery(&self) -> &Recovery {
        match self {
            Summary::Lock(lock) => &lock.recovery,
            Summary::Queue(queue) => &queue.recovery,
        }
    }

    /// Violations by property.
    pub fn violations(&self) -> &[ViolationRate] {
        match self {
            Summary::Lock(lock) => &lock.violations,
            Summary::Queue(queue) => &queue.violations,
        }
    }

    /// What it meant to programs.
    pub fn application(&self) -> &Applications {
        match self {
            Summary::Lock(lock) => &lock.application,
            Summary::Queue(queue) => &queue.application,
        }
    }

    /// The documents' formulas beside what was measured.
    pub fn formulas(&self) -> &[crate::measure::Comparison] {
        match self {
            Summary::Lock(lock) => &lock.formulas,
            Summary::Queue(queue) => &queue.formulas,
        }
    }

    /// Waiters, or backlog, over the time of one run.
    pub fn series(&self) -> Option<&Series> {
        match self {
            Summary::Lock(lock) => lock.series.as_ref(),
            Summary::Queue(queue) => queue.series.as_ref(),
        }
    }
}
