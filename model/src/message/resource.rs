//! The protected resource's vocabulary: what a lock is there to protect, and what work is done to.

use std::fmt;

use crate::ident::{Hold, Item};
use crate::message::Message;
use crate::symmetry::{Permutation, Symmetric};

/// A request to the protected resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Request {
    /// A write made while holding a lock.
    Write {
        /// Under which hold. The judges read it; a resource that checks reads only the fence.
        hold: Hold,
        /// The fencing token, where the algorithm has one.
        fence: Option<u32>,
    },
    /// A look at what the lock protects, made while holding it to read.
    Read {
        /// Under which hold.
        hold: Hold,
    },
    /// The effect of the work on an item.
    Apply {
        /// Which item was worked on; an idempotent resource applies each once.
        item: Item,
    },
}

/// The protected resource's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reply {
    /// Written.
    Accepted,
    /// Not written: a later hold has written already.
    Rejected,
}

impl From<Request> for Message {
    fn from(request: Request) -> Self {
        Message::Resource(request)
    }
}

impl From<Reply> for Message {
    fn from(reply: Reply) -> Self {
        Message::ResourceReply(reply)
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Request::Write { hold, fence: None } => write!(f, "write as hold {hold}"),
            Request::Write { hold, fence: Some(fence) } => {
                write!(f, "write as hold {hold}, fence {fence}")
            }
            Request::Read { hold } => write!(f, "read as hold {hold}"),
            Request::Apply { item } => write!(f, "apply {item}"),
        }
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Reply::Accepted => "accepted",
            Reply::Rejected => "rejected",
        })
    }
}

impl Symmetric for Request {
    fn permute(&mut self, permutation: &Permutation) {
        match self {
            Request::Write { hold, .. } | Request::Read { hold } => hold.permute(permutation),
            Request::Apply { item } => item.permute(permutation),
        }
    }
}
