//! The same scenario and seed give the same run in the event queue and over madsim: history,
//! verdicts, counts, digest, and every step.

use contend_impls::lock::set_nx::SetNx;
use contend_impls::registry;
use contend_model::digest::Digest;
use contend_model::ident::NodeId;
use contend_model::node::Stimulus;
use contend_model::plan::{Entry, FaultKind, Happened, Plan};
use contend_model::property::Kind;
use contend_model::scenario::{Faults, Law, Scenario, Uniform};
use contend_sim::kernel::Kernel;
use contend_sim::ledger::Options;
use contend_sim::outcome::{Ended, Outcome};
use contend_sim::simulated::{self, SimulatedError};
use contend_sim::stage::Stage;
use contend_sim::trace;

use crate::support;

const TRACED: Options = Options { trace: true, actions: false };

/// Shows the first step that differs, and only then compares the rest.
fn assert_same(stage: &Stage, kernel: &Outcome, simulated: &Outcome) {
    let who = format!("{}, seed {}", stage.card().name, kernel.seed);
    for step in 0..kernel.trace.len().max(simulated.trace.len()) {
        let [ours, theirs] = [kernel, simulated].map(|outcome| outcome.trace.get(step));
        if ours != theirs {
            let [ours, theirs] = [ours, theirs].map(|step| {
                step.map_or("(the end)".into(), |step| trace::line(stage.cast(), step))
            });
            panic!("{who}: step {step} differs\n   kernel: {ours}\nsimulated: {theirs}");
        }
    }
    assert_eq!(kernel, simulated, "{who}: the traces agree, but not this");
}

/// Runs seeds in both engines, and says which faults happened.
fn agree(stage: &Stage, seeds: std::ops::Range<u64>) -> Happened {
    let mut kernel = Kernel::new(stage, TRACED);
    let mut happened = Happened::default();
    for seed in seeds {
        let simulated = simulated::run(stage, seed, TRACED)
            .unwrap_or_else(|error| panic!("{}, seed {seed}: {error}", stage.card().name));
        let kernel = kernel.run(seed);
        assert!(!kernel.trace.is_empty() && !kernel.history.is_empty(), "something happens");
        assert_same(stage, kernel, &simulated);
        happened += simulated.happened;
    }
    happened
}

#[test]
fn small_algorithms_under_all_faults_by_swarm() {
    for kind in [Kind::Lock, Kind::Queue] {
        agree(&support::stage(kind, Faults::every_kind()), 0..200);
    }
}

#[test]
fn small_algorithms_under_all_faults_at_once() {
    let mut happened = Happened::default();
    for kind in [Kind::Lock, Kind::Queue] {
        let faults = Faults { swarm: false, ..Faults::every_kind() };
        happened += agree(&support::stage(kind, faults), 0..200);
    }
    for kind in FaultKind::ALL {
        assert!(happened.count(kind) > 0, "{kind} did not happen");
    }
}

fn every_algorithm_agrees(swarm: bool) {
    for algorithm in registry::algorithms() {
        let card = algorithm.card();
        let mut scenario = Scenario::default_for(card.kind).of(&card.name);
        scenario.faults.swarm = swarm;
        let stage = Stage::new(&*algorithm, scenario).expect("the scenario fits");
        agree(&stage, 0..15);
    }
}

#[test]
fn every_algorithm_of_the_registry_under_all_faults_by_swarm() {
    every_algorithm_agrees(true);
}

#[test]
fn every_algorithm_of_the_registry_under_all_faults_at_once() {
    every_algorithm_agrees(false);
}

#[test]
fn links_without_any_delay_and_callers_without_any_pause() {
    for kind in [Kind::Lock, Kind::Queue] {
        let mut scenario = support::scenario(kind, Faults::every_kind());
        scenario.links.delay_ms = Uniform::exactly(0.0);
        scenario.workload.think = Law::exactly(0.0);
        scenario.workload.work = Law::exactly(0.0);
        let stage = Stage::new(support::algorithm(kind), scenario).expect("the scenario fits");
        agree(&stage, 0..50);
    }
}

