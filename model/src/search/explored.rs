//! What a search found.

use std::fmt;

use super::graph::Graph;
use super::labels::Firsts;
use super::path::Origins;
use super::renaming::Renamings;
use super::seen::Seen;
use super::{Cut, Labels, Path, Starvation, Subject, Trap, Unstable};

/// A state's number: its rank in the textbook breadth-first order. Of two states the one with the
/// lower number is at least as near to an initial state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StateId(pub(super) u32);

impl StateId {
    /// The number, from 0.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Display for StateId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "state {}", self.0)
    }
}

/// The states that a search found, without the states themselves: a [path](Self::path_to) gets one
/// back.
pub struct Explored {
    pub(super) origins: Origins,
    pub(super) firsts: Firsts,
    pub(super) levels: Vec<StateId>,
    pub(super) graph: Option<Graph>,
    pub(super) expanded: u32,
    pub(super) initial: u64,
    pub(super) transitions: u64,
    pub(super) beyond: u64,
    pub(super) cut: Option<Cut>,
    pub(super) seen: Seen,
    pub(super) renamings: Renamings,
}

impl Explored {
    /// Distinct states; with symmetry, distinct representatives.
    pub fn states(&self) -> usize {
        self.origins.len() as usize
    }

    /// The states' numbers, ascending: from the nearest states to the farthest.
    pub fn ids(&self) -> impl ExactSizeIterator<Item = StateId> + use<> {
        (0..self.origins.len()).map(StateId)
    }

    /// How many of the states have been expanded: those with lower numbers than this. All of them if
    /// the search was exhausted.
    pub fn expanded(&self) -> usize {
        self.expanded as usize
    }

    /// Successors of the expanded states, known ones and repeated ones included, those beyond the
    /// model's boundary excluded.
    pub fn transitions(&self) -> u64 {
        self.transitions
    }

    /// Every state that was generated, as often as it was: the transitions and the initial states.
    /// stateright's `state_count` is this figure.
    pub fn generated(&self) -> u64 {
        self.initial + self.transitions
    }

    /// Successors that the model's boundary kept out.
    pub fn beyond_boundary(&self) -> u64 {
        self.beyond
    }

    /// Levels, that of the initial states included: one more than the steps of the longest of the
    /// shortest paths.
    pub fn depth(&self) -> usize {
        self.levels.len()
    }

    /// Steps from the nearest initial state to this one.
    pub fn distance(&self, state: StateId) -> usize {
        self.levels.partition_point(|&first| first <= state) - 1
    }

    /// Why the search ended early; `None` if every state within the boundary is known.
    pub fn cut(&self) -> Option<Cut> {
        self.cut
    }

    /// Whether every state within the boundary is known.
    pub fn is_exhausted(&self) -> bool {
        self.cut.is_none()
    }

    /// The nearest state (the lowest-numbered one among equals) in which at least one of these facts
    /// holds.
    pub fn first(&self, labels: Labels) -> Option<StateId> {
        self.firsts.of(labels)
    }

    /// Whether the search met this state, or one that symmetry makes equal to it.
    pub fn contains<S: Subject>(&self, subject: &S, state: &S::State) -> bool {
        self.seen.find(subject.canonical(state).fingerprint).is_some()
    }

    /// A shortest path to the state. Its steps are the model's own, also under symmetry.
    ///
    /// # Panics
    /// If the number is not one of this search's.
    pub fn path_to<S: Subject>(
        &self,
        subject: &S,
        state: StateId,
    ) -> Result<Path<S::State, S::Action>, Unstable> {
        assert!(state.index() < self.states(), "{state} is not of this search");
        self.origins.replay(subject, state, &self.seen)
    }

    /// An upper bound of the probability that two states shared a fingerprint, so that one of them
    /// was taken for the other: n(n-1)/2 pairs, 2⁻⁶⁴ each.
    pub fn collision_bound(&self) -> f64 {
        let states = self.states() as f64;
        states * (states - 1.0).max(0.0) / 2_f64.powi(65)
    }

    /// The nearest state in which, for one of these questions, one of its first labels holds (it is
    /// pending) and from which no state with one of its second labels (it is good) can be reached without
    /// a fault. Under symmetry the questions are of one client each, numbered as the subject
    /// [renames](Subject::renames) them, or of none.
    ///
    /// A trap that is found is one for certain, even if the search was cut: all that can be reached
    /// from it is known. That there is none is said only of an exhausted search that kept its graph.
    ///
    /// # Panics
    /// If there are more than eight questions.
    pub fn first_trap(&self, questions: &[(Labels, Labels)]) -> Trap {
        match &self.graph {
            Some(graph) => graph.first_trap(questions, &self.renamings, self.is_exhausted()),
            None => Trap::Unknown,
        }
    }

    /// A loop without faults in which one of `waiting` holds throughout and one of `served` now and
    /// then: the waiter starves while others are served.
    ///
    /// The loop is a possible schedule, not a likely one, so the labels carry the meaning. `waiting`
    /// should begin where the waiter depends on others alone (its request has arrived), or a
    /// scheduler that never delivers the request would count. `served` should hold just after a
    /// service, not during it, or a holder that does nothing would count. Under symmetry `waiting`
    /// must name a client that the symmetry leaves alone.
    pub fn first_starvation(&self, waiting: Labels, served: Labels) -> Starvation {
        match &self.graph {
            Some(graph) => graph.first_starvation(waiting, served, self.is_exhausted()),
            None => Starvation::Unknown,
        }
    }
}
