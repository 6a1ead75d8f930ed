//! REDLOCK: `SET lock token NX PX lease` on three independent stores, one after another; held if a
//! majority said yes and some of the lease is left, or else given back everywhere. Safe while every
//! store keeps what it has acknowledged, clocks run at about the same rate and nobody pauses.
//!
//! Sources: redis.io, "Distributed Locks with Redis", the Redlock section; Kleppmann, "How to do
//! distributed locking" (2016), for the pause that breaks it. Validity is the lease less what the
//! attempt took and less `margin` for drift. A process has no clock: a timer armed when the attempt
//! starts has not fired as long as validity is left. A long file, since it is one protocol.

use contend_model::algorithm::{Algorithm, Card, Form, Role, Service, Timing};
use contend_model::ident::{NodeId, Peer, Token};
use contend_model::message::Message;
use contend_model::message::store::{Command, Expiry, Reply, Script, Value, When};
use contend_model::op::{Notice, Op, Outcome};
use contend_model::process::{AnyProcess, Effects, Event, Process};
use contend_model::property::{Environment, Property};
use contend_model::symmetry::{Permutation, Symmetric};
use contend_model::time::Range;
use contend_model::timer::Timer;
use contend_model::world::{Reading, Scope};

use super::LOCK;
use crate::service::resource::{Checks, Resource};
use crate::service::store::{self, Durability, Settings as StoreSettings, Store};

/// How many stores there are, and how many of them make a majority.
const STORES: u8 = 3;
const MAJORITY: u8 = 2;

/// The algorithm and its settings.
#[derive(Clone, Copy, Debug)]
pub struct Redlock {
    /// The name in the registry.
    pub name: &'static str,
    /// Whether stores sync every write, or keep nothing over a crash.
    pub syncs_every_write: bool,
    /// The check that the client has forgotten.
    pub lacks: Option<Guard>,
    /// The check that the stores have forgotten.
    pub store_lacks: Option<store::Guard>,
}

/// A check that the client makes. Tests take one away to see whether the suite notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Guard {
    /// It takes a majority of the stores to hold; one will do without.
    Majority,
    /// A grant of which no validity is left is given back.
    ChecksValidity,
    /// The holder is told when its validity ends.
    WatchesLease,
    /// Acquire sets only if absent.
    SetIfAbsent,
    /// The keys have a time to live.
    Expiry,
    /// Giving back and release compare the token before they delete.
    ComparesToken,
    /// Who is refused gives back what a minority of stores may have granted.
    GivesBack,
    /// Giving back and release speak to all stores; to the first alone without.
    DeletesOnAll,
    /// Every attempt has a token of its own, not every acquisition alone.
    FreshToken,
    /// Only the last release of a nested hold frees the lock.
    CountsDepth,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Client {
    settings: Settings,
    token: Token,
    phase: Phase,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Settings {
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
    /// How many stores said yes.
    granted: u8,
    /// No validity is left.
    stale: bool,
    /// The caller has given up.
    cancelled: bool,
}

/// Phases with a store wait for its answer; those before it have been asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Phase {
    Idle,
    Asking(u8, Attempt),
    /// Giving back what was granted by too few, too late or for nothing.
    Undoing {
        store: u8,
        cancelled: bool,
    },
    /// Somebody else holds; about to ask again.
    Waiting,
    Held {
        depth: u8,
    },
    Releasing {
        store: u8,
        deleted: u8,
        in_doubt: bool,
    },
}

fn node(store: u8) -> NodeId {
    NodeId::Service(1 + store)
}

impl Phase {
    /// The store whose answer is awaited.
    fn awaits(self) -> Option<NodeId> {
        match self {
            Phase::Asking(store, _)
            | Phase::Undoing { store, .. }
            | Phase::Releasing { store, .. } => Some(node(store)),
            Phase::Idle | Phase::Waiting | Phase::Held { .. } => None,
        }
    }
}

impl Client {
    fn has(&self, guard: Guard) -> bool {
        self.settings.lacks != Some(guard)
    }

    fn value(&self) -> Value {
        Value::Token(self.token)
    }

    /// A waiter draws a token for every attempt, for ever, and the space must be finite: it comes back to the
    /// first after as many attempts as fit into a lease. A request would have to be late by that to meet its
    /// own token again.
    fn outdate_token(&mut self) {
        let Timing { lease, retry, .. } = self.settings.timing;
        let tokens = lease.as_us() / retry.most.as_us().max(1);
        self.token.serial = (self.token.serial + 1) % (tokens as u16).max(3);
    }

    /// A giving back may be under way even though it was answered, if it was sent twice: it would
    /// delete what a later attempt under the same token was granted.
    fn attempt_again(&mut self, out: &mut Effects) -> Phase {
        if self.has(Guard::FreshToken) {
            self.outdate_token();
        }
        self.attempt(out)
    }