#[test]
fn runs_that_end_in_each_possible_way() {
    let mut ends = Vec::new();
    for entry in [
        None,
        Some(Entry::Crash { at_ms: 30.0, node: "server".into(), back_after_ms: None }),
        Some(Entry::Crash { at_ms: 30.0, node: "A".into(), back_after_ms: Some(1e6) }),
    ] {
        let stage = support::stage_with(Kind::Lock, entry.into_iter().collect());
        agree(&stage, 0..3);
        ends.push(simulated::run(&stage, 0, TRACED).expect("madsim keeps up").ended);
    }
    assert_eq!(ends, [Ended::Done, Ended::Stuck, Ended::Limit]);
}

#[test]
fn a_plan_in_place_of_the_drawn_one() {
    let stage = support::stage(Kind::Queue, Faults::every_kind());
    let mut kernel = Kernel::new(&stage, TRACED);
    for seed in 0..10 {
        let mut plan = stage.plan(seed);
        plan.entries.truncate(plan.entries.len() / 2);
        let simulated = simulated::run_plan(&stage, seed, &plan, TRACED).expect("it fits");
        assert_same(&stage, kernel.run_plan(seed, plan).expect("it fits"), &simulated);
    }
    let entries = vec![Entry::Pause { at_ms: 1.0, node: "nobody".into(), for_ms: 1.0 }];
    let error = simulated::run_plan(&stage, 0, &Plan { entries }, TRACED).unwrap_err();
    assert!(matches!(&error, SimulatedError::Stage(_)), "{error}");
}

#[test]
fn every_crash_that_ends_takes_a_process_and_starts_another() {
    let crash =
        |at_ms, node: &str| Entry::Crash { at_ms, node: node.into(), back_after_ms: Some(40.0) };
    let entries =
        vec![crash(20.0, "A"), crash(25.0, "B"), crash(50.0, "server"), crash(100.0, "A")];
    let stage = support::stage_with(Kind::Lock, entries);
    agree(&stage, 0..20);
    let outcome = simulated::run(&stage, 0, TRACED).expect("madsim keeps up");
    let restarted = |step: &&contend_sim::outcome::TimedStep| step.stimulus == Stimulus::Restart;
    let restarts: Vec<NodeId> =
        outcome.trace.iter().filter(restarted).map(|step| step.node).collect();
    let [a, b] = [0, 1].map(NodeId::Client);
    assert_eq!(restarts, [a, b, NodeId::Service(1), a]);
}

fn digests(seeds: std::ops::Range<u64>) -> Vec<Digest> {
    let stage = support::stage(Kind::Lock, Faults::every_kind());
    let run = |seed| simulated::run(&stage, seed, Options::default()).expect("madsim keeps up");
    seeds.map(|seed| run(seed).digest).collect()
}

#[test]
fn a_seed_runs_the_same_again_and_on_two_threads_at_once() {
    let threads = [(); 2].map(|()| std::thread::spawn(|| digests(0..30)));
    let here = digests(0..30);
    assert_eq!(here, digests(0..30));
    for there in threads {
        assert_eq!(here, there.join().unwrap());
    }
}

/// So many clients ask again and again while the store stands still that it sends hundreds of
/// answers at one moment when it goes on.
fn crowd(delay_ms: f64) -> Stage {
    let mut scenario = Scenario::default_for(Kind::Lock).of("set-nx");
    scenario.workload.lockers = 64;
    scenario.workload.operations = 30;
    scenario.links.delay_ms = Uniform::exactly(delay_ms);
    scenario.faults = Faults::none();
    let for_ms = 20.0 * scenario.timing.timeout_ms;
    let entries = vec![Entry::Pause { at_ms: 5.0, node: "redis".into(), for_ms }];
    scenario.plan = Plan { entries };
    Stage::new(&SetNx, scenario).expect("the scenario fits")
}

#[test]
fn what_is_too_fast_for_madsim_fails_with_one_clear_error() {
    let error = simulated::run(&crowd(0.0), 1, TRACED).unwrap_err();
    assert!(matches!(error, SimulatedError::Late { .. }), "{error}");
    assert!(error.to_string().contains("raise the links' least delay"), "{error}");
    agree(&crowd(0.1), 1..2);
}
