//! R-DB-SESSION: a lock that ends with its session: a row locked by an open transaction, or a session
//! advisory lock. Safe while the connection lives; deadlock-free even when it does not.
//!
//! Sources: the PostgreSQL documentation, "Explicit Locking": "Row-Level Locks" and "Advisory
//! Locks". The server frees the lock when *it* notices that the connection is gone. A holder that
//! notices later, and effects that are not part of the transaction, are not protected. The server serves
//! waiters in order of arrival, but a client whose patience ends closes its connection and loses its
//! place, so no fairness is claimed. Whoever gives up cancels the statement, and gives back what it may
//! have got all the same.

use contend_model::algorithm::{Algorithm, Card, Form, Role, Service, Timing};
use contend_model::ident::{BACKEND, NodeId};
use contend_model::message::Message;
use contend_model::message::table::{
    Filter, IfLocked, Isolation, Reply, Request, Statement, Table, Until,
};
use contend_model::op::{Notice, Op, Outcome};
use contend_model::process::{AnyProcess, Effects, Event, Process};
use contend_model::property::Property;
use contend_model::symmetry::Permutation;
use contend_model::time::Range;
use contend_model::timer::Timer;

use super::lock_row;
use crate::service::database_and_resource;
use crate::service::resource::Checks;
use crate::service::table::{self, Database, Settings};

/// The number of the advisory lock.
const KEY: u8 = 1;

/// What is locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum What {
    /// A row: `SELECT ... FOR UPDATE` in a transaction that stays open.
    Row,
    /// `pg_advisory_lock`, which the server counts.
    Advisory,
}

/// The algorithm and its settings.
#[derive(Clone, Copy, Debug)]
pub struct Session {
    /// The name in the registry.
    pub name: &'static str,
    /// What is locked.
    pub what: What,
    /// The check that the client has forgotten.
    pub lacks: Option<Guard>,
    /// The check that the server has forgotten.
    pub server_lacks: Option<table::Guard>,
}

