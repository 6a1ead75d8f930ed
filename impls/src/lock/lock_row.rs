//! The row that stands for a lock in the documents' tables, and the statements about it.

use contend_model::message::table::{
    FREE, Filter, HELD, Insert, Key, OnConflict, Row, Set, Statement, Table,
};

/// The row of a lock that nobody has had yet, where the algorithm wants it to be there.
pub const FREE_LOCK: Row =
    Row { key: Key::Lock, item: None, owner: None, value: FREE, number: 0, leased: false };

/// `INSERT INTO locks (name, acquired) VALUES (key, 1)`.
pub fn insert(key: Key) -> Statement {
    Statement::Insert(Insert {
        table: Table::Locks,
        key: Some(key),
        item: None,
        owner: None,
        value: HELD,
        number: 0,
        lease: None,
        on_conflict: OnConflict::Fail,
        returning: false,
    })
}

/// `SELECT * FROM locks WHERE name = 'lock'`.
pub fn select() -> Statement {
    Statement::read(Table::Locks, Filter::LOCK)
}

/// `DELETE FROM locks WHERE name = 'lock'`.
pub fn delete() -> Statement {
    Statement::Delete { table: Table::Locks, filter: Filter::LOCK }
}

/// `UPDATE locks SET acquired = value WHERE name = key`.
pub fn update(key: Key, value: u8) -> Statement {
    let set = Set { value: Some(value), ..Set::default() };
    Statement::update(Table::Locks, set, Filter { key: Some(key), ..Filter::default() })
}
