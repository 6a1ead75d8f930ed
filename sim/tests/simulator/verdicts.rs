//! How runs end, and what only their end can tell.

use contend_model::history::{Record, What};
use contend_model::op::Op;
use contend_model::plan::Entry;
use contend_model::property::{Kind, Property};
use contend_model::scenario::{Faults, Law, Scenario};
use contend_sim::grid::nanos;
use contend_sim::kernel::Kernel;
use contend_sim::ledger::Options;
use contend_sim::outcome::{Ended, Outcome};
use contend_sim::stage::Stage;

use crate::support;

fn run(scenario: Scenario, judge: impl Fn(&Outcome)) {
    let algorithm = support::algorithm(scenario.kind());
    let stage = Stage::new(algorithm, scenario).expect("the scenario fits");
    let mut kernel = Kernel::new(&stage, Options::default());
    (0..20).for_each(|seed| judge(kernel.run(seed)));
}

fn properties(outcome: &Outcome) -> Vec<Property> {
    outcome.violations.iter().map(|violation| violation.property).collect()
}

fn deaf(at_ms: f64, from: &str, to: &str, for_ms: f64) -> Entry {
    Entry::Partition { at_ms, from: from.into(), to: to.into(), both: false, for_ms }
}

#[test]
fn waiters_that_nobody_will_ever_wake_are_a_deadlock() {
    let mut scenario = support::scenario(Kind::Lock, Faults::none());
    // Grants are lost for a while, and this client waits for as long as it takes.
    scenario.plan.entries.push(deaf(0.0, "server", "*", 100.0));
    let patience = nanos(scenario.patience_ms());
    let phase = nanos(scenario.faults.fault_phase_ms);
    run(scenario, |outcome| {
        assert_eq!(outcome.ended, Ended::Stuck);
        assert_eq!(properties(outcome), [Property::DeadlockFreedom]);
        assert_eq!(outcome.violations[0].record, None);
        assert!(outcome.at <= phase + patience);
    });
}

#[test]
fn a_holder_that_works_for_longer_than_the_patience_is_no_deadlock() {
    let mut scenario = support::scenario(Kind::Lock, Faults::none());
    scenario.limits.patience_ms = Some(500.0);
    scenario.faults.fault_phase_ms = 0.0;
    scenario.workload.operations = 2;
    scenario.workload.work = Law::exactly(3_000.0);
    scenario.workload.think = Law::exactly(2_000.0);
    run(scenario, |outcome| {
        assert_eq!((outcome.ended, properties(outcome)), (Ended::Done, vec![]));
        assert!(outcome.at > nanos(6.0 * 3_000.0));
    });
}

#[test]
fn a_run_that_is_cut_off_shows_nothing() {
    let mut scenario = support::scenario(Kind::Lock, Faults::none());
    scenario.workload.operations = 1_000;
    scenario.limits.run_s = 1.0;
    run(scenario, |outcome| {
        assert_eq!((outcome.ended, properties(outcome)), (Ended::Limit, vec![]));
        assert!(outcome.at <= nanos(1_000.0));
    });
}

#[test]
fn what_a_queue_has_acknowledged_and_not_synced_is_lost_in_a_crash() {
    let mut scenario = support::scenario(Kind::Queue, Faults::none());
    scenario.workload.operations = 8;
    let node = "broker".to_owned();
    scenario.plan.entries.push(Entry::LoseSyncs { at_ms: 0.0, service: node.clone(), for_ms: 1e3 });
    // The consumers hear nothing meanwhile, so that everything is still in the queue.
    for consumer in ["C", "D"] {
        scenario.plan.entries.push(deaf(0.0, consumer, "broker", 1e3));
    }
    scenario.plan.entries.push(Entry::Crash { at_ms: 900.0, node, back_after_ms: Some(10.0) });
    run(scenario, |outcome| {
        assert_eq!(outcome.ended, Ended::Stuck);
        use Property::{AtLeastOnce, NoLoss, Progress};
        let found = properties(outcome);
        for property in [NoLoss, AtLeastOnce, Progress] {
            assert!(found.contains(&property), "{found:?}");
        }
    });
}

#[test]
fn a_queue_that_has_delivered_everything_is_done_soon_after() {
    let scenario = support::scenario(Kind::Queue, Faults::none());
    // A word that is held back arrives within two seconds, and is waited for no longer.
    let settling =
        scenario.longest_delay_ms() + scenario.links.late_ms + scenario.timing.timeout_ms;
    run(scenario, |outcome| {
        assert_eq!((outcome.ended, properties(outcome)), (Ended::Done, vec![]));
        let acked = |record: &&Record| matches!(record.what, What::Return(Op::Ack(_), _));
        let last = outcome.history.iter().rfind(acked).expect("everything was acknowledged");
        let waited = outcome.at - last.at;
        assert!(waited < nanos(settling + 100.0), "{waited}");
    });
}

#[test]
fn a_consumer_that_dies_after_its_work_makes_the_item_come_back() {
    let mut scenario = support::scenario(Kind::Queue, Faults::none());
    scenario.plan.entries.push(Entry::Crash {
        at_ms: 150.0,
        node: "C".into(),
        back_after_ms: None,
    });
    let repeated = std::cell::Cell::new(0);
    run(scenario, |outcome| {
        assert_eq!(outcome.ended, Ended::Done);
        let found = properties(outcome);
        assert!(!found.contains(&Property::NoLoss), "{found:?}");
        let again = found.contains(&Property::NoDuplicate);
        repeated.set(repeated.get() + u32::from(again));
        // It comes back when its lease has ended.
        assert!(!again || outcome.at > nanos(1_000.0));
    });
    assert!(repeated.get() >= 3, "{}", repeated.get());
}

#[test]
fn a_lost_lock_is_seen_by_the_monitors_where_it_happens() {
    let stage = support::stage_with(
        Kind::Lock,
        // The server's replica knows no holder.
        (1..12)
            .map(|n| Entry::Failover { at_ms: 25.0 * f64::from(n), service: "server".into() })
            .collect(),
    );
    let mut kernel = Kernel::new(&stage, Options::default());
    let mut found = 0;
    for seed in 0..20 {
        let outcome = kernel.run(seed);
        for violation in &outcome.violations {
            if violation.property == Property::MutualExclusion {
                let record = outcome.history[violation.record.expect("it has a place")];
                assert_eq!(record.at, violation.at);
                assert!(record.node.client().is_some());
                found += 1;
            }
        }
    }
    assert!(found > 10, "{found}");
}
