//! Everything that a simulated run depends on, as data: algorithm, workload, durations, links,
//! clocks, faults, limits and seed. The same scenario and seed give the same run, byte for byte.

mod check;
mod error;
mod faults;
mod law;
mod read;
mod seed;

pub use error::ScenarioError;
pub use faults::Faults;
pub use law::{Law, Uniform};
pub use read::line_of;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::algorithm::{Role, Timing};
use crate::application::Application;
use crate::caller::Duty;
use crate::plan::Plan;
use crate::property::{Environment, Kind};
use crate::time::Span;

/// The version of the format that this build reads and writes.
pub const VERSION: u32 = 1;

/// A scenario. All durations are milliseconds of virtual time, fractions allowed; nothing finer
/// than a microsecond makes a difference.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// The version of this format: 1.
    pub version: u32,
    /// The algorithm's name, as `contend list` has it.
    pub algorithm: String,
    /// The seed, if the scenario stands for one run.
    #[serde(default, with = "seed", skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// The program whose fate is reported; without it, all that rely on this kind of algorithm.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application: Option<Application>,
    /// Who calls, how often and how long.
    pub workload: Workload,
    /// The durations that algorithms and services are built with.
    #[serde(default)]
    pub timing: Durations,
    /// How messages travel.
    #[serde(default)]
    pub links: Links,
    /// Clocks that are not right, by node.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub clocks: BTreeMap<String, Clock>,
    /// What is drawn from the seed to go wrong.
    #[serde(default)]
    pub faults: Faults,
    /// When a run ends in any case.
    #[serde(default)]
    pub limits: Limits,
    /// What goes wrong in every run, whatever the seed.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub plan: Plan,
}

/// Who calls, how often and how long. Either lockers, or producers and consumers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Workload {
    /// Clients that acquire and release.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub lockers: u16,
    /// Clients that acquire and release only to read, where readers share the lock.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub readers: u16,
    /// Clients that enqueue.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub producers: u16,
    /// Clients that dequeue, for ever.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub consumers: u16,
    /// Acquisitions of each locker, items of each producer.
    pub operations: u16,
    /// The pause before each operation, also of a consumer that asks for the next item.
    #[serde(default)]
    pub think: Law,
    /// How long a holder works between its two writes, or a consumer on an item.
    #[serde(default)]
    pub work: Law,
    /// Whether a holder acquires and releases a second time inside its critical section.
    #[serde(default)]
    pub nested: bool,
}

/// The durations that algorithms and services are built with: [`Timing`] in milliseconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Durations {
    /// How long a lock or a delivery is the client's own.
    pub lease_ms: f64,
    /// How much earlier than the server a holder stops relying on its lease.
    pub margin_ms: f64,
    /// How long a client library waits for an answer.
    pub timeout_ms: f64,
    /// The pause before a client asks again.
    pub retry_ms: Uniform,
    /// How often a server that does not sync every write syncs.
    pub sync_every_ms: f64,
    /// How far a replica lags behind. Durations that are written down without it mean that there
    /// is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replication_lag_ms: Option<Uniform>,
}

/// How messages travel. Probabilities apply in the fault phase only; afterwards links are sound.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Links {
    /// How long a message travels one way.
    pub delay_ms: Uniform,
    /// Whether each link has a pace of its own in each run, so that one is up to thirty-two times as
    /// fast as another: its longest delay is four times to an eighth of what is written here.
    pub uneven: bool,
    /// The probability that a message is lost.
    pub loss: f64,
    /// The probability that a request is sent twice.
    pub duplicate: f64,
    /// The probability that a message is held back, so that later ones may overtake it.
    pub reorder: f64,
    /// How much longer a message that is held back travels at most. Shorter is likelier.
    pub late_ms: f64,
    /// Links that are different.
    #[serde(rename = "override", skip_serializing_if = "Vec::is_empty")]
    pub overrides: Vec<LinkOverride>,
}

/// What is different about one link. What is not said stays as it is for all links.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkOverride {
    /// The sender, or `*`.
    pub from: String,
    /// The receiver, or `*`.
    pub to: String,
    /// See [`Links::delay_ms`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay_ms: Option<Uniform>,
    /// See [`Links::loss`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loss: Option<f64>,
    /// See [`Links::duplicate`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duplicate: Option<f64>,
    /// See [`Links::reorder`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reorder: Option<f64>,
}

/// A clock that is not right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Clock {
    /// Millionths by which it runs fast; negative for slow.
    pub drift_ppm: i32,
    /// How far the wall clock of this service's replica is ahead. Deadlines are instants of the
    /// wall clock, so they come this much earlier once the replica has taken over.
    pub offset_ms: f64,
}

/// When a run ends in any case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Seconds of virtual time after which a run is cut off, finished or not.
    pub run_s: f64,
    /// Milliseconds without any progress, after the faults are over, after which a run counts as
    /// stuck. Without this: 5 s, or four leases if that is longer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patience_ms: Option<f64>,
}

