//! Locks, one a file.

pub mod get_then_set;
pub mod lock_row;
pub mod redis;
pub mod released_early;
pub mod set;
pub mod set_nx;
pub mod set_nx_forever;
pub mod sql_check_then_access;
pub mod sql_insert_delete;
pub mod sql_insert_update;
pub mod sql_lease;
pub mod sql_pessimistic;
pub mod sql_select_insert;
pub mod sql_session;
pub mod sql_steps;
pub mod sql_update;
pub mod sql_version;
pub mod sql_wait_then_enter;

use contend_model::algorithm::{Card, Form};
use contend_model::message::store::Key;
use contend_model::property::Kind;

/// The key that stands for the lock in a store.
pub const LOCK: Key = Key::named("lock");

/// A card without claims.
fn card(name: &str, document: &str, form: Form, backend: &str, summary: &str) -> Card {
    Card {
        name: name.into(),
        kind: Kind::Lock,
        document: document.into(),
        form,
        backend: backend.into(),
        summary: summary.into(),
        claims: Vec::new(),
        not_offered: Vec::new(),
    }
}
