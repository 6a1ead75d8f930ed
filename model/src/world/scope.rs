//! How much of an unbounded world is explored, and what it may do.

use serde::{Deserialize, Serialize};

use super::state::Budget;
use crate::algorithm::{Card, Role, Timing};
use crate::caller::Duty;
use crate::monitor::Question;
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
    /// Who asks for ever asks again when all else is quiet: too many ways to go otherwise.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub patient: bool,
    /// Faults of the network do not hold a message back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub none_held_back: bool,
    /// What is asked for beyond the rest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<Question>,
}

impl Scope {
    /// Two clients with two operations each, or as many as the lock admits and one (for queues: one producer of two items, and two
    /// consumers), and what the environment may do to them: as many faults as are asked for.
    pub fn of(card: &Card, environment: Environment, faults: u8) -> Self {
        let kind = card.kind;
        let roles = match kind {
            Kind::Lock => card.discipline.roles(),
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
        // Consumers poll for ever, and three clients are many; asked again only when all else is quiet, they
        // keep the space small.
        let retry = match kind {
            Kind::Lock if roles.len() < 3 => timing.retry,
            Kind::Lock | Kind::Queue => Range::exactly(timing.retry.most),
        };
        timing.retry = retry;
        // Nobody is always quick: what takes no time at all would be over before anything else, such as a
        // time-out, could come in between.
        let think = match kind {
            // Three clients have no room for more.
            Kind::Lock if roles.len() > 2 => Range::up_to(timing.timeout),
            Kind::Lock => Range::up_to(timing.lease),
            Kind::Queue => Range::up_to(timing.timeout),
        };
        let (rest, work) = (Range::default(), Range::default());
        let duty = Duty { operations: 2, think, rest, work, retry, nested: false, clings: false };
        // Consumers poll for ever, and three clients are many.
        let patient = kind == Kind::Queue || roles.len() > 2;
        Scope {
            environment,
            roles,
            duty,
            timing,
            reading,
            budget,
            patient,
            none_held_back: false,
            question: None,
        }
    }

    /// The same with nested acquisitions: each client acquires twice, the second time inside.
    #[must_use]
    pub fn nested(mut self) -> Self {
        self.spare_a_reader();
        self.duty.nested = true;
        self.duty.operations = 1;
        self
    }

    /// The same, and each client does so twice, without any pause: a late release of the first hold may free the
    /// next one.
    #[must_use]
    pub fn nested_twice(self) -> Self {
        let mut scope = self.nested();
        scope.duty.operations = 2;
        scope.duty.think = Range::default();
        scope
    }

    /// The same with a waiter that may give up once.
    #[must_use]
    pub fn impatient(mut self) -> Self {
        self.spare_a_reader();
        self.budget.cancels = 1;
        self
    }

    /// The same with one operation each.
    #[must_use]
    pub fn once(mut self) -> Self {
        self.duty.operations = 1;
        self
    }

    /// The same with holders who work until they are asked to come to an end, and who renew their leases long
    /// before these end: otherwise the end of a lease would let in whoever waits, asked or not.
    #[must_use]
    pub fn clinging(mut self) -> Self {
        self.spare_a_reader();
        self.duty.clings = true;
        let lease = self.timing.lease;
        self.timing.lease = lease + lease + lease;
        self
    }

    /// For locks: one client, which may give up waiting.
    #[must_use]
    pub fn alone(mut self) -> Self {
        self.roles = vec![Role::Locker];
        self.budget.cancels = 1;
        self
    }

    /// Where nothing hangs on readers that share, one is enough.
    fn spare_a_reader(&mut self) {
        if self.roles.contains(&Role::Reader) {
            self.roles.truncate(2);
        }
    }

    /// For queues: two producers of one item each, and one consumer.
    #[must_use]
    pub fn rivalling(mut self) -> Self {
        self.roles = vec![Role::Producer, Role::Producer, Role::Consumer];
        self.duty.operations = 1;
        self
    }

    /// For queues: one producer of four items, and two consumers who work for a while and rest before they
    /// ask for the next one, in a world in which nothing is late.
    #[must_use]
    pub fn shared(mut self) -> Self {
        const MOMENT: Span = Span::ms(1);
        self.duty.operations = 4;
        self.duty.work = Range::exactly(MOMENT);
        self.duty.rest = Range::up_to(MOMENT);
        self.reading = Reading::Punctual;
        self
    }

    /// For queues: twice as many faults. A lease ends too early, and then the patience of whoever had it; an
    /// answer is lost, and what is asked because of that is late.
    #[must_use]
    pub fn paired(mut self) -> Self {
        self.budget.network *= 2;
        self.budget.early *= 2;
        self
    }

    /// For locks: one acquisition each, without any pause, and twice as many crashes.
    #[must_use]
    pub fn crashing_twice(self) -> Self {
        let mut scope = self.once().without_pauses();
        scope.budget.crashes *= 2;
        scope
    }

    /// For locks: what goes wrong does so one by one. Where timers may fire at any moment, time is punctual
    /// and so many leases, readings of a lease and time-outs end too early; where messages may be late for
    /// ever, none is; where a client or a server may fail, there are two clients, or if there are two anyway
    /// nobody pauses between acquisitions.
    #[must_use]
    pub fn one_by_one(mut self) -> Self {
        match self.environment {
            Environment::Expiry => self.reading = Reading::Punctual,
            Environment::Lossy => self.none_held_back = true,
            Environment::Crash | Environment::Failover if self.roles.len() > 2 => {
                self.roles.truncate(2);
            }
            Environment::Crash => self.duty.think = Range::default(),
            Environment::Calm | Environment::Misuse | Environment::Failover => {}
        }
        self
    }

    /// The same without any pause before an operation, and with one that is always the same before it is tried
    /// again.
    #[must_use]
    pub fn without_pauses(mut self) -> Self {
        self.duty.think = Range::default();
        self.timing.retry = Range::exactly(self.timing.retry.most);
        self.duty.retry = self.timing.retry;
        self
    }

    /// For locks that readers share: two writers.
    #[must_use]
    pub fn writing(mut self) -> Self {
        self.roles = vec![Role::Locker; 2];
        self
    }

    /// For queues: one consumer, and one producer of three items, of which none may be passed over
    /// by two that were enqueued after it.
    #[must_use]
    pub fn steady(mut self) -> Self {
        self.roles = vec![Role::Producer, Role::Consumer];
        self.duty.operations = 3;
        self.question = Some(Question::Bypasses(1));
        self
    }

    /// For queues: whether who is told that there is nothing is told the truth.
    #[must_use]
    pub fn judging_emptiness(mut self) -> Self {
        self.question = Some(Question::Emptiness);
        self
    }

    /// For locks: each client holds for a while and acquires so often that a waiter can be
    /// overtaken again and again.
    #[must_use]
    pub fn contended(mut self, operations: u16) -> Self {
        const MOMENT: Span = Span::ms(1);
        self.duty.operations = operations;
        self.duty.think = Range::default();
        self.duty.work = Range::exactly(MOMENT);
        if self.environment == Environment::Expiry {
            // Requests that never arrive would be overtaken for ever, and say nothing of the lock. So
            // time is punctual, and leases end because holders are slow.
            self.reading = Reading::Punctual;
            self.budget.early = 0;
            self.duty.work = Range::exactly(self.timing.lease + MOMENT);
        }
        // Who is patient enough to outlast one holder keeps its place where places are kept.
        self.timing.timeout = self.duty.work.most + MOMENT;
        if self.environment != Environment::Expiry {
            // Leases outlast patience, here as elsewhere.
            self.timing.lease = self.timing.lease + self.timing.lease;
        }
        self.question = Some(Question::Overtakings);
        self
    }

    /// Whether the worlds of both are one: an environment by itself does nothing, what it allows does.
    pub fn explores_the_same_as(&self, other: &Scope) -> bool {
        Scope { environment: other.environment, ..self.clone() } == *other
    }

    /// The clients, the operations and the faults in words.
    pub fn in_words(&self) -> String {
        let count = |role: Role| self.roles.iter().filter(|&&r| r == role).count();
        let mut words = match count(Role::Locker) + count(Role::Reader) {
            0 => format!(
                "{} producer(s) of {} item(s), {} consumer(s)",
                count(Role::Producer),
                self.duty.operations,
                count(Role::Consumer)
            ),
            lockers => {
                let nested = if self.duty.nested { ", each with one nested in it" } else { "" };
                let readers = match count(Role::Reader) {
                    0 => String::new(),
                    readers => format!(" ({readers} of them readers)"),
                };
                let clinging = if self.duty.clings { ", held until asked for" } else { "" };
                format!(
                    "{lockers} clients{readers}, {} acquisition(s) each{nested}{clinging}",
                    self.duty.operations
                )
            }
        };
        let budget = &self.budget;
        let (early, ended) = match self.reading {
            Reading::Punctual => (0, budget.early),
            Reading::Free | Reading::Bounded { .. } => (budget.early, 0),
        };
        let faults = [
            (budget.network, "network fault(s)"),
            (budget.crashes, "crash(es)"),
            (budget.failovers, "failover(s)"),
            (budget.misuses, "misuse(s)"),
            (budget.cancels, "waiter(s) giving up"),
            (early, "timer(s) of a busy client too early"),
            (ended, "lease(s) or time-out(s) too early"),
        ];
        for (number, name) in faults.into_iter().filter(|&(number, _)| number > 0) {
            words.push_str(&format!(", {number} {name}"));
        }
        if self.none_held_back {
            words.push_str(", no message held back");
        }
        match self.reading {
            Reading::Punctual => {}
            Reading::Free if self.patient => {
                words.push_str(
                    ", any timer at any moment, but nobody asks again before all is quiet",
                );
            }
            Reading::Free => words.push_str(", any timer at any moment"),
            Reading::Bounded { delay, pause, drift } => words.push_str(&format!(
                ", delays up to {delay} ms, pauses up to {pause} ms, drift up to {drift} ms"
            )),
        }
        words
    }
}
