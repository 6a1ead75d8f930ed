//! Traps: what is pending can never come true without a fault.

use std::collections::BTreeSet;
use std::sync::atomic::AtomicBool;

use crate::models::table::{Table, fault_to, to};
use crate::models::{random, textbook};
use contend_model::search::{Explored, Labels, Limits, Trap, search};
use proptest::prelude::*;
use stateright::{Checker, Model, Property};

const WAITS: Labels = Labels::bit(0);
const SERVED: Labels = Labels::bit(1);

fn explore(model: &Table, max_states: usize) -> Explored {
    let limits = Limits { keep_graph: true, max_states, ..Limits::default() };
    search(model, &limits, |_| (), &AtomicBool::new(false))
}

/// The trapped state, if the search says that there is one.
fn trapped(model: &Table) -> Option<u32> {
    let explored = explore(model, usize::MAX);
    match explored.first_trap(&[(WAITS, SERVED)]) {
        Trap::Found(state) => Some(*explored.path_to(model, state).unwrap().end()),
        Trap::None => None,
        Trap::Unknown => panic!("everything is known"),
    }
}

#[test]
fn a_ring_that_passes_the_good_state_has_no_trap() {
    let ring = Table::new(&[&[to(1)], &[to(2)], &[to(0)]]).label(&[0, 1], WAITS);
    assert_eq!(trapped(&ring.label(&[2], SERVED)), None);
}

#[test]
fn a_ring_beside_the_good_state_is_a_trap() {
    let ring = Table::new(&[&[to(1), to(2)], &[], &[to(3)], &[to(4)], &[to(2)]])
        .label(&[0, 3, 4], WAITS)
        .label(&[1], SERVED);
    assert_eq!(trapped(&ring), Some(3));
}

#[test]
fn a_dead_end_is_a_trap_only_for_one_who_waits() {
    let line = Table::new(&[&[to(1), to(2)], &[], &[]]).label(&[0], WAITS).label(&[1], SERVED);
    assert_eq!(trapped(&line), None);
    assert_eq!(trapped(&line.label(&[2], WAITS)), Some(2));
}

#[test]
fn a_cycle_whose_only_way_out_is_a_fault_is_a_trap() {
    let cycle = |exit| {
        Table::new(&[&[to(1)], &[to(2)], &[to(1), exit], &[]])
            .label(&[0, 1, 2], WAITS)
            .label(&[3], SERVED)
    };
    assert_eq!(trapped(&cycle(to(3))), None);
    assert_eq!(trapped(&cycle(fault_to(3))), Some(0));
}

#[test]
fn faults_may_lead_into_a_trap() {
    let faulty =
        Table::new(&[&[to(1), fault_to(2)], &[], &[]]).label(&[0, 2], WAITS).label(&[1], SERVED);
    assert_eq!(trapped(&faulty), Some(2));
}

/// stateright documents that `eventually` misses counterexamples on joins and cycles.
#[derive(Clone)]
struct Eventually(Table);

impl Model for Eventually {
    type State = u32;
    type Action = (usize, crate::models::table::Step);

    fn init_states(&self) -> Vec<u32> {
        self.0.init_states()
    }

    fn actions(&self, state: &u32, actions: &mut Vec<Self::Action>) {
        self.0.actions(state, actions);
    }

    fn next_state(&self, state: &u32, action: Self::Action) -> Option<u32> {
        self.0.next_state(state, action)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![Property::eventually("served", |model, &state| {
            model.0.labels[state as usize].intersects(SERVED)
        })]
    }
}

#[test]
fn a_join_and_a_cycle_that_stateright_misses_are_found() {
    // Through 1, which is good, or through 2 to the same dead end: a waiter at 2 is lost.
    let join = Table::new(&[&[to(2), to(1)], &[to(3)], &[to(3)], &[]]).label(&[1], SERVED);
    let missed = Eventually(join.clone()).checker().spawn_dfs().join();
    assert!(missed.discovery("served").is_none(), "stateright has learnt about joins");
    assert_eq!(trapped(&join.label(&[2], WAITS)), Some(2));

    let cycle = Table::new(&[&[to(1)], &[to(0)]]);
    let missed = Eventually(cycle.clone()).checker().spawn_bfs().join();
    assert!(missed.discovery("served").is_none(), "stateright has learnt about cycles");
    assert_eq!(trapped(&cycle.label(&[0], WAITS)), Some(0));
}

