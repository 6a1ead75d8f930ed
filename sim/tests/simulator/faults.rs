//! Every kind of fault really happens, happens only if it is asked for, and is over when the fault
//! phase is.

use contend_model::plan::{FaultKind, Happened};
use contend_model::property::Kind;
use contend_model::scenario::Faults;
use contend_sim::grid::nanos;
use contend_sim::kernel::Kernel;
use contend_sim::ledger::Options;
use contend_sim::outcome::Ended;
use contend_sim::stage::Stage;

use crate::support;

/// Which algorithm shows a fault of this kind.
fn shown_by(kind: FaultKind) -> Kind {
    match kind {
        FaultKind::Misuse | FaultKind::Cancel => Kind::Lock,
        FaultKind::ClockJump | FaultKind::LostSync => Kind::Queue,
        _ => Kind::Lock,
    }
}

/// All faults but those of one kind.
fn without(kind: FaultKind) -> Faults {
    let mut faults = Faults { swarm: false, ..Faults::every_kind() };
    match kind {
        FaultKind::Loss => faults.noise_loss = 0.0,
        FaultKind::Duplicate => faults.noise_duplicate = 0.0,
        FaultKind::Reorder => faults.noise_reorder = 0.0,
        FaultKind::ClientCrash => faults.client_crashes = 0,
        FaultKind::ServiceCrash => faults.service_crashes = 0,
        FaultKind::Death => faults.client_deaths = 0,
        FaultKind::Pause => faults.pauses = 0,
        FaultKind::Partition => faults.partitions = 0,
        FaultKind::Disconnect => faults.disconnects = 0,
        FaultKind::ClockJump => faults.clock_jumps = 0,
        FaultKind::Drift => faults.drifts = 0,
        FaultKind::Slow => faults.slowdowns = 0,
        FaultKind::LostSync => faults.lost_syncs = 0,
        FaultKind::Failover => faults.failovers = 0,
        FaultKind::Misuse => faults.misuses = 0,
        FaultKind::Cancel => faults.cancels = 0,
        FaultKind::LinkNoise => faults.link_noises = 0,
    }
    faults
}

fn happened(stage: &Stage, seeds: u64) -> Happened {
    let mut kernel = Kernel::new(stage, Options::default());
    let mut all = Happened::default();
    (0..seeds).for_each(|seed| all += kernel.run(seed).happened);
    all
}

#[test]
fn every_kind_of_fault_happens_within_a_hundred_seeds() {
    let [lock, queue] = [Kind::Lock, Kind::Queue]
        .map(|kind| happened(&support::stage(kind, Faults::every_kind()), 100));
    for kind in FaultKind::ALL {
        let all = if shown_by(kind) == Kind::Lock { lock } else { queue };
        assert!(all.count(kind) > 0, "{kind} never happens");
    }
}

#[test]
fn a_kind_of_fault_that_is_switched_off_never_happens() {
    for kind in FaultKind::ALL {
        let all = happened(&support::stage(shown_by(kind), without(kind)), 60);
        assert_eq!(all.count(kind), 0, "{kind} happens");
        let others = FaultKind::ALL.into_iter().filter(|other| all.count(*other) > 0).count();
        assert!(others > 8, "without {kind} only {others} kinds happen");
    }
}

#[test]
fn nothing_happens_on_a_calm_stage() {
    for kind in [Kind::Lock, Kind::Queue] {
        let stage = support::stage(kind, Faults::none());
        let mut kernel = Kernel::new(&stage, Options::default());
        for seed in 0..100 {
            let outcome = kernel.run(seed);
            assert_eq!(outcome.happened.total(), 0);
            assert_eq!(outcome.ended, Ended::Done, "seed {seed}");
            assert!(outcome.violations.is_empty(), "seed {seed}: {:?}", outcome.violations);
        }
    }
}

#[test]
fn the_links_own_probabilities_are_over_with_the_fault_phase() {
    let lossy = |phase_ms: f64| {
        let faults = Faults { fault_phase_ms: phase_ms, ..Faults::none() };
        let mut scenario = support::scenario(Kind::Lock, faults);
        scenario.links.loss = 0.1;
        scenario.links.duplicate = 0.1;
        scenario.links.reorder = 0.1;
        happened(&Stage::new(support::algorithm(Kind::Lock), scenario).unwrap(), 20)
    };
    let (short, long) = (lossy(100.0), lossy(10_000.0));
    for kind in [FaultKind::Loss, FaultKind::Duplicate, FaultKind::Reorder] {
        assert!(short.count(kind) > 0 && 4 * short.count(kind) < long.count(kind), "{kind}");
    }
    assert_eq!(lossy(0.0).total(), 0);
}

#[test]
fn the_plan_is_over_when_the_fault_phase_is() {
    for kind in [Kind::Lock, Kind::Queue] {
        let stage = support::stage(kind, Faults::every_kind());
        let end = stage.scenario().faults.fault_phase_ms;
        let mut entries = 0;
        for seed in 0..500 {
            let plan = stage.plan(seed);
            for entry in &plan.entries {
                assert!(entry.at_ms() + entry.lasts_ms() <= end, "seed {seed}: {entry:?}");
            }
            entries += plan.entries.len();
            assert_eq!(stage.healed(&plan), nanos(end));
        }
        assert!(entries > 500);
    }
}

#[test]
fn everything_that_lives_is_up_and_running_after_the_faults() {
    use contend_sim::station::Running;
    let stage = support::stage(Kind::Queue, Faults::every_kind());
    let mut kernel = Kernel::new(&stage, Options { trace: true, ..Options::default() });
    for seed in 0..200 {
        kernel.run(seed);
        if kernel.outcome().at < nanos(stage.scenario().faults.fault_phase_ms) {
            continue;
        }
        for station in kernel.stations() {
            assert_ne!(station.running(), Running::Down, "seed {seed}: {}", station.id());
        }
        let healed = stage.healed(kernel.plan());
        for step in kernel.outcome().trace.iter().filter(|step| step.at > healed + 1_000) {
            use contend_model::node::Stimulus::{Cancel, Crash, FailOver, Misuse};
            assert!(!matches!(step.stimulus, Crash | FailOver | Misuse | Cancel), "{step:?}");
        }
    }
}

#[test]
fn swarm_leaves_kinds_out_and_keeps_what_it_uses() {
    let count = |swarm| {
        let stage = support::stage(Kind::Lock, Faults { swarm, ..Faults::every_kind() });
        (0..100).map(|seed| stage.plan(seed)).collect::<Vec<_>>()
    };
    for (some, all) in count(true).iter().zip(&count(false)) {
        assert!(some.entries.len() < all.entries.len());
        assert!(some.entries.iter().all(|entry| all.entries.contains(entry)));
    }
}
