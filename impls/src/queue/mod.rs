//! Queues, one a file.

pub mod blocking_list;
pub mod delayed;
pub mod file_claim;
pub mod file_offset;
pub mod file_per_message;
pub mod kafka_group;
pub mod kafka_per_call;
pub mod list;
pub mod memory;
mod pushing;
pub mod reliable_list;
pub mod rmq;
pub mod rmq_confirmed;
pub mod sql_claim;
pub mod sql_locked_consumer;
pub mod sql_outbox;
pub mod sql_table;
pub mod stream;
pub mod task_server;
pub mod task_server_prose;
pub mod visibility;

use contend_model::algorithm::{Card, Form, Timing};
use contend_model::message::store::Key;
use contend_model::property::{Kind, Property};

use crate::circle::numbers;

/// The list, or the sorted set, that stands for the queue in a store.
pub const QUEUE: Key = Key::named("queue");

/// The number after this one, in a circle of at least so many.
fn next_number(number: u16, few: u16, timing: &Timing) -> u16 {
    (number + 1) % numbers(timing.lease, few)
}

/// A card without claims.
fn card(name: &str, document: &str, form: Form, backend: &str, summary: &str) -> Card {
    Card {
        name: name.into(),
        kind: Kind::Queue,
        document: document.into(),
        form,
        backend: backend.into(),
        summary: summary.into(),
        claims: Vec::new(),
        not_offered: Vec::new(),
        discipline: Default::default(),
    }
}

/// A card of a queue whose consumers acknowledge nothing.
fn card_without_ack(name: &str, document: &str, backend: &str, summary: &str) -> Card {
    card(name, document, Form::Intended, backend, summary).without(
        Property::TerminalStays,
        "an item is gone once it is taken; nothing is acknowledged",
    )
}

/// Why a queue whose consumers wait, or are sent what there is, says nothing of emptiness.
const NEVER_SAYS_EMPTY: &str =
    "a consumer gets an item or goes on waiting; it is never told that there is none";

/// Why a queue of delayed jobs says nothing of emptiness.
const NOT_BEFORE_ITS_TIME: &str = "a job is not there before its time, although it was put there";
