//! The vocabulary of a queue in the memory of one process.

use std::fmt;

use crate::ident::Item;
use crate::message::Message;
use crate::symmetry::{Permutation, Symmetric};

/// A call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Request {
    /// Appends → `Done`.
    Put(Item),
    /// Removes the oldest → `Taken`, or `Empty`.
    Take,
}

/// What a call gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reply {
    /// Appended.
    Done,
    /// The oldest item.
    Taken(Item),
    /// There is none.
    Empty,
}

impl From<Request> for Message {
    fn from(request: Request) -> Self {
        Message::Memory(request)
    }
}

impl From<Reply> for Message {
    fn from(reply: Reply) -> Self {
        Message::MemoryReply(reply)
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Request::Put(item) => write!(f, "put({item})"),
            Request::Take => f.write_str("take()"),
        }
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reply::Done => f.write_str("done"),
            Reply::Taken(item) => item.fmt(f),
            Reply::Empty => f.write_str("empty"),
        }
    }
}

impl Symmetric for Request {
    fn permute(&mut self, permutation: &Permutation) {
        if let Request::Put(item) = self {
            item.permute(permutation);
        }
    }
}

impl Symmetric for Reply {
    fn permute(&mut self, permutation: &Permutation) {
        if let Reply::Taken(item) = self {
            item.permute(permutation);
        }
    }
}
