//! The explored graph: every state's labels and every transition.

use super::Labels;
use super::explored::StateId;

/// States in the order of their numbers, with their transitions side by side (CSR). States that were
/// found and not expanded have no transitions, and lead nobody knows where.
#[derive(Default)]
pub(super) struct Graph {
    labels: Vec<Labels>,
    /// For each expanded state the end of its transitions among `edges`.
    ends: Vec<u64>,
    /// A target's number, or [`BEYOND`], with [`FAULT`] if a fault leads there.
    edges: Vec<u32>,
}

/// The bit that marks a transition by a fault.
pub(super) const FAULT: u32 = 1 << 31;
/// The target of all transitions that leave the model's boundary.
pub(super) const BEYOND: u32 = FAULT - 1;

impl Graph {
    #[inline]
    pub fn push_state(&mut self, labels: Labels) {
        self.labels.push(labels);
    }

    #[inline]
    pub fn push_edges(&mut self, edges: &[u32]) {
        self.edges.extend_from_slice(edges);
        self.ends.push(self.edges.len() as u64);
    }

    /// Drops the states from this number on, which have no transitions yet.
    pub fn truncate_states(&mut self, states: u32) {
        self.labels.truncate(states as usize);
    }

    /// Bytes held, those that only a growing vector holds left out.
    #[inline]
    pub fn bytes(&self) -> u64 {
        16 * self.labels.len() as u64 + 4 * self.edges.len() as u64
    }

    pub fn states(&self) -> u32 {
        self.labels.len() as u32
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
        self.edges_of(state).iter().copied().filter(|&target| target < BEYOND)
    }

    fn edges_of(&self, state: u32) -> &[u32] {
        let state = state as usize;
        let Some(&end) = self.ends.get(state) else {
            return &[];
        };
        let start = if state == 0 { 0 } else { self.ends[state - 1] };
        &self.edges[start as usize..end as usize]
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
        let mut sources = vec![0; sum as usize];
        for state in (0..states).rev() {
            for target in self.targets(state) {
                let place = &mut ends[target as usize];
                *place -= 1;
                sources[*place as usize] = state;
            }
        }
        Reversed { starts: ends, sources }
    }
}

/// For every state those that lead to it without a fault.
pub(super) struct Reversed {
    /// One more than there are states.
    starts: Vec<u64>,
    sources: Vec<u32>,
}

impl Reversed {
    pub fn sources(&self, state: u32) -> &[u32] {
        let state = state as usize;
        &self.sources[self.starts[state] as usize..self.starts[state + 1] as usize]
    }

    /// Adds to `reaching` all states from which a marked state can be reached.
    pub fn close_over(&self, reaching: &mut [bool]) {
        let mut rest: Vec<u32> =
            (0..reaching.len() as u32).filter(|&state| reaching[state as usize]).collect();
        while let Some(state) = rest.pop() {
            for &source in self.sources(state) {
                if !std::mem::replace(&mut reaching[source as usize], true) {
                    rest.push(source);
                }
            }
        }
    }
}
