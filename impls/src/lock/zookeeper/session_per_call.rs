//! L-000-ZK-C: a ZooKeeper handle made anew in every call; `create` to acquire, `delete` to release,
//! every exception becomes False. Safe under no assumption: with the handle, which is a local
//! variable, the session ends as soon as `acquire` returns, and the ephemeral node with it.
//!
//! Source: the first document, section 4.1.3. Its defects: the session is dropped at return; the third
//! argument of `create` is the list of permissions, so that with the real interface the node is
//! persistent and no crash ever frees it (`ephemeral: false`, the raw form); the delete asks
//! nothing; a lost answer is taken for a refusal. A runtime that leaks the handle instead of
//! closing it is `zk-session-leaked` (see `single_node`): the session then lives as long as its
//! process.

use contend_model::algorithm::{Algorithm, Card, Form, Role, Service, Timing};
use contend_model::ident::NodeId;
use contend_model::message::tree::{Mode, Path, Reply, Request};
use contend_model::op::{Op, Outcome};
use contend_model::process::{AnyProcess, Effects, Event, Process};
use contend_model::property::Property;
use contend_model::symmetry::{Permutation, Symmetric};
use contend_model::world::Scope;

use super::handle::{Handle, Heard};
use super::{LOCK, services};
use crate::service::resource::Checks;

/// The algorithm.
pub struct SessionPerCall {
    /// Whether the node ends with its session, as the code means it to.
    pub ephemeral: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Client {
    ephemeral: bool,
    handle: Handle,
    phase: Phase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Phase {
    Idle,
    Creating,
    Deleting,
    /// The call will return this as soon as the handle is closed.
    Closing(Outcome),
}

impl std::hash::Hash for Client {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        (&self.handle, self.phase).hash(state);
    }
}

impl Client {
    /// The function returns, and the handle goes out of scope.
    fn leave(&mut self, outcome: Outcome, out: &mut Effects) -> Phase {
        self.handle.ask(Request::Close, out);
        Phase::Closing(outcome)
    }

    /// There is no connection to close the session on: it ends when it has been silent for long.
    fn abandon(&mut self, outcome: Outcome, out: &mut Effects) -> Phase {
        self.handle.abandon(out);
        out.returns(outcome);
        Phase::Idle
    }
}

impl Process for Client {
    fn step(&mut self, event: Event, out: &mut Effects) {
        self.phase = match (self.phase, event) {
            (_, Event::Invoke(Op::Acquire)) => {
                let mode = Mode { ephemeral: self.ephemeral, sequential: None };
                self.handle.ask(Request::Create { path: LOCK, data: "", mode }, out);
                Phase::Creating
            }
            (_, Event::Invoke(Op::Release)) => {
                self.handle.ask(Request::Delete(Path::named(LOCK), None), out);
                Phase::Deleting
            }
            (phase, event) => match (phase, self.handle.hear(event, out)) {
                (Phase::Creating, Heard::Answer(Reply::Created(_))) => {
                    self.leave(Outcome::Acquired { fence: None }, out)
                }
                (Phase::Creating, Heard::Answer(_)) => self.leave(Outcome::Refused, out),
                (Phase::Creating, Heard::ConnectionLoss | Heard::Expired) => {
                    self.abandon(Outcome::Refused, out)
                }
                (Phase::Deleting, Heard::Answer(Reply::Deleted)) => {
                    self.leave(Outcome::Released, out)
                }
                (Phase::Deleting, Heard::Answer(_)) => self.leave(Outcome::NotHeld, out),
                (Phase::Deleting, Heard::ConnectionLoss | Heard::Expired) => {
                    self.abandon(Outcome::NotHeld, out)
                }
                (
                    Phase::Closing(outcome),
                    Heard::Answer(_) | Heard::ConnectionLoss | Heard::Expired,
                ) => self.abandon(outcome, out),
                (phase, _) => phase,
            },
        };
    }

    fn crashed(&self) -> Self {
        Client { handle: self.handle.afresh(), phase: Phase::Idle, ..self.clone() }
    }

    fn permute(&mut self, permutation: &Permutation) -> bool {
        self.handle.permute(permutation);
        true
    }
}

impl Algorithm for SessionPerCall {
    fn card(&self) -> Card {
        let (name, form, summary) = if self.ephemeral {
            (
                "zk-session-per-call",
                Form::Intended,
                "an ephemeral node whose session is closed as soon as acquire returns",
            )
        } else {
            (
                "zk-session-per-call-raw",
                Form::Raw,
                "a node that an argument out of place makes persistent: a crash leaves it for ever",
            )
        };
        let card = super::super::card(name, "L-000-ZK-C", form, "zookeeper", summary)
            .without(Property::Interruptibility, "acquire returns at once, so nobody ever waits");
        if self.ephemeral {
            card.claim(Property::DeadlockFreedom, "0mNCT")
                .claim(Property::Fairness, "T")
                .claim(Property::Consistency, "0m")
        } else {
            super::claims_of_one_node(card, false)
        }
    }

    fn client(&self, _: NodeId, _: Role, timing: &Timing) -> Box<dyn AnyProcess> {
        let handle = Handle::new(*timing);
        Box::new(Client { ephemeral: self.ephemeral, handle, phase: Phase::Idle })
    }

    fn services(&self, timing: &Timing) -> Vec<Service> {
        services(Checks::Nothing, timing, None)
    }

    fn narrowed(&self, usual: Scope) -> Scope {
        super::patient(usual)
    }
}
