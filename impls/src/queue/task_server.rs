//! RQ-SERVER: tasks are acknowledged once they are on disk, fetched for the time of a lease, and
//! ended by the number of the attempt; effects are idempotent. Safe while the disk keeps what was
//! written; an item may be delivered more than once, but its effect comes about once.
//!
//! The repaired form of the fourth document's sections 3.3 and 3.4. In order of submission, or
//! urgent tasks first without passing over anybody twice.

use contend_model::algorithm::{Algorithm, Card, Form, Role, Service, Timing};
use contend_model::ident::{BACKEND, Item, NodeId};
use contend_model::message::Message;
use contend_model::message::task_server::{Reply, Request};
use contend_model::op::{Op, Outcome};
use contend_model::process::{AnyProcess, Effects, Event, Process};
use contend_model::property::Property;
use contend_model::symmetry::{Permutation, Symmetric};

use super::pushing::Pushing;
use super::task_server_prose::is_urgent;
use crate::service::resource::Checks;
use crate::service::task_and_resource;
use crate::service::task_server::{self, Order};

/// How often a task is tried before it is set aside: more often than anything but a task that
/// breaks its nodes needs.
const ATTEMPTS: u8 = 10;

/// The algorithm and its settings.
#[derive(Clone, Copy, Debug)]
pub struct TaskServer {
    /// The name in the registry.
    pub name: &'static str,
    /// Which task is next.
    pub order: Order,
    /// The check that the client has forgotten.
    pub lacks: Option<Guard>,
    /// The check that the server has forgotten.
    pub server_lacks: Option<task_server::Guard>,
}

/// A check that the client makes. Tests take one away to see whether the suite notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Guard {
    /// The effect of an item is applied once.
    EffectIsIdempotent,
    /// An end that the server did not accept is not taken for accepted.
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
    phase: Phase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Phase {
    Idle,
    Pushing(Pushing),
    Fetching,
    Working { item: Item, attempt: u8 },
    Completing,
}

impl Client {
    fn push(&self, item: Item) -> Request {
        Request::Submit { item, urgent: is_urgent(item) }
    }

    fn fetch(&self, out: &mut Effects) -> Phase {
        out.call(BACKEND, Request::Fetch);
        Phase::Fetching
    }
}

impl Process for Client {
    fn step(&mut self, event: Event, out: &mut Effects) {
        let reply = match event {
            Event::Deliver { message: Message::TaskServerReply(reply), .. } => Some(reply),
            _ => None,
        };
        self.phase = match (self.phase, event) {
            (Phase::Idle, Event::Invoke(Op::Enqueue(item))) => {
                Phase::Pushing(Pushing::start(item, self.push(item), out))
            }
            (Phase::Pushing(pushing), event) => pushing
                .step(event, self.settings.timing.retry, |item| self.push(item), out)
                .map_or(Phase::Idle, Phase::Pushing),

            (Phase::Idle, Event::Invoke(Op::Dequeue)) => self.fetch(out),
            // Whatever was in the way is given until the lease ends: attempts that failed at once would
            // all be used up in one outage, and the task set aside.
            (Phase::Working { .. }, Event::Invoke(Op::Dequeue)) => self.fetch(out),
            (Phase::Fetching, Event::Deliver { .. }) => match reply {
                Some(Reply::Attempt { item, attempt }) => {
                    out.returns(Outcome::Delivered { item, ack: true });
                    Phase::Working { item, attempt }
                }
                _ => {
                    out.returns(Outcome::Empty);
                    Phase::Idle
                }
            },
            (Phase::Working { item, attempt }, Event::Invoke(Op::Ack(_))) => {
                out.call(BACKEND, Request::Complete { item, attempt });
                Phase::Completing
            }
            (Phase::Completing, Event::Deliver { .. }) => {
                let heeds = self.settings.lacks != Some(Guard::HeedsStaleness);
                let stale = reply == Some(Reply::Stale) && heeds;
                out.returns(if stale { Outcome::Stale } else { Outcome::Acked });
                Phase::Idle
            }
            (Phase::Fetching | Phase::Completing, Event::Disconnected(_)) => {
                out.returns(Outcome::Unknown);
                Phase::Idle
            }
            (phase, _) => phase,
        };
    }

    fn crashed(&self) -> Self {
        Client { settings: self.settings.clone(), phase: Phase::Idle }
    }

    fn permute(&mut self, permutation: &Permutation) -> bool {
        match &mut self.phase {
            Phase::Pushing(pushing) => pushing.permute(permutation),
            Phase::Working { item, .. } => item.permute(permutation),
            Phase::Idle | Phase::Fetching | Phase::Completing => {}
        }
        true
    }
}

impl Algorithm for TaskServer {
    fn card(&self) -> Card {
        let (order, in_order) = match self.order {
            Order::Fifo => ("in order", "0"),
            Order::AgeingPriority => ("urgent ones first, nobody passed over twice", ""),
        };
        let summary = format!("tasks on disk, attempts with leases, idempotent effects; {order}");
        super::card(self.name, "RQ-SERVER", Form::Repaired, "task-server", &summary)
            .claim(Property::NoLoss, "0NCT")
            .claim(Property::NoPhantom, "0NCT")
            .claim(Property::NoDuplicate, "0")
            .claim(Property::AtLeastOnce, "0NCT")
            .claim(Property::AtMostOnce, "0NCT")
            .claim(Property::Exclusive, "0NC")
            .claim(Property::Fifo, in_order)
            .claim(Property::Emptiness, "0CT")
            .claim(Property::TerminalStays, "0NCT")
            .claim(Property::Progress, "0NCT")
    }

    fn client(&self, _: NodeId, _: Role, timing: &Timing) -> Box<dyn AnyProcess> {
        let settings = Settings { lacks: self.lacks, timing: *timing };
        Box::new(Client { settings, phase: Phase::Idle })
    }

    fn services(&self, timing: &Timing) -> Vec<Service> {
        let idempotent = self.lacks != Some(Guard::EffectIsIdempotent);
        let checks = if idempotent { Checks::Repetition } else { Checks::Nothing };
        let settings = task_server::Settings {
            lease: timing.lease,
            attempts: ATTEMPTS,
            order: self.order,
            lacks: self.server_lacks,
        };
        task_and_resource(checks, task_server::TaskServer::new(settings))
    }
}
