//! A lock of several places over a store: whoever finds a free slot, and no blocker, holds. Each slot is
//! a key with a token and a lease, as in R-REDIS; one script looks and takes. What the slots and the
//! blockers are makes it a semaphore or a read/write lock.
//!
//! Safe while the store keeps what it has acknowledged and clocks run at about the same rate.

use contend_model::algorithm::Timing;
use contend_model::ident::{BACKEND, NodeId, Token};
use contend_model::message::Message;
use contend_model::message::store::{Key, Reply, Script, Value};
use contend_model::op::{Notice, Op, Outcome};
use contend_model::process::{Effects, Event, Process};
use contend_model::property::Environment;
use contend_model::symmetry::{Permutation, Symmetric};
use contend_model::timer::Timer;
use contend_model::world::{Reading, Scope};

/// A check that the client makes. Tests take one away to see whether the suite notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Guard {
    /// Nobody takes a slot while a blocker is there.
    HeedsBlockers,
    /// The slot has a time to live.
    Expiry,
    /// The holder watches its own lease.
    WatchesLease,
    /// Only the last release of a nested hold frees the slot.
    CountsDepth,
}

/// What the lock consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Places {
    /// Keys of which the holder has one.
    pub slots: &'static [Key],
    /// Keys of which none may be there when it is taken.
    pub blockers: &'static [Key],
}

/// Three clients who acquire twice each are too many where one of them or the store may fail (more than 3
/// million states), and where timers fire at any moment (2.8). They acquire once there, and two of them
/// twice, or all three where less goes wrong at once.
pub(super) fn narrowed(mut usual: Scope) -> Scope {
    let fails = matches!(usual.environment, Environment::Crash | Environment::Failover);
    if usual.roles.len() > 2 && (fails || usual.reading == Reading::Free) {
        usual.duty.operations = 1;
    }
    usual
}

/// A client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Client {
    places: Places,
    lacks: Option<Guard>,
    timing: Timing,
    token: Token,
    phase: Phase,
}

/// Places and timing are the same in all states of a world.
impl std::hash::Hash for Client {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        (self.token, self.phase).hash(state);
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Phase {
    Idle,
    Asking {
        /// The lease would be over by now.
        stale: bool,
        /// The caller has given up.
        cancelled: bool,
    },
    /// All slots are taken; about to ask again.
    Waiting,
    /// Giving back what may have been granted too late, unheard or for nothing.
    Undoing {
        cancelled: bool,
    },
    /// Whether it was given back is not known; about to do it again.
    InDoubt,
    Held {
        depth: u8,
    },
    Releasing,
}

impl Client {
    pub fn new(me: NodeId, places: Places, lacks: Option<Guard>, timing: &Timing) -> Self {
        let token = Token { client: me, incarnation: 0, serial: 0 };
        Client { places, lacks, timing: *timing, token, phase: Phase::Idle }
    }

    fn has(&self, guard: Guard) -> bool {
        self.lacks != Some(guard)
    }

    fn value(&self) -> Value {
        Value::Token(self.token)
    }

    /// A question that was never answered may still be on its way, so each has a token of its own.
    fn ask(&mut self, out: &mut Effects) -> Phase {
        self.token.serial += 1;
        let Places { slots, blockers } = self.places;
        let blockers = if self.has(Guard::HeedsBlockers) { blockers } else { &[] };
        let lease = self.has(Guard::Expiry).then_some(self.timing.lease);
        out.call(BACKEND, Script::TakeSlot { slots, blockers, value: self.value(), lease });
        if self.has(Guard::WatchesLease) {
            out.arm(Timer::Lease, self.timing.lease - self.timing.margin);
        }
        Phase::Asking { stale: false, cancelled: false }
    }

    fn wait(&mut self, cancelled: bool, out: &mut Effects) -> Phase {
        out.disarm(Timer::Lease);
        if cancelled {
            out.returns(Outcome::Cancelled);
            return Phase::Idle;
        }
        // Nothing of this question is left, so the next may have its token.
        out.arm(Timer::Poll, self.timing.retry);
        Phase::Waiting
    }

