//! The vocabulary of task servers: the one that the fourth document describes in section 3.4, whose
//! tasks are neither acknowledged nor told apart by attempts, and the repaired one.

use std::fmt;

use crate::ident::Item;
use crate::message::Message;
use crate::symmetry::{Permutation, Symmetric};

/// A request. The first three are the document's; the others are the repaired server's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Request {
    /// A task for the queue; nobody answers.
    Send {
        /// Which.
        item: Item,
        /// Whether it goes before tasks that are not.
        urgent: bool,
    },
    /// A node is free; it is answered with a task as soon as there is one.
    Free,
    /// The result of a task; nobody answers.
    Result {
        /// Which task.
        item: Item,
        /// Whether it was carried out.
        success: bool,
    },
    /// `SUBMIT item` → `Accepted`, once it is on disk. Submitted twice, it counts once.
    Submit {
        /// Which.
        item: Item,
        /// Whether it goes before tasks that are not.
        urgent: bool,
    },
    /// `FETCH` → `Attempt`, or `NoTask`.
    Fetch,
    /// `COMPLETE item attempt` → `Recorded`, or `Stale` if that attempt is not the current one.
    Complete {
        /// Which task.
        item: Item,
        /// The how many-th attempt at it.
        attempt: u8,
    },
    /// `FAIL item attempt`: as `COMPLETE`, but the task is to be tried again.
    Fail {
        /// Which task.
        item: Item,
        /// The how many-th attempt at it.
        attempt: u8,
    },
}

/// An answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reply {
    /// The document's: a task to carry out.
    Task(Item),
    /// The task is on disk.
    Accepted,
    /// A task to carry out within the lease.
    Attempt {
        /// Which.
        item: Item,
        /// The how many-th attempt at it, from 1.
        attempt: u8,
    },
    /// There is nothing to do.
    NoTask,
    /// The end of the attempt is on disk.
    Recorded,
    /// The attempt was over before, or is somebody else's now.
    Stale,
}

impl From<Request> for Message {
    fn from(request: Request) -> Self {
        Message::TaskServer(request)
    }
}

impl From<Reply> for Message {
    fn from(reply: Reply) -> Self {
        Message::TaskServerReply(reply)
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let weight = |urgent| if urgent { " urgent" } else { "" };
        match *self {
            Request::Send { item, urgent } => write!(f, "TASK {item}{}", weight(urgent)),
            Request::Free => f.write_str("FREE"),
            Request::Result { item, success: true } => write!(f, "RESULT {item} success"),
            Request::Result { item, success: false } => write!(f, "RESULT {item} failure"),
            Request::Submit { item, urgent } => write!(f, "SUBMIT {item}{}", weight(urgent)),
            Request::Fetch => f.write_str("FETCH"),
            Request::Complete { item, attempt } => write!(f, "COMPLETE {item} attempt {attempt}"),
            Request::Fail { item, attempt } => write!(f, "FAIL {item} attempt {attempt}"),
        }
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Reply::Task(item) => write!(f, "TASK {item}"),
            Reply::Accepted => f.write_str("ACCEPTED"),
            Reply::Attempt { item, attempt } => write!(f, "ATTEMPT {attempt} at {item}"),
            Reply::NoTask => f.write_str("NO TASK"),
            Reply::Recorded => f.write_str("RECORDED"),
            Reply::Stale => f.write_str("STALE"),
        }
    }
}

impl Symmetric for Request {
    fn permute(&mut self, permutation: &Permutation) {
        match self {
            Request::Send { item, .. }
            | Request::Result { item, .. }
            | Request::Submit { item, .. }
            | Request::Complete { item, .. }
            | Request::Fail { item, .. } => item.permute(permutation),
            Request::Free | Request::Fetch => {}
        }
    }
}

impl Symmetric for Reply {
    fn permute(&mut self, permutation: &Permutation) {
        match self {
            Reply::Task(item) | Reply::Attempt { item, .. } => item.permute(permutation),
            Reply::Accepted | Reply::NoTask | Reply::Recorded | Reply::Stale => {}
        }
    }
}
