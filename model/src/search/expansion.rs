//! The pure half of the search: the successors of a block of states, less those known already.

use std::sync::RwLock;

use super::graph::{BEYOND, FAULT};
use super::seen::Seen;
use super::{Canonical, Labels, Subject};

/// What became of one block of consecutive states. It is reused for block after block.
pub(super) struct Expansion<State> {
    pub parents: Vec<Parent>,
    /// One for each candidate, apart from it, because looking them up needs nothing else.
    pub fingerprints: Vec<u64>,
    pub candidates: Vec<Candidate<State>>,
    /// The graph's transitions, parent by parent; a candidate's lacks its target still. Empty if the
    /// graph is not kept.
    pub edges: Vec<u32>,
    /// For each transition the renaming that takes the state where it ends to the one that stands for it.
    pub renamings: Vec<u8>,
}

/// A state of the block.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Parent {
    /// Transitions that stay within the model's boundary.
    pub successors: u32,
    /// Transitions that leave it.
    pub beyond: u32,
}

/// A successor that may be new: no earlier block that has been admitted by now led to it.
pub(super) struct Candidate<State> {
    pub state: State,
    pub labels: Labels,
    pub bytes: u32,
    /// Its transition's place among the block's.
    pub edge: u32,
    /// Its parent's place in the block.
    pub parent: u16,
    pub action: u16,
    /// Takes the state to the one that stands for it.
    pub renaming: u8,
}

impl<State> Default for Expansion<State> {
    fn default() -> Self {
        Expansion {
            parents: Vec::new(),
            fingerprints: Vec::new(),
            candidates: Vec::new(),
            edges: Vec::new(),
            renamings: Vec::new(),
        }
    }
}

impl<State> Expansion<State> {
    pub fn clear(&mut self) {
        self.parents.clear();
        self.fingerprints.clear();
        self.candidates.clear();
        self.edges.clear();
        self.renamings.clear();
    }
}

/// One thread's expander, with what it reuses from block to block.
pub(super) struct Expander<'a, S: Subject> {
    subject: &'a S,
    keep_graph: bool,
    actions: Vec<S::Action>,
}

impl<'a, S: Subject> Expander<'a, S> {
    pub fn new(subject: &'a S, keep_graph: bool) -> Self {
        Expander { subject, keep_graph, actions: Vec::new() }
    }

    /// Fills `into` with what the block leads to.
    pub fn expand(
        &mut self,
        block: &[S::State],
        seen: &RwLock<Seen>,
        into: &mut Expansion<S::State>,
    ) {
        into.clear();
        for (place, state) in block.iter().enumerate() {
            let parent = self.successors(state, place as u16, into);
            into.parents.push(parent);
        }
        self.drop_known(&seen.read().expect("a writer panicked"), into);
        for candidate in &mut into.candidates {
            candidate.labels = self.subject.labels(&candidate.state);
            candidate.bytes = self.subject.state_bytes(&candidate.state) as u32;
        }
    }

    fn successors(
        &mut self,
        state: &S::State,
        place: u16,
        into: &mut Expansion<S::State>,
    ) -> Parent {
        let mut parent = Parent::default();
        self.subject.actions(state, &mut self.actions);
        assert!(self.actions.len() <= 1 << 16, "a state offers more than 65,536 actions");
        for (index, action) in self.actions.drain(..).enumerate() {
            let is_fault = self.keep_graph && self.subject.is_fault(state, &action);
            let fault = if is_fault { FAULT } else { 0 };
            let Some(next) = self.subject.next_state(state, action) else {
                continue;
            };
            let within = self.subject.within_boundary(&next);
            let edge = into.edges.len() as u32;
            let known_as = match within {
                true => self.subject.canonical(&next),
                false => Canonical { fingerprint: 0, renaming: 0 },
            };
            if self.keep_graph {
                into.edges.push(if within { fault } else { BEYOND | fault });
                into.renamings.push(known_as.renaming);
            }
            if !within {
                parent.beyond += 1;
                continue;
            }
            parent.successors += 1;
            into.fingerprints.push(known_as.fingerprint);
            into.candidates.push(Candidate {
                state: next,
                labels: Labels::NONE,
                bytes: 0,
                edge,
                parent: place,
                action: index as u16,
                renaming: known_as.renaming,
            });
        }
        parent
    }

    /// Keeps the candidates that are not in the table, in their order, and resolves the transitions
    /// of the others.
    fn drop_known(&self, seen: &Seen, block: &mut Expansion<S::State>) {
        seen.fetch(&block.fingerprints);
        let Expansion { fingerprints, candidates, edges, .. } = block;
        let (mut place, mut kept) = (0, 0);
        candidates.retain(|candidate| {
            let print = fingerprints[place];
            place += 1;
            let known = seen.find(print);
            match known {
                Some(id) if self.keep_graph => edges[candidate.edge as usize] |= id,
                Some(_) => {}
                None => {
                    fingerprints[kept] = print;
                    kept += 1;
                }
            }
            known.is_none()
        });
        fingerprints.truncate(kept);
    }
}
