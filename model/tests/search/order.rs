//! The order of states, the counts and the paths are the textbook's, on any number of threads.

use std::fmt::Write;
use std::sync::atomic::AtomicBool;

use crate::models::closed_lock::{ClosedLock, TWO_HOLDERS};
use crate::models::table::{Step, Table, to};
use crate::models::{random, textbook};
use contend_model::search::{Explored, Labels, Limits, StateId, search};
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use stateright::{Checker, Model};

fn explore(model: &Table, threads: usize, keep_graph: bool) -> Explored {
    let limits = Limits { threads, keep_graph, ..Limits::default() };
    search(model, &limits, |_| (), &AtomicBool::new(false))
}

fn ids(explored: &Explored) -> Vec<StateId> {
    explored.ids().collect()
}

#[test]
fn a_line_has_a_level_for_each_state() {
    let line = Table::new(&[&[to(1)], &[to(2)], &[to(3)], &[]]);
    let explored = explore(&line, 1, false);
    assert_eq!((explored.states(), explored.transitions(), explored.depth()), (4, 3, 4));
    assert!(explored.is_exhausted());
    assert_eq!(explored.cut(), None);
    let path = explored.path_to(&line, ids(&explored)[3]).unwrap();
    assert_eq!(path.start, 0);
    assert_eq!(path.steps.iter().map(|step| step.1).collect::<Vec<_>>(), [1, 2, 3]);
}

#[test]
fn a_diamond_is_entered_by_its_first_side() {
    let diamond = Table::new(&[&[to(1), to(2)], &[to(3)], &[to(3)], &[]]);
    let explored = explore(&diamond, 1, false);
    assert_eq!((explored.states(), explored.transitions(), explored.depth()), (4, 4, 3));
    let path = explored.path_to(&diamond, ids(&explored)[3]).unwrap();
    assert_eq!(path.steps, [((0, to(1)), 1), ((0, to(3)), 3)]);
}

#[test]
fn a_grid_of_two_counters_has_a_level_for_each_sum() {
    const SIDE: u32 = 30;
    let steps = |state: u32| {
        let (x, y) = (state % SIDE, state / SIDE);
        let right = (x + 1 < SIDE).then_some(state + 1);
        let up = (y + 1 < SIDE).then_some(state + SIDE);
        [right, up].map(|target| Step { target, fault: false }).to_vec()
    };
    let states = SIDE * SIDE;
    let grid = Table {
        initial: vec![0],
        transitions: (0..states).map(steps).collect(),
        labels: vec![Labels::NONE; states as usize],
        boundary: None,
    };
    let explored = explore(&grid, 2, true);
    assert_eq!(explored.states(), 900);
    assert_eq!(explored.transitions(), u64::from(2 * SIDE * (SIDE - 1)));
    assert_eq!(explored.depth(), 59);
}

#[test]
fn what_lies_beyond_the_boundary_is_neither_a_state_nor_a_transition() {
    let mut line = Table::new(&[&[to(1), to(3)], &[to(2)], &[to(3)], &[to(0)]]);
    line.boundary = Some(2);
    let explored = explore(&line, 1, true);
    assert_eq!((explored.states(), explored.transitions()), (2, 1));
    assert_eq!(explored.beyond_boundary(), 2);
}

#[test]
fn an_initial_state_that_is_listed_twice_is_one_state() {
    let mut pair = Table::new(&[&[to(1)], &[to(0)], &[to(1)]]);
    pair.initial = vec![2, 2, 0];
    let explored = explore(&pair, 1, false);
    assert_eq!((explored.states(), explored.depth()), (3, 2));
    let starts: Vec<u32> =
        ids(&explored).iter().map(|&id| explored.path_to(&pair, id).unwrap().start).collect();
    assert_eq!(starts, [2, 0, 2]);
}

#[test]
fn a_model_that_changes_its_mind_is_told_so() {
    let honest = Table::new(&[&[to(1)], &[to(2)], &[]]);
    let explored = explore(&honest, 1, false);
    // The second step leads nowhere, or to a state that the search never met.
    for second in [[].as_slice(), &[to(3)]] {
        let changed = Table::new(&[&[to(1)], second, &[], &[]]);
        let error = explored.path_to(&changed, ids(&explored)[2]).unwrap_err();
        assert_eq!(error.step, 2);
        assert!(error.to_string().starts_with("step 2 of the path to state 2 did not lead"));
    }
}

