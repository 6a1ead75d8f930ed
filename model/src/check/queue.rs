//! Linearizability of a first-in-first-out queue with unique values, in log-linear time, with
//! operations of unknown outcome.
//!
//! A complete history is linearizable if and only if no value is dequeued that was not enqueued before,
//! none twice, no two in the wrong order, and no dequeue finds the queue empty while it cannot have
//! been (Henzinger, Sezgin and Vafeiadis, "Aspect-oriented linearizability proofs", CONCUR 2013). Each
//! of the four is a sweep over sorted operations.
//!
//! An operation of unknown outcome may take effect at any time after its call, or never:
//!
//! - An enqueue of unknown outcome whose value was dequeued took effect at some time after its call. If
//!   its value was never dequeued, then leaving it out only makes everything easier.
//! - A dequeue of unknown outcome may have taken any value that nobody else got, or nothing. Taking is
//!   never worse than leaving, the value that was enqueued first should be taken by the dequeue that was
//!   called first, and the values that are left over should be those enqueued last: an exchange of two
//!   of them the other way round covers no less time and breaks no fewer orders. So there is one
//!   assignment to be looked at.

mod emptiness;
mod order;
mod values;

use std::fmt;

use super::NEVER;
use values::Values;

/// One operation. Times are of one clock; equal times are concurrent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operation {
    /// When it was called.
    pub called: u64,
    /// When it returned; [`NEVER`] if its outcome is unknown, or it is still under way.
    pub returned: u64,
    /// What it did.
    pub action: Action,
}

/// What an operation did. An operation that has failed for certain did nothing, and is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Put the value into the queue, or may have, if it never returned.
    Enqueue(u64),
    /// Took this value out.
    Dequeue(u64),
    /// Found the queue empty.
    Empty,
    /// Nobody knows what it took, if anything. It has never returned.
    DequeueUnknown,
}

/// Why a history is not that of a queue. Numbers are places in the history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Violation {
    /// The dequeue got what nobody had enqueued by then.
    Phantom {
        /// The dequeue.
        dequeue: usize,
        /// The value's enqueue, if there is one; it was called after the dequeue had returned.
        enqueue: Option<usize>,
    },
    /// Two dequeues got the same value.
    Duplicate {
        /// One.
        first: usize,
        /// The other.
        second: usize,
    },
    /// Two enqueues put in the same value, so that nothing can be told.
    Reused {
        /// One.
        first: usize,
        /// The other.
        second: usize,
    },
    /// The later value was taken and the earlier one not, or only afterwards.
    OutOfOrder {
        /// The enqueue of the earlier value.
        earlier: usize,
        /// The enqueue of the later value.
        later: usize,
        /// The dequeue of the later value.
        taken: usize,
        /// The dequeue of the earlier value, if it has one: one that got it, or the earliest of unknown
        /// outcome that can have.
        overdue: Option<usize>,
    },
    /// A dequeue found the queue empty although at each moment some value was in it.
    NeverEmpty {
        /// The dequeue.
        dequeue: usize,
        /// Enqueues of values that were in the queue, one after the other, all the while.
        covered_by: Vec<usize>,
    },
}

/// Checks a history.
///
/// # Errors
/// A violation, if the history is not linearizable. The verdict is exact: `Ok` means that there is an
/// order.
pub fn check(history: &[Operation]) -> Result<(), Violation> {
    let values = Values::of(history)?;
    order::check(history, &values)?;
    emptiness::check(history, &values)
}

impl Violation {
    /// The operations that show it, in the order of their calls, and why.
    pub fn in_words(&self, history: &[Operation]) -> String {
        let mut shown: Vec<usize> = self.witness();
        shown.sort_by_key(|&place| history[place].called);
        shown.dedup();
        let mut text = String::new();
        for place in shown {
            text += &format!("{}\n", history[place]);
        }
        text + &self.to_string()
    }

    /// The places of the operations that show it.
    pub fn witness(&self) -> Vec<usize> {
        match self {
            Violation::Phantom { dequeue, enqueue } => {
                enqueue.iter().copied().chain([*dequeue]).collect()
            }
            Violation::Duplicate { first, second } | Violation::Reused { first, second } => {
                vec![*first, *second]
            }
            Violation::OutOfOrder { earlier, later, taken, overdue } => {
                [*earlier, *later, *taken].into_iter().chain(*overdue).collect()
            }
            Violation::NeverEmpty { dequeue, covered_by } => {
                covered_by.iter().copied().chain([*dequeue]).collect()
            }
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Violation::Phantom { enqueue: None, .. } => "a value was dequeued that nobody enqueued",
            Violation::Phantom { .. } => {
                "a value was dequeued before its enqueue was even called"
            }
            Violation::Duplicate { .. } => "a value was dequeued twice",
            Violation::Reused { .. } => "a value was enqueued twice, so it cannot be followed",
            Violation::OutOfOrder { overdue: None, .. } => {
                "a value was dequeued, and one that was enqueued before it never was"
            }
            Violation::OutOfOrder { .. } => {
                "a value was dequeued, and only then the dequeue of one that was enqueued before it \
                 was called"
            }
            Violation::NeverEmpty { .. } => {
                "a dequeue found the queue empty, but at each moment of it some value was in the queue"
            }
        })
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.returned {
            NEVER => write!(f, "[{}, ?] ", self.called)?,
            returned => write!(f, "[{}, {returned}] ", self.called)?,
        }
        match (self.action, self.returned) {
            (Action::Enqueue(value), NEVER) => write!(f, "enqueue {value}, outcome unknown"),
            (Action::Enqueue(value), _) => write!(f, "enqueue {value}"),
            (Action::Dequeue(value), _) => write!(f, "dequeue -> {value}"),
            (Action::Empty, _) => f.write_str("dequeue -> empty"),
            (Action::DequeueUnknown, _) => f.write_str("dequeue, outcome unknown"),
        }
    }
}