/// A check that the client makes. Tests take one away to see whether the suite notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Guard {
    /// The row is locked within a transaction.
    OpensTransaction,
    /// `FOR UPDATE`.
    LocksRow,
    /// Only the last release of a nested hold ends the transaction.
    CountsDepth,
    /// An acquisition that is given up is given back if it was granted after all.
    CancelGivesBack,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Client {
    what: What,
    lacks: Option<Guard>,
    retry: Range,
    phase: Phase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Phase {
    Idle,
    Asking {
        cancelled: bool,
    },
    /// The connection is gone; about to ask again.
    Retrying,
    /// Giving back what came too late, or ending a transaction that has failed.
    Undoing {
        cancelled: bool,
    },
    Held {
        depth: u8,
    },
    /// The server counts one more hold, or one less.
    Nesting {
        depth: u8,
    },
    Unnesting {
        depth: u8,
    },
    Releasing,
}

impl Client {
    fn has(&self, guard: Guard) -> bool {
        self.lacks != Some(guard)
    }

    fn ask(&self, out: &mut Effects) -> Phase {
        out.call(BACKEND, self.request());
        Phase::Asking { cancelled: false }
    }

    fn request(&self) -> Request {
        if self.what == What::Advisory {
            return Request::Execute(Statement::AdvisoryLock(KEY, Until::SessionEnd));
        }
        let for_update = self.has(Guard::LocksRow).then_some(IfLocked::Wait);
        let select = Statement::Select { table: Table::Locks, filter: Filter::LOCK, for_update };
        if self.has(Guard::OpensTransaction) {
            Request::Transact(Isolation::ReadCommitted, select)
        } else {
            Request::Execute(select)
        }
    }

    fn give_back(&self, out: &mut Effects) {
        let request = match self.what {
            What::Row => Request::Rollback,
            What::Advisory => Request::Execute(Statement::AdvisoryUnlock(KEY)),
        };
        out.call(BACKEND, request);
    }

    fn answered(&self, cancelled: bool, reply: Reply, out: &mut Effects) -> Phase {
        let granted = matches!(reply, Reply::Done | Reply::Row(Some(_)));
        let failed_transaction = !granted && self.what == What::Row;
        if granted && !cancelled {
            out.returns(Outcome::Acquired { fence: None });
            Phase::Held { depth: 0 }
        } else if granted && self.has(Guard::CancelGivesBack) || failed_transaction {
            self.give_back(out);
            Phase::Undoing { cancelled }
        } else {
            self.undone(cancelled, out)
        }
    }

    fn undone(&self, cancelled: bool, out: &mut Effects) -> Phase {
        if cancelled {
            out.returns(Outcome::Cancelled);
            return Phase::Idle;
        }
        out.arm(Timer::Poll, self.retry);
        Phase::Retrying
    }

    fn release(&self, out: &mut Effects) -> Phase {
        let request = match self.what {
            What::Row => Request::Commit,
            What::Advisory => Request::Execute(Statement::AdvisoryUnlock(KEY)),
        };
        out.call(BACKEND, request);
        Phase::Releasing
    }
}

impl Process for Client {
    fn step(&mut self, event: Event, out: &mut Effects) {
        let reply = match event {
            Event::Deliver { message: Message::TableReply(reply), .. } => Some(reply),
            _ => None,
        };
        let counted_here = self.what == What::Row;
        self.phase = match (self.phase, event) {
            (Phase::Idle, Event::Invoke(Op::Acquire)) => self.ask(out),
            (Phase::Asking { cancelled }, Event::Deliver { .. }) => match reply {
                Some(reply) => self.answered(cancelled, reply, out),
                None => self.phase,
            },
            // With the connection, whatever was asked for is gone.
            (Phase::Asking { cancelled }, Event::Disconnected(_)) => self.undone(cancelled, out),
            (Phase::Retrying, Event::Fire(Timer::Poll)) => self.ask(out),

            (Phase::Asking { .. }, Event::Invoke(Op::Cancel)) => {
                out.send(BACKEND, Request::Cancel);
                Phase::Asking { cancelled: true }
            }
            (Phase::Retrying, Event::Invoke(Op::Cancel)) => {
                out.disarm(Timer::Poll);
                self.undone(true, out)
            }
            (Phase::Undoing { .. }, Event::Invoke(Op::Cancel)) => {
                Phase::Undoing { cancelled: true }
            }
            (Phase::Undoing { cancelled }, Event::Deliver { .. } | Event::Disconnected(_)) => {
                self.undone(cancelled, out)
            }

            (Phase::Held { depth }, Event::Invoke(Op::Acquire)) if counted_here => {
                out.returns(Outcome::Acquired { fence: None });
                Phase::Held { depth: depth + 1 }
            }
            (Phase::Held { depth }, Event::Invoke(Op::Release))
                if counted_here && depth > 0 && self.has(Guard::CountsDepth) =>
            {
                out.returns(Outcome::Released);
                Phase::Held { depth: depth - 1 }
            }
            (Phase::Held { depth }, Event::Invoke(Op::Acquire)) => {
                out.call(BACKEND, self.request());
                Phase::Nesting { depth }
            }
            (Phase::Nesting { depth }, Event::Deliver { .. }) => {
                out.returns(Outcome::Acquired { fence: None });
                Phase::Held { depth: depth + 1 }
            }
            (Phase::Held { depth }, Event::Invoke(Op::Release)) if depth > 0 => {
                self.release(out);
                Phase::Unnesting { depth }
            }
            (Phase::Unnesting { depth }, Event::Deliver { .. }) => {
                out.returns(Outcome::Released);
                Phase::Held { depth: depth - 1 }
            }
            (Phase::Held { .. }, Event::Invoke(Op::Release)) => self.release(out),

            (Phase::Held { .. }, Event::Disconnected(_)) => {
                out.notify(Notice::Lost);
                Phase::Idle
            }
            (Phase::Nesting { .. }, Event::Disconnected(_)) => {
                out.notify(Notice::Lost);
                self.undone(false, out)
            }
            (Phase::Unnesting { .. }, Event::Disconnected(_)) => {
                out.notify(Notice::Lost);
                out.returns(Outcome::Released);
                Phase::Idle
            }

            // The server is asked even when nothing is held: it knows whose lock it is.
            (Phase::Idle, Event::Invoke(Op::Release)) if self.what == What::Advisory => {
                self.release(out)
            }
            (Phase::Idle, Event::Invoke(Op::Release)) => {
                out.returns(Outcome::NotHeld);
                Phase::Idle
            }
            (Phase::Releasing, Event::Deliver { .. }) => {
                let released = matches!(reply, Some(Reply::Done | Reply::Bool(true)));
                out.returns(if released { Outcome::Released } else { Outcome::NotHeld });
                Phase::Idle
            }
            // The session has ended, and the lock with it.
            (Phase::Releasing, Event::Disconnected(_)) => {
                out.returns(Outcome::Released);
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

impl Algorithm for Session {
    fn card(&self) -> Card {
        let summary = match self.what {
            What::Row => "SELECT ... FOR UPDATE in a transaction that stays open while held",
            What::Advisory => "pg_advisory_lock: held, counted and queued for by the server",
        };
        super::card(self.name, "R-DB-SESSION", Form::Repaired, "sql", summary)
            .claim(Property::MutualExclusion, "0mT")
            .claim(Property::Fencing, "0m")
            .claim(Property::DeadlockFreedom, "0mNCT")
            .claim(Property::Ownership, "0mNCT")
            .claim(Property::Reentrancy, "0mT")
            .claim(Property::Interruptibility, "0mNCT")
            .claim(Property::Fairness, "0T")
            .claim(Property::Consistency, "0m")
    }

    fn client(&self, _: NodeId, _: Role, timing: &Timing) -> Box<dyn AnyProcess> {
        let Session { what, lacks, .. } = *self;
        Box::new(Client { what, lacks, retry: timing.retry, phase: Phase::Idle })
    }

    fn services(&self, _: &Timing) -> Vec<Service> {
        let settings = Settings { lacks: self.server_lacks, ..Settings::POSTGRES };
        let database = Database::new(settings);
        let database = match self.what {
            What::Row => database.with(Table::Locks, lock_row::FREE_LOCK),
            What::Advisory => database,
        };
        database_and_resource(Checks::Nothing, database)
    }
}
