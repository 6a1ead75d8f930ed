//! A search that ends early says why, and never that it was exhausted.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::models::closed_lock::ClosedLock;
use crate::models::table::{Step, Table, to};
use crate::models::{random, textbook};
use contend_model::search::{Cut, Explored, Labels, Limits, Progress, StateId, Subject, search};
use proptest::prelude::*;
use stateright::Model;

const LOCK: ClosedLock<3> = ClosedLock { acquisitions: 2 };
const LOCK_STATES: usize = 50_024;

fn explore(limits: &Limits) -> Explored {
    search(&LOCK, limits, |_| (), &AtomicBool::new(false))
}

#[test]
fn a_budget_of_exactly_the_states_there_are_suffices() {
    let limits = |max_states| Limits { max_states, threads: 2, ..Limits::default() };
    assert_eq!(explore(&limits(LOCK_STATES)).cut(), None);
    let short = explore(&limits(LOCK_STATES - 1));
    assert_eq!(short.cut(), Some(Cut::StateBudget));
    assert!(!short.is_exhausted());
    assert!(short.states() < LOCK_STATES);
    assert!(short.expanded() < short.states());
}

#[test]
fn no_budget_at_all_knows_nothing() {
    let explored = explore(&Limits { max_states: 0, ..Limits::default() });
    assert_eq!((explored.states(), explored.depth()), (0, 0));
    assert_eq!(explored.cut(), Some(Cut::StateBudget));
    let explored = explore(&Limits { max_bytes: 0, ..Limits::default() });
    assert_eq!(explored.states(), 0);
    assert_eq!(explored.cut(), Some(Cut::MemoryBudget));
}

#[test]
fn a_memory_budget_ends_at_the_same_state_on_any_number_of_threads() {
    for keep_graph in [false, true] {
        let states = [1, 2, 3].map(|threads| {
            let limits = Limits { max_bytes: 500_000, keep_graph, threads, ..Limits::default() };
            let highest = Mutex::new(0);
            let note = |progress: &Progress| {
                let mut highest = highest.lock().unwrap();
                *highest = progress.bytes.max(*highest);
            };
            let explored = search(&LOCK, &limits, note, &AtomicBool::new(false));
            assert_eq!(explored.cut(), Some(Cut::MemoryBudget));
            assert!(*highest.lock().unwrap() <= 500_000);
            (explored.states(), explored.expanded(), explored.transitions())
        });
        assert!(states.iter().all(|one| *one == states[0]), "{states:?}");
        assert!((1_000..30_000).contains(&states[0].0), "{states:?}");
    }
}

/// A table whose states are said to hold a megabyte each.
struct Heavy(Table);

impl Model for Heavy {
    type State = u32;
    type Action = (usize, Step);

    fn init_states(&self) -> Vec<u32> {
        self.0.init_states()
    }

    fn actions(&self, state: &u32, actions: &mut Vec<Self::Action>) {
        self.0.actions(state, actions);
    }

    fn next_state(&self, state: &u32, action: Self::Action) -> Option<u32> {
        self.0.next_state(state, action)
    }
}

impl Subject for Heavy {
    fn labels(&self, state: &u32) -> Labels {
        self.0.labels(state)
    }

    fn is_fault(&self, state: &Self::State, action: &Self::Action) -> bool {
        self.0.is_fault(state, action)
    }

    fn state_bytes(&self, _: &u32) -> usize {
        1 << 20
    }
}

#[test]
fn heavy_states_spend_the_memory_while_they_wait_and_not_after() {
    let limits = Limits { max_bytes: 10 << 20, ..Limits::default() };
    let line: Vec<Vec<Step>> = (1..=100).map(|state| vec![to(state % 100)]).collect();
    let line: Vec<&[Step]> = line.iter().map(Vec::as_slice).collect();
    let line = search(&Heavy(Table::new(&line)), &limits, |_| (), &AtomicBool::new(false));
    assert_eq!((line.states(), line.cut()), (100, None));

    // The two parents are held until their level is done. Beside them five leaves fit, nine do not.
    let tree: [&[Step]; 3] =
        [&[to(1), to(2)], &[to(3), to(4), to(5), to(6), to(7)], &[to(8), to(9), to(10), to(11)]];
    let leaves: [&[Step]; 9] = [&[]; 9];
    let tree = Table::new(&[&tree[..], &leaves[..]].concat());
    let tree = search(&Heavy(tree), &limits, |_| (), &AtomicBool::new(false));
    assert_eq!(tree.cut(), Some(Cut::MemoryBudget));
    assert_eq!((tree.states(), tree.expanded(), tree.transitions()), (8, 2, 7));
}

