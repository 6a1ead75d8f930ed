//! Q-001-MEM: a queue in the memory of one process, whose threads produce and consume. Safe while
//! that process lives.
//!
//! Source: the second document, section 8, question 3, which names it and gives no algorithm. The
//! process is a service here, so that it can end; a call that its caller never hears the end of is
//! a thread that was interrupted.

use contend_model::algorithm::{Algorithm, Card, Role, Service, Timing};
use contend_model::ident::{BACKEND, NodeId};
use contend_model::message::Message;
use contend_model::message::memory::{Reply, Request};
use contend_model::op::{Op, Outcome};
use contend_model::process::{AnyProcess, Effects, Event, Process};
use contend_model::property::Property;
use contend_model::symmetry::Permutation;

use crate::service::memory::Memory;
use crate::service::resource::{Checks, Resource};

/// The algorithm.
pub struct InMemory;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Client {
    Idle,
    Calling,
}

impl Process for Client {
    fn step(&mut self, event: Event, out: &mut Effects) {
        *self = match (*self, event) {
            (_, Event::Invoke(Op::Enqueue(item))) => {
                out.call(BACKEND, Request::Put(item));
                Client::Calling
            }
            (_, Event::Invoke(Op::Dequeue)) => {
                out.call(BACKEND, Request::Take);
                Client::Calling
            }
            (Client::Calling, Event::Deliver { message: Message::MemoryReply(reply), .. }) => {
                out.returns(match reply {
                    Reply::Done => Outcome::Enqueued,
                    Reply::Taken(item) => Outcome::Delivered { item, ack: false },
                    Reply::Empty => Outcome::Empty,
                });
                Client::Idle
            }
            (Client::Calling, Event::Disconnected(_)) => {
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

impl Algorithm for InMemory {
    fn card(&self) -> Card {
        super::card_without_ack(
            "memory",
            "Q-001-MEM",
            "memory",
            "a list in one process: in order, and gone with the process",
        )
        .claim(Property::NoLoss, "0")
        .claim(Property::NoPhantom, "0NCT")
        .claim(Property::NoDuplicate, "0CT")
        .claim(Property::AtLeastOnce, "0")
        .claim(Property::AtMostOnce, "0CT")
        .claim(Property::Exclusive, "0CT")
        .claim(Property::Fifo, "0CT")
        .claim(Property::Emptiness, "0T")
        .claim(Property::Progress, "0")
    }

    fn client(&self, _: NodeId, _: Role, _: &Timing) -> Box<dyn AnyProcess> {
        Box::new(Client::Idle)
    }

    fn services(&self, _: &Timing) -> Vec<Service> {
        vec![
            Service { name: "resource", process: Box::new(Resource::new(Checks::Nothing)) },
            Service { name: "memory", process: Box::new(Memory::default()) },
        ]
    }
}
