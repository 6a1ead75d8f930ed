//! The world as stateright's `Model`, and as what our own search asks for. No other file names
//! stateright, but for the search itself.

use std::hash::Hash;

use stateright::Model;

use super::state::State;
use super::{Action, World};
use crate::search::{Canonical, Fingerprinter, Labels, Subject};

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
        let bits = self.marks(state);
        (0..Labels::MAX)
            .filter(|index| bits >> index & 1 == 1)
            .fold(Labels::NONE, |labels, index| labels | Labels::bit(index))
    }

    fn is_fault(&self, action: &Action) -> bool {
        action.is_unreliable()
    }

    fn canonical(&self, state: &State) -> Canonical {
        match self.permutations.len() {
            1 => Canonical::itself(state),
            _ => self.with_memo(|memo| World::canonical(self, state, memo)),
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

/// What a state hashes to, for those who compare worlds.
pub fn fingerprint(value: &impl Hash) -> u64 {
    Fingerprinter::of(value)
}
