//! Starvation: loops in which one waits for ever while others are served.

use std::collections::VecDeque;

use super::graph::Graph;
use super::{Labels, StateId};

/// Whether somebody can wait for ever while others are served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Starvation {
    /// Nobody can, in the whole space.
    None,
    /// The states of a loop, in order; the last leads back to the first, which is the loop's nearest
    /// to an initial state. A state may occur twice: on the way to a service and on the way back.
    Found(Vec<StateId>),
    /// No loop is known, but not everything is known.
    Unknown,
}

impl Graph {
    pub fn first_starvation(&self, waiting: Labels, served: Labels, exhausted: bool) -> Starvation {
        let stays = |state: u32| self.holds(state, waiting);
        let components = Components::of(self, stays);
        // A component of one state is a loop only if the state leads to itself.
        let mut is_loop = vec![false; components.count as usize];
        for state in (0..self.states()).filter(|&state| stays(state)) {
            let own = components.of_state(state);
            is_loop[own as usize] |= self.targets(state).any(|to| components.of_state(to) == own);
        }
        let mut serves = vec![false; components.count as usize];
        for state in (0..self.states()).filter(|&state| stays(state) && self.holds(state, served)) {
            serves[components.of_state(state) as usize] = true;
        }
        let entry = self.first(|state| {
            stays(state) && {
                let own = components.of_state(state) as usize;
                is_loop[own] && serves[own]
            }
        });
        let Some(StateId(entry)) = entry else {
            let all_known = exhausted && !(0..self.states()).any(|s| stays(s) && self.is_open(s));
            return if all_known { Starvation::None } else { Starvation::Unknown };
        };
        let own = components.of_state(entry);
        let inside = |state: u32| components.of_state(state) == own;
        let mut round = vec![entry];
        if !self.holds(entry, served) {
            round.extend(self.walk(entry, inside, |state| self.holds(state, served)));
        }
        let last = round[round.len() - 1];
        round.extend(self.walk(last, inside, |state| state == entry));
        round.pop();
        Starvation::Found(round.into_iter().map(StateId).collect())
    }

    /// A shortest walk of at least one step to a state that is `wanted`, through states `inside`: the
    /// states after `from`.
    fn walk(
        &self,
        from: u32,
        inside: impl Fn(u32) -> bool,
        wanted: impl Fn(u32) -> bool,
    ) -> Vec<u32> {
        let mut came_from = vec![u32::MAX; self.states() as usize];
        let mut queue = VecDeque::from([from]);
        while let Some(state) = queue.pop_front() {
            for target in self.targets(state).filter(|&target| inside(target)) {
                if came_from[target as usize] != u32::MAX {
                    continue;
                }
                came_from[target as usize] = state;
                if !wanted(target) {
                    queue.push_back(target);
                    continue;
                }
                let mut walk = vec![target];
                let mut state = state;
                while state != from {
                    walk.push(state);
                    state = came_from[state as usize];
                }
                walk.reverse();
                return walk;
            }
        }
        unreachable!("within a component every state reaches every other")
    }
}

/// The strongly connected components of a part of the graph.
struct Components {
    /// For each state its component; [`OUTSIDE`] for those that are not of the part.
    component: Vec<u32>,
    count: u32,
}

const OUTSIDE: u32 = u32::MAX;
const UNVISITED: u32 = u32::MAX;

impl Components {
    fn of_state(&self, state: u32) -> u32 {
        self.component[state as usize]
    }

    /// Tarjan's algorithm, with a stack of its own instead of recursion.
    fn of(graph: &Graph, is_part: impl Fn(u32) -> bool) -> Components {
        let states = graph.states();
        let mut components = Components { component: vec![OUTSIDE; states as usize], count: 0 };
        let mut order = vec![UNVISITED; states as usize];
        let mut lowest = vec![UNVISITED; states as usize];
        let mut visited = 0;
        let mut open = Vec::new();
        let mut frames = Vec::new();
        for root in (0..states).filter(|&state| is_part(state)) {
            let mut entered = (order[root as usize] == UNVISITED).then_some(root);
            loop {
                if let Some(state) = entered.take() {
                    order[state as usize] = visited;
                    lowest[state as usize] = visited;
                    visited += 1;
                    open.push(state);
                    frames.push((state, graph.targets(state)));
                }
                let Some((state, targets)) = frames.last_mut() else {
                    break;
                };
                let state = *state as usize;
                if let Some(target) = targets.find(|&target| is_part(target)) {
                    if order[target as usize] == UNVISITED {
                        entered = Some(target);
                    } else if components.of_state(target) == OUTSIDE {
                        lowest[state] = lowest[state].min(order[target as usize]);
                    }
                    continue;
                }
                frames.pop();
                if let Some(&(parent, _)) = frames.last() {
                    let parent = parent as usize;
                    lowest[parent] = lowest[parent].min(lowest[state]);
                }
                if lowest[state] == order[state] {
                    components.close(state as u32, &mut open);
                }
            }
        }
        components
    }

    /// Makes a component of all that was opened since its first state.
    fn close(&mut self, first: u32, open: &mut Vec<u32>) {
        while let Some(state) = open.pop() {
            self.component[state as usize] = self.count;
            if state == first {
                break;
            }
        }
        self.count += 1;
    }
}
