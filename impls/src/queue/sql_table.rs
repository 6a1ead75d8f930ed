//! Q-000-DB-C: a table; push is `INSERT`, pop is `SELECT ... ORDER BY id LIMIT 1`, `DELETE ...
//! WHERE id` and `COMMIT`. Safe with one consumer that never crashes, on a network that loses
//! nothing.
//!
//! Source: the first document, section 4.2.1. As it stands, the code selects one column and reads
//! the second as the id; every pop of an item ends in an exception, which is caught and returned as
//! None. The intended form selects both columns. Its defects are kept: the `SELECT` locks nothing
//! and nobody asks how many rows the `DELETE` found, so that two consumers get the same item; the
//! item is gone before it is worked on; an error looks like an empty queue. That the values are not
//! quoted is mended. An error in push becomes False, of which nobody can say whether the item is
//! in.

use contend_model::algorithm::{Algorithm, Card, Form, Role, Service, Timing};
use contend_model::ident::{BACKEND, Item, NodeId};
use contend_model::message::Message;
use contend_model::message::table::{
    Filter, Insert, Isolation, Key, OnConflict, Reply, Request, Row, Statement, Table,
};
use contend_model::op::{Op, Outcome};
use contend_model::process::{AnyProcess, Effects, Event, Process};
use contend_model::property::Property;
use contend_model::symmetry::{Permutation, Symmetric};

use crate::service::database_and_resource;
use crate::service::resource::Checks;
use crate::service::table::{Database, Settings};

/// The algorithm.
#[derive(Clone, Copy, Debug)]
pub struct SqlTable {
    /// Whether the id is selected along with the item.
    pub selects_id: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Client {
    selects_id: bool,
    phase: Phase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Phase {
    Idle,
    Inserting,
    CommittingPush,
    Selecting,
    Deleting(Item),
    CommittingPop(Item),
}

/// `INSERT INTO jobs (id, item) VALUES (DEFAULT, item)`.
pub(super) fn insert(item: Item, on_conflict: OnConflict) -> Statement {
    Statement::Insert(Insert {
        table: Table::Jobs,
        key: None,
        item: Some(item),
        owner: None,
        value: contend_model::message::table::FREE,
        number: 0,
        lease: None,
        on_conflict,
        returning: false,
    })
}

/// `WHERE id = key`.
pub(super) fn by_id(key: Key) -> Filter {
    Filter { key: Some(key), ..Filter::default() }
}

fn transact(statement: Statement) -> Request {
    Request::Transact(Isolation::ReadCommitted, statement)
}

impl Client {
    fn selected(&self, row: Option<Row>, out: &mut Effects) -> Phase {
        if let Some(Row { key, item: Some(item), .. }) = row
            && self.selects_id
        {
            let statement = Statement::Delete { table: Table::Jobs, filter: by_id(key) };
            out.call(BACKEND, transact(statement));
            return Phase::Deleting(item);
        }
        out.returns(Outcome::Empty);
        Phase::Idle
    }
}

impl Process for Client {
    fn step(&mut self, event: Event, out: &mut Effects) {
        let reply = match event {
            Event::Deliver { message: Message::TableReply(reply), .. } => Some(reply),
            _ => None,
        };
        self.phase = match (self.phase, event) {
            (_, Event::Invoke(Op::Enqueue(item))) => {
                out.call(BACKEND, transact(insert(item, OnConflict::Fail)));
                Phase::Inserting
            }
            (Phase::Inserting, Event::Deliver { .. }) => {
                out.call(BACKEND, Request::Commit);
                Phase::CommittingPush
            }
            (Phase::CommittingPush, Event::Deliver { .. }) => {
                out.returns(Outcome::Enqueued);
                Phase::Idle
            }
            (Phase::Inserting | Phase::CommittingPush, Event::Disconnected(_)) => {
                out.returns(Outcome::Unknown);
                Phase::Idle
            }

            (_, Event::Invoke(Op::Dequeue)) => {
                // It locks nothing, so it may as well be outside of the transaction.
                out.call(BACKEND, Statement::read(Table::Jobs, Filter::default()));
                Phase::Selecting
            }
            (Phase::Selecting, Event::Deliver { .. }) => match reply {
                Some(Reply::Row(row)) => self.selected(row, out),
                _ => self.selected(None, out),
            },
            // How many rows there were is not asked.
            (Phase::Deleting(item), Event::Deliver { .. }) => {
                out.call(BACKEND, Request::Commit);
                Phase::CommittingPop(item)
            }
            (Phase::CommittingPop(item), Event::Deliver { .. }) => {
                out.returns(Outcome::Delivered { item, ack: false });
                Phase::Idle
            }
            (
                Phase::Selecting | Phase::Deleting(_) | Phase::CommittingPop(_),
                Event::Disconnected(_),
            ) => {
                out.returns(Outcome::Empty);
                Phase::Idle
            }
            (phase, _) => phase,
        };
    }

    fn crashed(&self) -> Self {
        Client { phase: Phase::Idle, ..self.clone() }
    }

    fn permute(&mut self, permutation: &Permutation) -> bool {
        if let Phase::Deleting(item) | Phase::CommittingPop(item) = &mut self.phase {
            item.permute(permutation);
        }
        true
    }
}

impl Algorithm for SqlTable {
    fn card(&self) -> Card {
        if !self.selects_id {
            let summary = "the id is read from a column that was not selected: pop returns None";
            let card = super::card_without_ack("sql-table-raw", "Q-000-DB-C", "sql", summary);
            return Card { form: Form::Raw, ..card };
        }
        super::card_without_ack(
            "sql-table",
            "Q-000-DB-C",
            "sql",
            "SELECT the first row and DELETE it: two consumers get it, before the work",
        )
        .claim(Property::NoLoss, "0")
        .claim(Property::NoPhantom, "0NCT")
        .claim(Property::AtLeastOnce, "0")
        .claim(Property::Fifo, "0NCT")
        .claim(Property::Emptiness, "0")
        .claim(Property::Progress, "0")
    }

    fn client(&self, _: NodeId, _: Role, _: &Timing) -> Box<dyn AnyProcess> {
        Box::new(Client { selects_id: self.selects_id, phase: Phase::Idle })
    }

    fn services(&self, _: &Timing) -> Vec<Service> {
        database_and_resource(Checks::Nothing, Database::new(Settings::POSTGRES))
    }
}
