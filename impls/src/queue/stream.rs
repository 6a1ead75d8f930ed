//! RQ-REDIS over a stream: consumers of one group read entries that nobody has had, acknowledge them
//! after the effect, and claim what was not acknowledged for longer than a lease; effects are
//! idempotent. Safe while the store keeps what it has acknowledged. An item may be delivered more than
//! once, but its effect comes about once.
//!
//! Sources: redis.io/docs/latest, "Redis Streams" (consumer groups, recovering from permanent
//! failures) and the commands XADD, XREADGROUP, XACK, XAUTOCLAIM. Adding is repeated until there is an
//! answer, under a key that remembers the item, so that it counts once. What was left behind is
//! claimed before anything new is read, so that it does not wait for ever behind a busy producer.

use contend_model::algorithm::{Algorithm, Card, Form, Role, Service, Timing};
use contend_model::ident::{BACKEND, Item, NodeId};
use contend_model::message::Message;
use contend_model::message::store::{Key, Reply, StreamCommand};
use contend_model::op::{Op, Outcome};
use contend_model::process::{AnyProcess, Effects, Event, Process};
use contend_model::property::Property;
use contend_model::symmetry::{Permutation, Symmetric};

use super::pushing::Pushing;
use crate::service::resource::Checks;
use crate::service::{settings, store, store_and_resource};

const STREAM: Key = Key::named("stream");

/// The algorithm and its settings.
#[derive(Clone, Copy, Debug)]
pub struct StreamQueue {
    /// The name in the registry.
    pub name: &'static str,
    /// The check that the client has forgotten.
    pub lacks: Option<Guard>,
    /// The check that the store has forgotten.
    pub store_lacks: Option<store::Guard>,
}

/// A check that the client makes. Tests take one away to see whether the suite notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Guard {
    /// What others have left behind is claimed.
    Claims,
    /// The effect of an item is applied once.
    EffectIsIdempotent,
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
    me: NodeId,
    /// The entry that was delivered last.
    entry: Option<u32>,
    phase: Phase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Phase {
    Idle,
    Pushing(Pushing),
    Claiming,
    Reading,
    Acking,
}

impl Client {
    fn push(&self, item: Item) -> StreamCommand {
        StreamCommand::AddOnce(STREAM, item)
    }

    fn dequeue(&mut self, out: &mut Effects) -> Phase {
        self.entry = None;
        if self.settings.lacks == Some(Guard::Claims) {
            return self.read(out);
        }
        let min_idle = self.settings.timing.lease;
        out.call(BACKEND, StreamCommand::AutoClaim { key: STREAM, consumer: self.me, min_idle });
        Phase::Claiming
    }

    fn read(&self, out: &mut Effects) -> Phase {
        let min_idle = self.settings.timing.lease;
        out.call(BACKEND, StreamCommand::Read { key: STREAM, consumer: self.me, min_idle });
        Phase::Reading
    }

    fn delivered(&mut self, entry: u32, item: Item, out: &mut Effects) -> Phase {
        self.entry = Some(entry);
        out.returns(Outcome::Delivered { item, ack: true });
        Phase::Idle
    }

    fn ack(&mut self, out: &mut Effects) -> Phase {
        let Some(entry) = self.entry.take() else {
            out.returns(Outcome::Stale);
            return Phase::Idle;
        };
        out.call(BACKEND, StreamCommand::Ack(STREAM, entry));
        Phase::Acking
    }
}

impl Process for Client {
    fn step(&mut self, event: Event, out: &mut Effects) {
        let reply = match event {
            Event::Deliver { message: Message::StoreReply(reply), .. } => Some(reply),
            _ => None,
        };
        self.phase = match (self.phase, event) {
            (Phase::Idle, Event::Invoke(Op::Enqueue(item))) => {
                Phase::Pushing(Pushing::start(item, self.push(item), out))
            }
            (Phase::Pushing(pushing), event) => pushing
                .step(event, self.settings.timing.retry, |item| self.push(item), out)
                .map_or(Phase::Idle, Phase::Pushing),

            (Phase::Idle, Event::Invoke(Op::Dequeue)) => self.dequeue(out),
            (Phase::Claiming | Phase::Reading, Event::Deliver { .. })
                if let Some(Reply::Entry(entry, item)) = reply =>
            {
                self.delivered(entry, item, out)
            }
            (Phase::Claiming, Event::Deliver { .. }) => self.read(out),
            (Phase::Reading, Event::Deliver { .. }) => {
                out.returns(Outcome::Empty);
                Phase::Idle
            }
            (Phase::Idle, Event::Invoke(Op::Ack(_))) => self.ack(out),
            // An entry that is not pending was acknowledged by somebody who had claimed it.
            (Phase::Acking, Event::Deliver { .. }) => {
                let own = reply == Some(Reply::Int(1));
                out.returns(if own { Outcome::Acked } else { Outcome::Stale });
                Phase::Idle
            }
            // What was read without an answer is pending, and comes back when it was idle for long
            // enough.
            (Phase::Claiming | Phase::Reading | Phase::Acking, Event::Disconnected(_)) => {
                out.returns(Outcome::Unknown);
                Phase::Idle
            }
            (phase, _) => phase,
        };
    }

    fn crashed(&self) -> Self {
        Client { entry: None, phase: Phase::Idle, ..self.clone() }
    }

    fn permute(&mut self, permutation: &Permutation) -> bool {
        self.me.permute(permutation);
        if let Phase::Pushing(pushing) = &mut self.phase {
            pushing.permute(permutation);
        }
        true
    }
}

impl Algorithm for StreamQueue {
    fn card(&self) -> Card {
        let summary = "a stream and its group: read, work, acknowledge; what is idle is claimed";
        super::card(self.name, "RQ-REDIS", Form::Repaired, "redis", summary)
            .claim(Property::NoLoss, "0NCT")
            .claim(Property::NoPhantom, "0NCTF")
            .claim(Property::NoDuplicate, "0")
            .claim(Property::AtLeastOnce, "0NCT")
            .claim(Property::AtMostOnce, "0NCTF")
            .claim(Property::Exclusive, "0NC")
            .claim(Property::Fifo, "0")
            .claim(Property::Emptiness, "0CT")
            .claim(Property::TerminalStays, "0NCT")
            .claim(Property::Progress, "0NCT")
    }

    fn client(&self, me: NodeId, _: Role, timing: &Timing) -> Box<dyn AnyProcess> {
        let settings = Settings { lacks: self.lacks, timing: *timing };
        Box::new(Client { settings, me, entry: None, phase: Phase::Idle })
    }

    fn services(&self, timing: &Timing) -> Vec<Service> {
        let idempotent = self.lacks != Some(Guard::EffectIsIdempotent);
        let checks = if idempotent { Checks::Repetition } else { Checks::Nothing };
        store_and_resource(checks, store::Settings { lacks: self.store_lacks, ..settings(timing) })
    }
}