    fn attempt(&self, out: &mut Effects) -> Phase {
        let timing = &self.settings.timing;
        out.arm(Timer::Lease, timing.lease - timing.margin);
        self.ask(0, Attempt::default(), out)
    }

    fn ask(&self, store: u8, attempt: Attempt, out: &mut Effects) -> Phase {
        let absent = self.has(Guard::SetIfAbsent);
        let when = if absent { When::Absent } else { When::Always };
        let ends = self.has(Guard::Expiry);
        let expiry = if ends { Expiry::After(self.settings.timing.lease) } else { Expiry::Never };
        let (key, value) = (LOCK, self.value());
        out.call(node(store), Command::Set { key, value, when, expiry });
        Phase::Asking(store, attempt)
    }

    /// A store has answered, or will not.
    fn asked(&self, store: u8, attempt: Attempt, reply: Option<Reply>, out: &mut Effects) -> Phase {
        let attempt =
            Attempt { granted: attempt.granted + u8::from(reply == Some(Reply::Ok)), ..attempt };
        if attempt.cancelled {
            return self.undo(attempt, out);
        }
        if store + 1 < STORES {
            return self.ask(store + 1, attempt, out);
        }
        let needed = if self.has(Guard::Majority) { MAJORITY } else { 1 };
        let valid = !attempt.stale || !self.has(Guard::ChecksValidity);
        if attempt.granted < needed || !valid {
            return self.undo(attempt, out);
        }
        if !self.has(Guard::WatchesLease) {
            out.disarm(Timer::Lease);
        }
        out.returns(Outcome::Acquired { fence: None });
        Phase::Held { depth: 0 }
    }

    fn delete(&self, store: u8, out: &mut Effects) {
        if self.has(Guard::ComparesToken) {
            out.call(node(store), Script::CompareDelete(LOCK, self.value()));
        } else {
            out.call(node(store), Command::Del(LOCK));
        }
    }

    fn is_last_to_delete(&self, store: u8) -> bool {
        store + 1 == STORES || !self.has(Guard::DeletesOnAll)
    }

    fn undo(&self, attempt: Attempt, out: &mut Effects) -> Phase {
        out.disarm(Timer::Lease);
        if !self.has(Guard::GivesBack) {
            return self.refused(attempt.cancelled, out);
        }
        self.delete(0, out);
        Phase::Undoing { store: 0, cancelled: attempt.cancelled }
    }

    /// If a giving back has no answer, the lease will end what it was about.
    fn undone(&self, store: u8, cancelled: bool, out: &mut Effects) -> Phase {
        if self.is_last_to_delete(store) {
            return self.refused(cancelled, out);
        }
        self.delete(store + 1, out);
        Phase::Undoing { store: store + 1, cancelled }
    }

    fn refused(&self, cancelled: bool, out: &mut Effects) -> Phase {
        if cancelled {
            out.returns(Outcome::Cancelled);
            return Phase::Idle;
        }
        out.arm(Timer::Poll, self.settings.timing.retry);
        Phase::Waiting
    }

    fn released(
        &self,
        store: u8,
        deleted: u8,
        in_doubt: bool,
        reply: Option<Reply>,
        out: &mut Effects,
    ) -> Phase {
        let deleted = deleted + u8::from(reply == Some(Reply::Int(1)));
        let in_doubt = in_doubt || reply.is_none();
        if !self.is_last_to_delete(store) {
            self.delete(store + 1, out);
            return Phase::Releasing { store: store + 1, deleted, in_doubt };
        }
        out.returns(match (deleted, in_doubt) {
            (MAJORITY.., _) => Outcome::Released,
            (_, true) => Outcome::Unknown,
            (_, false) => Outcome::NotHeld,
        });
        Phase::Idle
    }
}

