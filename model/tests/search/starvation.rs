//! Starvation: loops in which one waits while others are served.

use std::collections::BTreeSet;
use std::sync::atomic::AtomicBool;

use crate::models::table::{Table, fault_to, to};
use crate::models::{random, textbook};
use contend_model::search::{Explored, Labels, Limits, Starvation, search};
use proptest::prelude::*;

const WAITS: Labels = Labels::bit(0);
const SERVED: Labels = Labels::bit(1);

fn explore(model: &Table, max_states: usize) -> Explored {
    let limits = Limits { keep_graph: true, max_states, ..Limits::default() };
    search(model, &limits, |_| (), &AtomicBool::new(false))
}

/// The states of the loop, if the search says that there is one.
fn starving(model: &Table) -> Option<Vec<u32>> {
    let explored = explore(model, usize::MAX);
    match explored.first_starvation(WAITS, SERVED) {
        Starvation::Found(round) => {
            Some(round.iter().map(|&id| *explored.path_to(model, id).unwrap().end()).collect())
        }
        Starvation::None => None,
        Starvation::Unknown => panic!("everything is known"),
    }
}

#[test]
fn one_who_waits_while_two_others_take_turns_starves() {
    // 1 waits; 2 and 3 are served in turn; 4 is the waiter's own service, always one step away.
    let turns = Table::new(&[&[to(1)], &[to(2), to(4)], &[to(3), to(4)], &[to(2)], &[]])
        .label(&[1, 2, 3], WAITS)
        .label(&[3], SERVED);
    assert_eq!(starving(&turns), Some(vec![2, 3]));
}

#[test]
fn a_queue_in_which_each_service_brings_the_waiter_forward_starves_nobody() {
    let queue = Table::new(&[&[to(1)], &[to(2)], &[to(3)], &[to(0)]])
        .label(&[1, 2], WAITS)
        .label(&[2, 3], SERVED);
    assert_eq!(starving(&queue), None);
}

#[test]
fn a_loop_in_which_nobody_is_served_is_not_starvation_by_others() {
    let idle = Table::new(&[&[to(1)], &[to(0), to(2)], &[]]).label(&[0, 1, 2], WAITS);
    assert_eq!(starving(&idle.label(&[2], SERVED)), None);
}

#[test]
fn a_loop_that_needs_a_fault_for_ever_is_not_starvation() {
    let faulty = |back| Table::new(&[&[to(1)], &[back]]).label(&[0, 1], WAITS).label(&[1], SERVED);
    assert_eq!(starving(&faulty(to(0))), Some(vec![0, 1]));
    assert_eq!(starving(&faulty(fault_to(0))), None);
}

#[test]
fn a_state_that_leads_to_itself_is_a_loop_of_one() {
    let own = Table::new(&[&[to(1)], &[to(1)]]).label(&[1], WAITS | SERVED);
    assert_eq!(starving(&own), Some(vec![1]));
}

#[test]
fn a_service_off_the_direct_way_is_visited_and_left_again() {
    // The nearest loop is 0-1; the service is on the loop 1-2, so that 1 is passed twice.
    let eight = Table::new(&[&[to(1)], &[to(0), to(2)], &[to(1)]]).label(&[0, 1, 2], WAITS);
    assert_eq!(starving(&eight.label(&[2], SERVED)), Some(vec![0, 1, 2, 1]));
}

#[test]
fn a_long_loop_needs_no_deep_stack() {
    const STATES: u32 = 300_000;
    let ring = Table {
        initial: vec![0],
        transitions: (0..STATES).map(|state| vec![to((state + 1) % STATES)]).collect(),
        labels: vec![WAITS; STATES as usize],
        boundary: None,
    };
    let explored = explore(&ring.label(&[STATES / 2], SERVED), usize::MAX);
    let Starvation::Found(round) = explored.first_starvation(WAITS, SERVED) else {
        panic!("the ring is a loop");
    };
    assert!(round.into_iter().eq(explored.ids()));
}

#[test]
fn a_cut_search_denies_nothing() {
    let ring = Table::new(&[&[to(1)], &[to(2)], &[to(0)]]).label(&[0, 1, 2], WAITS | SERVED);
    assert_eq!(explore(&ring, 2).first_starvation(WAITS, SERVED), Starvation::Unknown);
    assert_eq!(starving(&ring), Some(vec![0, 1, 2]));
}

#[test]
fn a_loop_that_may_close_beyond_the_boundary_is_not_denied() {
    let mut ring = Table::new(&[&[to(1)], &[to(2)], &[to(0)]]).label(&[0, 1, 2], WAITS | SERVED);
    ring.boundary = Some(2);
    assert_eq!(explore(&ring, usize::MAX).first_starvation(WAITS, SERVED), Starvation::Unknown);
}

/// States that can be reached in one step or more without a fault, through waiting states alone.
fn closure(model: &Table, from: u32) -> BTreeSet<u32> {
    let mut reached = BTreeSet::new();
    let mut rest = vec![from];
    while let Some(state) = rest.pop() {
        for step in model.transitions[state as usize].iter().filter(|step| !step.fault) {
            let waits = |target: &u32| model.labels[*target as usize].intersects(WAITS);
            rest.extend(step.target.filter(waits).filter(|&target| reached.insert(target)));
        }
    }
    reached
}

proptest! {
    #[test]
    fn a_loop_is_found_where_there_is_one_and_it_is_one(mut model in random::tables(30, 3)) {
        model.boundary = None;
        // A state is on a loop with a service if it reaches a service, or is one, and comes back.
        let starves = |state: u32| {
            let holds = |state: u32, label| model.labels[state as usize].intersects(label);
            let reached = closure(&model, state);
            holds(state, WAITS)
                && reached.iter().any(|&s| holds(s, SERVED) && closure(&model, s).contains(&state))
        };
        let order = textbook::search(&model).order;
        let round = starving(&model);
        prop_assert_eq!(round.as_ref().map(|round| round[0]), order.into_iter().find(|&s| starves(s)));
        if let Some(round) = round {
            let next = round.iter().cycle().skip(1);
            for (&state, &next) in round.iter().zip(next) {
                prop_assert!(model.labels[state as usize].intersects(WAITS));
                prop_assert!(model.transitions[state as usize].contains(&to(next)));
            }
            prop_assert!(round.iter().any(|&s| model.labels[s as usize].intersects(SERVED)));
        }
    }
}
