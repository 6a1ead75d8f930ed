//! The world as stateright's `Model`, and as what our own search asks for. No other file names
//! stateright, but for the search itself.

use std::hash::Hash;

use stateright::Model;

use super::state::State;
use super::{Action, World};
use crate::search::{Fingerprinter, Labels, Subject};

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

    /// Of all renamings of a state the one with the smallest fingerprint.
    fn representative(&self, state: &State) -> Option<State> {
        if self.permutations.len() < 2 {
            return None;
        }
        let renamed = self.permutations[1..].iter().map(|permutation| {
            state.permuted(permutation).expect("symmetry was found to be supported at the start")
        });
        let own = Fingerprinter::of(state);
        renamed
            .map(|state| (Fingerprinter::of(&state), state))
            .filter(|(fingerprint, _)| *fingerprint < own)
            .min_by_key(|(fingerprint, _)| *fingerprint)
            .map(|(_, state)| state)
    }

    fn state_bytes(&self, state: &State) -> usize {
        state.bytes()
    }
}

/// What a state hashes to, for those who compare worlds.
pub fn fingerprint(value: &impl Hash) -> u64 {
    Fingerprinter::of(value)
}
