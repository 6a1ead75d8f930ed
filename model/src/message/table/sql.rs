//! How statements and answers read: as SQL, with each table's own names for its columns.

use std::fmt;

use super::{
    Count, Error, FREE, Filter, IfLocked, Insert, Isolation, Key, Lease, OnConflict, Pick, Reply,
    Request, Row, Set, Standing, Statement, Table, Until,
};

/// The names of a table's columns.
struct Columns {
    key: &'static str,
    owner: &'static str,
    value: &'static str,
    number: &'static str,
    lease: &'static str,
}

impl Table {
    fn columns(self) -> Columns {
        match self {
            Table::Locks => Columns {
                key: "name",
                owner: "owner",
                value: "acquired",
                number: "fence",
                lease: "expires_at",
            },
            Table::Jobs => Columns {
                key: "id",
                owner: "worker",
                value: "state",
                number: "attempt",
                lease: "lease_until",
            },
            Table::Versions => Columns {
                key: "name",
                owner: "owner",
                value: "state",
                number: "version",
                lease: "expires_at",
            },
        }
    }

    /// The literal for a value of the state column.
    fn literal(self, value: u8) -> &'static str {
        match (self, value) {
            (Table::Jobs, FREE) => "'ready'",
            (Table::Jobs, super::HELD) => "'running'",
            (Table::Jobs, _) => "'done'",
            (_, FREE) => "0",
            (_, super::HELD) => "1",
            (_, _) => "2",
        }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Table::Locks => "locks",
            Table::Jobs => "jobs",
            Table::Versions => "versions",
        })
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Key::Lock => f.write_str("'lock'"),
            Key::Number(number) => number.fmt(f),
            Key::Unquoted => f.write_str("lock"),
        }
    }
}

/// Items of a list, with something between them.
struct Joined<'a>(&'a [String], &'a str);

impl fmt::Display for Joined<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(self.1))
    }
}

fn conditions(table: Table, filter: &Filter) -> Vec<String> {
    let Columns { key, owner, value, number, lease } = table.columns();
    let mut all = Vec::new();
    all.extend(filter.key.map(|wanted| format!("{key} = {wanted}")));
    all.extend(filter.above.map(|bound| format!("{key} > {bound}")));
    all.extend(filter.item.map(|wanted| format!("item = {wanted}")));
    all.extend(filter.owner.map(|wanted| format!("{owner} = {wanted}")));
    all.extend(filter.value.map(|wanted| format!("{value} = {}", table.literal(wanted))));
    all.extend(filter.number.map(|wanted| format!("{number} = {wanted}")));
    let ended = format!("{lease} <= clock_timestamp()");
    match filter.standing {
        Standing::Any => {}
        Standing::Lasts => all.push(format!("{lease} > clock_timestamp()")),
        Standing::Ended => all.push(ended),
        Standing::Free => all.push(format!("({owner} IS NULL OR {ended})")),
        Standing::Claimable => {
            all.push(format!("({value} = 'ready' OR {value} = 'running' AND {ended})"));
        }
    }
    all
}

fn write_where(f: &mut fmt::Formatter<'_>, table: Table, filter: &Filter) -> fmt::Result {
    let all = conditions(table, filter);
    if all.is_empty() { Ok(()) } else { write!(f, " WHERE {}", Joined(&all, " AND ")) }
}

fn write_set(f: &mut fmt::Formatter<'_>, table: Table, set: &Set) -> fmt::Result {
    let Columns { owner, value, number, lease, .. } = table.columns();
    let mut all = Vec::new();
    all.extend(set.owner.map(|new| match new {
        Some(token) => format!("{owner} = {token}"),
        None => format!("{owner} = NULL"),
    }));
    all.extend(set.value.map(|new| format!("{value} = {}", table.literal(new))));
    match set.number {
        Count::Keep => {}
        Count::Next => all.push(format!("{number} = {table}.{number} + 1")),
        Count::Cycle(most) => all.push(format!("{number} = {table}.{number} % {most} + 1")),
        Count::To(new) => all.push(format!("{number} = {new}")),
    }
    match set.lease {
        Lease::Keep => {}
        Lease::For(span) => all.push(format!("{lease} = clock_timestamp() + '{span} ms'")),
        Lease::End => all.push(format!("{lease} = clock_timestamp()")),
    }
    write!(f, " SET {}", Joined(&all, ", "))
}

