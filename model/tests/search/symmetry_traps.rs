//! Traps of single clients under symmetry: a lock that stays with those who had it shuts others out,
//! and that is found although somebody always holds, and whatever the clients' names have become.

use std::sync::atomic::AtomicBool;

use contend_model::search::{
    Canonical, Explored, Fingerprinter, Labels, Limits, Subject, Trap, search,
};
use contend_model::symmetry::Permutation;
use stateright::Model;

/// Alike clients take one lock. Whoever has had it so often in a row owns it for good, unless that is 0.
#[derive(Clone)]
struct Greedy {
    clients: usize,
    often: u8,
    renamings: Vec<Permutation>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Phase {
    Idle,
    Waiting,
    Holding,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct State {
    phases: Vec<Phase>,
    /// Who had it last, and how often in a row.
    last: Option<(usize, u8)>,
}

impl Greedy {
    fn new(clients: usize, often: u8, symmetric: bool) -> Self {
        let mut renamings = Permutation::all_within(&vec!["client"; clients]);
        if !symmetric {
            renamings.truncate(1);
        }
        Greedy { clients, often, renamings }
    }

    fn may_take(&self, state: &State, client: usize) -> bool {
        let free = !state.phases.contains(&Phase::Holding);
        let owned = |(last, times)| self.often > 0 && times == self.often && last != client;
        free && !state.last.is_some_and(owned)
    }
}

fn renamed(state: &State, renaming: &Permutation) -> State {
    let new = |client: usize| usize::from(renaming.image()[client]);
    let mut phases = state.phases.clone();
    for (old, &phase) in state.phases.iter().enumerate() {
        phases[new(old)] = phase;
    }
    State { phases, last: state.last.map(|(client, times)| (new(client), times)) }
}

impl Model for Greedy {
    type State = State;
    /// Who moves.
    type Action = usize;

    fn init_states(&self) -> Vec<State> {
        vec![State { phases: vec![Phase::Idle; self.clients], last: None }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<usize>) {
        let moves = |&client: &usize| {
            state.phases[client] != Phase::Waiting || self.may_take(state, client)
        };
        actions.extend((0..self.clients).filter(moves));
    }

    fn next_state(&self, state: &State, client: usize) -> Option<State> {
        let mut next = state.clone();
        next.phases[client] = match state.phases[client] {
            Phase::Idle => Phase::Waiting,
            Phase::Waiting => Phase::Holding,
            Phase::Holding => Phase::Idle,
        };
        if next.phases[client] == Phase::Holding {
            let before = state.last.filter(|(last, _)| *last == client);
            let times = before.map_or(0, |(_, times)| times);
            next.last = Some((client, (times + 1).min(self.often)));
        }
        Some(next)
    }
}

impl Subject for Greedy {
    fn labels(&self, state: &State) -> Labels {
        let bits = (0..).zip(&state.phases).map(|(client, &phase)| {
            waits(client).when(phase == Phase::Waiting)
                | holds(client).when(phase == Phase::Holding)
        });
        bits.fold(Labels::NONE, |all, bit| all | bit)
    }

    fn is_fault(&self, _: &Self::State, _: &usize) -> bool {
        false
    }

    fn canonical(&self, state: &State) -> Canonical {
        let all = (0..).zip(&self.renamings);
        let prints = all.map(|(number, r)| (Fingerprinter::of(&renamed(state, r)), number));
        let (fingerprint, renaming) = prints.min().unwrap();
        Canonical { fingerprint, renaming }
    }

    fn renamings(&self) -> u8 {
        self.renamings.len() as u8
    }

    fn renames(&self, renaming: u8, client: u8) -> u8 {
        let image = self.renamings[usize::from(renaming)].image();
        image.get(usize::from(client)).copied().unwrap_or(client)
    }
}

fn waits(client: u32) -> Labels {
    Labels::bit(client)
}

fn holds(client: u32) -> Labels {
    Labels::bit(8 + client)
}

fn explore(model: &Greedy) -> Explored {
    let limits = Limits { keep_graph: true, ..Limits::default() };
    search(model, &limits, |_| (), &AtomicBool::new(false))
}

/// How far the nearest trap is, asked for client by client.
fn nearest_trap(model: &Greedy, explored: &Explored) -> Option<usize> {
    let each: Vec<_> = (0..model.clients as u32).map(|c| (waits(c), holds(c))).collect();
    match explored.first_trap(&each) {
        Trap::Found(state) => Some(explored.distance(state)),
        Trap::None => None,
        Trap::Unknown => panic!("everything is known"),
    }
}

#[test]
fn one_who_is_shut_out_is_found_among_those_who_are_served() {
    for clients in [2, 3, 4] {
        for often in [1, 2, 3] {
            let models = [true, false].map(|symmetric| Greedy::new(clients, often, symmetric));
            let [reduced, whole] = [explore(&models[0]), explore(&models[1])];
            assert!(reduced.states() < whole.states());
            let traps = [nearest_trap(&models[0], &reduced), nearest_trap(&models[1], &whole)];
            // The other waits and takes so often, gives back in between, and one waits by then.
            let expected = Some(3 * usize::from(often));
            assert_eq!(traps, [expected; 2], "{clients} clients, {often} times");
            // Asked as one question, it is hidden by whoever holds.
            let any = |bit: fn(u32) -> Labels| {
                (0..clients as u32).fold(Labels::NONE, |all, c| all | bit(c))
            };
            assert_eq!(reduced.first_trap(&[(any(waits), any(holds))]), Trap::None);
        }
    }
}

#[test]
fn clients_whom_nobody_shuts_out_are_in_no_trap_under_any_name() {
    for clients in [2, 3, 4] {
        let fair = Greedy::new(clients, 0, true);
        assert_eq!(nearest_trap(&fair, &explore(&fair)), None);
    }
}
