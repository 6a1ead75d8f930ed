//! A queue with a visibility time-out: a sorted set of items by when they are to be had. Whoever
//! receives an item puts it off, works, and removes it; what is not removed is to be had again.
//! Effects are idempotent. With a receipt for each delivery (RQ-REDIS) it is safe while the store keeps
//! what it has acknowledged: an item may be delivered more than once, but its effect comes about once.
//!
//! Sources: redis.io/docs/latest/commands, ZADD, ZRANGEBYSCORE, ZREM; the Amazon SQS developer guide,
//! "Visibility timeout" (a receipt handle for each receive, and ChangeMessageVisibility to 0 to give
//! back); PGMQ, whose `delete` and `set_vt` name the message alone.
//!
//! **Without receipts** an item is settled (`ZREM`) and given back (`ZADD` with the score now) by
//! whoever had it once. To settle what somebody else works on by now is harmless, since the effect is
//! there. To give it back is not: what somebody else has settled meanwhile is put in anew. `ZADD XX`
//! would spare what is settled, and still take from a third what it works on.
//!
//! A receipt is good until the next delivery of the item, not only until the time-out, so that work
//! that was slow but is nobody else's yet is not done again. Adding is repeated until there is an
//! answer, under a key that remembers the item. With a delay, items are to be had only some time after
//! they were added; what a delay adds to the queue is nothing else.

use contend_model::algorithm::{Algorithm, Card, Form, Role, Service, Timing};
use contend_model::ident::{BACKEND, Item, NodeId, Token};
use contend_model::message::Message;
use contend_model::message::store::{Reply, SortedSetCommand, Value, When};
use contend_model::op::{Op, Outcome};
use contend_model::process::{AnyProcess, Effects, Event, Process};
use contend_model::property::Property;
use contend_model::symmetry::{Permutation, Symmetric};
use contend_model::time::Span;

use super::QUEUE;
use super::next_number;
use super::pushing::Pushing;
use crate::service::resource::Checks;
use crate::service::{settings, store, store_and_resource};

/// How many receipts a client has at least. It draws another after each delivery that did not end in an answer
/// to its settling; two are confused only if a question is still on its way after as many later ones.
const RECEIPTS: u16 = 4;

/// The algorithm and its settings.
#[derive(Clone, Copy, Debug)]
pub struct Visibility {
    /// The name in the registry.
    pub name: &'static str,
    /// Whether each delivery has a receipt, without which nothing is settled or given back.
    pub receipts: bool,
    /// Whether items are to be had only some time after they were added.
    pub delayed: bool,
    /// The check that the client has forgotten.
    pub lacks: Option<Guard>,
    /// The check that the store has forgotten.
    pub store_lacks: Option<store::Guard>,
}

/// A check that the client makes. Tests take one away to see whether the suite notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Guard {
    /// The effect of an item is applied once.
    EffectIsIdempotent,
    /// An end that the store did not accept is not taken for accepted.
    HeedsStaleness,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Settings {
    delay: Span,
    timing: Timing,
    lacks: Option<Guard>,
}