impl fmt::Display for Insert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.table.columns();
        let mut columns = vec![names.key.to_owned()];
        let mut values = vec![self.key.map_or("DEFAULT".to_owned(), |key| key.to_string())];
        let mut put = |column: &str, value: Option<String>| {
            if let Some(value) = value {
                columns.push(column.to_owned());
                values.push(value);
            }
        };
        put("item", self.item.map(|item| item.to_string()));
        put(names.owner, self.owner.map(|owner| owner.to_string()));
        let value = (self.value != FREE).then(|| self.table.literal(self.value).to_owned());
        put(names.value, value);
        put(names.number, (self.number != 0).then(|| self.number.to_string()));
        put(names.lease, self.lease.map(|span| format!("clock_timestamp() + '{span} ms'")));
        let (columns, values) = (Joined(&columns, ", "), Joined(&values, ", "));
        write!(f, "INSERT INTO {} ({columns}) VALUES ({values})", self.table)?;
        match &self.on_conflict {
            OnConflict::Fail => {}
            OnConflict::Nothing => f.write_str(" ON CONFLICT DO NOTHING")?,
            OnConflict::Update(set, filter) => {
                write!(f, " ON CONFLICT ({}) DO UPDATE", names.key)?;
                write_set(f, self.table, set)?;
                write_where(f, self.table, filter)?;
            }
        }
        f.write_str(if self.returning { " RETURNING *" } else { "" })
    }
}

impl fmt::Display for IfLocked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            IfLocked::Wait => " FOR UPDATE",
            IfLocked::NoWait => " FOR UPDATE NOWAIT",
            IfLocked::Skip => " FOR UPDATE SKIP LOCKED",
        })
    }
}

impl Until {
    fn infix(self) -> &'static str {
        match self {
            Until::SessionEnd => "",
            Until::TransactionEnd => "_xact",
        }
    }
}

impl fmt::Display for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Statement::Insert(insert) => insert.fmt(f),
            Statement::Select { table, filter, for_update } => {
                write!(f, "SELECT * FROM {table}")?;
                write_where(f, *table, filter)?;
                if filter.key.is_none() {
                    write!(f, " ORDER BY {} LIMIT 1", table.columns().key)?;
                }
                for_update.map_or(Ok(()), |if_locked| if_locked.fmt(f))
            }
            Statement::Update { table, set, filter, pick, returning } => {
                let key = table.columns().key;
                match pick {
                    Pick::All => {
                        write!(f, "UPDATE {table}")?;
                        write_set(f, *table, set)?;
                        write_where(f, *table, filter)?;
                    }
                    Pick::First(if_locked) => {
                        write!(f, "WITH c AS MATERIALIZED (SELECT {key} FROM {table}")?;
                        write_where(f, *table, filter)?;
                        write!(f, " ORDER BY {key} LIMIT 1{if_locked}) UPDATE {table}")?;
                        write_set(f, *table, set)?;
                        write!(f, " FROM c WHERE {table}.{key} = c.{key}")?;
                    }
                }
                f.write_str(if *returning { " RETURNING *" } else { "" })
            }
            Statement::Delete { table, filter } => {
                write!(f, "DELETE FROM {table}")?;
                write_where(f, *table, filter)
            }
            Statement::NextVal(table) => {
                write!(f, "SELECT nextval('{table}_{}_seq')", table.columns().key)
            }
            Statement::AdvisoryLock(key, until) => {
                write!(f, "SELECT pg_advisory{}_lock({key})", until.infix())
            }
            Statement::TryAdvisoryLock(key, until) => {
                write!(f, "SELECT pg_try_advisory{}_lock({key})", until.infix())
            }
            Statement::AdvisoryUnlock(key) => write!(f, "SELECT pg_advisory_unlock({key})"),
        }
    }
}

impl fmt::Display for Isolation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Isolation::ReadCommitted => "BEGIN",
            Isolation::Serializable => "BEGIN ISOLATION LEVEL SERIALIZABLE",
        })
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Request::Begin(isolation) => isolation.fmt(f),
            Request::Execute(statement) => statement.fmt(f),
            Request::Transact(isolation, statement) => write!(f, "{isolation}; {statement}"),
            Request::Commit => f.write_str("COMMIT"),
            Request::Rollback => f.write_str("ROLLBACK"),
            Request::Cancel => f.write_str("cancel the running statement"),
        }
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({}", self.key)?;
        if let Some(item) = self.item {
            write!(f, ", {item}")?;
        }
        if let Some(owner) = self.owner {
            write!(f, ", {owner}")?;
        }
        write!(f, ", {}, {}", self.value, self.number)?;
        f.write_str(if self.leased { ", leased)" } else { ")" })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Error::UniqueViolation => "23505 duplicate key",
            Error::SerializationFailure => "40001 could not serialize access",
            Error::DeadlockDetected => "40P01 deadlock detected",
            Error::LockNotAvailable => "55P03 could not obtain lock",
            Error::QueryCanceled => "57014 cancelled",
            Error::InFailedTransaction => "25P02 transaction is aborted",
            Error::UndefinedColumn => "42703 no such column",
        })
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reply::Done => f.write_str("done"),
            Reply::RolledBack => f.write_str("rolled back"),
            Reply::Count(1) => f.write_str("1 row"),
            Reply::Count(count) => write!(f, "{count} rows"),
            Reply::Row(Some(row)) => row.fmt(f),
            Reply::Row(None) => f.write_str("no row"),
            Reply::Number(number) => number.fmt(f),
            Reply::Bool(true) => f.write_str("true"),
            Reply::Bool(false) => f.write_str("false"),
            Reply::Error(error) => write!(f, "ERROR {error}"),
        }
    }
}
