//! A SQL server: tables, row locks, unique keys, transactions, sequences, advisory locks, as
//! PostgreSQL has them; affected rows are counted as PostgreSQL or as MySQL counts them.
//!
//! Sources: the PostgreSQL documentation, "Transaction Isolation", "Explicit Locking", "Index
//! Uniqueness Checks", "Serialization Failure Handling", "Sequence Manipulation Functions",
//! "Asynchronous Commit", and the pages of INSERT, UPDATE and SELECT; MySQL's C API,
//! `mysql_affected_rows()`.
//!
//! One connection is one session, and a session asks one thing at a time. What has to wait for
//! another transaction is not answered until it can go on, in order of arrival. The clock is
//! `clock_timestamp()`, not `now()`: `now()` is the start of the transaction, and after a wait it
//! would call a lease alive that has ended.

mod advisory;
mod insert;
mod rows;
mod run;
mod transaction;

use contend_model::ident::{NodeId, Peer};
use contend_model::message::Message;
use contend_model::message::table::{Error, Reply, Request, Row, Table};
use contend_model::process::{Effects, Event, Process};
use contend_model::symmetry::{Permutation, Symmetric};
use contend_model::time::{Range, Span};
use contend_model::timer::Timer;

use advisory::Advisory;
use rows::{Rows, Version};
use run::Waiting;
use transaction::Transaction;

/// Whose grant a row stands for, as the judges see it; no statement can read it.
type Grantee = Option<NodeId>;

/// When what was committed is on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Durability {
    /// `synchronous_commit = on`: before the reply.
    Always,
    /// `synchronous_commit = off`: after at most this long.
    Every(Span),
}

/// Which rows `UPDATE` counts as affected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Counts {
    /// Those that match: PostgreSQL, and MySQL with `CLIENT_FOUND_ROWS`.
    Matched,
    /// Those that are different afterwards: MySQL unless told otherwise.
    Changed,
}

/// A check that the server makes. Tests take one away to see whether the suite notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Guard {
    /// A primary key is unique.
    UniqueKey,
    /// Whoever inserts a key that another transaction is inserting waits for its end.
    SeesUncommittedKeys,
    /// A row that an open transaction has locked or changed is not touched by others.
    LocksRows,
    /// After a wait the condition is evaluated anew.
    RechecksAfterWait,
    /// Serializable transactions whose reads are overtaken fail.
    DetectsSerializationFailures,
    /// What a transaction did is undone when it is rolled back.
    RollbackUndoes,
    /// A session whose connection has ended is rolled back and loses its locks.
    EndsSessions,
    /// A statement that waits for a connection that has ended is not carried out.
    ForgetsTheDisconnected,
    /// An advisory lock has one holder.
    AdvisoryExcludes,
    /// An advisory lock is unlocked as often as it was locked.
    AdvisoryCounts,
    /// Only the holder unlocks an advisory lock.
    UnlockNeedsHolder,
    /// Leases end.
    Expiry,
    /// With `synchronous_commit = on`, what was committed survives a crash.
    SyncsBeforeReply,
}

/// How a server is set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Settings {
    /// When what was committed is on disk.
    pub durability: Durability,
    /// Whether `locks.name` is a primary key. Jobs and versions have one in any case.
    pub primary_key: bool,
    /// Whether there is a unique index on `jobs.item`.
    pub unique_items: bool,
    /// Which rows `UPDATE` counts.
    pub counts: Counts,
    /// The check that this server has forgotten.
    pub lacks: Option<Guard>,
}

impl Settings {
    /// PostgreSQL as it comes, with a primary key.
    pub const POSTGRES: Settings = Settings {
        durability: Durability::Always,
        primary_key: true,
        unique_items: false,
        counts: Counts::Matched,
        lacks: None,
    };
}

/// The server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Database {
    settings: Settings,
    rows: Rows,
    advisory: Advisory,
    /// Open transactions, by session.
    transactions: Vec<Transaction>,
    /// Statements that wait, in order of arrival.
    waiting: Vec<Waiting>,
    /// The last number drawn from each table's sequence.
    drawn: [u32; 3],
    /// What a crash would leave, unless everything is synced before the reply.
    synced: Option<Vec<Version>>,
    /// Whether the timer that brings the disk up to date runs.
    syncing: bool,
    /// Which deadlines run, one bit each.
    deadlines: u64,
}

impl Database {
    /// A server with empty tables.
    pub fn new(settings: Settings) -> Self {
        let lags = match settings.durability {
            Durability::Always => settings.lacks == Some(Guard::SyncsBeforeReply),
            Durability::Every(_) => true,
        };
        Database {
            settings,
            rows: Rows::default(),
            advisory: Advisory::default(),
            transactions: Vec::new(),
            waiting: Vec::new(),
            drawn: [0; 3],
            synced: lags.then(Vec::new),
            syncing: false,
            deadlines: 0,
        }
    }

    /// The same with a committed row in one of its tables; a lease it has is one that has ended.
    #[must_use]
    pub fn with(mut self, table: Table, row: Row) -> Self {
        self.rows.put(table, row);
        if let Some(synced) = &mut self.synced {
            *synced = self.rows.committed();
        }
        self
    }

    /// The committed rows of a table, in order of their keys.
    pub fn committed(&self, table: Table) -> Vec<Row> {
        self.rows.table(table)
    }

