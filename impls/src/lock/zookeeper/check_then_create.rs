//! L-001-ZK-P: look whether the node exists; if it does, wait until it is deleted; if not, create it.
//! Safe as far as `create` is, while its failure is heeded; but a waiter may sleep for ever.
//!
//! Source: the second document, section 3.4. Its defects: the watch is set by a second question, whose
//! answer nobody looks at, so a deletion between the two wakes nobody; the check decides nothing that `create` would not; the
//! mode of the node is left open; nobody checks whose node is deleted; all who wait race. If the
//! failure of `create` is not heeded either (`heeds: false`), two who found nothing both enter.

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

/// The algorithm and what the text leaves open.
#[derive(Clone, Copy, Debug)]
pub struct CheckThenCreate {
    /// Whether the node ends with its session.
    pub ephemeral: bool,
    /// Whether a create that fails is heeded.
    pub heeds: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Client {
    ephemeral: bool,
    heeds: bool,
    handle: Handle,
    phase: Phase,
    /// The caller has given up.
    cancelled: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Phase {
    Idle,
    Checking,
    Creating,
    /// `exists` is under way again, to set the watch.
    Watching,
    Waiting,
    /// The library sets the watch anew after a reconnect, and looks whether it has missed something.
    Rewatching,
    Deleting,
}

impl std::hash::Hash for Client {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        (&self.handle, self.phase, self.cancelled).hash(state);
    }
}

impl Client {
    fn look(&mut self, phase: Phase, out: &mut Effects) -> Phase {
        let watch = phase != Phase::Checking;
        self.handle.ask(Request::Exists { path: Path::named(LOCK), watch }, out);
        phase
    }

    fn ends(&mut self, outcome: Outcome, out: &mut Effects) -> Phase {
        let holds = matches!(outcome, Outcome::Acquired { .. });
        self.handle.keep(holds && self.ephemeral, out);
        out.returns(outcome);
        self.cancelled = false;
        Phase::Idle
    }

    fn hears(&mut self, heard: Heard, out: &mut Effects) -> Phase {
        match (self.phase, heard) {
            (Phase::Checking, Heard::Answer(Reply::NoNode)) => {
                let mode = Mode { ephemeral: self.ephemeral, sequential: None };
                self.handle.ask(Request::Create { path: LOCK, data: "", mode }, out);
                Phase::Creating
            }
            (Phase::Checking, Heard::Answer(_)) => self.look(Phase::Watching, out),
            (Phase::Creating, Heard::Answer(reply)) => {
                if matches!(reply, Reply::Created(_)) || !self.heeds {
                    return self.ends(Outcome::Acquired { fence: None }, out);
                }
                self.look(Phase::Checking, out)
            }
            (Phase::Watching, Heard::Answer(_))
            | (Phase::Rewatching, Heard::Answer(Reply::Stat { .. })) => {
                if self.cancelled {
                    self.ends(Outcome::Cancelled, out)
                } else {
                    Phase::Waiting
                }
            }
            (Phase::Waiting, Heard::Watched(..)) | (Phase::Rewatching, Heard::Answer(_)) => {
                self.look(Phase::Checking, out)
            }
            (Phase::Waiting, Heard::Reconnected) => self.look(Phase::Rewatching, out),
            (Phase::Deleting, Heard::Answer(Reply::Deleted)) => self.ends(Outcome::Released, out),
            (Phase::Deleting, Heard::Answer(_)) => self.ends(Outcome::NotHeld, out),
            (Phase::Idle, _) => Phase::Idle,
            (Phase::Deleting, Heard::ConnectionLoss | Heard::Expired) => {
                self.ends(Outcome::Unknown, out)
            }
            // The text knows no errors: what is not obtained is held by another.
            (_, Heard::ConnectionLoss | Heard::Expired) => self.ends(Outcome::Refused, out),
            (phase, _) => phase,
        }
    }
}

impl Process for Client {
    fn step(&mut self, event: Event, out: &mut Effects) {
        self.phase = match (self.phase, event) {
            (_, Event::Invoke(Op::Acquire)) => {
                self.handle.keep(true, out);
                self.look(Phase::Checking, out)
            }
            (_, Event::Invoke(Op::Release)) => {
                self.handle.ask(Request::Delete(Path::named(LOCK), None), out);
                Phase::Deleting
            }
            (Phase::Waiting, Event::Invoke(Op::Cancel)) => self.ends(Outcome::Cancelled, out),
            // Giving up is possible while it waits; before, it may still turn out to hold.
            (phase, Event::Invoke(Op::Cancel)) => {
                self.cancelled = true;
                phase
            }
            (_, event) => {
                let heard = self.handle.hear(event, out);
                self.hears(heard, out)
            }
        };
    }

    fn crashed(&self) -> Self {
        let handle = self.handle.afresh();
        Client { handle, phase: Phase::Idle, cancelled: false, ..self.clone() }
    }

    fn permute(&mut self, permutation: &Permutation) -> bool {
        self.handle.permute(permutation);
        true
    }
}

impl Algorithm for CheckThenCreate {
    fn card(&self) -> Card {
        let (name, form, summary) = match (self.heeds, self.ephemeral) {
            (true, true) => (
                "zk-check-then-create",
                Form::Intended,
                "look, then create an ephemeral node, or set a watch too late to be woken",
            ),
            (true, false) => (
                "zk-check-then-create-persistent",
                Form::Intended,
                "look, then create a persistent node, or set a watch too late to be woken",
            ),
            (false, _) => (
                "zk-check-then-create-unheeded",
                Form::Raw,
                "look, then create; whether the create succeeded is not looked at",
            ),
        };
        let card = super::super::card(name, "L-001-ZK-P", form, "zookeeper", summary);
        let alone = if self.ephemeral { "0NC" } else { "0NCT" };
        if self.heeds {
            card.claim(Property::MutualExclusion, alone)
                .claim(Property::Fencing, "0C")
                .claim(Property::Ownership, alone)
                .claim(Property::Consistency, "0mC")
        } else {
            card.claim(Property::Consistency, "0m")
        }
    }

    fn client(&self, _: NodeId, _: Role, timing: &Timing) -> Box<dyn AnyProcess> {
        let CheckThenCreate { ephemeral, heeds } = *self;
        let handle = Handle::new(*timing);
        Box::new(Client { ephemeral, heeds, handle, phase: Phase::Idle, cancelled: false })
    }

    fn services(&self, timing: &Timing) -> Vec<Service> {
        services(Checks::Nothing, timing, None)
    }

    fn narrowed(&self, usual: Scope) -> Scope {
        super::patient(usual)
    }
}
