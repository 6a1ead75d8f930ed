//! Q-003-SERVER-P: nodes send tasks to a server, which dispatches them by priority to nodes that are
//! free, and sets retry and timeout when a result has come. Safe under no assumption where order
//! matters; without order, safe while nobody crashes and no message is lost.
//!
//! Source: the fourth document, sections 3.3 and 3.4. What the text leaves open is read so: whoever
//! is free says so and waits; a producer's first task is of low priority and its later ones are
//! urgent; a node that could not carry out its task sends a failure as the result. Sending a task and
//! sending a result are not answered, because no step answers them.

use contend_model::algorithm::{Algorithm, Card, Form, Role, Service, Timing};
use contend_model::ident::{BACKEND, Item, NodeId};
use contend_model::message::Message;
use contend_model::message::task_server::{Reply, Request};
use contend_model::op::{Op, Outcome};
use contend_model::process::{AnyProcess, Effects, Event, Process};
use contend_model::property::Property;
use contend_model::symmetry::{Permutation, Symmetric};

use crate::service::task_and_resource;
use crate::service::task_server::prose::ProseServer;

/// The algorithm.
pub struct TaskServerProse;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Client {
    Idle,
    /// Free, and waiting for a task.
    Waiting,
    Working(Item),
}

impl Process for Client {
    fn step(&mut self, event: Event, out: &mut Effects) {
        *self = match (*self, event) {
            (phase, Event::Invoke(Op::Enqueue(item))) => {
                out.send(BACKEND, Request::Send { item, urgent: is_urgent(item) });
                out.returns(Outcome::Enqueued);
                phase
            }
            (phase, Event::Invoke(Op::Dequeue)) => {
                if let Client::Working(item) = phase {
                    out.send(BACKEND, Request::Result { item, success: false });
                }
                out.send(BACKEND, Request::Free);
                Client::Waiting
            }
            (
                Client::Waiting,
                Event::Deliver { message: Message::TaskServerReply(Reply::Task(item)), .. },
            ) => {
                out.returns(Outcome::Delivered { item, ack: true });
                Client::Working(item)
            }
            (Client::Waiting, Event::Disconnected(_)) => {
                out.returns(Outcome::Unknown);
                Client::Idle
            }
            (_, Event::Invoke(Op::Ack(item))) => {
                out.send(BACKEND, Request::Result { item, success: true });
                out.returns(Outcome::Acked);
                Client::Idle
            }
            (phase, _) => phase,
        };
    }

    fn crashed(&self) -> Self {
        Client::Idle
    }

    fn permute(&mut self, permutation: &Permutation) -> bool {
        if let Client::Working(item) = self {
            item.permute(permutation);
        }
        true
    }
}

/// The shortest workload in which priorities matter.
pub(super) fn is_urgent(item: Item) -> bool {
    item.number > 0
}

impl Algorithm for TaskServerProse {
    fn card(&self) -> Card {
        super::card(
            "task-server-prose",
            "Q-003-SERVER-P",
            Form::Intended,
            "task-server",
            "tasks by priority, in memory; a task whose node crashes is never tried again",
        )
        .claim(Property::NoLoss, "0T")
        .claim(Property::NoPhantom, "0NCT")
        .claim(Property::NoDuplicate, "0C")
        .claim(Property::AtLeastOnce, "0T")
        .claim(Property::AtMostOnce, "0C")
        .claim(Property::Exclusive, "0C")
        .claim(Property::TerminalStays, "0C")
        // Starvation is looked for in calm alone.
        .claim(Property::Progress, "T")
        .without(Property::Emptiness, super::NEVER_SAYS_EMPTY)
    }

    fn client(&self, _: NodeId, _: Role, _: &Timing) -> Box<dyn AnyProcess> {
        Box::new(Client::Idle)
    }

    fn services(&self, timing: &Timing) -> Vec<Service> {
        let server = ProseServer::new(timing.lease);
        task_and_resource(crate::service::resource::Checks::Nothing, server)
    }
}
