//! L-004-PESS-P: lock the row before the access, in a transaction that stays open, and end it
//! afterwards; if it is locked, try again. Safe while the connection lives: if the server notices
//! its end before the client does, both the next client and this one go on.
//!
//! Source: the fifth document, sections 2.1 and 3.1; the lock that the text leaves open is taken to be
//! a database's own, `SELECT ... FOR UPDATE NOWAIT`. Its defects: nothing is said of a holder that
//! asks again, and the `COMMIT` of an inner release ends the outer hold; who comes next is chance.

use contend_model::algorithm::{Algorithm, Card, Form, Role, Service, Timing};
use contend_model::ident::{BACKEND, NodeId};
use contend_model::message::Message;
use contend_model::message::table::{
    Filter, IfLocked, Isolation, Reply, Request, Statement, Table,
};
use contend_model::op::{Notice, Op, Outcome};
use contend_model::process::{AnyProcess, Effects, Event, Process};
use contend_model::property::Property;
use contend_model::symmetry::Permutation;

use super::lock_row;
use crate::service::database_and_resource;
use crate::service::resource::Checks;
use crate::service::table::{Database, Settings};

/// The algorithm.
pub struct Pessimistic;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Client {
    phase: Phase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Phase {
    Idle,
    Locking,
    RollingBack,
    Held,
    Committing,
}

impl Process for Client {
    fn step(&mut self, event: Event, out: &mut Effects) {
        self.phase = match (self.phase, event) {
            (_, Event::Invoke(Op::Acquire)) => {
                let for_update = Some(IfLocked::NoWait);
                let (table, filter) = (Table::Locks, Filter::LOCK);
                let select = Statement::Select { table, filter, for_update };
                out.call(BACKEND, Request::Transact(Isolation::ReadCommitted, select));
                Phase::Locking
            }
            (
                Phase::Locking,
                Event::Deliver { message: Message::TableReply(Reply::Row(Some(_))), .. },
            ) => {
                out.returns(Outcome::Acquired { fence: None });
                Phase::Held
            }
            (Phase::Locking, Event::Deliver { .. }) => {
                out.call(BACKEND, Request::Rollback);
                Phase::RollingBack
            }
            // The transaction ends with its connection, so nothing is left of it.
            (Phase::RollingBack, Event::Deliver { .. })
            | (Phase::Locking | Phase::RollingBack, Event::Disconnected(_)) => {
                out.returns(Outcome::Refused);
                Phase::Idle
            }
            (Phase::Held, Event::Disconnected(_)) => {
                out.notify(Notice::Lost);
                Phase::Idle
            }
            (_, Event::Invoke(Op::Release)) => {
                out.call(BACKEND, Request::Commit);
                Phase::Committing
            }
            (Phase::Committing, Event::Deliver { .. } | Event::Disconnected(_)) => {
                out.returns(Outcome::Released);
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

impl Algorithm for Pessimistic {
    fn card(&self) -> Card {
        super::card(
            "sql-pessimistic",
            "L-004-PESS-P",
            Form::Intended,
            "sql",
            "SELECT ... FOR UPDATE NOWAIT before the access, in a transaction that stays open",
        )
        .claim(Property::MutualExclusion, "0mT")
        .claim(Property::Fencing, "0m")
        .claim(Property::DeadlockFreedom, "0mNCT")
        .claim(Property::Ownership, "0mNCT")
        .claim(Property::Consistency, "0m")
        .without(Property::Interruptibility, "acquire returns at once, so nobody ever waits")
    }

    fn client(&self, _: NodeId, _: Role, _: &Timing) -> Box<dyn AnyProcess> {
        Box::new(Client { phase: Phase::Idle })
    }

    fn services(&self, _: &Timing) -> Vec<Service> {
        let database = Database::new(Settings::POSTGRES).with(Table::Locks, lock_row::FREE_LOCK);
        database_and_resource(Checks::Nothing, database)
    }
}
