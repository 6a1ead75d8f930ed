//! What a caller asks of a lock or a queue, and what it hears back.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ident::Item;

/// A call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Op {
    /// Obtain the lock, at once or after waiting, as the algorithm offers it.
    Acquire,
    /// Give the lock back.
    Release,
    /// Give up the acquisition that is under way; afterwards nothing of it may be left.
    Cancel,
    /// Put an item into the queue.
    Enqueue(Item),
    /// Take the next item.
    Dequeue,
    /// The item was worked on: it must not come back.
    Ack(Item),
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Op::Acquire => f.write_str("acquire"),
            Op::Release => f.write_str("release"),
            Op::Cancel => f.write_str("cancel"),
            Op::Enqueue(item) => write!(f, "enqueue {item}"),
            Op::Dequeue => f.write_str("dequeue"),
            Op::Ack(item) => write!(f, "ack {item}"),
        }
    }
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Outcome {
    /// The lock is held; the fencing token, where the algorithm has one.
    Acquired {
        /// Grows with every grant; to be sent along with every effect.
        fence: Option<u32>,
    },
    /// Not obtained, and (so the algorithm says) nothing left behind. The caller may try again.
    Refused,
    /// Given back.
    Released,
    /// There was nothing to give back: the lock was not, or no longer, the caller's.
    NotHeld,
    /// The acquisition was given up and cleaned away.
    Cancelled,
    /// The item is in the queue.
    Enqueued,
    /// An item was taken out of the queue, and is to be acknowledged if `ack` says so.
    Delivered {
        /// What was taken.
        item: Item,
        /// Whether the algorithm wants to hear of the end of the work.
        ack: bool,
    },
    /// There was nothing to take.
    Empty,
    /// The end of the work is recorded.
    Acked,
    /// The delivery was no longer the caller's when it reported the end of the work.
    Stale,
    /// Nobody can say whether the call took effect.
    Unknown,
}

impl Outcome {
    /// Jepsen's three ways to end: `ok` took effect, `fail` did not, `info` is anybody's guess.
    pub fn completion(self) -> Completion {
        match self {
            Outcome::Acquired { .. }
            | Outcome::Released
            | Outcome::Cancelled
            | Outcome::Enqueued
            | Outcome::Delivered { .. }
            | Outcome::Acked => Completion::Ok,
            Outcome::Refused | Outcome::NotHeld | Outcome::Empty | Outcome::Stale => {
                Completion::Failed
            }
            Outcome::Unknown => Completion::Unknown,
        }
    }
}

/// The three ways for a call to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Completion {
    /// It took effect.
    Ok,
    /// It took no effect.
    Failed,
    /// It may or may not have taken effect, or may do so yet.
    Unknown,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Outcome::Acquired { fence: None } => f.write_str("acquired"),
            Outcome::Acquired { fence: Some(fence) } => write!(f, "acquired, fence {fence}"),
            Outcome::Refused => f.write_str("refused"),
            Outcome::Released => f.write_str("released"),
            Outcome::NotHeld => f.write_str("not held"),
            Outcome::Cancelled => f.write_str("cancelled"),
            Outcome::Enqueued => f.write_str("enqueued"),
            Outcome::Delivered { item, .. } => write!(f, "delivered {item}"),
            Outcome::Empty => f.write_str("empty"),
            Outcome::Acked => f.write_str("acknowledged"),
            Outcome::Stale => f.write_str("stale"),
            Outcome::Unknown => f.write_str("unknown"),
        }
    }
}

/// What an algorithm tells its caller unasked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Notice {
    /// The lock that the caller holds can no longer be relied upon.
    Lost,
    /// Somebody else waits for the lock that the caller holds: it is asked to come to an end.
    Wanted,
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Notice::Lost => f.write_str("lease lost"),
            Notice::Wanted => f.write_str("lock wanted by another"),
        }
    }
}
