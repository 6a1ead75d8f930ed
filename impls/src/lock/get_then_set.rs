//! L-002-CACHE-C: `GET lock`; if there is nothing, `SET lock name EX 30`; `DEL lock` to release.
//! Safe under no assumption: two clients both find nothing, and both set.
//!
//! Source: the third document, section 4.2. Its defects: check and write are two commands; the
//! value is the lock's name, not its owner; `DEL` asks nothing.

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
pub struct GetThenSet;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Client {
    lease: Span,
    phase: Phase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Phase {
    Idle,
    Getting,
    Setting,
    Deleting,
}

impl Process for Client {
    fn step(&mut self, event: Event, out: &mut Effects) {
        self.phase = match (self.phase, event) {
            (_, Event::Invoke(Op::Acquire)) => {
                out.call(BACKEND, Command::Get(LOCK));
                Phase::Getting
            }
            (Phase::Getting, Event::Deliver { message: Message::StoreReply(Reply::Nil), .. }) => {
                let (value, expiry) = (Value::Text("name"), Expiry::After(self.lease));
                out.call(BACKEND, Command::Set { key: LOCK, value, when: When::Always, expiry });
                Phase::Setting
            }
            (Phase::Setting, Event::Deliver { message: Message::StoreReply(Reply::Ok), .. }) => {
                out.returns(Outcome::Acquired { fence: None });
                Phase::Idle
            }
            (Phase::Getting | Phase::Setting, Event::Deliver { .. } | Event::Disconnected(_)) => {
                out.returns(Outcome::Refused);
                Phase::Idle
            }
            (_, Event::Invoke(Op::Release)) => {
                out.call(BACKEND, Command::Del(LOCK));
                Phase::Deleting
            }
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

impl Algorithm for GetThenSet {
    fn card(&self) -> Card {
        super::card(
            "cache-get-then-set",
            "L-002-CACHE-C",
            Form::Intended,
            "redis",
            "GET, then SET if there was nothing: two clients can both find nothing",
        )
        .claim(Property::DeadlockFreedom, "0mNCTF")
        .claim(Property::Consistency, "0mF")
        .without(Property::Interruptibility, "acquire returns at once, so nobody ever waits")
    }

    fn client(&self, _: NodeId, _: Role, timing: &Timing) -> Box<dyn AnyProcess> {
        Box::new(Client { lease: timing.lease, phase: Phase::Idle })
    }

    fn services(&self, timing: &Timing) -> Vec<Service> {
        plain_store(timing)
    }
}
