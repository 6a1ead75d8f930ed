//! Locks, one a file.

pub mod cache_nx;
mod ending;
pub mod etcd;
pub mod exists_then_set;
pub mod file_exclusive;
pub mod file_flock;
pub mod file_stat;
pub mod get_then_set;
pub mod lock_row;
pub mod redis;
pub mod redis_read_write;
pub mod redis_semaphore;
pub mod redlock;
pub mod released_early;
pub mod server;
pub mod server_flag;
pub mod set;
pub mod set_nx;
pub mod set_nx_forever;
pub mod slots;
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
pub mod steps_cache;
pub mod zookeeper;

use contend_model::algorithm::{Card, Form};
use contend_model::discipline::Discipline;
use contend_model::message::files::Path;
use contend_model::message::store::Key;
use contend_model::property::Kind;

/// The key that stands for the lock in a store.
pub const LOCK: Key = Key::named("lock");

/// The file that stands for the lock in a file system.
pub const LOCK_FILE: Path = Path::named("lock");

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
        not_offered: Card::seldom_offered(Kind::Lock),
        discipline: Discipline::Exclusive,
    }
}
