//! L-002-DB-C: `UPDATE ... SET value = 1` and `COMMIT` to acquire, `SET value = 0` to release. Safe under
//! no assumption: the update asks nothing, and what it found is not looked at.
//!
//! Source: the third document, section 4.1. The two other forms test that one row was affected, as
//! the document might have meant. Where the server counts the rows that *match* this changes nothing.
//! Where it counts those that *change*, as MySQL does unless `CLIENT_FOUND_ROWS` is set, the test
//! happens to be a compare-and-set, and the lock is safe while nobody crashes, no message is lost, and
//! nobody releases what it does not hold.

use contend_model::algorithm::{Algorithm, Card, Form, Role, Service, Timing};
use contend_model::ident::{BACKEND, NodeId};
use contend_model::message::Message;
use contend_model::message::table::{FREE, HELD, Isolation, Key, Reply, Request, Table};
use contend_model::op::{Op, Outcome};
use contend_model::process::{AnyProcess, Effects, Event, Process};
use contend_model::property::Property;
use contend_model::symmetry::Permutation;

use super::lock_row;
use crate::service::database_and_resource;
use crate::service::resource::Checks;
use crate::service::table::{Counts, Database, Settings};

/// The algorithm.
#[derive(Clone, Copy, Debug)]
pub struct Update {
    /// The name in the registry.
    pub name: &'static str,
    /// Whether acquire tests that one row was affected.
    pub tests: bool,
    /// What the server counts as affected.
    pub counts: Counts,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Client {
    tests: bool,
    phase: Phase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Phase {
    Idle,
    Updating(Op),
    Committing(Op, u8),
}

impl Process for Client {
    fn step(&mut self, event: Event, out: &mut Effects) {
        self.phase = match (self.phase, event) {
            (_, Event::Invoke(op @ (Op::Acquire | Op::Release))) => {
                let value = if op == Op::Acquire { HELD } else { FREE };
                let update = lock_row::update(Key::Lock, value);
                out.call(BACKEND, Request::Transact(Isolation::ReadCommitted, update));
                Phase::Updating(op)
            }
            (
                Phase::Updating(op),
                Event::Deliver { message: Message::TableReply(Reply::Count(affected)), .. },
            ) => {
                out.call(BACKEND, Request::Commit);
                Phase::Committing(op, affected)
            }
            (Phase::Committing(Op::Acquire, affected), Event::Deliver { .. }) => {
                let refused = self.tests && affected != 1;
                let acquired = Outcome::Acquired { fence: None };
                out.returns(if refused { Outcome::Refused } else { acquired });
                Phase::Idle
            }
            (Phase::Committing(..), Event::Deliver { .. }) => {
                out.returns(Outcome::Released);
                Phase::Idle
            }
            // The exception reaches the caller, who cannot tell what happened.
            (Phase::Updating(_) | Phase::Committing(..), Event::Disconnected(_)) => {
                out.returns(Outcome::Unknown);
                Phase::Idle
            }
            (phase, _) => phase,
        };
    }

    fn crashed(&self) -> Self {
        Client { tests: self.tests, phase: Phase::Idle }
    }

    fn permute(&mut self, _: &Permutation) -> bool {
        true
    }
}

impl Algorithm for Update {
    fn card(&self) -> Card {
        let summary = match (self.tests, self.counts) {
            (false, _) => "UPDATE to 1 and to 0: every acquisition succeeds",
            (true, Counts::Matched) => "UPDATE that tests how many rows matched: they always do",
            (true, Counts::Changed) => "UPDATE that tests how many rows changed: a CAS by accident",
        };
        let card = super::card(self.name, "L-002-DB-C", Form::Intended, "sql", summary)
            .without(Property::Interruptibility, "acquire returns at once, so nobody ever waits");
        if self.tests && self.counts == Counts::Changed {
            // A COMMIT that comes late or twice ends no other transaction than its own.
            card.claim(Property::MutualExclusion, "0NCT")
                .claim(Property::Fencing, "0C")
                .claim(Property::DeadlockFreedom, "0m")
                .claim(Property::Ownership, "0NCT")
                .claim(Property::Consistency, "0mC")
        } else {
            card.claim(Property::DeadlockFreedom, "0mNCT").claim(Property::Consistency, "0m")
        }
    }

    fn client(&self, _: NodeId, _: Role, _: &Timing) -> Box<dyn AnyProcess> {
        Box::new(Client { tests: self.tests, phase: Phase::Idle })
    }

    fn services(&self, _: &Timing) -> Vec<Service> {
        let settings = Settings { counts: self.counts, ..Settings::POSTGRES };
        let database = Database::new(settings).with(Table::Locks, lock_row::FREE_LOCK);
        database_and_resource(Checks::Nothing, database)
    }
}