#[test]
fn without_the_graph_nothing_is_known_of_traps() {
    let line = Table::new(&[&[to(1)], &[]]).label(&[0], WAITS);
    let explored = search(&line, &Limits::default(), |_| (), &AtomicBool::new(false));
    assert!(explored.is_exhausted());
    assert_eq!(explored.first_trap(&[(WAITS, SERVED)]), Trap::Unknown);
}

#[test]
fn a_cut_search_reports_only_traps_whose_every_continuation_it_knows() {
    // 1 is a trap near the start; 2 leads down a line to the good state.
    let fork = Table::new(&[&[to(1), to(2)], &[], &[to(3)], &[to(4)], &[]]).label(&[4], SERVED);
    let known = explore(&fork.clone().label(&[1, 2], WAITS), 4);
    assert!(!known.is_exhausted());
    assert!(
        matches!(known.first_trap(&[(WAITS, SERVED)]), Trap::Found(state) if state.index() == 1)
    );
    let open = explore(&fork.clone().label(&[2], WAITS), 4);
    assert_eq!(open.first_trap(&[(WAITS, SERVED)]), Trap::Unknown);
    let nobody_yet = explore(&fork.label(&[4], WAITS), 4);
    assert_eq!(nobody_yet.first_trap(&[(WAITS, SERVED)]), Trap::Unknown);
}

#[test]
fn a_way_that_leaves_the_boundary_may_lead_anywhere() {
    let mut line = Table::new(&[&[to(1)], &[to(2)], &[]]).label(&[0], WAITS).label(&[2], SERVED);
    line.boundary = Some(2);
    assert_eq!(explore(&line, usize::MAX).first_trap(&[(WAITS, SERVED)]), Trap::Unknown);
}

/// The states that can be reached from this one without a fault, itself included.
fn closure(model: &Table, from: u32) -> BTreeSet<u32> {
    let mut reached = BTreeSet::from([from]);
    let mut rest = vec![from];
    while let Some(state) = rest.pop() {
        for step in model.transitions[state as usize].iter().filter(|step| !step.fault) {
            rest.extend(step.target.filter(|&target| reached.insert(target)));
        }
    }
    reached
}

proptest! {
    #[test]
    fn the_nearest_trap_is_the_first_state_whose_closure_holds_nothing_good(
        mut model in random::tables(30, 3),
    ) {
        model.boundary = None;
        let is_trap = |state: u32| {
            model.labels[state as usize].intersects(WAITS)
                && !closure(&model, state).iter().any(|&s| model.labels[s as usize].intersects(SERVED))
        };
        let order = textbook::search(&model).order;
        prop_assert_eq!(trapped(&model), order.into_iter().find(|&state| is_trap(state)));
    }

    #[test]
    fn a_cut_search_never_says_what_the_whole_one_denies(
        model in random::tables(30, 3),
        max_states in 1..30_usize,
    ) {
        let cut = explore(&model, max_states);
        let mut unbounded = model.clone();
        unbounded.boundary = None;
        match cut.first_trap(&[(WAITS, SERVED)]) {
            Trap::Found(id) => {
                let state = *cut.path_to(&model, id).unwrap().end();
                let beyond = closure(&unbounded, state);
                prop_assert!(beyond.iter().all(|&s| !model.labels[s as usize].intersects(SERVED)));
            }
            Trap::None => {
                prop_assert!(cut.is_exhausted());
                // Then each one that waits has a way to something good within the boundary.
                for id in cut.ids() {
                    let state = *cut.path_to(&model, id).unwrap().end();
                    if model.labels[state as usize].intersects(WAITS) {
                        let mut reached = closure(&unbounded, state).into_iter();
                        prop_assert!(reached.any(|s| model.labels[s as usize].intersects(SERVED)));
                    }
                }
            }
            Trap::Unknown => prop_assert!(!cut.is_exhausted() || cut.beyond_boundary() > 0),
        }
    }
}
