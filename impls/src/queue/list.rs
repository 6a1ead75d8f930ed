//! Q-000-CACHE-C: `RPUSH queue item` and `RPOP queue`. Safe under no assumption where order
//! matters: it is a stack. Without order it is safe while nobody crashes and no reply is lost.
//!
//! Source: the first document, section 4.2.2. Its defects: both ends are the same end; an item is
//! gone before it is worked on; an error looks like an empty queue.

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
pub struct CacheList;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Client {
    Idle,
    Pushing,
    Popping,
}

impl Process for Client {
    fn step(&mut self, event: Event, out: &mut Effects) {
        *self = match (*self, event) {
            (_, Event::Invoke(Op::Enqueue(item))) => {
                out.call(BACKEND, Command::Push(End::Right, QUEUE, Value::Item(item)));
                Client::Pushing
            }
            (_, Event::Invoke(Op::Dequeue)) => {
                out.call(BACKEND, Command::Pop(End::Right, QUEUE));
                Client::Popping
            }
            (Client::Pushing, Event::Deliver { .. }) => {
                out.returns(Outcome::Enqueued);
                Client::Idle
            }
            (
                Client::Popping,
                Event::Deliver {
                    message: Message::StoreReply(Reply::Value(Value::Item(item))),
                    ..
                },
            ) => {
                out.returns(Outcome::Delivered { item, ack: false });
                Client::Idle
            }
            // An error and an empty list both become None.
            (Client::Popping, Event::Deliver { .. } | Event::Disconnected(_)) => {
                out.returns(Outcome::Empty);
                Client::Idle
            }
            (Client::Pushing, Event::Disconnected(_)) => {
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

impl Algorithm for CacheList {
    fn card(&self) -> Card {
        super::card_without_ack(
            "cache-list",
            "Q-000-CACHE-C",
            "redis",
            "RPUSH and RPOP: a stack, whose items are gone before they are worked on",
        )
        .claim(Property::NoLoss, "0")
        .claim(Property::NoPhantom, "0NCTF")
        .claim(Property::NoDuplicate, "0CT")
        .claim(Property::AtLeastOnce, "0")
        .claim(Property::AtMostOnce, "0CT")
        .claim(Property::Exclusive, "0CT")
        .claim(Property::Emptiness, "0")
    }

    fn client(&self, _: NodeId, _: Role, _: &Timing) -> Box<dyn AnyProcess> {
        Box::new(Client::Idle)
    }

    fn services(&self, timing: &Timing) -> Vec<Service> {
        plain_store(timing)
    }
}
