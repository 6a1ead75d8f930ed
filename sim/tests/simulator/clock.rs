use contend_model::property::Kind;
use contend_model::scenario::Uniform;
use contend_model::time::Span;

use contend_model::ident::NodeId;
use contend_model::scenario::{Law, Scenario};
use contend_model::time::Range;
use contend_model::timer::Timer;
use contend_sim::clock::*;
use contend_sim::grid::NEVER;

const A: NodeId = NodeId::Client(0);
const TEN: Range = Range::exactly(Span::ms(10));

fn clock(ppm: i32) -> Clock {
    let mut scenario = Scenario::default_for(Kind::Lock);
    scenario.workload.think = Law::Exponential { mean_ms: 3.0 };
    scenario.workload.work = Law::Uniform(Uniform::between(1.0, 2.0));
    let mut clock = Clock::new(A, &scenario, ppm);
    clock.reset(1);
    clock
}

fn runs_for(clock: &mut Clock, now: u64, timer: Timer, range: Range) -> u64 {
    clock.arm(now, timer, range);
    clock.take_first().expect("it runs").at - now
}

#[test]
fn thinking_time_has_the_mean_and_the_spread_of_its_law() {
    const MANY: u64 = 50_000;
    let mut clock = clock(0);
    let mut lengths: Vec<u64> =
        (0..MANY).map(|_| runs_for(&mut clock, 0, Timer::Next, Range::default())).collect();
    lengths.sort_unstable();
    let mean = lengths.iter().sum::<u64>() / MANY;
    assert!(mean.abs_diff(3_000_000) < 60_000, "{mean}");
    // The median of an exponential law is its mean times the logarithm of two.
    assert!(lengths[lengths.len() / 2].abs_diff(2_079_442) < 60_000);
}

#[test]
fn the_timer_that_fires_first_is_taken_first_and_ties_go_by_name() {
    let mut clock = clock(0);
    clock.arm(0, Timer::Renew, TEN);
    clock.arm(0, Timer::Lease, TEN);
    clock.arm(0, Timer::Poll, Range::exactly(Span::ms(20)));
    clock.arm(0, Timer::Reap, Range::exactly(Span::ms(5)));
    clock.arm(1_000_000, Timer::Poll, TEN);
    clock.disarm(Timer::Reap);
    clock.disarm(Timer::Custom(1));
    let order: Vec<Timer> =
        std::iter::from_fn(|| clock.take_first()).map(|armed| armed.timer).collect();
    assert_eq!(order, [Timer::Lease, Timer::Renew, Timer::Poll]);
    assert_eq!(clock.earliest(), NEVER);
}

#[test]
fn a_clock_that_runs_fast_is_through_early() {
    assert_eq!(runs_for(&mut clock(250_000), 0, Timer::Lease, TEN), 8_000_000);
    assert_eq!(runs_for(&mut clock(-200_000), 0, Timer::Lease, TEN), 12_500_000);
    let mut passing = clock(0);
    passing.drift(1_000, 2_000, 250_000);
    assert_eq!(runs_for(&mut passing, 0, Timer::Lease, TEN), 10_000_000);
    assert_eq!(runs_for(&mut passing, 1_000, Timer::Lease, TEN), 8_000_000);
    assert_eq!(runs_for(&mut passing, 2_000, Timer::Lease, TEN), 10_000_000);
}

#[test]
fn setting_the_clock_moves_deadlines_alone_and_never_into_the_past() {
    let mut clock = clock(0);
    assert!(!clock.set_forward(0, 1), "there is no deadline");
    clock.arm(0, Timer::Lease, TEN);
    clock.arm(0, Timer::Deadline(3), TEN);
    assert!(clock.set_forward(0, 4_000_000));
    assert_eq!(clock.earliest(), 6_000_000);
    assert!(clock.set_forward(0, -8_000_000));
    assert_eq!(clock.earliest(), 10_000_000, "the lease stays");
    assert!(clock.set_forward(5_000_000, 90_000_000));
    assert_eq!(clock.earliest(), 5_001_000);
}

#[test]
fn a_crash_leaves_deadlines_and_what_is_overdue_is_due_at_once() {
    let mut clock = clock(0);
    clock.arm(0, Timer::Lease, TEN);
    clock.arm(0, Timer::Deadline(0), TEN);
    clock.arm(0, Timer::Deadline(1), Range::exactly(Span::ms(90)));
    clock.crash(50_000_000);
    let left: Vec<(u64, Timer)> =
        std::iter::from_fn(|| clock.take_first()).map(|armed| (armed.at, armed.timer)).collect();
    assert_eq!(left, [(50_001_000, Timer::Deadline(0)), (90_000_000, Timer::Deadline(1))]);
}

#[test]
fn a_timer_fires_later_than_it_was_armed() {
    assert_eq!(runs_for(&mut clock(0), 5_000, Timer::Poll, Range::default()), 1_000);
}
