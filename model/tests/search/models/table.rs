//! A model that is written down: each state's transitions and labels, in tables.

use contend_model::search::{Labels, Subject};
use stateright::{Model, Property};

/// States are the indices of `transitions`.
#[derive(Clone, Debug, Default)]
pub struct Table {
    pub initial: Vec<u32>,
    /// For each state its actions. An action without a target changes nothing.
    pub transitions: Vec<Vec<Step>>,
    pub labels: Vec<Labels>,
    /// States from this one on are outside the boundary.
    pub boundary: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    pub target: Option<u32>,
    pub fault: bool,
}

pub const fn to(target: u32) -> Step {
    Step { target: Some(target), fault: false }
}

pub const fn fault_to(target: u32) -> Step {
    Step { target: Some(target), fault: true }
}

impl Table {
    /// One initial state, 0, and nobody labelled.
    pub fn new(transitions: &[&[Step]]) -> Table {
        Table {
            initial: vec![0],
            transitions: transitions.iter().map(|steps| steps.to_vec()).collect(),
            labels: vec![Labels::NONE; transitions.len()],
            boundary: None,
        }
    }

    pub fn label(mut self, states: &[u32], labels: Labels) -> Table {
        for &state in states {
            self.labels[state as usize] |= labels;
        }
        self
    }
}

impl Model for Table {
    type State = u32;
    type Action = (usize, Step);

    fn init_states(&self) -> Vec<u32> {
        self.initial.clone()
    }

    fn actions(&self, state: &u32, actions: &mut Vec<Self::Action>) {
        actions.extend(self.transitions[*state as usize].iter().copied().enumerate());
    }

    fn next_state(&self, _: &u32, (_, step): Self::Action) -> Option<u32> {
        step.target
    }

    fn within_boundary(&self, state: &u32) -> bool {
        self.boundary.is_none_or(|boundary| *state < boundary)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        // stateright stops at once if there is nothing to look for.
        vec![Property::always("true", |_, _| true)]
    }
}

impl Subject for Table {
    fn labels(&self, state: &u32) -> Labels {
        self.labels[*state as usize]
    }

    fn is_fault(&self, _: &Self::State, (_, step): &Self::Action) -> bool {
        step.fault
    }
}
