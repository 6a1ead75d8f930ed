//! Histories of a lock: who held when, by whose leave, and under which fencing token.
//!
//! A client holds from the return of its acquisition to the call of its release, or to the moment at
//! which it learns that the lock is lost, or dies. An acquisition of unknown outcome gives nobody the
//! right to believe anything, so it begins no hold; a release ends one whatever its outcome. Every
//! check is a sweep over sorted operations.

mod fence;
mod holds;

use std::fmt;

use fence::Fences;
pub use fence::{Write, check_writes};
use holds::Holds;

/// One operation. Times are of one clock; equal times are concurrent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operation {
    /// Who called.
    pub client: u32,
    /// When it was called, or when it happened.
    pub called: u64,
    /// When it returned; [`NEVER`](super::NEVER) if its outcome is unknown.
    pub returned: u64,
    /// What it did.
    pub action: Action,
}

/// What an operation did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Obtained the lock, if it returned; with this fencing token.
    Acquire {
        /// The token, where there are tokens.
        fence: Option<u64>,
    },
    /// Was told that somebody holds.
    Refused,
    /// Gave the lock back, or may have, if it never returned.
    Release,
    /// Was told that it has nothing to give back.
    NotHeld,
    /// Learnt that it no longer holds, or died.
    Lost,
}

/// Why a history is not that of a lock. Numbers are places in the history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Violation {
    /// Two clients held at once.
    Overlap {
        /// The acquisition of the one who came first.
        first: usize,
        /// The acquisition of the other.
        second: usize,
    },
    /// A release took effect although its caller did not hold.
    NotTheOwner {
        /// The release.
        release: usize,
    },
    /// A holder that acquired again was refused.
    RefusedToItsHolder {
        /// The acquisition that began the hold.
        held_by: usize,
        /// The refusal.
        refused: usize,
    },
    /// A later grant came with a token that is not larger.
    FenceWentBack {
        /// The earlier grant.
        earlier: usize,
        /// The later one.
        later: usize,
    },
}

/// How many operations are read ahead. Those that overlap lie far from each other in a long history; what
/// waits for one that is not in the cache should not wait for what is to be done about the one before.
const BLOCK: usize = 256;

/// Checks a history: all violations of the first kind that is found at each operation, in the order of
/// time.
pub fn check(history: &[Operation]) -> Vec<Violation> {
    let by_call =
        sorted(history.iter().zip(0..).map(|(operation, place)| (operation.called, place)));
    let (mut holds, mut fences) = (Holds::default(), Fences::of(history));
    let (mut violations, mut went_back) = (Vec::new(), Vec::new());
    let mut block = Vec::with_capacity(BLOCK);
    for moments in by_call.chunks(BLOCK) {
        block.clear();
        block.extend(moments.iter().map(|&(_, place)| (place, history[place])));
        for &(place, operation) in &block {
            violations.extend(holds.meet(place, operation));
            went_back.extend(fences.meet(place, operation));
        }
    }
    violations.extend(holds.overlaps());
    violations.extend(went_back);
    violations.sort_by_key(|violation| violation.place());
    violations
}

/// A moment, and the place in the history of the operation that was called or returned at it.
type Moment = (u64, usize);

/// Moments in their order; those of one time in the order of the history.
fn sorted(moments: impl Iterator<Item = Moment>) -> Vec<Moment> {
    let mut moments: Vec<Moment> = moments.collect();
    moments.sort_unstable();
    moments
}

impl Violation {
    /// The operation at which it shows.
    pub fn place(&self) -> usize {
        match *self {
            Violation::Overlap { second, .. } => second,
            Violation::NotTheOwner { release } => release,
            Violation::RefusedToItsHolder { refused, .. } => refused,
            Violation::FenceWentBack { later, .. } => later,
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Violation::Overlap { first, second } => {
                write!(
                    f,
                    "operation {second} obtains the lock while that of operation {first} holds"
                )
            }
            Violation::NotTheOwner { release } => {
                write!(f, "operation {release} gives back a lock that its caller does not hold")
            }
            Violation::RefusedToItsHolder { held_by, refused } => {
                write!(f, "operation {refused} is refused what its caller holds since {held_by}")
            }
            Violation::FenceWentBack { earlier, later } => {
                write!(
                    f,
                    "operation {later} gets a fencing token no larger than {earlier} before it"
                )
            }
        }
    }
}