impl Scenario {
    /// A workload of ordinary size and faults of all kinds, by swarm.
    pub fn default_for(kind: Kind) -> Self {
        let workload = match kind {
            Kind::Lock => Workload { lockers: 3, operations: 10, ..Workload::default() },
            Kind::Queue => {
                Workload { producers: 2, consumers: 2, operations: 20, ..Workload::default() }
            }
        };
        let workload = Workload {
            think: Law::Uniform(Uniform::between(0.0, 20.0)),
            work: Law::Uniform(Uniform::between(1.0, 10.0)),
            ..workload
        };
        Scenario {
            version: VERSION,
            algorithm: String::new(),
            seed: None,
            application: None,
            workload,
            timing: Durations::default(),
            links: Links { uneven: true, ..Links::default() },
            clocks: BTreeMap::new(),
            faults: Faults::every_kind(),
            limits: Limits::default(),
            plan: Plan::default(),
        }
    }

    /// The same workload with the faults of one environment alone. Where messages may be late, any of them
    /// may be so by itself, without a spell of noise on its link.
    pub fn within(kind: Kind, environment: Environment) -> Self {
        let mut scenario = Scenario::default_for(kind);
        scenario.links.uneven = environment != Environment::Calm;
        if matches!(environment, Environment::Lossy | Environment::Expiry) {
            scenario.links.reorder = 0.02;
        }
        Scenario { faults: Faults::of(environment), ..scenario }
    }

    /// The same with another algorithm.
    #[must_use]
    pub fn of(mut self, algorithm: &str) -> Self {
        self.algorithm = algorithm.to_owned();
        self
    }

    /// The one run of a seed as a scenario of its own: its plan is written out, and nothing is
    /// drawn any more, so that it outlives an edit of the generator.
    #[must_use]
    pub fn pinned(&self, seed: u64, plan: Plan) -> Self {
        let faults = Faults { fault_phase_ms: self.faults.fault_phase_ms, ..Faults::none() };
        Scenario { seed: Some(seed), faults, plan, ..self.clone() }
    }

    /// What the clients are there for, in order.
    pub fn roles(&self) -> Vec<Role> {
        let Workload { lockers, readers, producers, consumers, .. } = self.workload;
        [
            (Role::Locker, lockers),
            (Role::Reader, readers),
            (Role::Producer, producers),
            (Role::Consumer, consumers),
        ]
        .into_iter()
        .flat_map(|(role, count)| std::iter::repeat_n(role, usize::from(count)))
        .collect()
    }

    /// What the workload is for.
    pub fn kind(&self) -> Kind {
        if self.workload.lockers + self.workload.readers > 0 { Kind::Lock } else { Kind::Queue }
    }

    /// The programs whose fate is reported.
    pub fn applications(&self) -> Vec<Application> {
        let all = || Application::of(self.kind()).to_vec();
        self.application.map_or_else(all, |application| vec![application])
    }

    /// What each client does.
    pub fn duty(&self) -> Duty {
        Duty {
            operations: self.workload.operations,
            think: self.workload.think.range(),
            rest: self.workload.think.range(),
            work: self.workload.work.range(),
            retry: self.timing.retry_ms.range(),
            nested: self.workload.nested,
            clings: false,
        }
    }

    /// How long a message that nothing happens to travels at most, in milliseconds.
    pub fn longest_delay_ms(&self) -> f64 {
        let links = &self.links;
        let others = links.overrides.iter().filter_map(|link| link.delay_ms);
        let longest = others.map(|delay| delay.most_ms).fold(links.delay_ms.most_ms, f64::max);
        if links.uneven { longest * Links::SLOWEST as f64 } else { longest }
    }

    /// How long nothing may progress before the run counts as stuck, in milliseconds.
    pub fn patience_ms(&self) -> f64 {
        let usual = (4.0 * self.timing.lease_ms).max(5_000.0);
        self.limits.patience_ms.unwrap_or(usual)
    }
}

impl Durations {
    /// The durations as algorithms take them.
    pub fn timing(&self) -> Timing {
        Timing {
            lease: law::span(self.lease_ms),
            margin: law::span(self.margin_ms),
            timeout: law::span(self.timeout_ms),
            retry: self.retry_ms.range(),
            sync_every: law::span(self.sync_every_ms),
            replication_lag: self.replication_lag_ms.map(Uniform::range),
        }
    }
}

impl Default for Durations {
    fn default() -> Self {
        let Timing { lease, margin, timeout, retry, sync_every, replication_lag } =
            Timing::SIMULATED;
        Durations {
            lease_ms: lease.as_ms(),
            margin_ms: margin.as_ms(),
            timeout_ms: timeout.as_ms(),
            retry_ms: retry.into(),
            sync_every_ms: sync_every.as_ms(),
            replication_lag_ms: replication_lag.map(Uniform::from),
        }
    }
}

impl Links {
    /// How much slower than written a link is at most, where they are uneven.
    pub const SLOWEST: u64 = 4;
}

impl Default for Links {
    fn default() -> Self {
        Links {
            delay_ms: Uniform::between(1.0, 10.0),
            uneven: false,
            loss: 0.0,
            duplicate: 0.0,
            reorder: 0.0,
            late_ms: 2_000.0,
            overrides: Vec::new(),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Limits { run_s: 60.0, patience_ms: None }
    }
}

/// The longest duration that fits: about 71 minutes.
pub(crate) const LONGEST_MS: f64 = Span::us(u32::MAX).as_us() as f64 / 1_000.0;

fn is_zero(number: &u16) -> bool {
    *number == 0
}

fn is_empty(plan: &Plan) -> bool {
    plan.entries.is_empty()
}
