//! The vocabulary of a SQL server: statements over tables of locks, jobs and versions, advisory
//! locks, and transactions. Statements are built from the parts that the algorithms need, and are
//! shown as the SQL that they stand for. Source: the PostgreSQL documentation, part VI (SQL commands)
//! and "System Administration Functions" (advisory locks).
//! A long file, since it is one list of the parts of statements.

mod sql;

use crate::ident::{Item, Token};
use crate::message::Message;
use crate::symmetry::{Permutation, Symmetric};
use crate::time::Span;

/// A table. All have the same columns under names of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    /// `locks (name, owner, acquired, fence, expires_at)`.
    Locks,
    /// `jobs (id, item, worker, state, attempt, lease_until)`.
    Jobs,
    /// `versions (name, version)`.
    Versions,
}

/// What the first column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// `'lock'`.
    Lock,
    /// A number, as a sequence gives it.
    Number(u32),
    /// `lock` without quotes: the name of a column that does not exist.
    Unquoted,
}

/// A job that is to be done, or a lock that is free.
pub const FREE: u8 = 0;
/// A job that somebody works on, or a lock that is held.
pub const HELD: u8 = 1;
/// A job that is done.
pub const DONE: u8 = 2;

/// What a condition asks of a row's lease, on the server's clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Standing {
    /// Nothing.
    #[default]
    Any,
    /// `expires_at > clock_timestamp()`.
    Lasts,
    /// `expires_at <= clock_timestamp()`.
    Ended,
    /// `(owner IS NULL OR expires_at <= clock_timestamp())`.
    Free,
    /// `(state = 'ready' OR (state = 'running' AND lease_until <= clock_timestamp()))`.
    Claimable,
}

/// `WHERE`: all of what is not left out must hold. Nothing at all holds of every row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Filter {
    /// The first column equals this.
    pub key: Option<Key>,
    /// The first column is a number above this.
    pub above: Option<u32>,
    /// The item equals this.
    pub item: Option<Item>,
    /// The owner equals this.
    pub owner: Option<Token>,
    /// The state equals this.
    pub value: Option<u8>,
    /// The fence, attempt or version equals this.
    pub number: Option<u32>,
    /// What is asked of the lease.
    pub standing: Standing,
}

/// What `SET` does to the number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Count {
    /// Nothing.
    #[default]
    Keep,
    /// `fence = locks.fence + 1`.
    Next,
    /// `attempt = jobs.attempt % n + 1`: numbers that come again, where only a few may be told apart.
    Cycle(u32),
    /// `version = n`.
    To(u32),
}

/// What `SET` does to the lease.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Lease {
    /// Nothing.
    #[default]
    Keep,
    /// `expires_at = clock_timestamp() + interval`.
    For(Span),
    /// `expires_at = clock_timestamp()`.
    End,
}

/// `SET`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Set {
    /// `Some(None)` is `NULL`.
    pub owner: Option<Option<Token>>,
    /// The state.
    pub value: Option<u8>,
    /// The number.
    pub number: Count,
    /// The lease.
    pub lease: Lease,
}

/// What `INSERT` does if the primary key is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OnConflict {
    /// It fails.
    Fail,
    /// `ON CONFLICT DO NOTHING`.
    Nothing,
    /// `ON CONFLICT (name) DO UPDATE SET ... WHERE ...`.
    Update(Set, Filter),
}

/// `INSERT INTO table (...) VALUES (...)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Insert {
    /// Into which table.
    pub table: Table,
    /// The first column; `None` for the next number of the table's sequence.
    pub key: Option<Key>,
    /// The item.
    pub item: Option<Item>,
    /// The owner.
    pub owner: Option<Token>,
    /// The state.
    pub value: u8,
    /// The number.
    pub number: u32,
    /// How long the lease lasts from now; `None` is `NULL`.
    pub lease: Option<Span>,
    /// What if the primary key is taken.
    pub on_conflict: OnConflict,
    /// `RETURNING`: the row is answered instead of how many there were.
    pub returning: bool,
}

/// What a statement does about a row that another transaction has locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IfLocked {
    /// It waits, and looks at the row anew.
    Wait,
    /// `NOWAIT`: it fails.
    NoWait,
    /// `SKIP LOCKED`: it passes the row over.
    Skip,
}

/// Which of the rows that match are updated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Pick {
    /// All.
    All,
    /// `WITH claim AS MATERIALIZED (SELECT ... ORDER BY id LIMIT 1 FOR UPDATE ...)`: the first.
    First(IfLocked),
}

/// A statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Statement {
    /// → `Count`, or `Row` if the row is to be returned; or `UniqueViolation`.
    Insert(Insert),
    /// `SELECT * FROM table WHERE ... [FOR UPDATE ...]` → `Row`: the first, in order of the key.
    Select {
        /// From which table.
        table: Table,
        /// Which rows.
        filter: Filter,
        /// `FOR UPDATE`, and what if somebody else has locked the row.
        for_update: Option<IfLocked>,
    },
    /// `UPDATE table SET ... WHERE ... [RETURNING *]` → `Count` or `Row`.
    Update {
        /// Of which table.
        table: Table,
        /// What to change.
        set: Set,
        /// In which rows.
        filter: Filter,
        /// In all of them?
        pick: Pick,
        /// Whether the row is answered.
        returning: bool,
    },
    /// `DELETE FROM table WHERE ...` → `Count`.
    Delete {
        /// From which table.
        table: Table,
        /// Which rows.
        filter: Filter,
    },
    /// `SELECT nextval('jobs_id_seq')` → `Number`.
    NextVal(Table),
    /// `SELECT pg_advisory_lock(key)` → `Done` once it is held.
    AdvisoryLock(u8, Until),
    /// `SELECT pg_try_advisory_lock(key)` → `Bool`.
    TryAdvisoryLock(u8, Until),
    /// `SELECT pg_advisory_unlock(key)` → `Bool`: whether the session had it.
    AdvisoryUnlock(u8),
}