impl Process for Client {
    fn step(&mut self, event: Event, out: &mut Effects) {
        // A connection that nobody waits on may end as well, when its store restarts.
        let told = match event {
            Event::Deliver { from, message: Message::StoreReply(reply) } => {
                Some((from, Some(reply)))
            }
            Event::Deliver { from, .. } => Some((from, Some(Reply::Error))),
            Event::Disconnected(peer) => Some((peer, None)),
            _ => None,
        };
        let answer = told.filter(|(Peer { node, .. }, _)| self.phase.awaits() == Some(*node));
        let answer = answer.map(|(_, reply)| reply);
        self.phase = match (self.phase, event, answer) {
            (phase, Event::Start { incarnation }, _) => {
                self.token.incarnation = incarnation;
                phase
            }

            (Phase::Idle, Event::Invoke(Op::Acquire), _) => {
                self.outdate_token();
                self.attempt(out)
            }
            (Phase::Asking(store, attempt), _, Some(reply)) => {
                self.asked(store, attempt, reply, out)
            }
            (Phase::Asking(store, attempt), Event::Fire(Timer::Lease), _) => {
                Phase::Asking(store, Attempt { stale: true, ..attempt })
            }
            (Phase::Undoing { store, cancelled }, _, Some(_)) => self.undone(store, cancelled, out),
            (Phase::Waiting, Event::Fire(Timer::Poll), _) => self.attempt_again(out),

            (Phase::Asking(store, attempt), Event::Invoke(Op::Cancel), _) => {
                Phase::Asking(store, Attempt { cancelled: true, ..attempt })
            }
            (Phase::Undoing { store, .. }, Event::Invoke(Op::Cancel), _) => {
                Phase::Undoing { store, cancelled: true }
            }
            (Phase::Waiting, Event::Invoke(Op::Cancel), _) => {
                out.disarm(Timer::Poll);
                self.refused(true, out)
            }

            (Phase::Held { depth }, Event::Invoke(Op::Acquire), _) => {
                out.returns(Outcome::Acquired { fence: None });
                Phase::Held { depth: depth + 1 }
            }
            (Phase::Held { depth }, Event::Invoke(Op::Release), _)
                if depth > 0 && self.has(Guard::CountsDepth) =>
            {
                out.returns(Outcome::Released);
                Phase::Held { depth: depth - 1 }
            }
            (Phase::Held { .. }, Event::Invoke(Op::Release), _) => {
                out.disarm(Timer::Lease);
                self.delete(0, out);
                Phase::Releasing { store: 0, deleted: 0, in_doubt: false }
            }
            (Phase::Held { .. }, Event::Fire(Timer::Lease), _) => {
                out.notify(Notice::Lost);
                Phase::Idle
            }

            (Phase::Releasing { store, deleted, in_doubt }, _, Some(reply)) => {
                self.released(store, deleted, in_doubt, reply, out)
            }
            // Nothing is held, so there is nothing to ask the stores.
            (Phase::Idle, Event::Invoke(Op::Release), _) => {
                out.returns(Outcome::NotHeld);
                Phase::Idle
            }
            (phase, _, _) => phase,
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

impl Algorithm for Redlock {
    fn card(&self) -> Card {
        let stores =
            if self.syncs_every_write { "" } else { ", which keep nothing over a restart" };
        let summary = format!("a token and a lease on a majority of three stores{stores}");
        let form = if self.syncs_every_write { Form::Repaired } else { Form::Intended };
        let card = super::card(self.name, "REDLOCK", form, "redis", &summary);
        let kept = if self.syncs_every_write { "0mNC" } else { "0mN" };
        let fenced = if self.syncs_every_write { "0mC" } else { "0m" };
        card.claim(Property::MutualExclusion, kept)
            .claim(Property::Fencing, fenced)
            .claim(Property::DeadlockFreedom, "0mNCT")
            .claim(Property::Ownership, "0mNCT")
            .claim(Property::Reentrancy, kept)
            .claim(Property::Interruptibility, "0mNCT")
            .claim(Property::Consistency, "0mC")
            .without(Property::Fairness, "who waits keeps no place, it only asks again")
    }

    fn client(&self, me: NodeId, _: Role, timing: &Timing) -> Box<dyn AnyProcess> {
        let token = Token { client: me, incarnation: 0, serial: 0 };
        let settings = Settings { lacks: self.lacks, timing: *timing };
        Box::new(Client { settings, token, phase: Phase::Idle })
    }

    /// The stores are independent: a replica would be one more way to forget a grant, and the source
    /// does without.
    fn services(&self, _: &Timing) -> Vec<Service> {
        let durability =
            if self.syncs_every_write { Durability::Always } else { Durability::Never };
        let settings = StoreSettings { durability, replica: None, lacks: self.store_lacks };
        let store = |name| Service { name, process: Box::new(Store::new(settings)) };
        vec![
            Service { name: "resource", process: Box::new(Resource::new(Checks::Nothing)) },
            store("redis1"),
            store("redis2"),
            store("redis3"),
        ]
    }

    /// An acquisition takes six calls and more, and whatever may be late or lost may be so at each. With two
    /// acquisitions each, a release that is held back for ever would meet its own token again (88 steps, in 1.9
    /// million states): the circle of tokens is made for requests that are late by less than a lease. Where leases
    /// end at any moment no client gives up on an answer as well, and where one ends too early none pauses between
    /// its acquisitions.
    fn narrowed(&self, mut usual: Scope) -> Scope {
        let environment = usual.environment;
        if matches!(environment, Environment::Crash | Environment::Expiry | Environment::Lossy) {
            usual.duty.operations = 1;
            usual.timing.retry = Range::exactly(usual.timing.retry.most);
            usual.duty.retry = usual.timing.retry;
        }
        match (environment, usual.reading) {
            (_, Reading::Free) => {
                usual.budget.early = 0;
                usual.patient = true;
            }
            (Environment::Expiry, _) => usual.duty.think = Range::default(),
            _ => {}
        }
        usual
    }
}
