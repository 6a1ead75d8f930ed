//! L-000-DB-P: `INSERT` a row to acquire, `DELETE` it to release. With a primary key it is safe while
//! nobody crashes, no message is lost, and nobody releases what it does not hold; without one, under
//! no assumption.
//!
//! Source: the first document, sections 2.1.1 and 3.1. Its defects: that the lock's id is a key is
//! never said; the row names no owner and has no end; `DELETE` asks nothing; how to wait is not told,
//! so the caller asks again.

use contend_model::algorithm::{Algorithm, Card, Form, Role, Service, Timing};
use contend_model::ident::{BACKEND, NodeId};
use contend_model::message::Message;
use contend_model::message::table::{Key, Reply};
use contend_model::op::{Op, Outcome};
use contend_model::process::{AnyProcess, Effects, Event, Process};
use contend_model::property::Property;
use contend_model::symmetry::Permutation;

use super::lock_row;
use crate::service::database_and_resource;
use crate::service::resource::Checks;
use crate::service::table::{Database, Settings};

/// The algorithm.
pub struct InsertDelete {
    /// Whether the table has a primary key.
    pub primary_key: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Client {
    phase: Phase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Phase {
    Idle,
    Inserting,
    Deleting,
}

impl Process for Client {
    fn step(&mut self, event: Event, out: &mut Effects) {
        self.phase = match (self.phase, event) {
            (_, Event::Invoke(Op::Acquire)) => {
                out.call(BACKEND, lock_row::insert(Key::Lock));
                Phase::Inserting
            }
            (
                Phase::Inserting,
                Event::Deliver { message: Message::TableReply(Reply::Count(1)), .. },
            ) => {
                out.returns(Outcome::Acquired { fence: None });
                Phase::Idle
            }
            (Phase::Inserting, Event::Deliver { .. }) => {
                out.returns(Outcome::Refused);
                Phase::Idle
            }
            (_, Event::Invoke(Op::Release)) => {
                out.call(BACKEND, lock_row::delete());
                Phase::Deleting
            }
            (Phase::Deleting, Event::Deliver { message: Message::TableReply(reply), .. }) => {
                let deleted = reply != Reply::Count(0);
                out.returns(if deleted { Outcome::Released } else { Outcome::NotHeld });
                Phase::Idle
            }
            // Of errors the text says nothing, so they reach the caller.
            (Phase::Inserting | Phase::Deleting, Event::Disconnected(_)) => {
                out.returns(Outcome::Unknown);
                Phase::Idle
            }
            (phase, _) => phase,
        };
    }

    fn crashed(&self) -> Self {
        Client { phase: Phase::Idle }
    }

    fn permute(&mut self, _: &Permutation) -> bool {
        true
    }
}

impl Algorithm for InsertDelete {
    fn card(&self) -> Card {
        let (name, summary) = if self.primary_key {
            (
                "sql-insert-delete",
                "INSERT and DELETE of a row with a primary key and without an end",
            )
        } else {
            ("sql-insert-delete-no-key", "INSERT and DELETE of a row without a primary key")
        };
        let card = super::card(name, "L-000-DB-P", Form::Intended, "sql", summary)
            .without(Property::Interruptibility, "acquire returns at once, so nobody ever waits");
        if self.primary_key {
            card.claim(Property::MutualExclusion, "0CT")
                .claim(Property::Fencing, "0C")
                .claim(Property::DeadlockFreedom, "0m")
                .claim(Property::Ownership, "0CT")
                .claim(Property::Consistency, "0mC")
        } else {
            card.claim(Property::DeadlockFreedom, "0mNCT").claim(Property::Consistency, "0m")
        }
    }

    fn client(&self, _: NodeId, _: Role, _: &Timing) -> Box<dyn AnyProcess> {
        Box::new(Client { phase: Phase::Idle })
    }

    fn services(&self, _: &Timing) -> Vec<Service> {
        let settings = Settings { primary_key: self.primary_key, ..Settings::POSTGRES };
        database_and_resource(Checks::Nothing, Database::new(settings))
    }
}
