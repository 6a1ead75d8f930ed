//! The explored graph: every state's labels and every transition.

use std::ops::Range;

use super::Labels;
use super::explored::StateId;

/// States in the order of their numbers, with their transitions side by side (CSR). States that were
/// found and not expanded have no transitions, and lead nobody knows where.
#[derive(Default)]
pub(super) struct Graph {
    labels: Vec<Labels>,
    /// For each state the renaming that takes it to the state that stands for it.
    renamings: Vec<u8>,
    /// For each expanded state the end of its transitions among `edges`.
    ends: Vec<u64>,
    /// A target's number, or [`BEYOND`], with [`FAULT`] if a fault leads there.
    edges: Vec<u32>,
    /// For each transition the renaming that takes the state where it ends to the one that stands for it;
    /// the target's own is another if the transition ends in a renamed target.
    edge_renamings: Vec<u8>,
}

/// The bit that marks a transition by a fault.
pub(super) const FAULT: u32 = 1 << 31;
/// The target of all transitions that leave the model's boundary.
pub(super) const BEYOND: u32 = FAULT - 1;

impl Graph {
    #[inline]
    pub fn push_state(&mut self, labels: Labels, renaming: u8) {
        self.labels.push(labels);
        self.renamings.push(renaming);
    }

    #[inline]
    pub fn push_edges(&mut self, edges: &[u32], renamings: &[u8]) {
        self.edges.extend_from_slice(edges);
        self.edge_renamings.extend_from_slice(renamings);
        self.ends.push(self.edges.len() as u64);
    }

    /// Drops the states from this number on, which have no transitions yet.
    pub fn truncate_states(&mut self, states: u32) {
        self.labels.truncate(states as usize);
        self.renamings.truncate(states as usize);
    }

    /// Bytes held, those that only a growing vector holds left out.
    #[inline]
    pub fn bytes(&self) -> u64 {
        17 * self.labels.len() as u64 + 5 * self.edges.len() as u64
    }

    pub fn states(&self) -> u32 {
        self.labels.len() as u32
    }

    /// The renaming that takes the state to the one that stands for it.
    pub fn renaming(&self, state: u32) -> u8 {
        self.renamings[state as usize]
    }

    pub fn holds(&self, state: u32, labels: Labels) -> bool {
        self.labels[state as usize].intersects(labels)
    }

    /// The lowest-numbered state that meets the condition.
    pub fn first(&self, condition: impl Fn(u32) -> bool) -> Option<StateId> {
        (0..self.states()).find(|&state| condition(state)).map(StateId)
    }

    /// Whether it is unknown where the state leads to: it was not expanded, or a transition that is
    /// no fault leaves the boundary.
    pub fn is_open(&self, state: u32) -> bool {
        state as usize >= self.ends.len() || self.edges_of(state).contains(&BEYOND)
    }

    /// The targets of the state's transitions that are no faults and stay within the boundary.
    pub fn targets(&self, state: u32) -> impl DoubleEndedIterator<Item = u32> {
        // Faults have the topmost bit, so that they are beyond as numbers, too.
        self.transitions(state).map(|(target, _)| target)
    }

    /// The same with each transition's renaming.
    fn transitions(&self, state: u32) -> impl DoubleEndedIterator<Item = (u32, u8)> {
        let range = self.range_of(state);
        let edges = self.edges[range.clone()].iter().zip(&self.edge_renamings[range]);
        edges.map(|(&target, &renaming)| (target, renaming)).filter(|&(target, _)| target < BEYOND)
    }

    fn edges_of(&self, state: u32) -> &[u32] {
        &self.edges[self.range_of(state)]
    }

    fn range_of(&self, state: u32) -> Range<usize> {
        let state = state as usize;
        let Some(&end) = self.ends.get(state) else {
            return 0..0;
        };
        let start = if state == 0 { 0 } else { self.ends[state - 1] };
        start as usize..end as usize
    }

    /// The same transitions, the other way round.
    pub fn reversed(&self) -> Reversed {
        let states = self.states();
        let mut ends = vec![0_u64; states as usize + 1];
        for target in (0..states).flat_map(|state| self.targets(state)) {
            ends[target as usize] += 1;
        }
        let mut sum = 0;
        for end in &mut ends {
            sum += *end;
            *end = sum;
        }
        // Filled from the back, each end moves down to the start of its list.
        let mut sources = vec![(0, 0); sum as usize];
        for state in (0..states).rev() {
            for (target, renaming) in self.transitions(state) {
                let place = &mut ends[target as usize];
                *place -= 1;
                sources[*place as usize] = (state, renaming);
            }
        }
        Reversed { starts: ends, sources }
    }
}

/// For every state those that lead to it without a fault.
pub(super) struct Reversed {
    /// One more than there are states.
    starts: Vec<u64>,
    /// Each with its transition's renaming.
    sources: Vec<(u32, u8)>,
}

impl Reversed {
    pub fn sources(&self, state: u32) -> &[(u32, u8)] {
        let state = state as usize;
        &self.sources[self.starts[state] as usize..self.starts[state + 1] as usize]
    }
}
