//! L-000-ZK-P, L-001-ZK-C, and L-000-ZK-C with its handles leaked: one node is the lock; who creates it holds, and deleting it is the
//! release. Safe while no create and no delete loses its answer, nobody deletes what it did not
//! create, and no holder outlives its session.
//!
//! Sources: the first document, section 3.3 (prose: a create that fails means that another holds;
//! the caller asks again), and the second document, section 4.2 (code: what `create` raises reaches
//! the caller). Their defects: the delete asks nothing about the owner; a create whose answer is
//! lost leaves a node that its creator takes for another's; the end of the session is not heeded;
//! nobody waits for a deletion, so whoever asks first after it wins. In the prose the mode of the node is left open: a
//! persistent one outlives a crash of its creator, for ever.

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
use crate::service::tree;

/// The algorithm and its settings.
#[derive(Clone, Copy, Debug)]
pub struct SingleNode {
    /// What it says of itself.
    pub card: fn() -> Card,
    /// Whether the node ends with its session.
    pub ephemeral: bool,
    /// What the code makes of an error.
    pub errors: Errors,
    /// The check that the server has forgotten.
    pub server_lacks: Option<tree::Guard>,
}

/// What the code makes of an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Errors {
    /// Every failure of a create means that another holds.
    Failure,
    /// Every exception becomes False, at the release as well.
    Caught,
    /// Exceptions reach the caller.
    Escape,
    /// A create that fails is not noticed: the library answers by a value that nobody looks at.
    Unheeded,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Client {
    ephemeral: bool,
    errors: Errors,
    handle: Handle,
    phase: Phase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Phase {
    Idle,
    Creating,
    Deleting,
}

impl std::hash::Hash for Client {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        (&self.handle, self.phase).hash(state);
    }
}

impl Client {
    fn created(&mut self, heard: Heard, out: &mut Effects) -> Phase {
        let outcome = match (heard, self.errors) {
            (Heard::Answer(Reply::Created(_)), _)
            | (Heard::Answer(_) | Heard::ConnectionLoss | Heard::Expired, Errors::Unheeded) => {
                Outcome::Acquired { fence: None }
            }
            (Heard::Answer(_), _) => Outcome::Refused,
            (Heard::ConnectionLoss | Heard::Expired, Errors::Failure | Errors::Caught) => {
                Outcome::Refused
            }
            // The exception reaches the caller, who cannot tell what happened.
            (Heard::ConnectionLoss | Heard::Expired, _) => Outcome::Unknown,
            _ => return Phase::Creating,
        };
        // The library keeps the session of whatever node there may be.
        if self.ephemeral && !matches!(heard, Heard::Answer(Reply::NodeExists)) {
            self.handle.keep(true, out);
        }
        out.returns(outcome);
        Phase::Idle
    }

    fn deleted(&mut self, heard: Heard, out: &mut Effects) -> Phase {
        let outcome = match heard {
            Heard::Answer(Reply::Deleted) => Outcome::Released,
            Heard::Answer(_) => Outcome::NotHeld,
            Heard::ConnectionLoss | Heard::Expired if self.errors == Errors::Caught => {
                Outcome::NotHeld
            }
            Heard::ConnectionLoss | Heard::Expired => Outcome::Unknown,
            _ => return Phase::Deleting,
        };
        if matches!(heard, Heard::Answer(_)) {
            self.handle.keep(false, out);
        }
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
                (Phase::Creating, heard) => self.created(heard, out),
                (Phase::Deleting, heard) => self.deleted(heard, out),
                // That the connection or the session is gone is not heeded.
                (Phase::Idle, _) => Phase::Idle,
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

impl Algorithm for SingleNode {
    fn card(&self) -> Card {
        (self.card)()
    }

    fn client(&self, _: NodeId, _: Role, timing: &Timing) -> Box<dyn AnyProcess> {
        let SingleNode { ephemeral, errors, .. } = *self;
        let handle = Handle::new(*timing);
        Box::new(Client { ephemeral, errors, handle, phase: Phase::Idle })
    }

    fn narrowed(&self, usual: Scope) -> Scope {
        super::patient(usual)
    }

    fn services(&self, timing: &Timing) -> Vec<Service> {
        services(Checks::Nothing, timing, self.server_lacks)
    }
}

/// L-000-ZK-P with an ephemeral node.
pub const EPHEMERAL: SingleNode =
    SingleNode { card: ephemeral, ephemeral: true, errors: Errors::Failure, server_lacks: None };

/// L-000-ZK-P with a persistent node.
pub const PERSISTENT: SingleNode = SingleNode { card: persistent, ephemeral: false, ..EPHEMERAL };

/// L-000-ZK-C on a runtime that leaks the handles: one session as long as the process lives.
pub const LEAKED: SingleNode = SingleNode { card: leaked, errors: Errors::Caught, ..EPHEMERAL };

/// L-001-ZK-C with a library that raises.
pub const ESCAPING: SingleNode = SingleNode { card: escaping, errors: Errors::Escape, ..EPHEMERAL };

/// L-001-ZK-C with a library that answers by a value.
pub const UNHEEDED: SingleNode =
    SingleNode { card: unheeded, errors: Errors::Unheeded, ..EPHEMERAL };

fn ephemeral() -> Card {
    let card = card(
        "zk-node-ephemeral",
        "L-000-ZK-P",
        Form::Intended,
        "one ephemeral node: anybody may delete it, and a lost answer blocks its own creator",
    );
    super::claims_of_one_node(card, true)
}

fn persistent() -> Card {
    let card = card(
        "zk-node-persistent",
        "L-000-ZK-P",
        Form::Intended,
        "one persistent node: if its creator crashes, the lock is taken for ever",
    );
    super::claims_of_one_node(card, false)
}

fn leaked() -> Card {
    let card = card(
        "zk-session-leaked",
        "L-000-ZK-C",
        Form::Intended,
        "an ephemeral node of a session that nobody closes; every exception becomes False",
    );
    super::claims_of_one_node(card, true)
}

fn escaping() -> Card {
    let card = card(
        "zk-create-delete",
        "L-001-ZK-C",
        Form::Intended,
        "one ephemeral node; exceptions reach the caller, and the delete asks nothing",
    );
    super::claims_of_one_node(card, true)
}

fn unheeded() -> Card {
    card(
        "zk-create-unheeded",
        "L-001-ZK-C",
        Form::Raw,
        "one ephemeral node; whether the create succeeded is not looked at",
    )
    .claim(Property::DeadlockFreedom, "0mNCT")
    .claim(Property::Consistency, "0m")
}

fn card(name: &str, document: &str, form: Form, summary: &str) -> Card {
    super::super::card(name, document, form, "zookeeper", summary)
        .without(Property::Interruptibility, "acquire returns at once, so nobody ever waits")
}
