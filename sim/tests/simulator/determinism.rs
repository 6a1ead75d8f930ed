//! The same seed gives the same run, wherever and however often it is run.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use contend_model::digest::{Digest, Digester};
use contend_model::plan::Plan;
use contend_model::property::Kind;
use contend_model::scenario::Faults;
use contend_sim::kernel::Kernel;
use contend_sim::ledger::Options;
use contend_sim::outcome::Outcome;
use contend_sim::stage::Stage;
use contend_sim::sweep::{Sweep, Swept, Tally};

use crate::support;

const KINDS: [Kind; 2] = [Kind::Lock, Kind::Queue];

fn digests(stage: &Stage, seeds: std::ops::Range<u64>) -> Vec<Digest> {
    let mut kernel = Kernel::new(stage, Options::default());
    seeds.map(|seed| kernel.run(seed).digest).collect()
}

#[test]
fn a_seed_runs_the_same_again_on_another_thread_and_on_another_stage() {
    for kind in KINDS {
        let stage = support::stage(kind, Faults::every_kind());
        let first = digests(&stage, 0..50);
        let there =
            std::thread::spawn(move || digests(&support::stage(kind, Faults::every_kind()), 0..50));
        assert_eq!(first, there.join().unwrap());
        assert_eq!(first, digests(&stage, 0..50));
    }
}

#[test]
fn nothing_of_a_run_is_left_to_the_next() {
    for kind in KINDS {
        let stage = support::stage(kind, Faults::every_kind());
        let options = Options { trace: true, actions: true };
        let mut used = Kernel::new(&stage, options);
        for seed in [7, 3, 11, 3, 40] {
            let mut fresh = Kernel::new(&stage, options);
            assert_eq!(used.run(seed), fresh.run(seed));
            assert_eq!(used.actions(), fresh.actions());
        }
    }
}

#[test]
fn what_is_written_down_beside_it_does_not_change_a_run() {
    for kind in KINDS {
        let stage = support::stage(kind, Faults::every_kind());
        let mut plain = Kernel::new(&stage, Options::default());
        let mut full = Kernel::new(&stage, Options { trace: true, actions: true });
        for seed in 0..50 {
            let (plain, full) = (plain.run(seed), full.run(seed));
            assert_eq!(plain.digest, full.digest);
            let mut digester = Digester::default();
            for step in &full.trace {
                digester.add(&(step.at, step.node, step.stimulus));
                digester.add(&step.commands);
            }
            assert_eq!(full.digest, digester.digest(), "the trace is what the digest stands for");
        }
    }
}

#[test]
fn different_seeds_give_different_runs() {
    for kind in KINDS {
        let digests = digests(&support::stage(kind, Faults::none()), 0..500);
        let distinct: std::collections::BTreeSet<Digest> = digests.iter().copied().collect();
        assert_eq!(distinct.len(), digests.len());
    }
}

#[test]
fn the_plan_of_a_run_replays_it_without_the_generator() {
    for kind in KINDS {
        let stage = support::stage(kind, Faults::every_kind());
        let mut kernel = Kernel::new(&stage, Options::default());
        for seed in 0..20 {
            let digest = kernel.run(seed).digest;
            let capsule = stage.scenario().pinned(seed, kernel.plan().clone()).to_toml();
            let scenario = contend_model::scenario::Scenario::from_toml("capsule", &capsule)
                .unwrap_or_else(|error| panic!("{error}\n{capsule}"));
            let pinned = Stage::new(support::algorithm(kind), scenario).unwrap();
            assert_eq!(Kernel::new(&pinned, Options::default()).run(seed).digest, digest);
        }
    }
}

#[test]
fn the_digests_of_a_few_seeds_are_pinned() {
    let stage = support::stage(Kind::Lock, Faults::every_kind());
    let pinned: Vec<String> = digests(&stage, 0..3).iter().map(Digest::to_string).collect();
    expect_test::expect![[r#"
        c9ee7b78dafbbf3f
        938fda10f2181032
        06282b64555e46d5"#]]
    .assert_eq(&pinned.join("\n"));
}

/// The seeds of a sweep in order, with how each ended.
#[derive(Debug, Default, PartialEq, Eq)]
struct Seeds(Vec<(u64, Digest, usize)>);

impl Tally for Seeds {
    fn add(&mut self, outcome: &Outcome, plan: &Plan) {
        self.0.push((outcome.seed, outcome.digest, plan.entries.len()));
    }

    fn merge(&mut self, later: Self) {
        self.0.extend(later.0);
    }
}

fn sweep(threads: usize, stop: &AtomicBool, progress: &(dyn Fn(u64) + Sync)) -> Swept<Seeds> {
    let stage = support::stage(Kind::Lock, Faults::every_kind());
    let threads = NonZeroUsize::new(threads).unwrap();
    Sweep { threads, stop, progress }.run(&stage, 1_000..3_005, Seeds::default)
}

#[test]
fn a_sweep_gives_the_same_on_any_number_of_threads() {
    let stop = AtomicBool::new(false);
    let one = sweep(1, &stop, &|_| {});
    assert_eq!(one.seeds, 2_005);
    assert!(one.complete);
    let seeds: Vec<u64> = one.tally.0.iter().map(|(seed, ..)| *seed).collect();
    assert_eq!(seeds, (1_000..3_005).collect::<Vec<_>>());
    for threads in [2, 5] {
        assert_eq!(sweep(threads, &stop, &|_| {}), one);
    }
}

#[test]
fn a_sweep_that_is_interrupted_keeps_what_is_finished() {
    let stop = AtomicBool::new(false);
    let seen = AtomicU64::new(0);
    let cut = sweep(2, &stop, &|seeds| {
        seen.fetch_max(seeds, Ordering::Relaxed);
        if seeds >= 100 {
            stop.store(true, Ordering::Relaxed);
        }
    });
    assert!(!cut.complete);
    assert!(cut.seeds >= 100 && cut.seeds < 2_005, "{}", cut.seeds);
    assert_eq!(cut.seeds, cut.tally.0.len() as u64);
    assert_eq!(cut.seeds, seen.into_inner());
    let whole = sweep(1, &AtomicBool::new(false), &|_| {});
    assert!(cut.tally.0.iter().all(|run| whole.tally.0.contains(run)));
    assert!(cut.tally.0.is_sorted());
}

#[test]
fn a_sweep_over_no_seeds_is_complete() {
    let stage = support::stage(Kind::Lock, Faults::none());
    let stop = AtomicBool::new(false);
    let sweep = Sweep { threads: NonZeroUsize::MIN, stop: &stop, progress: &|_| {} };
    let swept = sweep.run(&stage, 5..5, Seeds::default);
    assert_eq!((swept.seeds, swept.complete), (0, true));
}
