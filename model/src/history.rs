//! What callers saw and what the judges are shown. Only the driver of a node writes it.

use std::fmt;

use crate::ident::{Hold, Item, NodeId};
use crate::op::{Notice, Op, Outcome};

/// One entry of a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Record {
    /// The world's time in nanoseconds. Equal stamps are concurrent.
    pub at: u64,
    /// Whom it is about.
    pub node: NodeId,
    /// What happened.
    pub what: What,
}

/// What a history tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum What {
    /// The caller calls.
    Invoke(Op),
    /// A call ends.
    Return(Op, Outcome),
    /// The algorithm tells its caller something.
    Notify(Notice),
    /// The caller has done what the item asked for.
    Finished(Item),
    /// The caller has given up the work on the item, not knowing whether its effect came about.
    Abandoned(Item),
    /// The node crashed; a call under way never returns.
    Crashed,
    /// The node runs again.
    Restarted,
    /// A service did something.
    Fact(Fact),
}

/// What a service shows the judges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fact {
    /// The resource took a write.
    Accepted(Hold),
    /// The resource was read.
    Read(Hold),
    /// The resource refused a write.
    Rejected(Hold),
    /// The resource applied the effect of an item.
    Applied(Item),
    /// A backend ended or prolonged the grant of `of` because `by` asked for it.
    Disposed {
        /// Who asked.
        by: NodeId,
        /// Whose grant it was.
        of: NodeId,
    },
    /// The resource had applied the effect of the item before and did not do so again.
    Repeated(Item),
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            What::Invoke(op) => write!(f, "calls {op}"),
            What::Return(Op::Release, outcome) => write!(f, "release returns: {outcome}"),
            What::Return(Op::Ack(item), outcome) => write!(f, "ack {item} returns: {outcome}"),
            What::Return(op, outcome) => write!(f, "{op} returns: {outcome}"),
            What::Notify(notice) => write!(f, "is told: {notice}"),
            What::Finished(item) => write!(f, "finishes {item}"),
            What::Abandoned(item) => write!(f, "gives up {item}"),
            What::Crashed => f.write_str("crashes"),
            What::Restarted => f.write_str("runs again"),
            What::Fact(fact) => fact.fmt(f),
        }
    }
}

impl fmt::Display for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fact::Accepted(hold) => write!(f, "takes the write of hold {hold}"),
            Fact::Read(hold) => write!(f, "is read under hold {hold}"),
            Fact::Rejected(hold) => write!(f, "refuses the write of hold {hold}"),
            Fact::Applied(item) => write!(f, "applies {item}"),
            Fact::Disposed { by, of } if by == of => write!(f, "disposes of {of}'s own lock"),
            Fact::Disposed { by, of } => write!(f, "lets {by} dispose of {of}'s lock"),
            Fact::Repeated(item) => write!(f, "has applied {item} before"),
        }
    }
}
