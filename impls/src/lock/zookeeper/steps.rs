//! L-002-STEPS-P over ZooKeeper, read as it stands: who finds the node held sets its value, or waits
//! until its value is set; the release deletes the node. Safe under no assumption.
//!
//! Source: the third document, sections 3.1 and 3.2, steps 2a and 2b. Its defects: 2a writes just when
//! another holds, and takes the write for the lock; 2b waits for a value to be set while a release
//! is a deletion, so nobody who waits is ever woken; nobody checks whose node is deleted, and a
//! crash leaves the node for ever.

use contend_model::algorithm::{Algorithm, Card, Form, Role, Service, Timing};
use contend_model::ident::NodeId;
use contend_model::message::tree::{Change, Mode, Path, Reply, Request};
use contend_model::op::{Op, Outcome};
use contend_model::process::{AnyProcess, Effects, Event, Process};
use contend_model::property::Property;
use contend_model::symmetry::{Permutation, Symmetric};
use contend_model::world::Scope;

use super::handle::{Handle, Heard};
use super::{LOCK, services};
use crate::service::resource::Checks;

/// The two steps that the text lists for a node that is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Steps {
    /// 2a: set its value.
    Set,
    /// 2b: wait until its value is set.
    Wait,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Client {
    steps: Steps,
    handle: Handle,
    phase: Phase,
    /// The caller has given up.
    cancelled: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Phase {
    Idle,
    Creating,
    Setting,
    Watching,
    Waiting,
    Deleting,
}

impl std::hash::Hash for Client {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        (&self.handle, self.phase, self.cancelled).hash(state);
    }
}

impl Client {
    fn ends(&mut self, outcome: Outcome, out: &mut Effects) -> Phase {
        self.handle.keep(false, out);
        out.returns(outcome);
        self.cancelled = false;
        Phase::Idle
    }

    fn watch(&mut self, out: &mut Effects) -> Phase {
        self.handle.keep(true, out);
        self.handle.ask(Request::Exists { path: Path::named(LOCK), watch: true }, out);
        Phase::Watching
    }

    fn hears(&mut self, heard: Heard, out: &mut Effects) -> Phase {
        match (self.phase, heard) {
            (Phase::Creating, Heard::Answer(Reply::NodeExists)) => match self.steps {
                Steps::Set => {
                    let request = Request::SetData { path: LOCK, data: "1", version: None };
                    self.handle.ask(request, out);
                    Phase::Setting
                }
                Steps::Wait => self.watch(out),
            },
            (Phase::Creating, Heard::Answer(Reply::Created(_)))
            | (Phase::Setting, Heard::Answer(Reply::Stat { .. }))
            | (Phase::Waiting, Heard::Watched(_, Change::DataChanged)) => {
                self.ends(Outcome::Acquired { fence: None }, out)
            }
            (Phase::Watching, Heard::Answer(_)) if self.cancelled => {
                self.ends(Outcome::Cancelled, out)
            }
            (Phase::Watching, Heard::Answer(_)) => Phase::Waiting,
            (Phase::Waiting, Heard::Reconnected) => self.watch(out),
            (Phase::Deleting, Heard::Answer(Reply::Deleted)) => self.ends(Outcome::Released, out),
            (Phase::Deleting, Heard::Answer(_)) => self.ends(Outcome::NotHeld, out),
            (Phase::Deleting, Heard::ConnectionLoss | Heard::Expired) => {
                self.ends(Outcome::Unknown, out)
            }
            (Phase::Creating | Phase::Setting, Heard::Answer(_))
            | (
                Phase::Creating | Phase::Setting | Phase::Watching | Phase::Waiting,
                Heard::ConnectionLoss | Heard::Expired,
            ) => self.ends(Outcome::Refused, out),
            (phase, _) => phase,
        }
    }
}

impl Process for Client {
    fn step(&mut self, event: Event, out: &mut Effects) {
        self.phase = match (self.phase, event) {
            (_, Event::Invoke(Op::Acquire)) => {
                let mode = Mode::PERSISTENT;
                self.handle.ask(Request::Create { path: LOCK, data: "", mode }, out);
                Phase::Creating
            }
            (_, Event::Invoke(Op::Release)) => {
                self.handle.ask(Request::Delete(Path::named(LOCK), None), out);
                Phase::Deleting
            }
            (Phase::Waiting, Event::Invoke(Op::Cancel)) => self.ends(Outcome::Cancelled, out),
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

impl Algorithm for Steps {
    fn card(&self) -> Card {
        match self {
            Steps::Set => super::super::card(
                "zk-steps-set",
                "L-002-STEPS-P",
                Form::Intended,
                "zookeeper",
                "who finds the node held sets its value, and takes that for the lock",
            )
            .claim(Property::DeadlockFreedom, "0mNCT")
            .claim(Property::Consistency, "0m")
            .without(Property::Interruptibility, "acquire returns at once, so nobody ever waits"),
            Steps::Wait => super::super::card(
                "zk-steps-wait",
                "L-002-STEPS-P",
                Form::Intended,
                "zookeeper",
                "who finds the node held waits for its value to be set, which no release does",
            )
            .claim(Property::MutualExclusion, "0NCT")
            .claim(Property::Fencing, "0C")
            .claim(Property::Ownership, "0NCT")
            .claim(Property::Consistency, "0mC"),
        }
    }

    fn client(&self, _: NodeId, _: Role, timing: &Timing) -> Box<dyn AnyProcess> {
        let handle = Handle::new(*timing);
        Box::new(Client { steps: *self, handle, phase: Phase::Idle, cancelled: false })
    }

    fn services(&self, timing: &Timing) -> Vec<Service> {
        services(Checks::Nothing, timing, None)
    }

    fn narrowed(&self, usual: Scope) -> Scope {
        super::patient(usual)
    }
}
