//! The timers there are. A closed list, so that a trace can name each and a reader knows them all.

use std::fmt;

use crate::ident::NodeId;

/// What a timer is for. A node has at most one of each armed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// The caller's pause before its next operation.
    Next,
    /// The caller's pause before it tries again what was refused, or asks again what was empty.
    Again,
    /// How long the caller works between the writes of one critical section, or on one item.
    Work,
    /// The client library's patience with a service that does not answer.
    Answer(NodeId),
    /// The algorithm's pause before it asks again.
    Poll,
    /// The holder's own reading of its lease: it stops relying on it before the server does.
    Lease,
    /// Time to renew the lease.
    Renew,
    /// Time to look for work that others have left behind.
    Reap,
    /// A deadline kept by a server on its wall clock. It is written to disk along with what it
    /// belongs to, so it outlives a crash, and passes while the server is down.
    Deadline(u8),
    /// The same, of what a client has there, by its number among the client's.
    DeadlineOf(NodeId, u8),
    /// A server writes to disk what it has acknowledged.
    Sync,
    /// A server's replica receives what the server has acknowledged.
    Replicate,
    /// The server that a client is connected to receives what its leader has committed, for a session
    /// by its number among the client's.
    ReplicateTo(NodeId, u8),
    /// For processes outside this project.
    Custom(u8),
}

impl Timer {
    /// A number of its own.
    pub(crate) fn code(self) -> u32 {
        let (kind, node, number) = match self {
            Timer::Next => (0, 0, 0),
            Timer::Again => (1, 0, 0),
            Timer::Work => (2, 0, 0),
            Timer::Answer(node) => (3, node.code(), 0),
            Timer::Poll => (4, 0, 0),
            Timer::Lease => (5, 0, 0),
            Timer::Renew => (6, 0, 0),
            Timer::Reap => (7, 0, 0),
            Timer::Deadline(number) => (8, 0, number),
            Timer::DeadlineOf(node, number) => (9, node.code(), number),
            Timer::Sync => (10, 0, 0),
            Timer::Replicate => (11, 0, 0),
            Timer::ReplicateTo(node, number) => (12, node.code(), number),
            Timer::Custom(number) => (13, 0, number),
        };
        let kind: u32 = kind;
        kind << 24 | u32::from(node) << 8 | u32::from(number)
    }

    /// Whether the timer outlives a crash of its node.
    pub fn outlives_crash(self) -> bool {
        self.is_deadline()
    }

    /// Whether a server's wall clock says when it fires.
    pub fn is_deadline(self) -> bool {
        matches!(self, Timer::Deadline(_) | Timer::DeadlineOf(..))
    }

    /// Whether a client ends something by it: its patience with an answer, or its own reading of a lease.
    pub fn is_clients_end(self) -> bool {
        matches!(self, Timer::Answer(_) | Timer::Lease | Timer::Renew)
    }

    /// Whether the timer belongs to the caller and the client library, not to the algorithm.
    pub fn is_callers(self) -> bool {
        matches!(self, Timer::Next | Timer::Again | Timer::Work | Timer::Answer(_))
    }
}

impl fmt::Display for Timer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Timer::Next => f.write_str("next operation"),
            Timer::Again => f.write_str("try again"),
            Timer::Work => f.write_str("work done"),
            Timer::Answer(node) => write!(f, "no answer from {node}"),
            Timer::Poll => f.write_str("poll"),
            Timer::Lease => f.write_str("own reading of the lease is over"),
            Timer::Renew => f.write_str("renew"),
            Timer::Reap => f.write_str("reap"),
            Timer::Deadline(_) | Timer::DeadlineOf(..) => f.write_str("deadline passes"),
            Timer::Sync => f.write_str("sync to disk"),
            Timer::Replicate => f.write_str("replicate"),
            Timer::ReplicateTo(node, _) => write!(f, "replicate to the server of {node}"),
            Timer::Custom(number) => write!(f, "timer {number}"),
        }
    }
}