    fn give_back(&self, out: &mut Effects) {
        out.disarm(Timer::Lease);
        let slots = self.places.slots;
        out.call(BACKEND, Script::LeaveSlot { slots, value: self.value() });
    }

    fn undo(&self, cancelled: bool, out: &mut Effects) -> Phase {
        self.give_back(out);
        Phase::Undoing { cancelled }
    }
}

impl Process for Client {
    fn step(&mut self, event: Event, out: &mut Effects) {
        let reply = match event {
            Event::Deliver { message: Message::StoreReply(reply), .. } => Some(reply),
            _ => None,
        };
        let over = reply.is_some() || matches!(event, Event::Disconnected(_));
        self.phase = match (self.phase, event) {
            (phase, Event::Start { incarnation }) => {
                self.token.incarnation = incarnation;
                phase
            }
            (Phase::Idle, Event::Invoke(Op::Acquire))
            | (Phase::Waiting, Event::Fire(Timer::Poll)) => self.ask(out),
            (Phase::Asking { stale, cancelled }, Event::Deliver { .. }) => match reply {
                Some(Reply::Int(_)) if stale || cancelled => self.undo(cancelled, out),
                Some(Reply::Int(_)) => {
                    out.returns(Outcome::Acquired { fence: None });
                    Phase::Held { depth: 0 }
                }
                _ => {
                    self.token.serial -= 1;
                    self.wait(cancelled, out)
                }
            },
            (Phase::Asking { cancelled, .. }, Event::Disconnected(_)) => self.undo(cancelled, out),
            (Phase::Asking { cancelled, .. }, Event::Fire(Timer::Lease)) => {
                Phase::Asking { stale: true, cancelled }
            }
            (Phase::Asking { stale, .. }, Event::Invoke(Op::Cancel)) => {
                Phase::Asking { stale, cancelled: true }
            }
            (Phase::Waiting, Event::Invoke(Op::Cancel)) => {
                out.disarm(Timer::Poll);
                self.wait(true, out)
            }
            (Phase::Undoing { .. }, Event::Invoke(Op::Cancel)) => {
                Phase::Undoing { cancelled: true }
            }
            (Phase::Undoing { cancelled: false }, Event::Disconnected(_)) => {
                out.arm(Timer::Poll, self.timing.retry);
                Phase::InDoubt
            }
            (Phase::InDoubt, Event::Fire(Timer::Poll)) => self.undo(false, out),
            (Phase::InDoubt, Event::Invoke(Op::Cancel)) => {
                out.disarm(Timer::Poll);
                self.wait(true, out)
            }
            // Who has given up does not wait for an answer: the lease ends what it was about.
            (Phase::Undoing { cancelled }, _) if over => self.wait(cancelled, out),

            (Phase::Held { depth }, Event::Invoke(Op::Acquire)) => {
                out.returns(Outcome::Acquired { fence: None });
                Phase::Held { depth: depth + 1 }
            }
            (Phase::Held { depth }, Event::Invoke(Op::Release))
                if depth > 0 && self.has(Guard::CountsDepth) =>
            {
                out.returns(Outcome::Released);
                Phase::Held { depth: depth - 1 }
            }
            (Phase::Held { .. }, Event::Invoke(Op::Release)) => {
                self.give_back(out);
                Phase::Releasing
            }
            (Phase::Held { .. }, Event::Fire(Timer::Lease)) => {
                out.notify(Notice::Lost);
                Phase::Idle
            }
            (Phase::Releasing, _) if over => {
                out.returns(match reply {
                    Some(Reply::Int(1)) => Outcome::Released,
                    Some(_) => Outcome::NotHeld,
                    None => Outcome::Unknown,
                });
                Phase::Idle
            }
            (Phase::Idle, Event::Invoke(Op::Release)) => {
                out.returns(Outcome::NotHeld);
                Phase::Idle
            }
            (phase, _) => phase,
        };
    }

    fn crashed(&self) -> Self {
        Client { token: Token { serial: 0, ..self.token }, phase: Phase::Idle, ..self.clone() }
    }

    fn permute(&mut self, permutation: &Permutation) -> bool {
        self.token.permute(permutation);
        true
    }
}
