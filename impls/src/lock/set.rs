//! L-000-CACHE-C: `SET lock 1 EX 30` to acquire, `DEL lock` to release. Safe under no assumption:
//! without `NX` every acquisition succeeds.
//!
//! Source: the first document, section 4.1.2. Its defects: no `NX`; every acquisition prolongs the
//! key for everybody; a constant instead of an owner; `DEL` asks nothing and is always a success.

use contend_model::algorithm::{Algorithm, Card, Form, Role, Service, Timing};
use contend_model::ident::{BACKEND, NodeId};
use contend_model::message::Message;
use contend_model::message::store::{Command, Expiry, Reply, Value, When};
use contend_model::op::{Op, Outcome};
use contend_model::process::{AnyProcess, Effects, Event, Process};
use contend_model::property::Property;
use contend_model::symmetry::Permutation;
use contend_model::time::Span;

use super::LOCK;
use crate::service::plain_store;

/// The algorithm.
pub struct CacheSet;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Client {
    lease: Span,
    phase: Phase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Phase {
    Idle,
    Setting,
    Deleting,
}

impl Process for Client {
    fn step(&mut self, event: Event, out: &mut Effects) {
        self.phase = match (self.phase, event) {
            (_, Event::Invoke(Op::Acquire)) => {
                let (value, expiry) = (Value::Number(1), Expiry::After(self.lease));
                out.call(BACKEND, Command::Set { key: LOCK, value, when: When::Always, expiry });
                Phase::Setting
            }
            (_, Event::Invoke(Op::Release)) => {
                out.call(BACKEND, Command::Del(LOCK));
                Phase::Deleting
            }
            (Phase::Setting, Event::Deliver { message: Message::StoreReply(Reply::Ok), .. }) => {
                out.returns(Outcome::Acquired { fence: None });
                Phase::Idle
            }
            // Any exception becomes False.
            (Phase::Setting, Event::Deliver { .. } | Event::Disconnected(_)) => {
                out.returns(Outcome::Refused);
                Phase::Idle
            }
            // The number of deleted keys is not looked at.
            (Phase::Deleting, Event::Deliver { .. }) => {
                out.returns(Outcome::Released);
                Phase::Idle
            }
            (Phase::Deleting, Event::Disconnected(_)) => {
                out.returns(Outcome::Unknown);
                Phase::Idle
            }
            (phase, _) => phase,
        };
    }

    fn crashed(&self) -> Self {
        Client { lease: self.lease, phase: Phase::Idle }
    }

    fn permute(&mut self, _: &Permutation) -> bool {
        true
    }
}

impl Algorithm for CacheSet {
    fn card(&self) -> Card {
        super::card(
            "cache-set",
            "L-000-CACHE-C",
            Form::Intended,
            "redis",
            "SET with a time to live but without NX: every acquisition succeeds",
        )
        .claim(Property::DeadlockFreedom, "0mNCTF")
        .claim(Property::Consistency, "0mF")
        .without(Property::Fairness, "every acquisition succeeds, so nobody ever waits")
        .without(Property::Interruptibility, "acquire returns at once, so nobody ever waits")
    }

    fn client(&self, _: NodeId, _: Role, timing: &Timing) -> Box<dyn AnyProcess> {
        Box::new(Client { lease: timing.lease, phase: Phase::Idle })
    }

    fn services(&self, timing: &Timing) -> Vec<Service> {
        plain_store(timing)
    }
}
