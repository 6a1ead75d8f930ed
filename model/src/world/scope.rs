//! How much of an unbounded world is explored, and what it may do.

use serde::{Deserialize, Serialize};

use super::state::Budget;
use crate::algorithm::{Role, Timing};
use crate::caller::Duty;
use crate::property::{Environment, Kind};
use crate::time::{Range, Span};

/// How time passes in an explored world: three readings of the same timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reading {
    /// Time passes only when nothing else can happen, and the earliest timer fires first. A
    /// message is late only by a fault.
    Punctual,
    /// Everything may be late by a stated span, and no later: an overdue item stops the clock.
    Bounded {
        /// How long a message may travel.
        delay: Span,
        /// How long a client's timer may be late, because the client was paused.
        pause: Span,
        /// How far off a timer may be, because its clock runs fast or slow.
        drift: Span,
    },
    /// An armed timer may fire at any moment: pauses and drift without bound.
    Free,
}

impl Reading {
    /// How long a message may travel before it is overdue.
    pub(super) fn delay(self) -> Span {
        match self {
            Reading::Bounded { delay, .. } => delay,
            Reading::Punctual | Reading::Free => Span::ZERO,
        }
    }
}

/// What is explored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scope {
    /// What the world may do.
    pub environment: Environment,
    /// The clients.
    pub roles: Vec<Role>,
    /// What each of them does.
    pub duty: Duty,
    /// The durations.
    pub timing: Timing,
    /// How time passes.
    pub reading: Reading,
    /// How often the world may do something wrong.
    pub budget: Budget,
    /// How often in calm an item may be passed over by items enqueued after it.
    pub bypass_bound: Option<u8>,
}

impl Scope {
    /// Two clients with two operations each (for queues: one producer of two items, and two
    /// consumers), and what the environment may do to them: as many faults as are asked for.
    pub fn of(kind: Kind, environment: Environment, faults: u8) -> Self {
        let roles = match kind {
            Kind::Lock => vec![Role::Locker; 2],
            Kind::Queue => vec![Role::Producer, Role::Consumer, Role::Consumer],
        };
        let none = Budget::default();
        let budget = match environment {
            Environment::Calm => none,
            Environment::Misuse => Budget { misuses: faults, ..none },
            Environment::Lossy => Budget { network: faults, ..none },
            Environment::Crash => Budget { crashes: faults, ..none },
            Environment::Expiry => Budget { early: faults, ..none },
            Environment::Failover => Budget { failovers: faults, ..none },
        };
        let reading = match environment {
            Environment::Expiry => Reading::Free,
            _ => Reading::Punctual,
        };
        let mut timing = Timing::EXPLORED;
        if environment == Environment::Failover {
            timing.replication_lag = Some(Range::up_to(timing.sync_every));
        }
        // Consumers poll for ever; asked again only when all else is quiet, they keep the space small.
        let retry = match kind {
            Kind::Lock => timing.retry,
            Kind::Queue => Range::exactly(timing.retry.most),
        };
        let duty = Duty {
            operations: 2,
            think: Range::default(),
            work: Range::default(),
            retry,
            nested: false,
        };
        Scope { environment, roles, duty, timing, reading, budget, bypass_bound: None }
    }

    /// The same with nested acquisitions: each client acquires twice, the second time inside.
    #[must_use]
    pub fn nested(mut self) -> Self {
        self.duty.nested = true;
        self.duty.operations = 1;
        self
    }

    /// The same with a waiter that may give up: each client acquires once, and one gives up once.
    #[must_use]
    pub fn impatient(mut self) -> Self {
        self.duty.operations = 1;
        self.budget.cancels = 1;
        self
    }

    /// For queues: one consumer, and one producer of three items, of which none may be passed over
    /// by two that were enqueued after it.
    #[must_use]
    pub fn steady(mut self) -> Self {
        self.roles = vec![Role::Producer, Role::Consumer];
        self.duty.operations = 3;
        self.bypass_bound = Some(1);
        self
    }

    /// The clients, the operations and the faults in words.
    pub fn in_words(&self) -> String {
        let count = |role: Role| self.roles.iter().filter(|&&r| r == role).count();
        let mut words = match count(Role::Locker) {
            0 => format!(
                "{} producer(s) of {} item(s), {} consumer(s)",
                count(Role::Producer),
                self.duty.operations,
                count(Role::Consumer)
            ),
            lockers => {
                let nested = if self.duty.nested { ", each with one nested in it" } else { "" };
                format!("{lockers} clients, {} acquisition(s) each{nested}", self.duty.operations)
            }
        };
        let budget = &self.budget;
        let faults = [
            (budget.network, "network fault(s)"),
            (budget.crashes, "crash(es)"),
            (budget.failovers, "failover(s)"),
            (budget.misuses, "misuse(s)"),
            (budget.cancels, "waiter(s) giving up"),
            (budget.early, "timer(s) of a busy client too early"),
        ];
        for (number, name) in faults.into_iter().filter(|&(number, _)| number > 0) {
            words.push_str(&format!(", {number} {name}"));
        }
        match self.reading {
            Reading::Punctual => {}
            Reading::Free => words.push_str(", any timer at any moment"),
            Reading::Bounded { delay, pause, drift } => words.push_str(&format!(
                ", delays up to {delay} ms, pauses up to {pause} ms, drift up to {drift} ms"
            )),
        }
        words
    }
}
