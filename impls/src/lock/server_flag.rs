//! L-003-SERVER-P: `LOCK` to a server, which sets a flag if it is clear; `UNLOCK`, which clears it.
//! Safe while no message is lost, repeated or late, nobody crashes, and nobody releases what it
//! does not hold.
//!
//! Source: the fourth document, section 3.2. Its defects: messages name neither the client nor the
//! request nor the grant; there is no lease; the flag is not on disk; the holder takes the lock to
//! be unlocked before the server has heard of it, and never learns whether it has.

use contend_model::algorithm::{Algorithm, Card, Form, Role, Service, Timing};
use contend_model::ident::{BACKEND, NodeId};
use contend_model::message::Message;
use contend_model::message::lock_server::{Reply, Request};
use contend_model::op::{Op, Outcome};
use contend_model::process::{AnyProcess, Effects, Event, Process};
use contend_model::property::Property;
use contend_model::symmetry::Permutation;

use crate::service::lock_server::flag::FlagServer;
use crate::service::resource::{Checks, Resource};

/// The algorithm.
pub struct ServerFlag;

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Client {
    phase: Phase,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
enum Phase {
    #[default]
    Idle,
    Locking,
}

impl Process for Client {
    fn step(&mut self, event: Event, out: &mut Effects) {
        self.phase = match (self.phase, event) {
            (_, Event::Invoke(Op::Acquire)) => {
                out.call(BACKEND, Request::Lock);
                Phase::Locking
            }
            (Phase::Locking, Event::Deliver { message, .. }) => {
                let locked = message == Message::LockServerReply(Reply::Locked);
                let acquired = Outcome::Acquired { fence: None };
                out.returns(if locked { acquired } else { Outcome::Refused });
                Phase::Idle
            }
            // The exception reaches the caller, who cannot tell what happened.
            (Phase::Locking, Event::Disconnected(_)) => {
                out.returns(Outcome::Unknown);
                Phase::Idle
            }
            // No step of the document waits for an answer to this.
            (phase, Event::Invoke(Op::Release)) => {
                out.send(BACKEND, Request::Unlock);
                out.returns(Outcome::Released);
                phase
            }
            (phase, _) => phase,
        };
    }

    fn crashed(&self) -> Self {
        Client::default()
    }

    fn permute(&mut self, _: &Permutation) -> bool {
        true
    }
}

impl Algorithm for ServerFlag {
    fn card(&self) -> Card {
        super::card(
            "server-flag",
            "L-003-SERVER-P",
            Form::Intended,
            "lock-server",
            "a flag on a server that any UNLOCK clears, and that nobody clears for the dead",
        )
        .claim(Property::MutualExclusion, "0T")
        .claim(Property::Fencing, "0")
        .claim(Property::DeadlockFreedom, "0m")
        .claim(Property::Ownership, "0T")
        .claim(Property::Consistency, "0mC")
        .without(Property::Interruptibility, "acquire returns at once, so nobody ever waits")
    }

    fn client(&self, _: NodeId, _: Role, _: &Timing) -> Box<dyn AnyProcess> {
        Box::new(Client::default())
    }

    fn services(&self, _: &Timing) -> Vec<Service> {
        vec![
            Service { name: "resource", process: Box::new(Resource::new(Checks::Nothing)) },
            Service { name: "server", process: Box::new(FlagServer::default()) },
        ]
    }
}
