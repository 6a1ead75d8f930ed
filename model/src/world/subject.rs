//! The world as stateright's `Model`, and as what our own search asks for. No other file names
//! stateright, but for the search itself.

use std::hash::Hash;
use std::sync::atomic::AtomicBool;

use stateright::Model;

use super::state::State;
use super::{Action, World};
use crate::search::{Canonical, Explored, Fingerprinter, Labels, Limits, Subject, search};

impl Model for World {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![self.start.clone()]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        self.possible(state, actions);
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        Some(self.after(state, action))
    }
}

impl Subject for World {
    fn labels(&self, state: &State) -> Labels {
        Labels::of_bits(self.marks(state))
    }

    fn is_fault(&self, state: &State, action: &Action) -> bool {
        action.is_unreliable() || self.is_premature(state, action)
    }

    fn canonical(&self, state: &State) -> Canonical {
        match self.permutations.len() {
            1 => Canonical::itself(state),
            _ => World::canonical(self, state),
        }
    }

    fn renamings(&self) -> u8 {
        self.permutations.len() as u8
    }

    fn renames(&self, renaming: u8, client: u8) -> u8 {
        self.renamed_question(renaming, client)
    }

    fn state_bytes(&self, state: &State) -> usize {
        state.bytes()
    }
}

impl World {
    /// [Searches](search) the world, without a word about how far it is.
    pub fn explored(&self, limits: &Limits) -> Explored {
        search(self, limits, |_| {}, &AtomicBool::new(false))
    }
}

/// What a state hashes to, for those who compare worlds.
pub fn fingerprint(value: &impl Hash) -> u64 {
    Fingerprinter::of(value)
}
