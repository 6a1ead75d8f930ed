//! L-002-STEPS-P over a cache: to the letter. Safe under no assumption.
//!
//! Source: the third document, sections 3.1 and 3.2. "Try to take the lock's resource. (a) If others
//! have locked it, set the value of the key. (b) If others have locked it, wait until the value of
//! the key is set." Release deletes the key; "when the lock is released, others can obtain it by
//! reading the key's value". Its defects, all kept here:
//!
//! - The key is set exactly when somebody else holds: [`Reading::WritesWhenHeld`] sets and enters.
//! - The waiter waits for the key to be *set*, but release *deletes* it: [`Reading::WaitsForSet`]
//!   sets the key when it is free, the one thing that the letter leaves out, and sleeps through
//!   every release, since what it waits for is a change to another value.
//! - Whoever reads the key and finds nothing has the lock: [`Reading::ReadsToObtain`] never writes.

use contend_model::algorithm::{Algorithm, Card, Form, Role, Service, Timing};
use contend_model::ident::{BACKEND, NodeId, Token};
use contend_model::message::Message;
use contend_model::message::store::{Command, Expiry, Reply, Value, When};
use contend_model::op::{Op, Outcome};
use contend_model::process::{AnyProcess, Effects, Event, Process};
use contend_model::property::Property;
use contend_model::symmetry::{Permutation, Symmetric};
use contend_model::timer::Timer;

use super::LOCK;
use crate::service::plain_store;

/// Which of the text's sentences is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reading {
    /// Step 2a: if the key is there, set it; then the lock is one's own. If it is not, set it too.
    WritesWhenHeld,
    /// Step 2b: if the key is there, wait until it is set to something else. If not, set it.
    WaitsForSet,
    /// Section 3.1: wait until the key is not there; then the lock is one's own.
    ReadsToObtain,
}

/// The algorithm.
#[derive(Clone, Copy, Debug)]
pub struct StepsCache(pub Reading);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Client {
    reading: Reading,
    me: Token,
    timing: Timing,
    phase: Phase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Phase {
    Idle,
    /// Reading the key; `waits_since` is the value whose replacement is waited for.
    Looking {
        waits_since: Option<Value>,
    },
    Waiting {
        since: Option<Value>,
    },
    Setting,
    Deleting,
}

impl Client {
    fn look(&self, waits_since: Option<Value>, out: &mut Effects) -> Phase {
        out.call(BACKEND, Command::Get(LOCK));
        Phase::Looking { waits_since }
    }

    fn wait(&self, since: Option<Value>, out: &mut Effects) -> Phase {
        out.arm(Timer::Poll, self.timing.retry);
        Phase::Waiting { since }
    }

    fn set(&self, out: &mut Effects) -> Phase {
        let (value, expiry) = (Value::Token(self.me), Expiry::Never);
        out.call(BACKEND, Command::Set { key: LOCK, value, when: When::Always, expiry });
        Phase::Setting
    }

    fn obtained(&self, out: &mut Effects) -> Phase {
        out.returns(Outcome::Acquired { fence: None });
        Phase::Idle
    }

    fn found(&self, value: Option<Value>, since: Option<Value>, out: &mut Effects) -> Phase {
        match (self.reading, value, since) {
            (Reading::WritesWhenHeld, _, _) => self.set(out),
            (Reading::WaitsForSet, None, None) => self.set(out),
            // The key is set, as the text has it: to something else than it was.
            (Reading::WaitsForSet, Some(value), Some(since)) if value != since => {
                self.obtained(out)
            }
            (Reading::WaitsForSet, value, since) => self.wait(since.or(value), out),
            (Reading::ReadsToObtain, None, _) => self.obtained(out),
            (Reading::ReadsToObtain, Some(_), _) => self.wait(None, out),
        }
    }
}

impl Process for Client {
    fn step(&mut self, event: Event, out: &mut Effects) {
        let reply = match event {
            Event::Deliver { message: Message::StoreReply(reply), .. } => Some(reply),
            _ => None,
        };
        self.phase = match (self.phase, event) {
            (_, Event::Invoke(Op::Acquire)) => self.look(None, out),
            (Phase::Looking { waits_since }, Event::Deliver { .. }) => {
                let value = match reply {
                    Some(Reply::Value(value)) => Some(value),
                    _ => None,
                };
                self.found(value, waits_since, out)
            }
            (Phase::Waiting { since }, Event::Fire(Timer::Poll)) => self.look(since, out),
            (Phase::Setting, Event::Deliver { .. }) => self.obtained(out),
            (_, Event::Invoke(Op::Release)) => {
                out.call(BACKEND, Command::Del(LOCK));
                Phase::Deleting
            }
            (Phase::Deleting, Event::Deliver { .. }) => {
                out.returns(Outcome::Released);
                Phase::Idle
            }
            // The error reaches the caller, who cannot tell what happened.
            (Phase::Looking { .. } | Phase::Setting | Phase::Deleting, Event::Disconnected(_)) => {
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
        self.me.permute(permutation);
        if let Phase::Looking { waits_since: Some(Value::Token(token)) }
        | Phase::Waiting { since: Some(Value::Token(token)) } = &mut self.phase
        {
            token.permute(permutation);
        }
        true
    }
}

impl Algorithm for StepsCache {
    fn card(&self) -> Card {
        let (name, summary) = match self.0 {
            Reading::WritesWhenHeld => (
                "cache-set-when-held",
                "to the letter: if others have locked it, set the key, and so take it over",
            ),
            Reading::WaitsForSet => (
                "cache-wait-for-set",
                "to the letter: wait until the key is set, though release deletes it",
            ),
            Reading::ReadsToObtain => (
                "cache-read-to-obtain",
                "to the letter: whoever reads that the key is gone has the lock",
            ),
        };
        // Who takes over or reads has no need of a release; who waits for a set sleeps for ever.
        let live = if self.0 == Reading::WaitsForSet { "" } else { "0mNCTF" };
        super::card(name, "L-002-STEPS-P", Form::Raw, "redis", summary)
            .claim(Property::DeadlockFreedom, live)
            .claim(Property::Consistency, "0mF")
            .without(Property::Interruptibility, "a waiter cannot give up")
    }

    fn client(&self, me: NodeId, _: Role, timing: &Timing) -> Box<dyn AnyProcess> {
        let me = Token { client: me, incarnation: 0, serial: 0 };
        Box::new(Client { reading: self.0, me, timing: *timing, phase: Phase::Idle })
    }

    fn services(&self, timing: &Timing) -> Vec<Service> {
        plain_store(timing)
    }
}
