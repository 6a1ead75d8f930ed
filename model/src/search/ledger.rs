//! The ordered half of the search: what is known of every state, entered in the textbook order.

use std::sync::RwLock;

use super::expansion::{Candidate, Expansion};
use super::explored::{Explored, StateId};
use super::graph::Graph;
use super::labels::Firsts;
use super::path::Origins;
use super::renaming::Renamings;
use super::seen::{Entry, Seen};
use super::{Cut, Labels, Limits, Progress};

/// All that is known so far. Expansions must be admitted in the order of their states.
pub(super) struct Ledger<State> {
    origins: Origins,
    firsts: Firsts,
    /// The first state of each level.
    levels: Vec<StateId>,
    graph: Option<Graph>,
    /// States whose successors are all entered: those with lower numbers than this.
    expanded: u32,
    initial: u64,
    transitions: u64,
    beyond: u64,
    cut: Option<Cut>,
    budget: Budget,
    /// The level being found, and the bytes that its states hold.
    next: Vec<State>,
    next_bytes: u64,
    /// Bytes that the states of the level being expanded hold.
    frontier_bytes: u64,
    unsettled: Unsettled,
}

struct Budget {
    states: u32,
    bytes: u64,
}

/// What has been entered since the latest state was expanded in full: all of it goes again if the
/// budget does not suffice for the rest.
#[derive(Default)]
struct Unsettled {
    fingerprints: Vec<u64>,
    bytes: u64,
}

impl<State> Ledger<State> {
    pub fn new(limits: &Limits) -> Ledger<State> {
        Ledger {
            origins: Origins::default(),
            firsts: Firsts::default(),
            levels: Vec::new(),
            graph: limits.keep_graph.then(Graph::default),
            expanded: 0,
            initial: 0,
            transitions: 0,
            beyond: 0,
            cut: None,
            budget: Budget {
                states: limits.max_states.min(Limits::MOST_STATES) as u32,
                bytes: limits.max_bytes,
            },
            next: Vec::new(),
            next_bytes: 0,
            frontier_bytes: 0,
            unsettled: Unsettled::default(),
        }
    }

    /// Enters the initial states, which are the candidates of `roots`. A candidate's edge is its
    /// index among the model's initial states.
    pub fn admit_roots(&mut self, roots: &mut Expansion<State>, seen: &mut Seen) {
        seen.make_room_for(&roots.fingerprints);
        self.initial = roots.fingerprints.len() as u64;
        for (candidate, &print) in roots.candidates.drain(..).zip(&roots.fingerprints) {
            if seen.enter(print, self.origins.len()) == Entry::New {
                self.origins.push_root(candidate.edge);
                self.enter(candidate, print);
            }
            if !self.settle(seen) {
                return;
            }
        }
    }

    /// Enters what one block of states led to, and empties it. Once the budget is spent nothing is
    /// entered any more.
    pub fn admit(&mut self, block: &mut Expansion<State>, seen: &RwLock<Seen>) {
        if self.is_spent() {
            return block.clear();
        }
        if !seen.read().expect("a writer panicked").has_room_for(&block.fingerprints) {
            seen.write().expect("a writer panicked").make_room_for(&block.fingerprints);
        }
        let seen = seen.read().expect("a writer panicked");
        // Another core may have looked them up, so that they are not in this one's cache.
        seen.fetch(&block.fingerprints);
        let mut candidates = block.candidates.drain(..).zip(&block.fingerprints).peekable();
        let mut edges_before = 0;
        for (place, parent) in block.parents.iter().enumerate() {
            while let Some((candidate, &print)) =
                candidates.next_if(|(candidate, _)| usize::from(candidate.parent) == place)
            {
                let edge = candidate.edge as usize;
                let mut target = self.origins.len();
                match seen.enter(print, target) {
                    Entry::Known(known) => target = known,
                    Entry::New => {
                        self.origins.push(self.expanded, candidate.action);
                        self.enter(candidate, print);
                    }
                }
                if let Some(edge) = block.edges.get_mut(edge) {
                    *edge |= target;
                }
            }
            if !self.settle(&seen) {
                return;
            }
            self.expanded += 1;
            self.transitions += u64::from(parent.successors);
            self.beyond += u64::from(parent.beyond);
            if let Some(graph) = &mut self.graph {
                let edges = edges_before + (parent.successors + parent.beyond) as usize;
                let range = edges_before..edges;
                graph.push_edges(&block.edges[range.clone()], &block.renamings[range]);
                edges_before = edges;
            }
        }
    }

