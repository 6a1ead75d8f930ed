//! Locks, one a file.

pub mod etcd;
pub mod get_then_set;
pub mod redis;
pub mod released_early;
pub mod set;
pub mod set_nx;
pub mod set_nx_forever;
pub mod zookeeper;

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
