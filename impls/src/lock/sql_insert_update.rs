//! L-000-DB-C: `INSERT` and `COMMIT` to acquire, `UPDATE ... SET acquired = 0` and `COMMIT` to release.
//! Safe under no assumption: the row stays, so with a primary key the lock can be had once, and
//! without one by everybody.
//!
//! Source: the first document, section 4.1.1. Its defects: the above; the lock's name is pasted into
//! the statement without quotes and so names a column (the raw form, which acquires nothing); every
//! exception becomes `False`, that of a lost answer to `COMMIT` too; how many rows `UPDATE` found is
//! not looked at, so releasing what somebody else holds succeeds.

use contend_model::algorithm::{Algorithm, Card, Form, Role, Service, Timing};
use contend_model::ident::{BACKEND, NodeId};
use contend_model::message::Message;
use contend_model::message::table::{FREE, Isolation, Key, Reply, Request, Statement};
use contend_model::op::{Op, Outcome};
use contend_model::process::{AnyProcess, Effects, Event, Process};
use contend_model::property::Property;
use contend_model::symmetry::Permutation;

use super::lock_row;
use crate::service::database_and_resource;
use crate::service::resource::Checks;
use crate::service::table::{self, Database, Settings};

/// The algorithm.
#[derive(Clone, Copy, Debug)]
pub struct InsertUpdate {
    /// The name in the registry.
    pub name: &'static str,
    /// Whether the name is put in quotes.
    pub quoted: bool,
    /// Whether the table has a primary key.
    pub primary_key: bool,
    /// The check that the server has forgotten.
    pub server_lacks: Option<table::Guard>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Client {
    key: Key,
    phase: Phase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Phase {
    Idle,
    Running(Op),
    Committing(Op),
    /// `finally: connection.close()`, which rolls back.
    Closing(Op),
}

impl Client {
    fn begin(&self, op: Op, statement: Statement, out: &mut Effects) -> Phase {
        out.call(BACKEND, Request::Transact(Isolation::ReadCommitted, statement));
        Phase::Running(op)
    }

    /// `return True`.
    fn succeed(op: Op, out: &mut Effects) -> Phase {
        let acquires = op == Op::Acquire;
        let acquired = Outcome::Acquired { fence: None };
        out.returns(if acquires { acquired } else { Outcome::Released });
        Phase::Idle
    }

    /// `return False`.
    fn fail(op: Op, out: &mut Effects) -> Phase {
        out.returns(if op == Op::Acquire { Outcome::Refused } else { Outcome::NotHeld });
        Phase::Idle
    }
}

impl Process for Client {
    fn step(&mut self, event: Event, out: &mut Effects) {
        self.phase = match (self.phase, event) {
            (_, Event::Invoke(Op::Acquire)) => {
                self.begin(Op::Acquire, lock_row::insert(self.key), out)
            }
            (_, Event::Invoke(Op::Release)) => {
                self.begin(Op::Release, lock_row::update(self.key, FREE), out)
            }
            (
                Phase::Running(op),
                Event::Deliver { message: Message::TableReply(Reply::Count(_)), .. },
            ) => {
                out.call(BACKEND, Request::Commit);
                Phase::Committing(op)
            }
            (Phase::Running(op), Event::Deliver { .. }) => {
                out.call(BACKEND, Request::Rollback);
                Phase::Closing(op)
            }
            (Phase::Committing(op), Event::Deliver { .. }) => Client::succeed(op, out),
            (Phase::Closing(op), Event::Deliver { .. })
            | (
                Phase::Running(op) | Phase::Committing(op) | Phase::Closing(op),
                Event::Disconnected(_),
            ) => Client::fail(op, out),
            (phase, _) => phase,
        };
    }

    fn crashed(&self) -> Self {
        Client { key: self.key, phase: Phase::Idle }
    }

    fn permute(&mut self, _: &Permutation) -> bool {
        true
    }
}

impl Algorithm for InsertUpdate {
    fn card(&self) -> Card {
        let (form, summary) = match (self.quoted, self.primary_key) {
            (false, _) => (Form::Raw, "INSERT of a name without quotes: nobody ever gets the lock"),
            (true, false) => (Form::Intended, "INSERT without a primary key: everybody acquires"),
            (true, true) => (Form::Intended, "INSERT, but release keeps the row: acquired once"),
        };
        let card = super::card(self.name, "L-000-DB-C", form, "sql", summary)
            .without(Property::Interruptibility, "acquire returns at once, so nobody ever waits");
        match (self.quoted, self.primary_key) {
            (false, _) => card,
            (true, false) => {
                card.claim(Property::DeadlockFreedom, "0mNCT").claim(Property::Consistency, "0m")
            }
            // Whoever was first holds for ever, so there is nobody to exclude.
            (true, true) => card
                .claim(Property::MutualExclusion, "0mNCT")
                .claim(Property::Fencing, "0mNCT")
                .claim(Property::Ownership, "0NCT")
                .claim(Property::Fairness, "0T")
                .claim(Property::Consistency, "0mNCT"),
        }
    }

    fn client(&self, _: NodeId, _: Role, _: &Timing) -> Box<dyn AnyProcess> {
        let key = if self.quoted { Key::Lock } else { Key::Unquoted };
        Box::new(Client { key, phase: Phase::Idle })
    }

    fn services(&self, _: &Timing) -> Vec<Service> {
        let InsertUpdate { primary_key, server_lacks: lacks, .. } = *self;
        let settings = Settings { primary_key, lacks, ..Settings::POSTGRES };
        database_and_resource(Checks::Nothing, Database::new(settings))
    }
}
