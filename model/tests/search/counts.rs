//! The closed lock has as many states and transitions as SPIN, TLC and stateright count, which take
//! the step into the initial state for a transition.

use std::sync::atomic::AtomicBool;

use crate::models::closed_lock::{ClosedLock, TWO_HOLDERS, TWO_VALID};
use contend_model::search::{Explored, Limits, search};

fn explore<const N: usize>(acquisitions: u8, limits: &Limits) -> Explored {
    search(&ClosedLock::<N> { acquisitions }, limits, |_| (), &AtomicBool::new(false))
}

fn counts<const N: usize>(acquisitions: u8, threads: usize, keep_graph: bool) -> (usize, u64) {
    let limits = Limits { threads, keep_graph, ..Limits::default() };
    let explored = explore::<N>(acquisitions, &limits);
    assert!(explored.is_exhausted());
    (explored.states(), explored.generated())
}

#[test]
fn three_clients_acquire_twice() {
    for (threads, keep_graph) in [(1, false), (1, true), (2, false), (2, true), (3, true)] {
        assert_eq!(counts::<3>(2, threads, keep_graph), (50_024, 222_037));
    }
}

#[test]
fn three_clients_acquire_three_times() {
    assert_eq!(counts::<3>(3, 2, false), (159_416, 716_206));
    assert_eq!(counts::<3>(3, 1, true), (159_416, 716_206));
}

#[test]
fn four_clients_acquire_twice() {
    assert_eq!(counts::<4>(2, 2, false), (1_667_312, 9_702_561));
}

#[test]
fn two_holders_are_seven_steps_away_and_never_both_valid() {
    let explored = explore::<3>(2, &Limits::default());
    let nearest = explored.first(TWO_HOLDERS).expect("an expired key has a second taker");
    // Acquire, serve, acquired; expire; acquire, serve, acquired.
    assert_eq!(explored.distance(nearest), 7);
    assert_eq!(explored.first(TWO_VALID), None);
}
