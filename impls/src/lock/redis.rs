//! R-REDIS: `SET lock token NX PX lease`, compare-and-delete to release; optionally with a fencing
//! token from the acquiring script, and with renewal. Safe while the store keeps what it has
//! acknowledged and clocks run at about the same rate; with fencing, the resource is safe even when
//! they do not.
//!
//! Sources: redis.io, "Distributed Locks with Redis", the single-instance part; Kleppmann, "How to
//! do distributed locking" (2016), for the fence. The holder stops relying on its lease `margin`
//! before the server ends it, counted from the moment the request was *sent*. A question without
//! an answer is asked again under the same token. If its late effect shows, its age is unknown: the
//! plain form gives the key back and starts over, the fenced form prolongs it in the same script.
//! A long file, since its forms are one protocol.

use contend_model::algorithm::{Algorithm, Card, Form, Role, Service, Timing};
use contend_model::ident::{BACKEND, NodeId, Token};
use contend_model::message::Message;
use contend_model::message::store::{Command, Expiry, Key, Reply, Script, Value, When};
use contend_model::op::{Notice, Op, Outcome};
use contend_model::process::{AnyProcess, Effects, Event, Process};
use contend_model::property::{Environment, Property};
use contend_model::symmetry::{Permutation, Symmetric};
use contend_model::time::Span;
use contend_model::timer::Timer;

use super::LOCK;
use crate::service::resource::Checks;
use crate::service::store::{self, Durability};
use crate::service::{settings, store_and_resource};

const FENCE: Key = Key::named("fence");

/// The algorithm and its settings.
#[derive(Clone, Copy, Debug)]
pub struct Redis {
    /// The name in the registry.
    pub name: &'static str,
    /// Whether every grant counts a fencing token up, and the resource checks it.
    pub fencing: bool,
    /// Whether the holder renews its lease.
    pub renewal: bool,
    /// Whether the store syncs every write, or once in a while.
    pub syncs_every_write: bool,
    /// The check that the client has forgotten.
    pub lacks: Option<Guard>,
    /// The check that the store has forgotten.
    pub store_lacks: Option<store::Guard>,
}

