//! Delayed jobs as tutorials have them: a sorted set of jobs by when they are due. A worker reads the
//! first that is due (`ZRANGEBYSCORE`), and then removes it (`ZREM`). Without a look at how many were
//! removed, two workers have the job. With it, one has it; and it is nobody's if that one stops, or
//! never hears that it was removed.
//!
//! Sources: redis.io/docs/latest/commands, ZADD, ZRANGEBYSCORE, ZREM (which tells how many members it
//! removed); redis.antirez.com/fundamental/delayed-queue, "Claiming Tasks Atomically"; the catalogue,
//! section 2.2, "Delayed jobs". The form that holds is `redis-delayed-claimed`.
//!
//! Producers are more careful here than in tutorials, so that what is seen is the workers' doing:
//! adding is repeated until there is an answer, under a key that remembers the job. A plain `ZADD`
//! that arrives again after its job was taken puts it in anew.

use contend_model::algorithm::{Algorithm, Card, Role, Service, Timing};
use contend_model::ident::{BACKEND, Item, NodeId};
use contend_model::message::Message;
use contend_model::message::store::{Reply, SortedSetCommand, Value};
use contend_model::op::{Op, Outcome};
use contend_model::process::{AnyProcess, Effects, Event, Process};
use contend_model::property::Property;
use contend_model::symmetry::{Permutation, Symmetric};

use super::QUEUE;
use super::pushing::Pushing;
use crate::service::plain_store;

/// The algorithm, by whether it looks at what `ZREM` answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Delayed {
    /// What was read is worked on.
    Unchecked,
    /// What was read is worked on by whoever removed it.
    Checked,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Client {
    form: Delayed,
    timing: Timing,
    phase: Phase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Phase {
    Idle,
    Pushing(Pushing),
    Reading,
    Removing(Item),
}

impl Client {
    /// The delay is as long as a client library is patient: enough for something to come in between.
    fn push(&self, item: Item) -> SortedSetCommand {
        SortedSetCommand::AddOnce { key: QUEUE, item, after: self.timing.timeout }
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
                .step(event, self.timing.retry, |item| self.push(item), out)
                .map_or(Phase::Idle, Phase::Pushing),

            (Phase::Idle, Event::Invoke(Op::Dequeue)) => {
                out.call(BACKEND, SortedSetCommand::FirstDue(QUEUE));
                Phase::Reading
            }
            (Phase::Reading, Event::Deliver { .. }) => match reply {
                Some(Reply::Value(Value::Item(item))) => {
                    out.call(BACKEND, SortedSetCommand::Remove(QUEUE, item));
                    Phase::Removing(item)
                }
                _ => {
                    out.returns(Outcome::Empty);
                    Phase::Idle
                }
            },
            // Whoever finds that somebody else was quicker looks again when it is asked again.
            (Phase::Removing(item), Event::Deliver { .. }) => {
                let own = reply == Some(Reply::Int(1)) || self.form == Delayed::Unchecked;
                let delivered = Outcome::Delivered { item, ack: false };
                out.returns(if own { delivered } else { Outcome::Empty });
                Phase::Idle
            }
            (Phase::Reading | Phase::Removing(_), Event::Disconnected(_)) => {
                out.returns(Outcome::Unknown);
                Phase::Idle
            }
            (phase, _) => phase,
        };
    }

    fn crashed(&self) -> Self {
        Client { phase: Phase::Idle, ..self.clone() }
    }

    fn permute(&mut self, permutation: &Permutation) -> bool {
        match &mut self.phase {
            Phase::Pushing(pushing) => pushing.permute(permutation),
            Phase::Removing(item) => item.permute(permutation),
            Phase::Idle | Phase::Reading => {}
        }
        true
    }
}

impl Algorithm for Delayed {
    fn card(&self) -> Card {
        let document = "delayed jobs in a sorted set";
        match self {
            Delayed::Unchecked => super::card_without_ack(
                "redis-delayed-unchecked",
                document,
                "redis",
                "ZRANGEBYSCORE, then ZREM whatever it answers: two workers have one job",
            )
            .claim(Property::NoLoss, "0")
            .claim(Property::NoPhantom, "0NCTF")
            .claim(Property::AtLeastOnce, "0")
            .claim(Property::Fifo, "0NCT")
            .claim(Property::Progress, "0")
            .without(Property::Emptiness, super::NOT_BEFORE_ITS_TIME),
            Delayed::Checked => super::card_without_ack(
                "redis-delayed",
                document,
                "redis",
                "ZRANGEBYSCORE, then ZREM that must answer 1: who stops after it loses the job",
            )
            .claim(Property::NoLoss, "0")
            .claim(Property::NoPhantom, "0NCTF")
            .claim(Property::NoDuplicate, "0NCT")
            .claim(Property::AtLeastOnce, "0")
            .claim(Property::AtMostOnce, "0CT")
            .claim(Property::Exclusive, "0NCT")
            .claim(Property::Fifo, "0NCT")
            .claim(Property::Progress, "0")
            .without(Property::Emptiness, super::NOT_BEFORE_ITS_TIME),
        }
    }

    fn client(&self, _: NodeId, _: Role, timing: &Timing) -> Box<dyn AnyProcess> {
        Box::new(Client { form: *self, timing: *timing, phase: Phase::Idle })
    }

    fn services(&self, timing: &Timing) -> Vec<Service> {
        plain_store(timing)
    }
}
