//! The commands of a sorted set whose scores are moments: when each member is due. Source:
//! redis.io/docs/latest/commands, ZADD, ZRANGEBYSCORE, ZREM, TIME, and "Scripting with Lua" (a
//! script may read the server's clock).
//!
//! Every score is the server's clock plus a span, as a script computes it that calls `TIME`, and
//! `now` in a range is the same clock. Whoever sends a reading of its own clock instead is off by as
//! much as that clock is.

use std::fmt;

use super::{Command, Key, When};
use crate::ident::{Item, Token};
use crate::message::Message;
use crate::symmetry::{Permutation, Symmetric};
use crate::time::Span;

/// The key under which the receipt of an item's last delivery is kept.
pub const RECEIPT: &str = "receipt";

/// A command on a sorted set, or a script about one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SortedSetCommand {
    /// `ZADD key [NX|XX] now+ms item` → how many members are new. A member that is there already
    /// gets the new score, unless `NX` forbids it.
    Add {
        /// The set.
        key: Key,
        /// The member.
        item: Item,
        /// Whether to write.
        when: When,
        /// How long from now the member is due.
        after: Span,
    },
    /// `if SET once:item 1 NX then ZADD key now+ms item` → 1 if added, 0 if it had been before.
    AddOnce {
        /// The set.
        key: Key,
        /// The member, which is its own idempotency key.
        item: Item,
        /// How long from now the member is due.
        after: Span,
    },
    /// `ZRANGEBYSCORE key -inf now LIMIT 0 1` → the member that has been due for longest, or `Nil`.
    FirstDue(Key),
    /// `ZREM key item` → how many were removed.
    Remove(Key, Item),
    /// `ZRANGEBYSCORE key -inf now LIMIT 0 1, ZADD key now+ms item, SET receipt:item receipt` → the
    /// item or `Nil`. Without a receipt, nothing says whose delivery was the last.
    Receive {
        /// The set.
        key: Key,
        /// What the receiver will know its delivery by.
        receipt: Option<Token>,
        /// How long nobody else is to have the item.
        visibility: Span,
    },
    /// `if GET receipt:item == receipt then ZREM key item, DEL receipt:item` → how many were removed.
    Settle {
        /// The set.
        key: Key,
        /// The item that is done.
        item: Item,
        /// The receipt of its delivery.
        receipt: Token,
    },
    /// `if GET receipt:item == receipt then ZADD key now item, DEL receipt:item` → 1 or 0.
    GiveBack {
        /// The set.
        key: Key,
        /// The item that is for somebody else.
        item: Item,
        /// The receipt of its delivery.
        receipt: Token,
    },
}

impl From<SortedSetCommand> for Message {
    fn from(command: SortedSetCommand) -> Self {
        Message::Store(Command::SortedSet(command))
    }
}

impl SortedSetCommand {
    /// The set.
    pub fn key(self) -> Key {
        match self {
            SortedSetCommand::FirstDue(key)
            | SortedSetCommand::Remove(key, _)
            | SortedSetCommand::Add { key, .. }
            | SortedSetCommand::AddOnce { key, .. }
            | SortedSetCommand::Receive { key, .. }
            | SortedSetCommand::Settle { key, .. }
            | SortedSetCommand::GiveBack { key, .. } => key,
        }
    }
}

/// A score: a moment on the server's clock, so long from now.
struct Score(Span);

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Span::ZERO => f.write_str("now"),
            span => write!(f, "now+{span}"),
        }
    }
}

impl fmt::Display for SortedSetCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            SortedSetCommand::Add { key, item, when, after } => {
                let when = match when {
                    When::Always => "",
                    When::Absent => " NX",
                    When::Present => " XX",
                };
                write!(f, "ZADD {key}{when} {} {item}", Score(after))
            }
            SortedSetCommand::AddOnce { key, item, after } => {
                write!(f, "EVAL add-once {key} {} {item}", Score(after))
            }
            SortedSetCommand::FirstDue(key) => write!(f, "ZRANGEBYSCORE {key} -inf now LIMIT 0 1"),
            SortedSetCommand::Remove(key, item) => write!(f, "ZREM {key} {item}"),
            SortedSetCommand::Receive { key, receipt, visibility } => {
                write!(f, "EVAL receive {key} {}", Score(visibility))?;
                receipt.map_or(Ok(()), |receipt| write!(f, " {receipt}"))
            }
            SortedSetCommand::Settle { key, item, receipt } => {
                write!(f, "EVAL settle {key} {item} {receipt}")
            }
            SortedSetCommand::GiveBack { key, item, receipt } => {
                write!(f, "EVAL give-back {key} {item} {receipt}")
            }
        }
    }
}

impl Symmetric for SortedSetCommand {
    fn permute(&mut self, permutation: &Permutation) {
        match self {
            SortedSetCommand::Add { item, .. }
            | SortedSetCommand::AddOnce { item, .. }
            | SortedSetCommand::Remove(_, item) => item.permute(permutation),
            SortedSetCommand::Receive { receipt, .. } => receipt.permute(permutation),
            SortedSetCommand::Settle { item, receipt, .. }
            | SortedSetCommand::GiveBack { item, receipt, .. } => {
                item.permute(permutation);
                receipt.permute(permutation);
            }
            SortedSetCommand::FirstDue(_) => {}
        }
    }
}
