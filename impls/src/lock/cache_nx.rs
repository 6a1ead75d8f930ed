//! L-000-CACHE-P: set a value in a special key; if that fails, somebody else holds, so wait; delete
//! the value to release. Safe while nobody crashes, no message is lost, repeated or late, and nobody
//! releases what it does not hold.
//!
//! Source: the first document, section 3.2. `SET` fails only with `NX`, which the text does not say
//! and which is read into it here. Its defects: the key has no time to live; the value is no owner;
//! `DEL` asks nothing; how to wait is not said, so the waiter asks again and again.

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
pub struct CacheNx;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Client {
    timing: Timing,
    phase: Phase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Phase {
    Idle,
    Setting,
    Waiting,
    Deleting,
}

impl Client {
    fn set(&self, out: &mut Effects) -> Phase {
        let (value, expiry) = (Value::Text("locked"), Expiry::Never);
        out.call(BACKEND, Command::Set { key: LOCK, value, when: When::Absent, expiry });
        Phase::Setting
    }
}

impl Process for Client {
    fn step(&mut self, event: Event, out: &mut Effects) {
        let reply = match event {
            Event::Deliver { message: Message::StoreReply(reply), .. } => Some(reply),
            _ => None,
        };
        self.phase = match (self.phase, event) {
            (_, Event::Invoke(Op::Acquire)) => self.set(out),
            (Phase::Setting, Event::Deliver { .. }) if reply == Some(Reply::Ok) => {
                out.returns(Outcome::Acquired { fence: None });
                Phase::Idle
            }
            (Phase::Setting, Event::Deliver { .. }) => {
                out.arm(Timer::Poll, self.timing.retry);
                Phase::Waiting
            }
            (Phase::Waiting, Event::Fire(Timer::Poll)) => self.set(out),
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
            (Phase::Setting | Phase::Deleting, Event::Disconnected(_)) => {
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

impl Algorithm for CacheNx {
    fn card(&self) -> Card {
        super::card(
            "cache-set-nx-forever",
            "L-000-CACHE-P",
            Form::Intended,
            "redis",
            "SET NX without a time to live, asked again until it succeeds, and a DEL by anybody",
        )
        .claim(Property::MutualExclusion, "0CT")
        .claim(Property::Fencing, "0C")
        .claim(Property::DeadlockFreedom, "0m")
        .claim(Property::Ownership, "0CT")
        .claim(Property::Consistency, "0mCF")
        .without(Property::Interruptibility, "a waiter cannot give up")
    }

    fn client(&self, _: NodeId, _: Role, timing: &Timing) -> Box<dyn AnyProcess> {
        Box::new(Client { timing: *timing, phase: Phase::Idle })
    }

    fn services(&self, timing: &Timing) -> Vec<Service> {
        plain_store(timing)
    }
}
