//! L-001-DB-P: `SELECT` the row; if there is none, `INSERT` it, else wait until it is deleted.
//! Without a primary key and in transactions of their own it is safe under no assumption; with a
//! primary key whose violation means "held", or in one SERIALIZABLE transaction, while nobody
//! crashes, no message is lost, and nobody releases what it does not hold.
//!
//! Source: the second document, section 3.3. Its defects: check and write are two statements; the
//! row names no owner and has no end; whose row is deleted is not asked.

use contend_model::algorithm::{Algorithm, Card, Form, Role, Service, Timing};
use contend_model::ident::{BACKEND, NodeId};
use contend_model::message::Message;
use contend_model::message::table::{Isolation, Key, Reply, Request};
use contend_model::op::{Op, Outcome};
use contend_model::process::{AnyProcess, Effects, Event, Process};
use contend_model::property::Property;
use contend_model::symmetry::Permutation;
use contend_model::time::Range;
use contend_model::timer::Timer;

use super::lock_row;
use crate::service::database_and_resource;
use crate::service::resource::Checks;
use crate::service::table::{self, Database, Settings};

/// The algorithm.
#[derive(Clone, Copy, Debug)]
pub struct SelectInsert {
    /// The name in the registry.
    pub name: &'static str,
    /// Whether the table has a primary key.
    pub primary_key: bool,
    /// Whether both statements are in one serializable transaction.
    pub serializable: bool,
    /// The check that the server has forgotten.
    pub server_lacks: Option<table::Guard>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Client {
    serializable: bool,
    retry: Range,
    phase: Phase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Phase {
    Idle,
    Selecting,
    Inserting,
    Committing,
    RollingBack,
    Polling,
    Deleting,
}

impl Client {
    fn select(&self, out: &mut Effects) -> Phase {
        let select = lock_row::select();
        out.call(
            BACKEND,
            if self.serializable {
                Request::Transact(Isolation::Serializable, select)
            } else {
                Request::Execute(select)
            },
        );
        Phase::Selecting
    }

    fn wait(&self, out: &mut Effects) -> Phase {
        out.arm(Timer::Poll, self.retry);
        Phase::Polling
    }

    /// The lock is held by somebody: nothing of this attempt is to be left.
    fn held(&self, out: &mut Effects) -> Phase {
        if !self.serializable {
            return self.wait(out);
        }
        out.call(BACKEND, Request::Rollback);
        Phase::RollingBack
    }
}

impl Process for Client {
    fn step(&mut self, event: Event, out: &mut Effects) {
        let reply = match event {
            Event::Deliver { message: Message::TableReply(reply), .. } => Some(reply),
            _ => None,
        };
        self.phase = match (self.phase, event) {
            (_, Event::Invoke(Op::Acquire)) => self.select(out),
            (Phase::Polling, Event::Fire(Timer::Poll)) => self.select(out),
            (Phase::Selecting, Event::Deliver { .. }) if reply == Some(Reply::Row(None)) => {
                out.call(BACKEND, lock_row::insert(Key::Lock));
                Phase::Inserting
            }
            (Phase::Inserting, Event::Deliver { .. }) if reply == Some(Reply::Count(1)) => {
                if self.serializable {
                    out.call(BACKEND, Request::Commit);
                    Phase::Committing
                } else {
                    out.returns(Outcome::Acquired { fence: None });
                    Phase::Idle
                }
            }
            (Phase::Selecting | Phase::Inserting, Event::Deliver { .. }) => self.held(out),
            (Phase::Committing, Event::Deliver { .. }) if reply == Some(Reply::Done) => {
                out.returns(Outcome::Acquired { fence: None });
                Phase::Idle
            }
            // The transaction could not be serialized, and is over.
            (Phase::Committing | Phase::RollingBack, Event::Deliver { .. }) => self.wait(out),

            (_, Event::Invoke(Op::Release)) => {
                out.call(BACKEND, lock_row::delete());
                Phase::Deleting
            }
            (Phase::Deleting, Event::Deliver { .. }) => {
                let deleted = reply != Some(Reply::Count(0));
                out.returns(if deleted { Outcome::Released } else { Outcome::NotHeld });
                Phase::Idle
            }
            (Phase::Idle | Phase::Polling, Event::Disconnected(_)) => self.phase,
            // Of errors the text says nothing, so they reach the caller.
            (_, Event::Disconnected(_)) => {
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

impl Algorithm for SelectInsert {
    fn card(&self) -> Card {
        let summary = match (self.serializable, self.primary_key) {
            (true, _) => "SELECT, then INSERT, in one serializable transaction",
            (false, true) => "SELECT, then INSERT; a primary key decides who was first",
            (false, false) => "SELECT, then INSERT: two clients can both find nothing",
        };
        let card = super::card(self.name, "L-001-DB-P", Form::Intended, "sql", summary)
            .claim(Property::DeadlockFreedom, "0m")
            .without(Property::Interruptibility, "a waiter cannot give up");
        if self.primary_key || self.serializable {
            card.claim(Property::MutualExclusion, "0CT")
                .claim(Property::Fencing, "0C")
                .claim(Property::Ownership, "0CT")
                .claim(Property::Consistency, "0mC")
        } else {
            card.claim(Property::Consistency, "0m")
        }
    }

    fn client(&self, _: NodeId, _: Role, timing: &Timing) -> Box<dyn AnyProcess> {
        let (serializable, retry) = (self.serializable, timing.retry);
        Box::new(Client { serializable, retry, phase: Phase::Idle })
    }

    fn services(&self, _: &Timing) -> Vec<Service> {
        let SelectInsert { primary_key, server_lacks: lacks, .. } = *self;
        let settings = Settings { primary_key, lacks, ..Settings::POSTGRES };
        database_and_resource(Checks::Nothing, Database::new(settings))
    }
}
