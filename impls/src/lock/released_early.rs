//! L-001-REDIS-C: `with redis.lock(key, expire): ...` *inside* acquire, and `DEL key` to release.
//! Safe under no assumption: the lock is given back before acquire returns.
//!
//! Source: the second document, section 4.1. The context manager sets a token if absent, polling
//! until it can, and on leaving compares and deletes; only then does acquire return.

use contend_model::algorithm::{Algorithm, Card, Form, Role, Service, Timing};
use contend_model::ident::{BACKEND, NodeId, Token};
use contend_model::message::Message;
use contend_model::message::store::{Command, Expiry, Reply, Script, Value, When};
use contend_model::op::{Op, Outcome};
use contend_model::process::{AnyProcess, Effects, Event, Process};
use contend_model::property::Property;
use contend_model::symmetry::{Permutation, Symmetric};
use contend_model::timer::Timer;

use super::LOCK;
use crate::service::plain_store;

/// The algorithm.
pub struct ReleasedEarly;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Client {
    token: Token,
    timing: Timing,
    phase: Phase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Phase {
    Idle,
    Setting,
    Polling,
    LeavingContext,
    Deleting,
}

impl Client {
    fn set(&self, out: &mut Effects) -> Phase {
        let (value, expiry) = (Value::Token(self.token), Expiry::After(self.timing.lease));
        out.call(BACKEND, Command::Set { key: LOCK, value, when: When::Absent, expiry });
        Phase::Setting
    }
}

impl Process for Client {
    fn step(&mut self, event: Event, out: &mut Effects) {
        self.phase = match (self.phase, event) {
            (phase, Event::Start { incarnation }) => {
                self.token.incarnation = incarnation;
                phase
            }
            (_, Event::Invoke(Op::Acquire)) => self.set(out),
            (Phase::Polling, Event::Fire(Timer::Poll)) => self.set(out),
            (Phase::Setting, Event::Deliver { message: Message::StoreReply(Reply::Ok), .. }) => {
                out.call(BACKEND, Script::CompareDelete(LOCK, Value::Token(self.token)));
                Phase::LeavingContext
            }
            (Phase::Setting, Event::Deliver { .. }) => {
                out.arm(Timer::Poll, self.timing.retry);
                Phase::Polling
            }
            (
                Phase::LeavingContext,
                Event::Deliver { message: Message::StoreReply(Reply::Int(1)), .. },
            ) => {
                out.returns(Outcome::Acquired { fence: None });
                Phase::Idle
            }
            // Somebody else's DEL came in between: LockNotOwnedError.
            (Phase::LeavingContext, Event::Deliver { .. }) => {
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
            (Phase::Setting | Phase::LeavingContext | Phase::Deleting, Event::Disconnected(_)) => {
                out.returns(Outcome::Unknown);
                Phase::Idle
            }
            (phase, _) => phase,
        };
    }

    fn crashed(&self) -> Self {
        Client { phase: Phase::Idle, ..self.clone() }
    }

    fn permute(&mut self, permutation: &Permutation) -> bool {
        self.token.permute(permutation);
        true
    }
}

impl Algorithm for ReleasedEarly {
    fn card(&self) -> Card {
        super::card(
            "redis-released-early",
            "L-001-REDIS-C",
            Form::Intended,
            "redis",
            "a context manager inside acquire gives the lock back before acquire returns",
        )
        .claim(Property::DeadlockFreedom, "0mNCTF")
        .claim(Property::Consistency, "0mF")
        .without(
            Property::Fairness,
            "nobody waits for a holder: the lock is free again before acquire returns",
        )
        .without(Property::Interruptibility, "a waiter cannot give up")
    }

    fn client(&self, me: NodeId, _: Role, timing: &Timing) -> Box<dyn AnyProcess> {
        let token = Token { client: me, incarnation: 0, serial: 0 };
        Box::new(Client { token, timing: *timing, phase: Phase::Idle })
    }

    fn services(&self, timing: &Timing) -> Vec<Service> {
        plain_store(timing)
    }
}