#[test]
fn a_deadline_that_has_passed_ends_before_the_first_block() {
    let limits = Limits { deadline: Some(Duration::ZERO), ..Limits::default() };
    let explored = explore(&limits);
    assert_eq!(explored.cut(), Some(Cut::Deadline));
    assert_eq!((explored.states(), explored.expanded()), (1, 0));
}

#[test]
fn a_caller_who_stops_is_told_so_and_keeps_what_was_found() {
    for threads in [1, 2] {
        let stop = AtomicBool::new(false);
        let limits = Limits { threads, ..Limits::default() };
        let at_half = |progress: &Progress| {
            stop.store(progress.states > LOCK_STATES / 2, Ordering::Relaxed);
        };
        let explored = search(&LOCK, &limits, at_half, &stop);
        assert_eq!(explored.cut(), Some(Cut::Interrupted));
        assert!((LOCK_STATES / 2..LOCK_STATES).contains(&explored.states()));
        let last = explored.ids().last().unwrap();
        assert!(explored.path_to(&LOCK, last).is_ok());
    }
}

#[test]
fn progress_is_told_of_every_level_and_only_grows() {
    let told = Mutex::new(Vec::new());
    let limits = Limits { threads: 2, ..Limits::default() };
    let note = |progress: &Progress| told.lock().unwrap().push(*progress);
    let explored = search(&LOCK, &limits, note, &AtomicBool::new(false));
    let told = told.into_inner().unwrap();
    assert!(told.len() >= explored.depth());
    assert!(told.windows(2).all(|pair| pair[0].states <= pair[1].states));
    let last = told[told.len() - 1];
    assert_eq!((last.states, last.waiting, last.depth), (LOCK_STATES, 0, explored.depth()));
    assert_eq!(last.transitions, explored.transitions());
}

#[test]
fn a_model_that_panics_ends_the_search_instead_of_hanging_it() {
    struct Broken;
    impl Model for Broken {
        type State = u32;
        type Action = u32;
        fn init_states(&self) -> Vec<u32> {
            (0..5_000).collect()
        }
        fn actions(&self, state: &u32, actions: &mut Vec<u32>) {
            actions.push(state + 1);
        }
        fn next_state(&self, _: &u32, action: u32) -> Option<u32> {
            assert!(action != 2_500, "the model is broken");
            Some(action)
        }
    }
    impl Subject for Broken {
        fn labels(&self, _: &u32) -> Labels {
            Labels::NONE
        }
        fn is_fault(&self, _: &Self::State, _: &u32) -> bool {
            false
        }
    }
    for threads in [1, 2, 3] {
        let limits = Limits { threads, ..Limits::default() };
        let ended =
            std::panic::catch_unwind(|| search(&Broken, &limits, |_| (), &AtomicBool::new(false)));
        assert!(ended.is_err());
    }
}

#[test]
fn every_reason_reads_as_a_sentence() {
    let reasons = [Cut::StateBudget, Cut::MemoryBudget, Cut::Deadline, Cut::Interrupted];
    assert_eq!(
        reasons.map(|reason| reason.to_string()),
        [
            "the state budget is spent",
            "the memory budget is spent",
            "the deadline has passed",
            "interrupted",
        ]
    );
}

#[test]
fn a_collision_is_less_likely_than_one_in_a_million_among_five_million_states() {
    let line = Table::new(&[&[to(1)], &[]]);
    let two = search(&line, &Limits::default(), |_| (), &AtomicBool::new(false));
    assert_eq!(two.collision_bound(), 2_f64.powi(-64));
    let pairs = explore(&Limits::default()).collision_bound() * 2_f64.powi(65);
    assert_eq!(pairs, (LOCK_STATES * (LOCK_STATES - 1)) as f64);
}

proptest! {
    #[test]
    fn a_state_budget_keeps_a_prefix_of_the_textbook_order(
        model in random::tables(40, 4),
        max_states in 0..45_usize,
        keep_graph: bool,
    ) {
        let textbook = textbook::search(&model);
        let limits = Limits { max_states, keep_graph, ..Limits::default() };
        let explored = search(&model, &limits, |_| (), &AtomicBool::new(false));
        prop_assert_eq!(explored.is_exhausted(), textbook.order.len() <= max_states);
        prop_assert!(explored.states() <= max_states);
        for (id, state) in explored.ids().zip(&textbook.order) {
            let path = explored.path_to(&model, id).unwrap();
            prop_assert_eq!(path.end(), state);
        }
        for bit in 0..4 {
            let label = Labels::bit(bit);
            let first = textbook.order[..explored.states()]
                .iter()
                .position(|&state| model.labels[state as usize].intersects(label));
            prop_assert_eq!(explored.first(label).map(StateId::index), first);
        }
        // What was taken back is not met.
        for state in &textbook.order[explored.states()..] {
            prop_assert!(!explored.contains(&model, state));
        }
    }
}
