//! How each state was first reached, and the way there again.

use super::Subject;
use super::explored::StateId;
use super::seen::Seen;

/// A run of the model from an initial state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path<State, Action> {
    /// The initial state.
    pub start: State,
    /// Each action, with the state that it led to.
    pub steps: Vec<(Action, State)>,
}

/// The model did not repeat itself when a path was walked again: it lists actions in an order that
/// changes, or an action's outcome depends on more than the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "step {step} of the path to {state} did not lead where it led during the search; \
     keep hash maps, clocks and random draws out of the model's states and actions"
)]
pub struct Unstable {
    /// The state that was asked for.
    pub state: StateId,
    /// The step that failed: 0 is the choice of the initial state.
    pub step: usize,
}

impl<State, Action> Path<State, Action> {
    /// The state that the path ends in.
    pub fn end(&self) -> &State {
        self.steps.last().map_or(&self.start, |(_, state)| state)
    }
}

/// For every state the parent and the index of the parent's action that first led to it.
#[derive(Default)]
pub(super) struct Origins {
    /// How many states are initial: those with the lowest numbers.
    roots: u32,
    /// An initial state has its index among the model's initial states instead of a parent.
    parents: Vec<u32>,
    actions: Vec<u16>,
}

impl Origins {
    pub const BYTES_PER_STATE: u64 = 6;

    #[inline]
    pub fn len(&self) -> u32 {
        self.parents.len() as u32
    }

    pub fn push_root(&mut self, index: u32) {
        self.push(index, 0);
        self.roots += 1;
    }

    #[inline]
    pub fn push(&mut self, parent: u32, action: u16) {
        self.parents.push(parent);
        self.actions.push(action);
    }

    pub fn truncate(&mut self, states: u32) {
        self.parents.truncate(states as usize);
        self.actions.truncate(states as usize);
        self.roots = self.roots.min(states);
    }

    /// Walks from an initial state to this one.
    pub fn replay<S: Subject>(
        &self,
        subject: &S,
        to: StateId,
        seen: &Seen,
    ) -> Result<Path<S::State, S::Action>, Unstable> {
        let (root, actions) = self.way_to(to);
        let met = |state: &S::State| seen.find(subject.canonical(state).fingerprint).is_some();
        let start = subject.init_states().into_iter().nth(root).filter(met);
        let start = start.ok_or(Unstable { state: to, step: 0 })?;
        let mut path = Path { start, steps: Vec::with_capacity(actions.len()) };
        for (step, index) in actions.into_iter().enumerate() {
            let taken = take(subject, path.end(), index).filter(|(_, state)| met(state));
            path.steps.push(taken.ok_or(Unstable { state: to, step: step + 1 })?);
        }
        Ok(path)
    }

    /// The index of the initial state, and those of the actions after it.
    fn way_to(&self, to: StateId) -> (usize, Vec<usize>) {
        let mut actions = Vec::new();
        let mut state = to.index();
        while state >= self.roots as usize {
            actions.push(usize::from(self.actions[state]));
            state = self.parents[state] as usize;
        }
        actions.reverse();
        (self.parents[state] as usize, actions)
    }
}

/// The action of this index and the state that it leads to. (The model consumes an action to apply
/// it and need not be able to copy one, so they are listed twice.)
fn take<S: Subject>(subject: &S, state: &S::State, index: usize) -> Option<(S::Action, S::State)> {
    let nth = || {
        let mut actions = Vec::new();
        subject.actions(state, &mut actions);
        actions.into_iter().nth(index)
    };
    let next = subject.next_state(state, nth()?)?;
    Some((nth()?, next))
}