/// How long an advisory lock lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Until {
    /// Until it is unlocked as often as it was locked, or the session ends.
    SessionEnd,
    /// `pg_advisory_xact_lock`: until the transaction ends.
    TransactionEnd,
}

/// How much a transaction sees of others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Isolation {
    /// Each statement sees what was committed before it.
    ReadCommitted,
    /// The transaction is as if it ran alone, or fails.
    Serializable,
}

/// A request of one session, which is one connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Request {
    /// `BEGIN` → `Done`.
    Begin(Isolation),
    /// A statement within the open transaction, or in one of its own.
    Execute(Statement),
    /// `BEGIN; statement` in one message, as drivers without autocommit send it.
    Transact(Isolation, Statement),
    /// `COMMIT` → `Done`, or `RolledBack` if the transaction had failed.
    Commit,
    /// `ROLLBACK` → `RolledBack`.
    Rollback,
    /// The statement that the session waits for is cancelled; there is no answer of its own.
    Cancel,
}

/// A row, as it is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Row {
    /// The first column.
    pub key: Key,
    /// The item.
    pub item: Option<Item>,
    /// The owner.
    pub owner: Option<Token>,
    /// The state.
    pub value: u8,
    /// The fence, attempt or version.
    pub number: u32,
    /// Whether the row has a lease that has not ended on the server's clock.
    pub leased: bool,
}

/// Why a statement failed. The transaction is rolled back with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Error {
    /// 23505.
    UniqueViolation,
    /// 40001.
    SerializationFailure,
    /// 40P01.
    DeadlockDetected,
    /// 55P03: `NOWAIT` found a lock.
    LockNotAvailable,
    /// 57014: at the client's request.
    QueryCanceled,
    /// 25P02: an earlier statement of the transaction has failed.
    InFailedTransaction,
    /// 42703.
    UndefinedColumn,
}

/// An answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reply {
    /// Done.
    Done,
    /// The transaction was rolled back.
    RolledBack,
    /// How many rows were affected.
    Count(u8),
    /// The first row, if there is one.
    Row(Option<Row>),
    /// A number.
    Number(u32),
    /// A truth value.
    Bool(bool),
    /// It failed.
    Error(Error),
}

impl Filter {
    /// `WHERE name = 'lock'`.
    pub const LOCK: Filter = Filter {
        key: Some(Key::Lock),
        above: None,
        item: None,
        owner: None,
        value: None,
        number: None,
        standing: Standing::Any,
    };
}

impl Statement {
    /// `SELECT` without a lock.
    pub const fn read(table: Table, filter: Filter) -> Self {
        Statement::Select { table, filter, for_update: None }
    }

    /// `UPDATE` of all rows that match, answered by their number.
    pub const fn update(table: Table, set: Set, filter: Filter) -> Self {
        Statement::Update { table, set, filter, pick: Pick::All, returning: false }
    }
}

impl From<Request> for Message {
    fn from(request: Request) -> Self {
        Message::Table(request)
    }
}

impl From<Statement> for Message {
    fn from(statement: Statement) -> Self {
        Message::Table(Request::Execute(statement))
    }
}

impl From<Reply> for Message {
    fn from(reply: Reply) -> Self {
        Message::TableReply(reply)
    }
}

impl Symmetric for Filter {
    fn permute(&mut self, permutation: &Permutation) {
        self.item.permute(permutation);
        self.owner.permute(permutation);
    }
}

impl Symmetric for Set {
    fn permute(&mut self, permutation: &Permutation) {
        if let Some(owner) = &mut self.owner {
            owner.permute(permutation);
        }
    }
}

impl Symmetric for Statement {
    fn permute(&mut self, permutation: &Permutation) {
        match self {
            Statement::Insert(insert) => {
                insert.item.permute(permutation);
                insert.owner.permute(permutation);
                if let OnConflict::Update(set, filter) = &mut insert.on_conflict {
                    set.permute(permutation);
                    filter.permute(permutation);
                }
            }
            Statement::Update { set, filter, .. } => {
                set.permute(permutation);
                filter.permute(permutation);
            }
            Statement::Select { filter, .. } | Statement::Delete { filter, .. } => {
                filter.permute(permutation);
            }
            Statement::NextVal(_)
            | Statement::AdvisoryLock(..)
            | Statement::TryAdvisoryLock(..)
            | Statement::AdvisoryUnlock(_) => {}
        }
    }
}

impl Symmetric for Request {
    fn permute(&mut self, permutation: &Permutation) {
        match self {
            Request::Execute(statement) | Request::Transact(_, statement) => {
                statement.permute(permutation);
            }
            Request::Begin(_) | Request::Commit | Request::Rollback | Request::Cancel => {}
        }
    }
}

impl Symmetric for Row {
    fn permute(&mut self, permutation: &Permutation) {
        self.item.permute(permutation);
        self.owner.permute(permutation);
    }
}

impl Symmetric for Reply {
    fn permute(&mut self, permutation: &Permutation) {
        if let Reply::Row(row) = self {
            row.permute(permutation);
        }
    }
}