/// A check that the client makes. Tests take one away to see whether the suite notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Guard {
    /// Acquire sets only if absent.
    SetIfAbsent,
    /// The key has a time to live.
    Expiry,
    /// Release compares the token before it deletes.
    CompareOnRelease,
    /// The holder watches its own lease.
    WatchesLease,
    /// A grant that arrives after its lease is over is given back.
    RefusesStaleGrant,
    /// After an unanswered question the client gives back what may be its own key.
    GivesBackInDoubt,
    /// Every acquisition has a token of its own, and a new one after a question without an answer.
    FreshToken,
    /// The fencing token is sent along with every write.
    SendsFence,
    /// The resource checks the fencing token.
    ResourceChecks,
    /// An acquisition that is given up is given back if it was granted after all.
    CancelGivesBack,
    /// Only the last release of a nested hold frees the lock.
    CountsDepth,
    /// Renewal compares the token before it prolongs.
    CompareOnRenewal,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Client {
    settings: Settings,
    token: Token,
    phase: Phase,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Settings {
    fencing: bool,
    renewal: bool,
    lacks: Option<Guard>,
    timing: Timing,
}

/// Settings are the same in all states of a world.
impl std::hash::Hash for Settings {
    fn hash<H: std::hash::Hasher>(&self, _: &mut H) {}
}

/// An acquisition under way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Attempt {
    /// An earlier question under this token has stayed without an answer.
    in_doubt: bool,
    /// The lease would be over by now, counted from the first of these questions.
    stale: bool,
    /// The caller has given up.
    cancelled: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Phase {
    Idle,
    Asking(Attempt),
    /// No answer; about to ask again.
    InDoubt(Attempt),
    /// Somebody else holds; about to ask again.
    Waiting,
    /// Giving back what was granted too late or for nothing.
    Undoing {
        cancelled: bool,
    },
    Held {
        fence: Option<u32>,
        depth: u8,
        renewing: bool,
    },
    /// The hold is over, but the answer to a renewal is still to come.
    Draining {
        next: Option<Op>,
    },
    Releasing,
}

impl Client {
    fn has(&self, guard: Guard) -> bool {
        self.settings.lacks != Some(guard)
    }

    fn value(&self) -> Value {
        Value::Token(self.token)
    }

    fn validity(&self) -> Span {
        self.settings.timing.lease - self.settings.timing.margin
    }

    /// Starts an acquisition under a new token.
    fn acquire(&mut self, out: &mut Effects) -> Phase {
        self.outdate_token();
        self.ask_afresh(out)
    }

    /// A question that was never answered may still be on its way, and set the key at any time: a
    /// lease counted from a later question under the same token would outlast the key.
    fn outdate_token(&mut self) {
        if self.has(Guard::FreshToken) {
            self.token.serial += 1;
        }
    }

    /// Asks when nothing is known to be under way, so that the lease counts from now.
    fn ask_afresh(&self, out: &mut Effects) -> Phase {
        if self.has(Guard::WatchesLease) {
            out.arm(Timer::Lease, self.validity());
        }
        self.ask(Attempt::default(), out)
    }

    fn ask(&self, attempt: Attempt, out: &mut Effects) -> Phase {
        let (key, value, lease) = (LOCK, self.value(), self.settings.timing.lease);
        if self.settings.fencing {
            out.call(BACKEND, Script::AcquireFenced { key, value, lease, fence: FENCE });
        } else {
            let absent = self.has(Guard::SetIfAbsent);
            let when = if absent { When::Absent } else { When::Always };
            let ends = self.has(Guard::Expiry);
            let expiry = if ends { Expiry::After(lease) } else { Expiry::Never };
            out.call(BACKEND, Command::Set { key, value, when, expiry });
        }
        Phase::Asking(attempt)
    }

    fn answered(&mut self, attempt: Attempt, reply: Reply, out: &mut Effects) -> Phase {
        match reply {
            Reply::Ok => self.granted(attempt, None, out),
            Reply::Int(fence) => self.granted(attempt, Some(fence), out),
            // The key may be this client's own, set by the question that had no answer; since
            // nobody can say when, it is worth nothing and is given back.
            _ if attempt.in_doubt
                && !self.settings.fencing
                && self.has(Guard::GivesBackInDoubt) =>
            {
                self.undo(attempt.cancelled, out)
            }
            _ => self.refused(attempt, out),
        }
    }

    fn granted(&mut self, attempt: Attempt, fence: Option<u32>, out: &mut Effects) -> Phase {
        let for_nothing = attempt.cancelled && self.has(Guard::CancelGivesBack);
        if for_nothing || attempt.stale && self.has(Guard::RefusesStaleGrant) {
            return self.undo(attempt.cancelled, out);
        }
        if attempt.cancelled {
            return self.cancelled(out);
        }
        if self.settings.renewal {
            out.arm(Timer::Renew, self.settings.timing.lease.divided_by(3));
        }
        let sent = fence.filter(|_| self.has(Guard::SendsFence));
        out.returns(Outcome::Acquired { fence: sent });
        Phase::Held { fence: sent, depth: 0, renewing: false }
    }

    fn refused(&mut self, attempt: Attempt, out: &mut Effects) -> Phase {
        out.disarm(Timer::Lease);
        if attempt.in_doubt {
            self.outdate_token();
        }
        if attempt.cancelled {
            return self.cancelled(out);
        }
        out.arm(Timer::Poll, self.settings.timing.retry);
        Phase::Waiting
    }

    fn cancelled(&mut self, out: &mut Effects) -> Phase {
        out.disarm(Timer::Lease);
        out.returns(Outcome::Cancelled);
        Phase::Idle
    }

    fn undo(&mut self, cancelled: bool, out: &mut Effects) -> Phase {
        out.disarm(Timer::Lease);
        out.call(BACKEND, Script::CompareDelete(LOCK, self.value()));
        Phase::Undoing { cancelled }
    }

    fn undone(&mut self, cancelled: bool, out: &mut Effects) -> Phase {
        if cancelled {
            return self.cancelled(out);
        }
        self.outdate_token();
        out.arm(Timer::Poll, self.settings.timing.retry);
        Phase::Waiting
    }

    fn renew(&mut self, out: &mut Effects) {
        let lease = self.settings.timing.lease;
        if self.has(Guard::CompareOnRenewal) {
            out.call(BACKEND, Script::CompareExpire(LOCK, self.value(), lease));
        } else {
            out.call(BACKEND, Command::Pexpire(LOCK, lease));
        }
    }

    /// The renewal was sent at most the client library's patience ago.
    fn renewed(&mut self, out: &mut Effects) {
        let lease = self.settings.timing.lease;
        out.arm(Timer::Lease, self.validity() - self.settings.timing.timeout);
        out.arm(Timer::Renew, lease.divided_by(3));
    }

    fn lose(&mut self, owed: bool, out: &mut Effects) -> Phase {
        out.disarm(Timer::Lease);
        out.disarm(Timer::Renew);
        out.notify(Notice::Lost);
        if owed { Phase::Draining { next: None } } else { Phase::Idle }
    }

    fn release(&mut self, owed: bool, out: &mut Effects) -> Phase {
        out.disarm(Timer::Lease);
        out.disarm(Timer::Renew);
        if owed {
            return Phase::Draining { next: Some(Op::Release) };
        }
        if self.has(Guard::CompareOnRelease) {
            out.call(BACKEND, Script::CompareDelete(LOCK, self.value()));
        } else {
            out.call(BACKEND, Command::Del(LOCK));
        }
        Phase::Releasing
    }

    fn drained(&mut self, next: Option<Op>, out: &mut Effects) -> Phase {
        match next {
            Some(Op::Acquire) => self.acquire(out),
            Some(Op::Release) => self.release(false, out),
            _ => Phase::Idle,
        }
    }
}

impl Process for Client {
    fn step(&mut self, event: Event, out: &mut Effects) {
        let reply = match event {
            Event::Deliver { message: Message::StoreReply(reply), .. } => Some(reply),
            _ => None,
        };
        let lost = matches!(event, Event::Disconnected(_));
        self.phase = match (self.phase, event) {
            (phase, Event::Start { incarnation }) => {
                self.token.incarnation = incarnation;
                phase
            }

            (Phase::Idle, Event::Invoke(Op::Acquire)) => self.acquire(out),
            (Phase::Asking(attempt), Event::Deliver { .. }) => {
                self.answered(attempt, reply.unwrap_or(Reply::Error), out)
            }
            (Phase::Asking(attempt), Event::Disconnected(_)) => {
                if attempt.cancelled {
                    self.undo(true, out)
                } else {
                    out.arm(Timer::Poll, self.settings.timing.retry);
                    Phase::InDoubt(Attempt { in_doubt: true, ..attempt })
                }
            }
            (Phase::Asking(attempt), Event::Fire(Timer::Lease)) => {
                Phase::Asking(Attempt { stale: true, ..attempt })
            }
            (Phase::InDoubt(attempt), Event::Fire(Timer::Lease)) => {
                Phase::InDoubt(Attempt { stale: true, ..attempt })
            }
            (Phase::InDoubt(attempt), Event::Fire(Timer::Poll)) => self.ask(attempt, out),
            (Phase::Waiting, Event::Fire(Timer::Poll)) => self.ask_afresh(out),

            (Phase::Asking(attempt), Event::Invoke(Op::Cancel)) => {
                Phase::Asking(Attempt { cancelled: true, ..attempt })
            }
            (Phase::InDoubt(_), Event::Invoke(Op::Cancel)) => {
                out.disarm(Timer::Poll);
                self.undo(true, out)
            }
            (Phase::Waiting, Event::Invoke(Op::Cancel)) => {
                out.disarm(Timer::Poll);
                self.cancelled(out)
            }
            (Phase::Undoing { .. }, Event::Invoke(Op::Cancel)) => {
                Phase::Undoing { cancelled: true }
            }
            // If the giving back has no answer, the lease will end what it was about.
            (Phase::Undoing { cancelled }, _) if reply.is_some() || lost => {
                self.undone(cancelled, out)
            }

            (Phase::Held { fence, depth, renewing }, Event::Invoke(Op::Acquire)) => {
                out.returns(Outcome::Acquired { fence });
                Phase::Held { fence, depth: depth + 1, renewing }
            }
            (Phase::Held { fence, depth, renewing }, Event::Invoke(Op::Release))
                if depth > 0 && self.has(Guard::CountsDepth) =>
            {
                out.returns(Outcome::Released);
                Phase::Held { fence, depth: depth - 1, renewing }
            }
            (Phase::Held { renewing, .. }, Event::Invoke(Op::Release)) => {
                self.release(renewing, out)
            }
            (Phase::Held { renewing, .. }, Event::Fire(Timer::Lease)) => self.lose(renewing, out),
            (Phase::Held { fence, depth, renewing: false }, Event::Fire(Timer::Renew)) => {
                self.renew(out);
                Phase::Held { fence, depth, renewing: true }
            }
            (Phase::Held { fence, depth, renewing: true }, Event::Deliver { .. }) => {
                if reply == Some(Reply::Int(1)) {
                    self.renewed(out);
                    Phase::Held { fence, depth, renewing: false }
                } else {
                    self.lose(false, out)
                }
            }
            (Phase::Held { fence, depth, renewing: true }, Event::Disconnected(_)) => {
                out.arm(Timer::Renew, self.settings.timing.retry);
                Phase::Held { fence, depth, renewing: false }
            }

            (Phase::Draining { .. }, Event::Invoke(op)) => Phase::Draining { next: Some(op) },
            (Phase::Draining { next }, _) if reply.is_some() || lost => self.drained(next, out),

            (Phase::Releasing, Event::Deliver { .. }) => {
                let deleted = reply == Some(Reply::Int(1));
                out.returns(if deleted { Outcome::Released } else { Outcome::NotHeld });
                Phase::Idle
            }
            (Phase::Releasing, Event::Disconnected(_)) => {
                out.returns(Outcome::Unknown);
                Phase::Idle
            }
            // Nothing is held, so there is nothing to ask the store.
            (Phase::Idle, Event::Invoke(Op::Release)) => {
                out.returns(Outcome::NotHeld);
                Phase::Idle
            }
            (phase, _) => phase,
        };
    }

    fn crashed(&self) -> Self {
        let token = Token { serial: 0, ..self.token };
        Client { token, phase: Phase::Idle, settings: self.settings.clone() }
    }

    fn permute(&mut self, permutation: &Permutation) -> bool {
        self.token.permute(permutation);
        true
    }
}

impl Algorithm for Redis {
    fn falls_to_pairs(&self, environment: Environment) -> bool {
        environment == Environment::Crash && !self.syncs_every_write
    }

    fn card(&self) -> Card {
        let durability =
            if self.syncs_every_write { "" } else { ", on a store that loses seconds" };
        let extras = match (self.fencing, self.renewal) {
            (false, false) => "",
            (true, false) => ", with a fencing token",
            (false, true) => ", with renewal",
            (true, true) => ", with a fencing token and renewal",
        };
        let summary = format!("a token, a lease and compare-and-delete{extras}{durability}");
        let card = super::card(self.name, "R-REDIS", Form::Repaired, "redis", &summary);
        // A store that loses a second of writes forgets grants when it crashes, and the fence too.
        // Without a fence a write that is held back arrives after its hold is over.
        let (kept, fenced) = match (self.syncs_every_write, self.fencing) {
            (true, true) => ("0mNC", "0mNCT"),
            (true, false) => ("0mNC", "0mC"),
            (false, true) => ("0mN", "0mNT"),
            (false, false) => ("0mN", "0m"),
        };
        // The write of a holder that has crashed is still on its way when a store that crashed as well has
        // granted the lock anew.
        let consistent = if self.syncs_every_write { "0mCF" } else { "0mF" };
        card.claim(Property::MutualExclusion, kept)
            .claim(Property::Fencing, fenced)
            .claim(Property::DeadlockFreedom, "0mNCTF")
            .claim(Property::Ownership, "0mNCTF")
            .claim(Property::Reentrancy, kept)
            .claim(Property::Interruptibility, "0mNCTF")
            .claim(Property::Consistency, consistent)
    }

    fn client(&self, me: NodeId, _: Role, timing: &Timing) -> Box<dyn AnyProcess> {
        let token = Token { client: me, incarnation: 0, serial: 0 };
        let Redis { fencing, renewal, lacks, .. } = *self;
        let settings = Settings { fencing, renewal, lacks, timing: *timing };
        Box::new(Client { settings, token, phase: Phase::Idle })
    }

    fn services(&self, timing: &Timing) -> Vec<Service> {
        let checks = self.fencing && self.lacks != Some(Guard::ResourceChecks);
        let checks = if checks { Checks::Fence } else { Checks::Nothing };
        let mut settings = settings(timing);
        settings.lacks = self.store_lacks;
        if !self.syncs_every_write {
            settings.durability = Durability::Every(timing.sync_every);
        }
        store_and_resource(checks, settings)
    }
}
