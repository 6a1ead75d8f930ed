//! The vocabulary of lock servers: the one that the fourth document describes in section 3.2, whose
//! messages name nobody, and the repaired one, whose requests are numbered and whose grants carry a
//! fencing token.

use std::fmt;

use crate::ident::{NodeId, Token};
use crate::message::Message;
use crate::symmetry::{Permutation, Symmetric};

/// A request. The first two are the document's; the others are the repaired server's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Request {
    /// `LOCK` → `Locked` or `Refused`. Says neither who asks nor which question this is.
    Lock,
    /// `UNLOCK`, which nobody answers: the state is unlocked, whoever says so.
    Unlock,
    /// `ACQUIRE request` → `Granted`, as soon as it is this request's turn; `Over` if it has had
    /// its turn. The token is the client's name and the number of its request. Asked twice, it
    /// counts once, and prolongs the grant if there is one.
    Acquire(Token),
    /// `RENEW client fence` → `Renewed`, with word of who waits where the server gives it, or `NotHeld`.
    Renew {
        /// Whose grant.
        client: NodeId,
        /// Which of its grants.
        fence: u32,
    },
    /// `RELEASE client fence` → `Released`, or `NotHeld`.
    Release {
        /// Whose grant.
        client: NodeId,
        /// Which of its grants.
        fence: u32,
    },
    /// `CANCEL request` → `Cancelled`: the request waits no longer, holds no longer, and never
    /// will, even if it arrives only now.
    Cancel(Token),
}

/// An answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reply {
    /// The document's "lock state": the lock was free and is now locked.
    Locked,
    /// The lock is not available. The document leaves this answer out.
    Refused,
    /// The lock is the request's own for one lease from now.
    Granted {
        /// Grows with every grant.
        fence: u32,
    },
    /// The grant lasts one lease from now.
    Renewed {
        /// Somebody waits for it to end.
        wanted: bool,
    },
    /// The grant is over because its holder said so.
    Released,
    /// No such grant is in force.
    NotHeld,
    /// The request is withdrawn.
    Cancelled,
    /// The request was granted or withdrawn before, and that is over.
    Over,
}

impl From<Request> for Message {
    fn from(request: Request) -> Self {
        Message::LockServer(request)
    }
}

impl From<Reply> for Message {
    fn from(reply: Reply) -> Self {
        Message::LockServerReply(reply)
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Request::Lock => f.write_str("LOCK"),
            Request::Unlock => f.write_str("UNLOCK"),
            Request::Acquire(request) => write!(f, "ACQUIRE {request}"),
            Request::Renew { client, fence } => write!(f, "RENEW {client} fence {fence}"),
            Request::Release { client, fence } => write!(f, "RELEASE {client} fence {fence}"),
            Request::Cancel(request) => write!(f, "CANCEL {request}"),
        }
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reply::Locked => f.write_str("LOCKED"),
            Reply::Refused => f.write_str("REFUSED"),
            Reply::Granted { fence } => write!(f, "GRANTED fence {fence}"),
            Reply::Renewed { wanted: false } => f.write_str("RENEWED"),
            Reply::Renewed { wanted: true } => f.write_str("RENEWED, wanted"),
            Reply::Released => f.write_str("RELEASED"),
            Reply::NotHeld => f.write_str("NOT HELD"),
            Reply::Cancelled => f.write_str("CANCELLED"),
            Reply::Over => f.write_str("OVER"),
        }
    }
}

impl Symmetric for Request {
    fn permute(&mut self, permutation: &Permutation) {
        match self {
            Request::Acquire(request) | Request::Cancel(request) => request.permute(permutation),
            Request::Renew { client, .. } | Request::Release { client, .. } => {
                client.permute(permutation);
            }
            Request::Lock | Request::Unlock => {}
        }
    }
}