    /// Ends the level that was expanded: its states go, and those that were found take their place.
    pub fn next_level(&mut self, frontier: &mut Vec<State>) {
        frontier.clear();
        std::mem::swap(frontier, &mut self.next);
        self.frontier_bytes = std::mem::take(&mut self.next_bytes);
        if !frontier.is_empty() {
            self.levels.push(StateId(self.origins.len() - frontier.len() as u32));
        }
    }

    /// Records why the search ends here, before the states that are not expanded.
    pub fn cut(&mut self, reason: Cut) {
        self.cut = Some(reason);
    }

    /// Whether a state in which one of these facts holds is known.
    pub fn has_met(&self, labels: Labels) -> bool {
        self.firsts.of(labels).is_some()
    }

    pub fn is_cut(&self) -> bool {
        self.cut.is_some()
    }

    pub fn progress(&self) -> Progress {
        let states = self.origins.len();
        Progress {
            states: states as usize,
            transitions: self.transitions,
            waiting: (states - self.expanded) as usize,
            depth: self.levels.len() + usize::from(!self.next.is_empty()),
            bytes: self.bytes(),
        }
    }

    pub fn close(mut self, seen: Seen, renamings: Renamings) -> Explored {
        let mut last = Vec::new();
        self.next_level(&mut last);
        Explored {
            origins: self.origins,
            firsts: self.firsts,
            levels: self.levels,
            graph: self.graph,
            expanded: self.expanded,
            initial: self.initial,
            transitions: self.transitions,
            beyond: self.beyond,
            cut: self.cut,
            seen,
            renamings,
        }
    }

    fn is_spent(&self) -> bool {
        matches!(self.cut, Some(Cut::StateBudget | Cut::MemoryBudget))
    }

    /// Enters a new state, whose origin has just been entered.
    #[inline]
    fn enter(&mut self, candidate: Candidate<State>, print: u64) {
        let id = StateId(self.origins.len() - 1);
        self.firsts.note(candidate.labels, id);
        if let Some(graph) = &mut self.graph {
            graph.push_state(candidate.labels, candidate.renaming);
        }
        self.next.push(candidate.state);
        self.unsettled.fingerprints.push(print);
        self.unsettled.bytes += u64::from(candidate.bytes);
    }

    /// Makes final what is unsettled, if the budget suffices for it; otherwise undoes it and cuts the
    /// search. Returns whether it was made final.
    #[inline]
    fn settle(&mut self, seen: &Seen) -> bool {
        self.next_bytes += self.unsettled.bytes;
        let spent = if self.origins.len() > self.budget.states {
            Cut::StateBudget
        } else if self.bytes() > self.budget.bytes {
            Cut::MemoryBudget
        } else {
            self.unsettled.bytes = 0;
            self.unsettled.fingerprints.clear();
            return true;
        };
        self.cut = Some(spent);
        self.undo(seen);
        false
    }

    fn undo(&mut self, seen: &Seen) {
        let undone = self.unsettled.fingerprints.len();
        for print in self.unsettled.fingerprints.drain(..).rev() {
            seen.take_back(print);
        }
        self.next_bytes -= std::mem::take(&mut self.unsettled.bytes);
        self.next.truncate(self.next.len() - undone);
        let settled = self.origins.len() - undone as u32;
        self.origins.truncate(settled);
        self.firsts.forget_from(StateId(settled));
        if let Some(graph) = &mut self.graph {
            graph.truncate_states(settled);
        }
    }

    /// The estimate of memory that the budget bounds.
    #[inline]
    fn bytes(&self) -> u64 {
        let per_state = Origins::BYTES_PER_STATE + Seen::bytes_per_state(self.graph.is_some());
        let graph = self.graph.as_ref().map_or(0, Graph::bytes);
        u64::from(self.origins.len()) * per_state + graph + self.frontier_bytes + self.next_bytes
    }
}
