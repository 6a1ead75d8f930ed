//! Traps: states from which something that is still pending can never come true.

use super::graph::Graph;
use super::{Labels, StateId};

/// Whether there is a state that cannot be left for the better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trap {
    /// There is none in the whole space.
    None,
    /// This one; none is nearer.
    Found(StateId),
    /// None is known, but not everything is known.
    Unknown,
}

impl Graph {
    pub fn first_trap(&self, pending: Labels, good: Labels, exhausted: bool) -> Trap {
        let reversed = self.reversed();
        let mut reaching: Vec<bool> = (0..self.states()).map(|s| self.holds(s, good)).collect();
        reversed.close_over(&mut reaching);
        let is_caught = |reaching: &[bool], s: u32| self.holds(s, pending) && !reaching[s as usize];
        if self.first(|s| is_caught(&reaching, s)).is_none() {
            return if exhausted { Trap::None } else { Trap::Unknown };
        }
        // A state that leads somewhere unknown may lead to something good.
        for state in (0..self.states()).filter(|&state| self.is_open(state)) {
            reaching[state as usize] = true;
        }
        reversed.close_over(&mut reaching);
        self.first(|s| is_caught(&reaching, s)).map_or(Trap::Unknown, Trap::Found)
    }
}
