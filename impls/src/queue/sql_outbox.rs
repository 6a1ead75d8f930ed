//! A transactional outbox that is read by a position in it: `WHERE id > position ORDER BY id`. Safe
//! while there is one producer.
//!
//! Sources: the PostgreSQL page "Sequence Manipulation Functions" (`nextval` is never rolled back
//! and waits for nobody); a pattern of message relays, for which the catalogue, section 2.2, knows
//! several threads. Its defect: an id is drawn when the row is inserted, and seen when the
//! transaction commits. Whoever has read a later id by then never reads the earlier one.
//!
//! All else is as plain as can be: the position is moved before the work, from where it was read
//! and from nowhere else, so that of two relays that read the same, one has it. `sql-outbox-claim`
//! is the same outbox, read by claims.

use contend_model::algorithm::{Algorithm, Card, Role, Service, Timing};
use contend_model::ident::{BACKEND, Item, NodeId};
use contend_model::message::Message;
use contend_model::message::table::{
    Count, FREE, Filter, Isolation, Key, OnConflict, Reply, Request, Row, Set, Statement, Table,
};
use contend_model::op::{Op, Outcome};
use contend_model::process::{AnyProcess, Effects, Event, Process};
use contend_model::property::Property;
use contend_model::symmetry::{Permutation, Symmetric};

use super::sql_table::{by_id, insert};
use crate::service::database_and_resource;
use crate::service::resource::Checks;
use crate::service::table::{Database, Settings};

/// The row that says how far the outbox was read.
const POSITION: Key = Key::Number(0);

/// The algorithm.
#[derive(Clone, Copy, Debug)]
pub struct SqlOutbox;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Client {
    Idle,
    Inserting,
    CommittingPush,
    /// Asking for the position.
    Looking,
    Reading(u32),
    Moving(Item),
}

fn transact(statement: Statement) -> Request {
    Request::Transact(Isolation::ReadCommitted, statement)
}

fn read_on(position: Option<Row>, out: &mut Effects) -> Client {
    let position = position.map_or(0, |row| row.number);
    let filter = Filter { above: Some(position), ..Filter::default() };
    out.call(BACKEND, Statement::read(Table::Jobs, filter));
    Client::Reading(position)
}

fn move_on(position: u32, read: Option<Row>, out: &mut Effects) -> Client {
    match read {
        Some(Row { key: Key::Number(id), item: Some(item), .. }) => {
            let set = Set { number: Count::To(id), ..Set::default() };
            let filter = Filter { number: Some(position), ..by_id(POSITION) };
            out.call(BACKEND, Statement::update(Table::Versions, set, filter));
            Client::Moving(item)
        }
        _ => end(Outcome::Empty, out),
    }
}

fn end(outcome: Outcome, out: &mut Effects) -> Client {
    out.returns(outcome);
    Client::Idle
}

impl Process for Client {
    fn step(&mut self, event: Event, out: &mut Effects) {
        let reply = match event {
            Event::Deliver { message: Message::TableReply(reply), .. } => Some(reply),
            _ => None,
        };
        let row = match reply {
            Some(Reply::Row(row)) => row,
            _ => None,
        };
        *self = match (*self, event) {
            (_, Event::Invoke(Op::Enqueue(item))) => {
                out.call(BACKEND, transact(insert(item, OnConflict::Fail)));
                Client::Inserting
            }
            (Client::Inserting, Event::Deliver { .. }) => {
                out.call(BACKEND, Request::Commit);
                Client::CommittingPush
            }
            (Client::CommittingPush, Event::Deliver { .. }) => end(Outcome::Enqueued, out),

            (_, Event::Invoke(Op::Dequeue)) => {
                out.call(BACKEND, Statement::read(Table::Versions, by_id(POSITION)));
                Client::Looking
            }
            (Client::Looking, Event::Deliver { .. }) => read_on(row, out),
            (Client::Reading(position), Event::Deliver { .. }) => move_on(position, row, out),
            (Client::Moving(item), Event::Deliver { .. }) => {
                let moved = reply == Some(Reply::Count(1));
                let delivered = Outcome::Delivered { item, ack: false };
                end(if moved { delivered } else { Outcome::Empty }, out)
            }
            (Client::Idle, Event::Disconnected(_)) => Client::Idle,
            (_, Event::Disconnected(_)) => end(Outcome::Unknown, out),
            (phase, _) => phase,
        };
    }

    fn crashed(&self) -> Self {
        Client::Idle
    }

    fn permute(&mut self, permutation: &Permutation) -> bool {
        if let Client::Moving(item) = self {
            item.permute(permutation);
        }
        true
    }
}

impl Algorithm for SqlOutbox {
    fn card(&self) -> Card {
        super::card_without_ack(
            "sql-outbox-position",
            "outbox by sequence position",
            "sql",
            "reads an outbox by position: an id that commits after a later one is never read",
        )
        .claim(Property::NoPhantom, "0NCT")
        .claim(Property::NoDuplicate, "0NCT")
        .claim(Property::AtMostOnce, "0CT")
        .claim(Property::Exclusive, "0NCT")
        .claim(Property::Fifo, "0NCT")
    }

    fn client(&self, _: NodeId, _: Role, _: &Timing) -> Box<dyn AnyProcess> {
        Box::new(Client::Idle)
    }

    fn services(&self, _: &Timing) -> Vec<Service> {
        let start =
            Row { key: POSITION, item: None, owner: None, value: FREE, number: 0, leased: false };
        let database = Database::new(Settings::POSTGRES).with(Table::Versions, start);
        database_and_resource(Checks::Nothing, database)
    }
}
