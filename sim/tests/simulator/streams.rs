//! Streams are independent: an edit to one concern of a scenario does not re-roll the others.

use std::collections::BTreeMap;

use contend_model::ident::NodeId;
use contend_model::node::{Command, Stimulus};
use contend_model::property::Kind;
use contend_model::scenario::{Faults, Law, LinkOverride, Scenario, Uniform};
use contend_sim::kernel::Kernel;
use contend_sim::ledger::Options;
use contend_sim::outcome::TimedStep;
use contend_sim::stage::Stage;

use crate::support;

/// A calm run with endless patience, so that no library gives up and all messages are carried.
fn calm() -> Scenario {
    let mut scenario = support::scenario(Kind::Lock, Faults::none());
    scenario.timing.timeout_ms = 10_000.0;
    scenario
}

fn trace(scenario: Scenario, seed: u64) -> Vec<TimedStep> {
    let stage = Stage::new(support::algorithm(Kind::Lock), scenario).expect("the scenario fits");
    let mut kernel = Kernel::new(&stage, Options { trace: true, ..Options::default() });
    kernel.run(seed).trace.clone()
}

/// How long each message travelled, in microseconds, by sender and receiver. Only one message at a
/// time travels between two nodes here, so the n-th sent is the n-th received.
fn delays(trace: &[TimedStep]) -> BTreeMap<(NodeId, NodeId), Vec<u64>> {
    let mut sent: BTreeMap<_, Vec<u64>> = BTreeMap::new();
    let mut delays: BTreeMap<_, Vec<u64>> = BTreeMap::new();
    for step in trace {
        if let Stimulus::Deliver { from, .. } = step.stimulus {
            let link = (from.node, step.node);
            let place = delays.entry(link).or_default();
            place.push((step.at - sent[&link][place.len()]) / 1_000);
        }
        for command in &step.commands {
            if let Command::Send { to, .. } = command {
                sent.entry((step.node, *to)).or_default().push(step.at);
            }
        }
    }
    delays
}

/// How long the caller of A thought and worked each time, in microseconds.
fn thoughts(trace: &[TimedStep]) -> Vec<u64> {
    use contend_model::timer::Timer;
    let mut armed = BTreeMap::new();
    let mut lengths = Vec::new();
    for step in trace.iter().filter(|step| step.node == NodeId::Client(0)) {
        if let Stimulus::Fire(timer @ (Timer::Next | Timer::Work)) = step.stimulus {
            lengths.push((step.at - armed[&timer]) / 1_000);
        }
        for command in &step.commands {
            if let Command::Arm(timer, _) = command {
                armed.insert(*timer, step.at);
            }
        }
    }
    lengths
}

/// Equal as far as the receivers' grids allow: a message arrives at the next point.
fn nearly_equal(a: &[u64], b: &[u64]) -> bool {
    a.iter().zip(b).all(|(a, b)| a.abs_diff(*b) <= 1)
}

#[test]
fn an_edit_of_the_workload_leaves_the_links_as_they_were() {
    let mut other = calm();
    other.workload.think = Law::Exponential { mean_ms: 3.0 };
    other.workload.work = Law::Uniform(Uniform::between(1.0, 2.0));
    other.workload.lockers = 5;
    for seed in 0..20 {
        let (before, after) = (trace(calm(), seed), trace(other.clone(), seed));
        assert_ne!(thoughts(&before), thoughts(&after));
        let (before, after) = (delays(&before), delays(&after));
        assert!(before.len() >= 12);
        for (link, delays) in &before {
            assert!(nearly_equal(delays, &after[link]), "seed {seed} {link:?}");
        }
    }
}

#[test]
fn an_edit_of_one_link_leaves_the_others_and_the_workload_as_they_were() {
    let mut other = calm();
    other.links.overrides.push(LinkOverride {
        from: "B".into(),
        to: "server".into(),
        delay_ms: Some(Uniform::between(20.0, 30.0)),
        ..LinkOverride::default()
    });
    let edited = (NodeId::Client(1), NodeId::Service(1));
    for seed in 0..20 {
        let (before, after) = (trace(calm(), seed), trace(other.clone(), seed));
        assert!(nearly_equal(&thoughts(&before), &thoughts(&after)));
        let (before, after) = (delays(&before), delays(&after));
        for (link, delays) in &before {
            let same = nearly_equal(delays, &after[link]);
            assert_eq!(same, *link != edited, "seed {seed} {link:?}");
        }
    }
}

#[test]
fn an_edit_of_the_odds_leaves_the_delays_as_they_were() {
    let mut other = calm();
    // Something may be held back, but by nothing, so all messages still arrive in turn.
    other.links.reorder = 0.5;
    other.links.late_ms = 0.0;
    for seed in 0..20 {
        let (before, after) = (trace(calm(), seed), trace(other.clone(), seed));
        assert_eq!(before, after);
    }
}

#[test]
fn switching_a_kind_of_fault_off_leaves_the_plan_of_the_others_as_it_was() {
    let plan = |faults, seed| support::stage(Kind::Lock, faults).plan(seed).entries;
    for seed in 0..50 {
        let all = plan(Faults::every_kind(), seed);
        let fewer = plan(Faults { pauses: 0, failovers: 0, ..Faults::every_kind() }, seed);
        use contend_model::plan::Entry::{Failover, Pause};
        let rest = all.into_iter().filter(|entry| !matches!(entry, Pause { .. } | Failover { .. }));
        assert_eq!(rest.collect::<Vec<_>>(), fewer);
    }
}