/// Everything that a search says, as text.
fn summary(acquisitions: u8, threads: usize, keep_graph: bool, max_states: usize) -> String {
    let lock = ClosedLock::<3> { acquisitions };
    let limits = Limits { threads, keep_graph, max_states, ..Limits::default() };
    let explored = search(&lock, &limits, |_| (), &AtomicBool::new(false));
    let mut text = format!(
        "{} states, {} expanded, {} transitions, {} levels, {:?}, {:?}\n",
        explored.states(),
        explored.expanded(),
        explored.transitions(),
        explored.depth(),
        explored.cut(),
        explored.first(TWO_HOLDERS),
    );
    for id in explored.ids().step_by(97) {
        let path = explored.path_to(&lock, id).unwrap();
        assert_eq!(path.steps.len(), explored.distance(id));
        writeln!(text, "{id}: {path:?}").unwrap();
    }
    text
}

#[test]
fn any_number_of_threads_says_the_same_byte_for_byte() {
    for (keep_graph, max_states) in [(false, usize::MAX), (true, usize::MAX), (true, 31_234)] {
        let alone = summary(2, 1, keep_graph, max_states);
        for threads in [2, 3, 7] {
            assert!(alone == summary(2, threads, keep_graph, max_states), "{threads} threads");
        }
    }
}

#[test]
fn a_wide_random_graph_is_searched_in_the_textbook_order_by_three_threads() {
    let mut rng = xoshiro(11);
    let states = 60_000;
    let mut step = || Step { target: Some(rng.random_range(0..states)), fault: false };
    let wide = Table {
        initial: vec![5, 7],
        transitions: (0..states).map(|_| (0..4).map(|_| step()).collect()).collect(),
        labels: vec![Labels::NONE; states as usize],
        boundary: None,
    };
    assert_is_textbook(&wide, 3, 113);
}

fn xoshiro(seed: u64) -> impl rand::Rng {
    rand_xoshiro::Xoshiro256PlusPlus::seed_from_u64(seed)
}

/// Compares with the textbook, by the path to every `stride`-th state.
fn assert_is_textbook(model: &Table, threads: usize, stride: usize) {
    let textbook = textbook::search(model);
    for keep_graph in [false, true] {
        let explored = explore(model, threads, keep_graph);
        assert!(explored.is_exhausted());
        assert_eq!(explored.states(), textbook.order.len());
        assert_eq!(explored.transitions(), textbook.transitions);
        assert_eq!(explored.depth(), textbook.distance.values().max().map_or(0, |most| most + 1));
        for (id, state) in explored.ids().zip(&textbook.order).step_by(stride) {
            let path = explored.path_to(model, id).unwrap();
            assert_eq!(path.end(), state);
            assert_eq!(path.steps.len(), textbook.distance[state]);
        }
    }
}

proptest! {
    #[test]
    fn random_tables_are_searched_in_the_textbook_order(
        model in random::tables(40, 4),
        threads in 1..3_usize,
    ) {
        assert_is_textbook(&model, threads, 1);
    }

    #[test]
    fn stateright_counts_the_same(mut model in random::tables(40, 4)) {
        // It expands an initial state as often as it is listed.
        model.initial.dedup();
        let explored = explore(&model, 1, false);
        let dfs = model.clone().checker().spawn_dfs().join();
        let bfs = model.clone().checker().spawn_bfs().join();
        assert_eq!(explored.states(), dfs.unique_state_count());
        assert_eq!(explored.states(), bfs.unique_state_count());
        assert_eq!(explored.generated(), dfs.state_count() as u64);
        assert_eq!(explored.generated(), bfs.state_count() as u64);
    }

    #[test]
    fn the_first_state_with_a_label_is_the_nearest(model in random::tables(40, 3)) {
        let textbook = textbook::search(&model);
        let explored = explore(&model, 1, false);
        for bit in 0..4 {
            let label = Labels::bit(bit);
            let first = textbook.order.iter().position(|&state| {
                model.labels[state as usize].intersects(label)
            });
            assert_eq!(explored.first(label).map(StateId::index), first);
        }
    }

    #[test]
    fn a_search_knows_which_states_it_met(model in random::tables(40, 2)) {
        let textbook = textbook::search(&model);
        let explored = explore(&model, 1, false);
        for state in 0..model.transitions.len() as u32 {
            assert_eq!(
                explored.contains(&model, &state),
                textbook.distance.contains_key(&state)
            );
        }
    }
}