/// Settings are the same in all states of a world.
impl std::hash::Hash for Settings {
    fn hash<H: std::hash::Hasher>(&self, _: &mut H) {}
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Client {
    settings: Settings,
    /// What the next delivery, or the one under way, is known by; none if deliveries have no receipt.
    receipt: Option<Token>,
    /// What was delivered and not settled.
    held: Option<Item>,
    phase: Phase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Phase {
    Idle,
    Pushing(Pushing),
    GivingBack,
    Receiving,
    Settling,
}

impl Client {
    fn push(&self, item: Item) -> SortedSetCommand {
        SortedSetCommand::AddOnce { key: QUEUE, item, after: self.settings.delay }
    }

    fn receive(&self, out: &mut Effects) -> Phase {
        let (receipt, visibility) = (self.receipt, self.settings.timing.lease);
        out.call(BACKEND, SortedSetCommand::Receive { key: QUEUE, receipt, visibility });
        Phase::Receiving
    }

    fn give_back(&self, item: Item, out: &mut Effects) -> Phase {
        let (key, when, after) = (QUEUE, When::Always, Span::ZERO);
        out.call(
            BACKEND,
            match self.receipt {
                Some(receipt) => SortedSetCommand::GiveBack { key, item, receipt },
                None => SortedSetCommand::Add { key, item, when, after },
            },
        );
        Phase::GivingBack
    }

    fn settle(&self, item: Item, out: &mut Effects) -> Phase {
        out.call(
            BACKEND,
            match self.receipt {
                Some(receipt) => SortedSetCommand::Settle { key: QUEUE, item, receipt },
                None => SortedSetCommand::Remove(QUEUE, item),
            },
        );
        Phase::Settling
    }

    fn draw_receipt(&mut self) {
        if let Some(receipt) = &mut self.receipt {
            receipt.serial = next_number(receipt.serial, RECEIPTS, &self.settings.timing);
        }
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
                if let Some(receipt) = &mut self.receipt {
                    receipt.incarnation = incarnation;
                }
                phase
            }
            (Phase::Idle, Event::Invoke(Op::Enqueue(item))) => {
                Phase::Pushing(Pushing::start(item, self.push(item), out))
            }
            (Phase::Pushing(pushing), event) => pushing
                .step(event, self.settings.timing.retry, |item| self.push(item), out)
                .map_or(Phase::Idle, Phase::Pushing),

            (Phase::Idle, Event::Invoke(Op::Dequeue)) => match self.held.take() {
                Some(item) => self.give_back(item, out),
                None => self.receive(out),
            },
            // If the giving back has no answer, the time-out will end what it was about.
            (Phase::GivingBack, Event::Deliver { .. } | Event::Disconnected(_)) => {
                self.draw_receipt();
                self.receive(out)
            }
            (Phase::Receiving, Event::Deliver { .. }) => {
                out.returns(match reply {
                    Some(Reply::Value(Value::Item(item))) => {
                        self.held = Some(item);
                        Outcome::Delivered { item, ack: true }
                    }
                    _ => Outcome::Empty,
                });
                Phase::Idle
            }
            (Phase::Idle, Event::Invoke(Op::Ack(item))) => {
                self.held = None;
                self.settle(item, out)
            }
            (Phase::Settling, Event::Deliver { .. }) => {
                let heeds = self.settings.lacks != Some(Guard::HeedsStaleness);
                let settled = reply == Some(Reply::Int(1)) || !heeds;
                out.returns(if settled { Outcome::Acked } else { Outcome::Stale });
                Phase::Idle
            }
            // What was received without an answer is to be had again after the time-out.
            (Phase::Receiving | Phase::Settling, Event::Disconnected(_)) => {
                self.draw_receipt();
                out.returns(Outcome::Unknown);
                Phase::Idle
            }
            (phase, _) => phase,
        };
    }

    fn crashed(&self) -> Self {
        let receipt = self.receipt.map(|receipt| Token { serial: 0, ..receipt });
        Client { receipt, held: None, phase: Phase::Idle, settings: self.settings.clone() }
    }

    fn permute(&mut self, permutation: &Permutation) -> bool {
        self.receipt.permute(permutation);
        self.held.permute(permutation);
        if let Phase::Pushing(pushing) = &mut self.phase {
            pushing.permute(permutation);
        }
        true
    }
}

impl Algorithm for Visibility {
    fn card(&self) -> Card {
        let (document, form, summary) = match (self.receipts, self.delayed) {
            (false, _) => (
                "visibility time-out by id",
                Form::Intended,
                "a visibility time-out by id alone: a late giving back revives what is done",
            ),
            (true, false) => (
                "RQ-REDIS",
                Form::Repaired,
                "a visibility time-out with a receipt for each delivery; effects are idempotent",
            ),
            (true, true) => (
                "RQ-REDIS",
                Form::Repaired,
                "delayed jobs, each put off by one script for whoever receives it, with a receipt",
            ),
        };
        // Whoever gives back late gives back what somebody else works on, or has finished.
        let (exclusive, terminal) = match self.receipts {
            true => ("0NC", "0NCT"),
            false => ("0C", "0C"),
        };
        let card = super::card(self.name, document, form, "redis", summary)
            .claim(Property::NoLoss, "0NCT")
            .claim(Property::NoPhantom, "0NCTF")
            .claim(Property::NoDuplicate, "0")
            .claim(Property::AtLeastOnce, "0NCT")
            .claim(Property::AtMostOnce, "0NCTF")
            .claim(Property::Exclusive, exclusive)
            .claim(Property::Fifo, "0")
            .claim(Property::TerminalStays, terminal)
            .claim(Property::Progress, "0NCT");
        match self.delayed {
            true => card.without(Property::Emptiness, super::NOT_BEFORE_ITS_TIME),
            false => card.claim(Property::Emptiness, "0CT"),
        }
    }

    fn client(&self, me: NodeId, _: Role, timing: &Timing) -> Box<dyn AnyProcess> {
        let token = Token { client: me, incarnation: 0, serial: 0 };
        let receipt = self.receipts.then_some(token);
        // As long as a client library is patient: enough for something to come in between.
        let delay = if self.delayed { timing.timeout } else { Span::ZERO };
        let settings = Settings { delay, timing: *timing, lacks: self.lacks };
        Box::new(Client { settings, receipt, held: None, phase: Phase::Idle })
    }

    fn services(&self, timing: &Timing) -> Vec<Service> {
        let idempotent = self.lacks != Some(Guard::EffectIsIdempotent);
        let checks = if idempotent { Checks::Repetition } else { Checks::Nothing };
        store_and_resource(checks, store::Settings { lacks: self.store_lacks, ..settings(timing) })
    }
}
