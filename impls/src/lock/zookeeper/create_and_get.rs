//! L-002-ZK-C: `create("/locks" + name)` to acquire and then `get` with a watch on the own node;
//! `delete` with the version that the node has at that moment to release. Safe while no holder
//! crashes, no answer is lost, and nobody calls release who does not hold.
//!
//! Source: the third document, section 4.3. Its defects: a permission constant in the place of the
//! flags makes the node persistent; `NodeExists` reaches the caller, so nobody ever waits, and the watch,
//! on the own node and for changes of children that it has not, is never of use; the version that release
//! compares is read just before, so it says nothing about the owner; no separator in the path. Its
//! slip `get(...)[0][1]` (a character of the data for the version) is mended here. The node is
//! persistent, so it makes no difference that every call opens a session.

use contend_model::algorithm::{Algorithm, Card, Form, Role, Service, Timing};
use contend_model::ident::NodeId;
use contend_model::message::tree::{Mode, Path, Reply, Request};
use contend_model::op::{Op, Outcome};
use contend_model::process::{AnyProcess, Effects, Event, Process};
use contend_model::property::Property;
use contend_model::symmetry::{Permutation, Symmetric};
use contend_model::world::Scope;

use super::handle::{Handle, Heard};
use super::services;
use crate::service::resource::Checks;

/// The path, without the separator that the text has forgotten.
const LOCK: &str = "/locksn";

/// The algorithm.
pub struct CreateAndGet;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Client {
    handle: Handle,
    phase: Phase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Phase {
    Idle,
    Creating,
    /// `get` of the own node is under way, to set a watch that is never of use.
    Getting,
    /// `get` is under way, for the version.
    Asking,
    Deleting,
}

impl Client {
    fn get(&mut self, phase: Phase, out: &mut Effects) -> Phase {
        self.handle.ask(Request::GetData { path: Path::named(LOCK), watch: true }, out);
        phase
    }

    fn ends(outcome: Outcome, out: &mut Effects) -> Phase {
        out.returns(outcome);
        Phase::Idle
    }

    fn hears(&mut self, heard: Heard, out: &mut Effects) -> Phase {
        match (self.phase, heard) {
            (Phase::Creating, Heard::Answer(Reply::Created(_))) => self.get(Phase::Getting, out),
            (Phase::Creating, Heard::Answer(_)) => Self::ends(Outcome::Refused, out),
            (Phase::Getting, Heard::Answer(Reply::Data { .. })) => {
                Self::ends(Outcome::Acquired { fence: None }, out)
            }
            (Phase::Asking, Heard::Answer(Reply::Data { version, .. })) => {
                self.handle.ask(Request::Delete(Path::named(LOCK), Some(version)), out);
                Phase::Deleting
            }
            (Phase::Deleting, Heard::Answer(Reply::Deleted)) => Self::ends(Outcome::Released, out),
            (Phase::Asking | Phase::Deleting, Heard::Answer(_)) => {
                Self::ends(Outcome::NotHeld, out)
            }
            (Phase::Idle, _) => Phase::Idle,
            // The exception reaches the caller, who cannot tell what happened.
            (Phase::Getting, Heard::Answer(_)) | (_, Heard::ConnectionLoss | Heard::Expired) => {
                Self::ends(Outcome::Unknown, out)
            }
            (phase, _) => phase,
        }
    }
}

impl Process for Client {
    fn step(&mut self, event: Event, out: &mut Effects) {
        self.phase = match event {
            Event::Invoke(Op::Acquire) => {
                let mode = Mode::PERSISTENT;
                self.handle.ask(Request::Create { path: LOCK, data: "n", mode }, out);
                Phase::Creating
            }
            Event::Invoke(Op::Release) => self.get(Phase::Asking, out),
            event => {
                let heard = self.handle.hear(event, out);
                self.hears(heard, out)
            }
        };
    }

    fn crashed(&self) -> Self {
        Client { handle: self.handle.afresh(), phase: Phase::Idle }
    }

    fn permute(&mut self, permutation: &Permutation) -> bool {
        self.handle.permute(permutation);
        true
    }
}

impl Algorithm for CreateAndGet {
    fn card(&self) -> Card {
        let card = super::super::card(
            "zk-create-and-get",
            "L-002-ZK-C",
            Form::Intended,
            "zookeeper",
            "a persistent node, a watch that is never of use, a release that any client may call",
        )
        .without(Property::Interruptibility, "acquire returns at once, so nobody ever waits");
        super::claims_of_one_node(card, false)
    }

    fn client(&self, _: NodeId, _: Role, timing: &Timing) -> Box<dyn AnyProcess> {
        Box::new(Client { handle: Handle::new(*timing), phase: Phase::Idle })
    }

    fn services(&self, timing: &Timing) -> Vec<Service> {
        services(Checks::Nothing, timing, None)
    }

    fn narrowed(&self, usual: Scope) -> Scope {
        super::patient(usual)
    }
}
