//! L-001-REDIS-P: look whether the lock key exists; if it does, wait until it is deleted; if it does
//! not, create it. Safe under no assumption: two clients both see no key, and both create it.
//!
//! Source: the second document, section 3.5. Its defects: look and create are two commands; the key
//! has no time to live; it names no owner; how it is deleted, and by whom, is not said.

use contend_model::algorithm::{Algorithm, Card, Form, Role, Service, Timing};
use contend_model::ident::{BACKEND, NodeId};
use contend_model::message::Message;
use contend_model::message::store::{Command, Expiry, Reply, Value, When};
use contend_model::op::{Op, Outcome};
use contend_model::process::{AnyProcess, Effects, Event, Process};
use contend_model::property::Property;
use contend_model::symmetry::Permutation;
use contend_model::timer::Timer;

use super::LOCK;
use crate::service::plain_store;

/// The algorithm.
pub struct ExistsThenSet;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Client {
    timing: Timing,
    phase: Phase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Phase {
    Idle,
    Looking,
    Waiting,
    Creating,
    Deleting,
}

impl Client {
    fn look(&self, out: &mut Effects) -> Phase {
        out.call(BACKEND, Command::Exists(LOCK));
        Phase::Looking
    }
}

impl Process for Client {
    fn step(&mut self, event: Event, out: &mut Effects) {
        let reply = match event {
            Event::Deliver { message: Message::StoreReply(reply), .. } => Some(reply),
            _ => None,
        };
        self.phase = match (self.phase, event) {
            (_, Event::Invoke(Op::Acquire)) => self.look(out),
            (Phase::Looking, Event::Deliver { .. }) if reply == Some(Reply::Int(0)) => {
                let (value, expiry) = (Value::Text("locked"), Expiry::Never);
                out.call(BACKEND, Command::Set { key: LOCK, value, when: When::Always, expiry });
                Phase::Creating
            }
            (Phase::Looking, Event::Deliver { .. }) => {
                out.arm(Timer::Poll, self.timing.retry);
                Phase::Waiting
            }
            (Phase::Waiting, Event::Fire(Timer::Poll)) => self.look(out),
            (Phase::Creating, Event::Deliver { .. }) => {
                out.returns(Outcome::Acquired { fence: None });
                Phase::Idle
            }
            (_, Event::Invoke(Op::Release)) => {
                out.call(BACKEND, Command::Del(LOCK));
                Phase::Deleting
            }
            (Phase::Deleting, Event::Deliver { .. }) => {
                let deleted = reply == Some(Reply::Int(1));
                out.returns(if deleted { Outcome::Released } else { Outcome::NotHeld });
                Phase::Idle
            }
            // The error reaches the caller, who cannot tell what happened.
            (Phase::Looking | Phase::Creating | Phase::Deleting, Event::Disconnected(_)) => {
                out.returns(Outcome::Unknown);
                Phase::Idle
            }
            (phase, _) => phase,
        };
    }

    fn crashed(&self) -> Self {
        Client { phase: Phase::Idle, ..self.clone() }
    }

    fn permute(&mut self, _: &Permutation) -> bool {
        true
    }
}

impl Algorithm for ExistsThenSet {
    fn card(&self) -> Card {
        super::card(
            "redis-exists-then-set",
            "L-001-REDIS-P",
            Form::Intended,
            "redis",
            "EXISTS, then SET if there was nothing: two clients can both find nothing",
        )
        .claim(Property::DeadlockFreedom, "0m")
        .claim(Property::Consistency, "0mF")
        .without(Property::Interruptibility, "a waiter cannot give up")
    }

    fn client(&self, _: NodeId, _: Role, timing: &Timing) -> Box<dyn AnyProcess> {
        Box::new(Client { timing: *timing, phase: Phase::Idle })
    }

    fn services(&self, timing: &Timing) -> Vec<Service> {
        plain_store(timing)
    }
}
