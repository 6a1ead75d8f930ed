//! L-003-REDIS-C: `SET lock value EX 10 NX` to acquire, `DEL lock` to release. Safe while nobody
//! outlives its lease, nobody releases what it does not hold, and no release is repeated.
//!
//! Source: the fourth document, section 4.1. Its defect: release takes the value and ignores it.
//! With `expiry: false` it is L-004-REDIS-C (see `set_nx_forever`), whose time to live ended up as
//! the value.

use contend_model::algorithm::{Algorithm, Card, Form, Role, Service, Timing};
use contend_model::ident::{BACKEND, NodeId};
use contend_model::message::Message;
use contend_model::message::store::{Command, Expiry, Reply, Value, When};
use contend_model::op::{Op, Outcome};
use contend_model::process::{AnyProcess, Effects, Event, Process};
use contend_model::property::Property;
use contend_model::symmetry::Permutation;

use super::LOCK;
use crate::service::plain_store;

/// The algorithm.
pub struct SetNx;

/// A client that sets if absent and deletes without asking.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Client {
    expiry: Expiry,
    phase: Phase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Phase {
    Idle,
    Setting,
    Deleting,
}

impl Client {
    /// A client that has done nothing yet.
    pub fn new(expiry: Expiry) -> Self {
        Client { expiry, phase: Phase::Idle }
    }
}

impl Process for Client {
    fn step(&mut self, event: Event, out: &mut Effects) {
        self.phase = match (self.phase, event) {
            (_, Event::Invoke(Op::Acquire)) => {
                let (value, expiry) = (Value::Text("value"), self.expiry);
                out.call(BACKEND, Command::Set { key: LOCK, value, when: When::Absent, expiry });
                Phase::Setting
            }
            (Phase::Setting, Event::Deliver { message: Message::StoreReply(Reply::Ok), .. }) => {
                out.returns(Outcome::Acquired { fence: None });
                Phase::Idle
            }
            (Phase::Setting, Event::Deliver { .. }) => {
                out.returns(Outcome::Refused);
                Phase::Idle
            }
            (_, Event::Invoke(Op::Release)) => {
                out.call(BACKEND, Command::Del(LOCK));
                Phase::Deleting
            }
            (Phase::Deleting, Event::Deliver { message: Message::StoreReply(reply), .. }) => {
                let deleted = reply == Reply::Int(1);
                out.returns(if deleted { Outcome::Released } else { Outcome::NotHeld });
                Phase::Idle
            }
            // The exception reaches the caller, who cannot tell what happened.
            (Phase::Setting | Phase::Deleting, Event::Disconnected(_)) => {
                out.returns(Outcome::Unknown);
                Phase::Idle
            }
            (phase, _) => phase,
        };
    }

    fn crashed(&self) -> Self {
        Client::new(self.expiry)
    }

    fn permute(&mut self, _: &Permutation) -> bool {
        true
    }
}

impl Algorithm for SetNx {
    fn card(&self) -> Card {
        super::card(
            "redis-set-nx",
            "L-003-REDIS-C",
            Form::Intended,
            "redis",
            "SET NX with a time to live, but a DEL that frees whoever holds by then",
        )
        .claim(Property::MutualExclusion, "0C")
        .claim(Property::Fencing, "0C")
        .claim(Property::DeadlockFreedom, "0mNCTF")
        .claim(Property::Ownership, "0C")
        .claim(Property::Consistency, "0mCF")
        .without(Property::Interruptibility, "acquire returns at once, so nobody ever waits")
    }

    fn client(&self, _: NodeId, _: Role, timing: &Timing) -> Box<dyn AnyProcess> {
        Box::new(Client::new(Expiry::After(timing.lease)))
    }

    fn services(&self, timing: &Timing) -> Vec<Service> {
        plain_store(timing)
    }
}
