//! The commands of a stream that one consumer group reads. Source: redis.io/docs/latest/commands,
//! XADD, XREADGROUP, XACK, XAUTOCLAIM, and "Redis Streams", consumer groups.

use std::fmt;

use super::{Command, Key};
use crate::ident::{Item, NodeId};
use crate::message::Message;
use crate::symmetry::{Permutation, Symmetric};
use crate::time::Span;

/// A command on a stream. The group is there from the beginning, created with `XGROUP CREATE key
/// group 0 MKSTREAM`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StreamCommand {
    /// `XADD key * item` → the entry. Asked twice, it adds twice.
    Add(Key, Item),
    /// `if SET once:item 1 NX then XADD key * item` → 1 if added, 0 if it had been before.
    AddOnce(Key, Item),
    /// `XREADGROUP GROUP group consumer COUNT 1 STREAMS key >` → the next entry that no consumer
    /// of the group has had, which is pending from then on, or `Nil`.
    Read {
        /// The stream.
        key: Key,
        /// Who reads.
        consumer: NodeId,
        /// What `XAUTOCLAIM` will be asked for. Servers note when an entry was delivered, and
        /// compute how long ago that is; here a deadline runs from the delivery on.
        min_idle: Span,
    },
    /// `XAUTOCLAIM key group consumer min-idle 0 COUNT 1` → the first pending entry that was
    /// delivered so long ago, which counts as delivered anew, or `Nil`.
    AutoClaim {
        /// The stream.
        key: Key,
        /// Who claims.
        consumer: NodeId,
        /// How long nobody may have had the entry.
        min_idle: Span,
    },
    /// `XACK key group entry` → 1, or 0 if the entry is not pending. Whose it is does not matter.
    Ack(Key, u32),
}

impl From<StreamCommand> for Message {
    fn from(command: StreamCommand) -> Self {
        Message::Store(Command::Stream(command))
    }
}

impl StreamCommand {
    /// The stream.
    pub fn key(self) -> Key {
        match self {
            StreamCommand::Add(key, _)
            | StreamCommand::AddOnce(key, _)
            | StreamCommand::Ack(key, _)
            | StreamCommand::Read { key, .. }
            | StreamCommand::AutoClaim { key, .. } => key,
        }
    }
}

impl fmt::Display for StreamCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StreamCommand::Add(key, item) => write!(f, "XADD {key} * {item}"),
            StreamCommand::AddOnce(key, item) => write!(f, "EVAL add-once {key} {item}"),
            StreamCommand::Read { key, consumer, .. } => {
                write!(f, "XREADGROUP GROUP g {consumer} COUNT 1 STREAMS {key} >")
            }
            StreamCommand::AutoClaim { key, consumer, min_idle } => {
                write!(f, "XAUTOCLAIM {key} g {consumer} {min_idle} 0 COUNT 1")
            }
            StreamCommand::Ack(key, entry) => write!(f, "XACK {key} g {entry}"),
        }
    }
}

impl Symmetric for StreamCommand {
    fn permute(&mut self, permutation: &Permutation) {
        match self {
            StreamCommand::Add(_, item) | StreamCommand::AddOnce(_, item) => {
                item.permute(permutation);
            }
            StreamCommand::Read { consumer, .. } | StreamCommand::AutoClaim { consumer, .. } => {
                consumer.permute(permutation);
            }
            StreamCommand::Ack(..) => {}
        }
    }
}
