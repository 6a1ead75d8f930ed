//! Q-003-REDIS-C: `LPUSH queue item` and `BRPOP queue 0`. Safe while nobody crashes and no message
//! is lost.
//!
//! Source: the fourth document, section 4.2. Its defects: an item is gone once it is taken, although
//! the text asks for acknowledgements and retries; the consumer waits for ever. That the code hands
//! over the pair of key and value as the task is mended here.

use contend_model::algorithm::{Algorithm, Card, Role, Service, Timing};
use contend_model::ident::{BACKEND, NodeId};
use contend_model::message::Message;
use contend_model::message::store::{Command, End, Reply, Value};
use contend_model::op::{Op, Outcome};
use contend_model::process::{AnyProcess, Effects, Event, Process};
use contend_model::property::Property;
use contend_model::symmetry::Permutation;

use super::QUEUE;
use crate::service::plain_store;

/// The algorithm.
pub struct BlockingList;

/// A client that pushes at one end and waits at the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Client {
    /// Nothing is under way.
    Idle,
    /// A push is.
    Pushing,
    /// A pop is, perhaps for long.
    Popping,
}

impl Process for Client {
    fn step(&mut self, event: Event, out: &mut Effects) {
        *self = match (*self, event) {
            (_, Event::Invoke(Op::Enqueue(item))) => {
                out.call(BACKEND, Command::Push(End::Left, QUEUE, Value::Item(item)));
                Client::Pushing
            }
            (_, Event::Invoke(Op::Dequeue)) => {
                out.send(BACKEND, Command::BlockingPop(End::Right, QUEUE));
                Client::Popping
            }
            (Client::Pushing, Event::Deliver { .. }) => {
                out.returns(Outcome::Enqueued);
                Client::Idle
            }
            (
                Client::Popping,
                Event::Deliver {
                    message: Message::StoreReply(Reply::Pair(_, Value::Item(item))),
                    ..
                },
            ) => {
                out.returns(Outcome::Delivered { item, ack: false });
                Client::Idle
            }
            (Client::Pushing | Client::Popping, Event::Disconnected(_)) => {
                out.returns(Outcome::Unknown);
                Client::Idle
            }
            (phase, _) => phase,
        };
    }

    fn crashed(&self) -> Self {
        Client::Idle
    }

    fn permute(&mut self, _: &Permutation) -> bool {
        true
    }
}

impl Algorithm for BlockingList {
    fn card(&self) -> Card {
        super::card_without_ack(
            "redis-blocking-list",
            "Q-003-REDIS-C",
            "redis",
            "LPUSH and BRPOP: in order, but an item is lost with the consumer that took it",
        )
        .claim(Property::NoLoss, "0T")
        .claim(Property::NoPhantom, "0NCTF")
        .claim(Property::NoDuplicate, "0CT")
        .claim(Property::AtLeastOnce, "0T")
        .claim(Property::AtMostOnce, "0CT")
        .claim(Property::Exclusive, "0CT")
        .claim(Property::Fifo, "0CT")
        .claim(Property::Progress, "0T")
        .without(Property::Emptiness, super::NEVER_SAYS_EMPTY)
    }

    fn client(&self, _: NodeId, _: Role, _: &Timing) -> Box<dyn AnyProcess> {
        Box::new(Client::Idle)
    }

    fn services(&self, timing: &Timing) -> Vec<Service> {
        plain_store(timing)
    }
}
