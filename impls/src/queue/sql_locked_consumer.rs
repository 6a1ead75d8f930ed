//! Q-002-LOCKED-CONSUMER: a consumer takes a lock, reads the head of the queue, works, removes the
//! item and gives the lock back, "so that a message is not consumed several times". Safe while
//! nobody crashes, no message is lost, and the work is done before the lease of the lock ends.
//!
//! Source: the second document, section 2.2, which names the lock as the means and says no more.
//! The lock here is a sound one (R-DB-CAS without a fence: a row with owner and lease), and so is
//! the order: the item is removed after the work and before the lock is given back. The defect is
//! the idea: a lock says who may begin, not what has been done. Who crashes after the work and
//! before the removal, or works past the lease, has the item consumed again.

use contend_model::algorithm::{Algorithm, Card, Form, Role, Service, Timing};
use contend_model::ident::{BACKEND, NodeId, Token};
use contend_model::message::Message;
use contend_model::message::table::{
    FREE, Filter, Key, Lease, OnConflict, Pick, Reply, Row, Set, Standing, Statement, Table,
};
use contend_model::op::{Op, Outcome};
use contend_model::process::{AnyProcess, Effects, Event, Process};
use contend_model::property::Property;
use contend_model::symmetry::{Permutation, Symmetric};

use super::next_number;
use super::sql_table::{by_id, insert};
use crate::service::database_and_resource;
use crate::service::resource::Checks;
use crate::service::table::{Database, Settings};

/// How many tokens a client has at least; it takes another after each question without an answer.
const TOKENS: u16 = 4;

/// The algorithm.
#[derive(Clone, Copy, Debug)]
pub struct LockedConsumer;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Client {
    timing: Timing,
    token: Token,
    phase: Phase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Phase {
    Idle,
    Inserting,
    Locking,
    Reading,
    /// Holding the lock; the item of this id was delivered.
    Working(Key),
    Removing,
    /// Giving the lock back, and what to say then; `None` if it is to be taken anew.
    Unlocking(Option<Outcome>),
}

impl Client {
    fn lock(&self, out: &mut Effects) -> Phase {
        let lease = Lease::For(self.timing.lease);
        let set = Set { owner: Some(Some(self.token)), lease, ..Set::default() };
        let filter = Filter { standing: Standing::Free, ..Filter::LOCK };
        let (table, pick) = (Table::Locks, Pick::All);
        out.call(BACKEND, Statement::Update { table, set, filter, pick, returning: true });
        Phase::Locking
    }

    fn unlock(&self, then: Option<Outcome>, out: &mut Effects) -> Phase {
        let standing = Standing::Lasts;
        let own = Filter { owner: Some(self.token), standing, ..Filter::LOCK };
        let set = Set { owner: Some(None), lease: Lease::End, ..Set::default() };
        out.call(BACKEND, Statement::update(Table::Locks, set, own));
        Phase::Unlocking(then)
    }

    fn end(outcome: Outcome, out: &mut Effects) -> Phase {
        out.returns(outcome);
        Phase::Idle
    }
}

impl Process for Client {
    fn step(&mut self, event: Event, out: &mut Effects) {
        let row = match event {
            Event::Deliver { message: Message::TableReply(Reply::Row(row)), .. } => row,
            _ => None,
        };
        self.phase = match (self.phase, event) {
            (phase, Event::Start { incarnation }) => {
                self.token.incarnation = incarnation;
                phase
            }
            (Phase::Idle, Event::Invoke(Op::Enqueue(item))) => {
                out.call(BACKEND, insert(item, OnConflict::Fail));
                Phase::Inserting
            }
            (Phase::Inserting, Event::Deliver { .. }) => Client::end(Outcome::Enqueued, out),

            (Phase::Idle, Event::Invoke(Op::Dequeue)) => self.lock(out),
            // What was delivered came to nothing.
            (Phase::Working(_), Event::Invoke(Op::Dequeue)) => self.unlock(None, out),
            (Phase::Locking, Event::Deliver { .. }) if row.is_some() => {
                out.call(BACKEND, Statement::read(Table::Jobs, Filter::default()));
                Phase::Reading
            }
            (Phase::Locking, Event::Deliver { .. }) => Client::end(Outcome::Empty, out),
            (Phase::Reading, Event::Deliver { .. }) => match row {
                Some(Row { key, item: Some(item), .. }) => {
                    out.returns(Outcome::Delivered { item, ack: true });
                    Phase::Working(key)
                }
                _ => self.unlock(Some(Outcome::Empty), out),
            },
            (Phase::Working(key), Event::Invoke(Op::Ack(_))) => {
                out.call(BACKEND, Statement::Delete { table: Table::Jobs, filter: by_id(key) });
                Phase::Removing
            }
            (Phase::Removing, Event::Deliver { .. }) => self.unlock(Some(Outcome::Acked), out),
            // What is not given back ends by its lease.
            (Phase::Unlocking(Some(outcome)), Event::Deliver { .. } | Event::Disconnected(_)) => {
                Client::end(outcome, out)
            }
            (Phase::Unlocking(None), Event::Deliver { .. } | Event::Disconnected(_)) => {
                self.lock(out)
            }
            (
                Phase::Inserting | Phase::Locking | Phase::Reading | Phase::Removing,
                Event::Disconnected(_),
            ) => {
                self.token.serial = next_number(self.token.serial, TOKENS, &self.timing);
                Client::end(Outcome::Unknown, out)
            }
            (phase, _) => phase,
        };
    }

    fn crashed(&self) -> Self {
        let token = Token { serial: 0, ..self.token };
        Client { token, phase: Phase::Idle, timing: self.timing }
    }

    fn permute(&mut self, permutation: &Permutation) -> bool {
        self.token.permute(permutation);
        true
    }
}

impl Algorithm for LockedConsumer {
    fn card(&self) -> Card {
        super::card(
            "sql-locked-consumer",
            "Q-002-LOCKED-CONSUMER",
            Form::Intended,
            "sql",
            "a lock around reading, working and removing: it does not say what has been done",
        )
        .claim(Property::NoLoss, "0NCT")
        .claim(Property::NoPhantom, "0NCT")
        .claim(Property::NoDuplicate, "0")
        .claim(Property::AtLeastOnce, "0NCT")
        .claim(Property::AtMostOnce, "0")
        .claim(Property::Exclusive, "0C")
        .claim(Property::Fifo, "0NCT")
        .claim(Property::TerminalStays, "0CT")
        .claim(Property::Progress, "0NCT")
    }

    fn client(&self, me: NodeId, _: Role, timing: &Timing) -> Box<dyn AnyProcess> {
        let token = Token { client: me, incarnation: 0, serial: 0 };
        Box::new(Client { timing: *timing, token, phase: Phase::Idle })
    }

    fn services(&self, _: &Timing) -> Vec<Service> {
        let free =
            Row { key: Key::Lock, item: None, owner: None, value: FREE, number: 0, leased: false };
        let database = Database::new(Settings::POSTGRES).with(Table::Locks, free);
        database_and_resource(Checks::Nothing, database)
    }
}
