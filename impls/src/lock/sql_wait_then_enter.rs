//! L-004-ALG-P, to the letter: try to lock; if it is locked, wait until it is released; "if the lock
//! is released, the current node obtains it". Safe under no assumption: whoever waited enters, and so
//! does whoever locks next.
//!
//! Source: the fifth document, section 3.1. The lock itself is sound while nobody fails, an `INSERT`
//! with a primary key; the third step undoes it. Read as "then tries again" it would be
//! `sql-insert-delete`.

use contend_model::algorithm::{Algorithm, Card, Form, Role, Service, Timing};
use contend_model::ident::{BACKEND, NodeId};
use contend_model::message::Message;
use contend_model::message::table::{Key, Reply};
use contend_model::op::{Op, Outcome};
use contend_model::process::{AnyProcess, Effects, Event, Process};
use contend_model::property::Property;
use contend_model::symmetry::Permutation;
use contend_model::time::Range;
use contend_model::timer::Timer;

use super::lock_row;
use crate::service::database_and_resource;
use crate::service::resource::Checks;
use crate::service::table::{Database, Settings};

/// The algorithm.
pub struct WaitThenEnter;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Client {
    retry: Range,
    phase: Phase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Phase {
    Idle,
    Inserting,
    Waiting,
    Looking,
    Deleting,
}

impl Client {
    fn wait(&self, out: &mut Effects) -> Phase {
        out.arm(Timer::Poll, self.retry);
        Phase::Waiting
    }
}

impl Process for Client {
    fn step(&mut self, event: Event, out: &mut Effects) {
        let reply = match event {
            Event::Deliver { message: Message::TableReply(reply), .. } => Some(reply),
            _ => None,
        };
        self.phase = match (self.phase, event) {
            (_, Event::Invoke(Op::Acquire)) => {
                out.call(BACKEND, lock_row::insert(Key::Lock));
                Phase::Inserting
            }
            (Phase::Waiting, Event::Fire(Timer::Poll)) => {
                out.call(BACKEND, lock_row::select());
                Phase::Looking
            }
            (Phase::Inserting, _) if reply == Some(Reply::Count(1)) => {
                out.returns(Outcome::Acquired { fence: None });
                Phase::Idle
            }
            (Phase::Looking, _) if reply == Some(Reply::Row(None)) => {
                out.returns(Outcome::Acquired { fence: None });
                Phase::Idle
            }
            (Phase::Inserting | Phase::Looking, Event::Deliver { .. }) => self.wait(out),
            (_, Event::Invoke(Op::Release)) => {
                out.call(BACKEND, lock_row::delete());
                Phase::Deleting
            }
            (Phase::Deleting, Event::Deliver { .. }) => {
                out.returns(Outcome::Released);
                Phase::Idle
            }
            (Phase::Inserting | Phase::Looking | Phase::Deleting, Event::Disconnected(_)) => {
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

impl Algorithm for WaitThenEnter {
    fn card(&self) -> Card {
        super::card(
            "sql-wait-then-enter",
            "L-004-ALG-P",
            Form::Intended,
            "sql",
            "everybody who is told that the lock is free enters",
        )
        .claim(Property::DeadlockFreedom, "0m")
        .claim(Property::Consistency, "0m")
        .without(Property::Interruptibility, "a waiter cannot give up")
    }

    fn client(&self, _: NodeId, _: Role, timing: &Timing) -> Box<dyn AnyProcess> {
        Box::new(Client { retry: timing.retry, phase: Phase::Idle })
    }

    fn services(&self, _: &Timing) -> Vec<Service> {
        database_and_resource(Checks::Nothing, Database::new(Settings::POSTGRES))
    }
}
