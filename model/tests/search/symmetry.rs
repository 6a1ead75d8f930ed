//! Symmetry: fewer states, the same verdicts, and paths that are the model's own.

use std::sync::atomic::AtomicBool;

use contend_model::search::{Canonical, Explored, Labels, Limits, Subject, Trap, search};
use stateright::{Checker, Model, Property, Representative};

/// Two-phase commit: a manager and alike participants, which prepare, vote, and learn the outcome.
/// A participant that decides alone to abort after it has voted is the mistake that can be put in.
#[derive(Clone)]
struct TwoPhaseCommit {
    participants: usize,
    rash: bool,
    symmetric: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Phase {
    Working,
    Prepared,
    Committed,
    Aborted,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct State {
    outcome: Option<bool>,
    /// Each participant's phase, and whether its vote has arrived.
    participants: Vec<(Phase, bool)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    Prepare(usize),
    VoteArrives(usize),
    Abort(usize),
    Decide(bool),
    Learn(usize),
}

const SPLIT: Labels = Labels::bit(0);
const UNDECIDED: Labels = Labels::bit(1);
const SETTLED: Labels = Labels::bit(2);

impl State {
    fn is_split(&self) -> bool {
        let any = |phase| self.participants.iter().any(|one| one.0 == phase);
        any(Phase::Committed) && any(Phase::Aborted)
    }

    fn is_settled(&self) -> bool {
        self.participants.iter().all(|one| matches!(one.0, Phase::Committed | Phase::Aborted))
    }
}

impl Representative for State {
    fn representative(&self) -> State {
        let mut participants = self.participants.clone();
        participants.sort_unstable();
        State { participants, ..*self }
    }
}

impl Model for TwoPhaseCommit {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State {
            outcome: None,
            participants: vec![(Phase::Working, false); self.participants],
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        for (i, &(phase, arrived)) in state.participants.iter().enumerate() {
            match phase {
                Phase::Working => actions.extend([Action::Prepare(i), Action::Abort(i)]),
                Phase::Prepared if !arrived => actions.push(Action::VoteArrives(i)),
                _ => {}
            }
            if phase == Phase::Prepared && self.rash {
                actions.push(Action::Abort(i));
            }
            if matches!(phase, Phase::Working | Phase::Prepared) && state.outcome.is_some() {
                actions.push(Action::Learn(i));
            }
        }
        if state.outcome.is_none() {
            actions.push(Action::Decide(false));
            if state.participants.iter().all(|one| one.1) {
                actions.push(Action::Decide(true));
            }
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut next = last.clone();
        match action {
            Action::Prepare(i) => next.participants[i].0 = Phase::Prepared,
            Action::VoteArrives(i) => next.participants[i].1 = true,
            Action::Abort(i) => next.participants[i].0 = Phase::Aborted,
            Action::Decide(outcome) => next.outcome = Some(outcome),
            Action::Learn(i) => {
                let committed = last.outcome == Some(true);
                next.participants[i].0 = if committed { Phase::Committed } else { Phase::Aborted };
            }
        }
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![Property::always("consistent", |_, state: &State| {
            // Never false, so that stateright searches on.
            state.participants.len() < usize::MAX
        })]
    }
}

impl Subject for TwoPhaseCommit {
    fn labels(&self, state: &State) -> Labels {
        SPLIT.when(state.is_split())
            | UNDECIDED.when(!state.is_settled())
            | SETTLED.when(state.is_settled())
    }

    fn is_fault(&self, _: &Self::State, _: &Action) -> bool {
        false
    }

    fn canonical(&self, state: &State) -> Canonical {
        match self.symmetric {
            true => Canonical::itself(&state.representative()),
            false => Canonical::itself(state),
        }
    }

    fn state_bytes(&self, state: &State) -> usize {
        size_of::<State>() + size_of_val(state.participants.as_slice())
    }
}

fn explore(model: &TwoPhaseCommit, threads: usize) -> Explored {
    let limits = Limits { threads, keep_graph: true, ..Limits::default() };
    search(model, &limits, |_| (), &AtomicBool::new(false))
}

fn model(participants: usize, rash: bool, symmetric: bool) -> TwoPhaseCommit {
    TwoPhaseCommit { participants, rash, symmetric }
}

#[test]
fn seven_participants_need_as_few_states_as_stateright_s_symmetry_finds() {
    let reduced = explore(&model(7, false, true), 2);
    let whole = explore(&model(7, false, false), 2);
    let dfs = model(7, false, false).checker().symmetry().spawn_dfs().join();
    assert_eq!(reduced.states(), dfs.unique_state_count());
    let dfs = model(7, false, false).checker().spawn_dfs().join();
    assert_eq!(whole.states(), dfs.unique_state_count());
    assert!(reduced.states() * 50 < whole.states());
    assert_eq!(reduced.depth(), whole.depth());
}

#[test]
fn a_sound_protocol_and_a_rash_one_get_the_same_verdicts_with_symmetry() {
    for rash in [false, true] {
        let reduced = explore(&model(5, rash, true), 1);
        let whole = explore(&model(5, rash, false), 1);
        assert!(reduced.states() < whole.states());
        let distance = |explored: &Explored| explored.first(SPLIT).map(|id| explored.distance(id));
        assert_eq!(distance(&reduced), distance(&whole));
        assert_eq!(distance(&reduced).is_some(), rash);
        assert_eq!(reduced.first_trap(&[(UNDECIDED, SETTLED)]), Trap::None);
        assert_eq!(whole.first_trap(&[(UNDECIDED, SETTLED)]), Trap::None);
    }
}

#[test]
fn every_path_found_with_symmetry_is_a_path_of_the_model() {
    let symmetric = model(4, true, true);
    for threads in [1, 2] {
        let explored = explore(&symmetric, threads);
        for id in explored.ids() {
            let path = explored.path_to(&symmetric, id).unwrap();
            assert_eq!(path.steps.len(), explored.distance(id));
            let mut state = symmetric.init_states().remove(0);
            assert_eq!(path.start, state);
            for (action, next) in path.steps {
                let mut offered = Vec::new();
                symmetric.actions(&state, &mut offered);
                assert!(offered.contains(&action));
                state = symmetric.next_state(&state, action).unwrap();
                assert_eq!(state, next);
            }
        }
        let split = explored.path_to(&symmetric, explored.first(SPLIT).unwrap()).unwrap();
        assert!(split.end().is_split());
    }
}
