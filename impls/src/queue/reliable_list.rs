//! RQ-REDIS: a list, a list of what is being worked on, a lease for each item in it, and a reaper;
//! consumers are idempotent. Safe while the store keeps what it has acknowledged; an item may be
//! delivered more than once, but its effect comes about once.
//!
//! Sources: redis.io, LMOVE, "Pattern: reliable queue"; the lease and the reaper after the
//! visibility time-outs of hosted queues. Every decision is made in one script: claiming moves the
//! item and sets the lease, settling compares the claim's token, reaping looks at the lease.

use contend_model::algorithm::{Algorithm, Card, Form, Role, Service, Timing};
use contend_model::ident::{BACKEND, Item, NodeId, Token};
use contend_model::message::Message;
use contend_model::message::store::{Key, Reply, Script, Value};
use contend_model::op::{Op, Outcome};
use contend_model::process::{AnyProcess, Effects, Event, Process};
use contend_model::property::Property;
use contend_model::symmetry::{Permutation, Symmetric};

use super::QUEUE;
use super::next_number;
use super::pushing::Pushing;
use crate::service::resource::Checks;
use crate::service::store::{self, Durability};
use crate::service::{settings, store_and_resource};

const PROCESSING: Key = Key::named("processing");

/// How many tokens a client has at least. It takes another after each question without an answer; two are
/// confused only if a question is still on its way after as many later ones have had no answer.
const TOKENS: u16 = 4;

/// The algorithm and its settings.
#[derive(Clone, Copy, Debug)]
pub struct ReliableList {
    /// The name in the registry.
    pub name: &'static str,
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
    /// A push without an answer is repeated until there is one.
    RepeatsPush,
    /// What others have left behind is reaped when there is nothing to claim.
    Reaps,
    /// The effect of an item is applied once.
    EffectIsIdempotent,
    /// An end that the store did not accept is not taken for accepted.
    HeedsStaleness,
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

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Client {
    settings: Settings,
    token: Token,
    phase: Phase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Phase {
    Idle,
    Pushing(Pushing),
    Claiming { reaped: bool },
    Reaping,
    Settling,
}

impl Client {
    fn has(&self, guard: Guard) -> bool {
        self.settings.lacks != Some(guard)
    }

    fn push(&self, item: Item) -> Script {
        Script::PushOnce { queue: QUEUE, item }
    }

    fn claim(&mut self, reaped: bool, out: &mut Effects) -> Phase {
        let lease = self.settings.timing.lease;
        let (queue, processing, token) = (QUEUE, PROCESSING, self.token);
        out.call(BACKEND, Script::Claim { queue, processing, token, lease });
        Phase::Claiming { reaped }
    }

    fn nothing_to_claim(&self, reaped: bool, out: &mut Effects) -> Phase {
        if reaped || !self.has(Guard::Reaps) {
            out.returns(Outcome::Empty);
            return Phase::Idle;
        }
        out.call(BACKEND, Script::Reap { queue: QUEUE, processing: PROCESSING });
        Phase::Reaping
    }
}

impl Process for Client {
    fn step(&mut self, event: Event, out: &mut Effects) {
        let reply = match event {
            Event::Deliver { message: Message::StoreReply(reply), .. } => Some(reply),
            _ => None,
        };
        self.phase = match (self.phase, event) {
            (phase, Event::Start { incarnation }) => {
                self.token.incarnation = incarnation;
                phase
            }
            (Phase::Idle, Event::Invoke(Op::Enqueue(item))) => {
                Phase::Pushing(Pushing::start(item, self.push(item), out))
            }
            (Phase::Pushing(pushing), event)
                if self.has(Guard::RepeatsPush) || !matches!(event, Event::Disconnected(_)) =>
            {
                pushing
                    .step(event, self.settings.timing.retry, |item| self.push(item), out)
                    .map_or(Phase::Idle, Phase::Pushing)
            }

            (Phase::Idle, Event::Invoke(Op::Dequeue)) => self.claim(false, out),
            (Phase::Claiming { reaped }, Event::Deliver { .. }) => match reply {
                Some(Reply::Value(Value::Item(item))) => {
                    out.returns(Outcome::Delivered { item, ack: true });
                    Phase::Idle
                }
                _ => self.nothing_to_claim(reaped, out),
            },
            (Phase::Reaping, Event::Deliver { .. }) => match reply {
                Some(Reply::Int(reaped)) if reaped > 0 => self.claim(true, out),
                _ => self.nothing_to_claim(true, out),
            },
            (Phase::Idle, Event::Invoke(Op::Ack(item))) => {
                let (processing, token) = (PROCESSING, self.token);
                out.call(BACKEND, Script::Settle { processing, item, token });
                Phase::Settling
            }
            (Phase::Settling, Event::Deliver { .. }) => {
                let settled = reply == Some(Reply::Int(1)) || !self.has(Guard::HeedsStaleness);
                out.returns(if settled { Outcome::Acked } else { Outcome::Stale });
                Phase::Idle
            }
            // What was claimed without an answer comes back when its lease has ended. The question
            // may still be on its way, so that later claims need another token.
            (
                Phase::Pushing(_) | Phase::Claiming { .. } | Phase::Reaping | Phase::Settling,
                Event::Disconnected(_),
            ) => {
                self.token.serial = next_number(self.token.serial, TOKENS, &self.settings.timing);
                out.returns(Outcome::Unknown);
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
        if let Phase::Pushing(pushing) = &mut self.phase {
            pushing.permute(permutation);
        }
        true
    }
}

impl Algorithm for ReliableList {
    fn card(&self) -> Card {
        let durability =
            if self.syncs_every_write { "" } else { ", on a store that loses seconds" };
        let summary = format!(
            "a list of what is being worked on, leases, a reaper and idempotent effects{durability}"
        );
        let card = super::card(self.name, "RQ-REDIS", Form::Repaired, "redis", &summary);
        // A store that loses a second of writes loses items when it crashes, and a replica does.
        let kept = if self.syncs_every_write { "0NCT" } else { "0NT" };
        card.claim(Property::NoLoss, kept)
            .claim(Property::NoPhantom, "0NCTF")
            .claim(Property::NoDuplicate, "0")
            .claim(Property::AtLeastOnce, kept)
            .claim(Property::AtMostOnce, "0NCTF")
            .claim(Property::Exclusive, "0NC")
            .claim(Property::Fifo, "0")
            .claim(Property::Emptiness, "0CT")
            .claim(Property::TerminalStays, "0NCT")
            .claim(Property::Progress, kept)
    }

    fn client(&self, me: NodeId, _: Role, timing: &Timing) -> Box<dyn AnyProcess> {
        let token = Token { client: me, incarnation: 0, serial: 0 };
        let settings = Settings { lacks: self.lacks, timing: *timing };
        Box::new(Client { settings, token, phase: Phase::Idle })
    }

    fn services(&self, timing: &Timing) -> Vec<Service> {
        let idempotent = self.lacks != Some(Guard::EffectIsIdempotent);
        let checks = if idempotent { Checks::Repetition } else { Checks::Nothing };
        let mut settings = settings(timing);
        settings.lacks = self.store_lacks;
        if !self.syncs_every_write {
            settings.durability = Durability::Every(timing.sync_every);
        }
        store_and_resource(checks, settings)
    }
}
