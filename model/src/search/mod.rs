//! Breadth-first search of every state of a [`stateright::Model`].
//!
//! What it gives beyond stateright's own checkers: the same states, numbers and paths on any number
//! of threads; shortest paths, also under symmetry; questions about *possible continuations* (traps,
//! starvation), which are answered on the explored graph; and an end by budget that is never taken
//! for the end of the space.
//!
//! # Order
//! A state's [`StateId`] is its rank in the textbook search: one queue, one state expanded after
//! another, each one's actions in the order in which the model lists them. Everything that is
//! reported is defined by that order, so it cannot depend on the machine. Threads only run ahead of
//! it: they *expand* blocks of the current level side by side, which is pure work, and the results
//! are *admitted* one block after another, in order, by whichever thread has delivered the block
//! that is due. A block that is being expanded may already see states that earlier blocks have led
//! to, and drops those successors early. That saves work and changes no result, because admission
//! would have dropped them.
//!
//! # What is held
//! Of a state that has been expanded only its 64-bit [fingerprint](Fingerprinter) remains, with the
//! number of its parent and the index of the action that led to it: 6 bytes, and 10 to 16 in the
//! table of fingerprints. Whole states are held for two levels only. With
//! [`keep_graph`](Limits::keep_graph) come up to 25 bytes for each state and 5 for each transition.
//!
//! # How far to trust it
//! Two states with one fingerprint are taken for the same, so a collision could hide a state. Among
//! *n* states that happens with a probability of about n²/2⁶⁵ at most:
//! [`Explored::collision_bound`].

mod breadth_first;
mod expansion;
mod explored;
mod fingerprint;
mod graph;
mod labels;
mod ledger;
mod limits;
mod path;
mod renaming;
mod seen;
mod starvation;
mod trap;

use std::hash::Hash;
use std::sync::atomic::AtomicBool;

use stateright::Model;

pub use explored::{Explored, StateId};
pub use fingerprint::Fingerprinter;
pub use labels::Labels;
pub use limits::{Cut, Limits, Progress};
pub use path::{Path, Unstable};
pub use renaming::Canonical;
pub use starvation::Starvation;
pub use trap::Trap;

/// What the search needs to know of a model beyond stateright's own trait.
///
/// The model must be a function: the same state lists the same actions in the same order, and an
/// action leads to one state. (An unordered collection inside a state breaks this.)
pub trait Subject: Model<State: Hash + Send + Sync> + Sync {
    /// What holds in a state: violations, goals, "is waiting", "has just been served".
    fn labels(&self, state: &Self::State) -> Labels;

    /// Whether the action, in this state, is a fault that the world injects. The way out of a trap may not
    /// use one, and neither may a loop that starves a waiter.
    fn is_fault(&self, state: &Self::State, action: &Self::Action) -> bool;

    /// The fingerprint of the state that stands for all those that symmetry makes equal to this one,
    /// and the renaming that takes this one there.
    ///
    /// Only representatives are compared; the search goes on from the state that it met first, so
    /// that every path is a path of the model. [`labels`](Self::labels) must not tell apart what
    /// this makes equal, but for those that are asked for client by client. A representative that is
    /// not quite canonical costs states, never truth.
    fn canonical(&self, state: &Self::State) -> Canonical {
        Canonical::itself(state)
    }

    /// How many renamings there are, the one that changes nothing included.
    fn renamings(&self) -> u8 {
        1
    }

    /// The number that a client, or the question about it, gets by a renaming.
    fn renames(&self, _renaming: u8, client: u8) -> u8 {
        client
    }

    /// Bytes that a state holds, those on the heap included: it is what
    /// [`Limits::max_bytes`] reckons with.
    fn state_bytes(&self, _state: &Self::State) -> usize {
        size_of::<Self::State>()
    }
}

/// Searches the model's states breadth-first, until all are known or a limit is met.
///
/// `progress` is told about every level and about every 131,072nd state or so; it holds up the
/// search while it runs. Setting `stop` ends the search within a block of at most 256 states.
///
/// # Panics
/// If a state offers more than 65,536 actions, or the model itself panics.
pub fn search<S: Subject>(
    subject: &S,
    limits: &Limits,
    progress: impl Fn(&Progress) + Sync,
    stop: &AtomicBool,
) -> Explored {
    // Compiled once for each model, whoever watches.
    breadth_first::Search::new(subject, limits, &progress, stop).run()
}