    fn has(&self, guard: Guard) -> bool {
        self.settings.lacks != Some(guard)
    }

    fn serve(&mut self, peer: Peer, request: Request, out: &mut Effects) {
        let waits = self.waiting.iter().any(|waiting| waiting.peer == peer);
        match request {
            Request::Cancel => return self.cancel(peer, out),
            _ if waits => return,
            _ => {}
        }
        let reply = match request {
            Request::Begin(isolation) => {
                self.begin(peer, isolation);
                Some(Reply::Done)
            }
            Request::Commit => Some(self.commit(peer, out)),
            Request::Rollback => Some(self.roll_back(peer, out)),
            Request::Transact(isolation, statement) => {
                self.begin(peer, isolation);
                self.execute(peer, statement, out)
            }
            Request::Execute(statement) => self.execute(peer, statement, out),
            Request::Cancel => None,
        };
        if let Some(reply) = reply {
            out.reply(peer, reply);
        }
    }

    fn cancel(&mut self, peer: Peer, out: &mut Effects) {
        let place = self.waiting.iter().position(|waiting| waiting.peer == peer);
        if let Some(place) = place {
            self.waiting.remove(place);
            out.reply(peer, self.fail(peer, Error::QueryCanceled));
        }
    }

    /// The server has noticed that a connection is gone.
    fn hang_up(&mut self, peer: Peer) {
        if self.has(Guard::ForgetsTheDisconnected) {
            self.waiting.retain(|waiting| waiting.peer != peer);
        }
        if self.has(Guard::EndsSessions) {
            self.undo(peer);
            self.transactions.retain(|transaction| transaction.peer != peer);
            self.advisory.end_session(peer);
        }
    }

    /// Brings the disk up to date in time, and deadlines in line with the rows.
    fn settle(&mut self, out: &mut Effects) {
        if let (Some(synced), Durability::Every(span)) = (&self.synced, self.settings.durability)
            && !self.syncing
            && *synced != self.rows.committed()
        {
            self.syncing = true;
            out.arm(Timer::Sync, Range::up_to(span));
        }
        let needed = self.deadlines_in_use();
        let mut idle = self.deadlines & !needed;
        while idle != 0 {
            out.disarm(Timer::Deadline(idle.trailing_zeros() as u8));
            idle &= idle - 1;
        }
        self.deadlines = needed;
    }

    fn deadlines_in_use(&self) -> u64 {
        let on_disk = self.synced.iter().flatten().map(|version| &version.image);
        let seen = self.transactions.iter().flat_map(Transaction::images);
        self.rows
            .images()
            .chain(on_disk)
            .chain(seen)
            .filter_map(|image| image.deadline())
            .fold(0u64, |needed, deadline| needed | 1 << deadline)
    }

    /// Starts a deadline that no version of any row has.
    fn deadline(&mut self, after: Span, out: &mut Effects) -> u8 {
        let deadline = (!self.deadlines).trailing_zeros() as u8;
        assert!(deadline < 64, "a server keeps at most 64 deadlines at once");
        self.deadlines |= 1 << deadline;
        out.arm(Timer::Deadline(deadline), after);
        deadline
    }

    fn expire(&mut self, deadline: u8) {
        self.deadlines &= !(1 << deadline);
        let ends = self.has(Guard::Expiry);
        let on_disk = self.synced.iter_mut().flatten().map(|version| &mut version.image);
        let seen = self.transactions.iter_mut().flat_map(Transaction::images_mut);
        for image in self.rows.images_mut().chain(on_disk).chain(seen) {
            image.expire(deadline, ends);
        }
    }
}

impl Process for Database {
    fn step(&mut self, event: Event, out: &mut Effects) {
        match event {
            Event::Deliver { from, message: Message::Table(request) } => {
                self.serve(from, request, out);
            }
            Event::Fire(Timer::Deadline(deadline)) => self.expire(deadline),
            Event::Fire(Timer::Sync) => {
                self.syncing = false;
                self.synced = Some(self.rows.committed());
            }
            Event::Disconnected(peer) => self.hang_up(peer),
            _ => {}
        }
        self.resume_waiting(out);
        let named = !self.waiting.is_empty()
            || self.synced.is_some()
            || self.transactions.iter().any(|transaction| transaction.ids().next().is_some());
        if !named {
            self.rows.rename();
        }
        self.settle(out);
    }

    fn crashed(&self) -> Self {
        let on_disk = self.synced.clone().unwrap_or_else(|| self.rows.committed());
        Database {
            settings: self.settings,
            rows: Rows::recovered(&on_disk),
            advisory: Advisory::default(),
            transactions: Vec::new(),
            waiting: Vec::new(),
            drawn: self.drawn,
            synced: self.synced.as_ref().map(|_| on_disk),
            syncing: false,
            deadlines: self.deadlines,
        }
    }

    fn permute(&mut self, permutation: &Permutation) -> bool {
        // Rows that share a key are visited in the order of the clients who inserted them.
        if !self.settings.primary_key {
            return false;
        }
        self.rows.permute(permutation);
        self.advisory.permute(permutation);
        self.transactions.permute(permutation);
        self.transactions.sort_unstable_by_key(|transaction| transaction.peer);
        self.waiting.permute(permutation);
        for version in self.synced.iter_mut().flatten() {
            version.image.permute(permutation);
        }
        true
    }
}
