//! When a run is over, and what only its end can tell.

use contend_model::algorithm::Role;
use contend_model::history::{Record, What};
use contend_model::monitor::{Bits, Monitors};
use contend_model::op::{Op, Outcome};
use contend_model::property::{Properties, Property};

use crate::grid::nanos;
use crate::outcome::Ended;
use crate::stage::Stage;
use crate::station::Status;

/// Watches over the progress of a run.
#[derive(Clone, Debug)]
pub struct Watch {
    limit: u64,
    patience: u64,
    /// How long what still travels may make a difference once a queue is empty.
    settling: u64,
    healed: u64,
    /// When it must be looked at whether the run is stuck or at its limit.
    until: u64,
    progressed: u64,
    /// How many marks the judges of a queue have made.
    marks: u32,
    /// Whether the algorithm is told of the end of the work.
    acks: bool,
    roles: Vec<Role>,
    /// How each node stands, clients first.
    stands: Vec<Status>,
    /// Who has something left to do. Consumers never finish, so nobody waits for them.
    unfinished: usize,
    /// How many packets travel.
    travelling: usize,
    settled_at: Option<u64>,
}

impl Watch {
    /// For runs of this stage.
    pub fn new(stage: &Stage) -> Self {
        let scenario = stage.scenario();
        let links = &scenario.links;
        Watch {
            limit: nanos(scenario.limits.run_s * 1_000.0),
            patience: nanos(scenario.patience_ms()),
            settling: nanos(
                scenario.longest_delay_ms() + links.late_ms + scenario.timing.timeout_ms,
            ),
            healed: 0,
            until: 0,
            progressed: 0,
            marks: 0,
            acks: false,
            roles: stage.cast().roles().to_vec(),
            stands: vec![Status::default(); stage.cast().nodes()],
            unfinished: 0,
            travelling: 0,
            settled_at: None,
        }
    }

    /// Begins a run whose faults are over at this time.
    pub fn reset(&mut self, healed: u64) {
        self.healed = healed;
        self.progressed = 0;
        self.marks = 0;
        self.acks = false;
        self.settled_at = None;
        self.stands.fill(Status::default());
        self.unfinished = (0..self.stands.len()).filter(|&node| self.is_awaited(node)).count();
        self.travelling = 0;
        self.expect();
    }

    fn is_awaited(&self, node: usize) -> bool {
        self.roles.get(node) != Some(&Role::Consumer)
    }

    fn expect(&mut self) {
        self.until = (self.progressed.max(self.healed) + self.patience).min(self.limit);
    }

    /// Up to when there is no need to look.
    #[inline]
    pub fn until(&self) -> u64 {
        self.until
    }

    /// Takes note of progress.
    #[inline]
    pub fn see(&mut self, record: &Record, monitors: &Monitors) {
        let progress = match monitors {
            Monitors::Lock(_) => {
                matches!(record.what, What::Return(_, Outcome::Acquired { .. }))
            }
            Monitors::Queue(queue) => {
                self.acks |= matches!(record.what, What::Invoke(Op::Ack(_)));
                let marks = [queue.enqueued(), queue.delivered(), queue.finished()]
                    .into_iter()
                    .chain([queue.applied(), queue.done()])
                    .map(Bits::len)
                    .sum();
                // What is delivered again and again may go on for ever, but it does go on.
                let delivered = matches!(record.what, What::Return(_, Outcome::Delivered { .. }));
                (std::mem::replace(&mut self.marks, marks) != marks) | delivered
            }
        };
        if progress {
            self.progressed = record.at;
            self.settled_at = None;
            self.expect();
        }
    }

    /// Takes note of how a node stands after a turn in which it has sent so many packets that are
    /// not lost.
    #[inline]
    pub fn follow(&mut self, node: usize, status: Status, sent: usize, arrived: bool) {
        let before = std::mem::replace(&mut self.stands[node], status);
        if before.finished != status.finished && self.is_awaited(node) {
            match status.finished {
                true => self.unfinished -= 1,
                false => self.unfinished += 1,
            }
        }
        self.travelling += sent;
        self.travelling -= usize::from(arrived);
    }

    /// Whether a run that has taken so long is over.
    pub fn look(&mut self, now: u64, monitors: &Monitors) -> Option<Ended> {
        if now > self.limit {
            return Some(Ended::Limit);
        }
        if self.stands.iter().any(|status| status.busy) {
            self.until = (now + self.patience).min(self.limit);
            return None;
        }
        Some(self.without_more(monitors))
    }

    /// Why a run is over in which nothing more will happen. An item may have been dealt with for
    /// good without anybody who lives knowing it, so a queue is done if nothing is missing.
    pub fn without_more(&self, monitors: &Monitors) -> Ended {
        let missing = !self.at_the_end(Ended::Stuck, monitors).is_empty();
        if self.unfinished == 0 && !missing { Ended::Done } else { Ended::Stuck }
    }

    /// Whether everything is done.
    #[inline]
    pub fn is_over(&mut self, now: u64, monitors: &Monitors) -> bool {
        if self.unfinished > 0 {
            return false;
        }
        match monitors {
            Monitors::Lock(_) => self.travelling == 0,
            Monitors::Queue(_) => {
                if !self.nothing_left(monitors) {
                    self.settled_at = None;
                    return false;
                }
                now - *self.settled_at.get_or_insert(now) > self.settling
            }
        }
    }

    /// Whether every item that anybody knows of has been dealt with for good.
    fn nothing_left(&self, monitors: &Monitors) -> bool {
        let Monitors::Queue(queue) = monitors else { return true };
        let over = if self.acks { queue.done() } else { queue.finished() };
        self.unfinished == 0
            && queue.enqueued().without(queue.applied()).is_empty()
            && queue.enqueued().without(over).is_empty()
            && queue.delivered().without(over).is_empty()
            && !self.stands.iter().any(|status| status.works)
    }

    /// What the end of a run violates. A run that was cut off shows nothing.
    pub fn at_the_end(&self, ended: Ended, monitors: &Monitors) -> Properties {
        let mut violated = Properties::NONE;
        if ended == Ended::Limit {
            return violated;
        }
        match monitors {
            Monitors::Lock(_) => {
                if self.stands.iter().any(|status| status.alive && status.waits) {
                    violated.insert(Property::DeadlockFreedom);
                }
                if self.stands.iter().any(|status| status.alive && status.nests) {
                    violated.insert(Property::Reentrancy);
                }
            }
            Monitors::Queue(queue) => {
                let mut consumers = self.roles.iter().zip(&self.stands);
                if !consumers.any(|(role, status)| *role == Role::Consumer && status.alive) {
                    return violated;
                }
                for (property, reached) in [
                    (Property::NoLoss, queue.finished()),
                    (Property::AtLeastOnce, queue.applied()),
                    (Property::Progress, queue.delivered()),
                ] {
                    if !queue.enqueued().without(reached).is_empty() {
                        violated.insert(property);
                    }
                }
            }
        }
        violated
    }
}
