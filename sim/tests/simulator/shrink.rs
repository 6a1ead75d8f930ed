//! Shrinking keeps the failure and nothing else.

use std::sync::atomic::{AtomicBool, Ordering};

use contend_impls::registry::algorithms;
use contend_model::algorithm::Algorithm;
use contend_model::property::{Kind, Property};
use contend_model::scenario::Scenario;
use contend_sim::capsule::{Capsule, Failure, replay};
use contend_sim::kernel::Kernel;
use contend_sim::ledger::Options;
use contend_sim::shrink::{ShrinkError, shrink};
use contend_sim::stage::Stage;

fn algorithm(name: &str) -> Box<dyn Algorithm> {
    algorithms().into_iter().find(|algorithm| algorithm.card().name == name).unwrap()
}

/// The first failing runs of an algorithm.
fn failures(name: &str, property: Property, how_many: usize) -> Vec<Capsule> {
    let algorithm = algorithm(name);
    let stage = Stage::new(&*algorithm, Scenario::default_for(Kind::Lock).of(name)).unwrap();
    let mut kernel = Kernel::new(&stage, Options::default());
    let run = |seed| {
        kernel.run(seed);
        Capsule::of_run(stage.scenario(), kernel.plan().clone(), kernel.outcome(), property)
    };
    let found: Vec<Capsule> = (0..2_000).filter_map(run).take(how_many).collect();
    assert_eq!(found.len(), how_many, "{name} violates {property} too seldom");
    found
}

#[test]
fn the_smallest_failure_still_fails_in_the_same_way_and_cannot_be_shrunk_again() {
    for (name, property) in [
        ("redis-set-nx", Property::MutualExclusion),
        ("redis-lock", Property::Fencing),
        ("redis-set-nx-forever", Property::DeadlockFreedom),
    ] {
        let algorithm = algorithm(name);
        for capsule in failures(name, property, 3) {
            let go = AtomicBool::new(false);
            let shrunk = shrink(&capsule, &*algorithm, |_| {}, &go).unwrap();
            println!("{name}: {:?} -> {:?} in {}", shrunk.before, shrunk.after, shrunk.tried);
            assert!(shrunk.complete);
            // A failover at the one bad moment takes a crash and a misuse to bring that moment about.
            assert!(shrunk.after.entries <= 3, "{:?}", shrunk.after);
            // What is smaller is the scenario. Its run may be longer: a lease that nobody else is
            // in the way of is waited for to its end.
            assert!(shrunk.after.entries < shrunk.before.entries);
            assert!(shrunk.after.clients <= shrunk.before.clients);
            assert!(shrunk.after.operations < shrunk.before.operations);
            let (Failure::Run(was), Failure::Run(is)) = (&capsule.failure, &shrunk.capsule.failure)
            else {
                unreachable!()
            };
            assert_eq!(was.record.is_some(), is.record.is_some());
            assert!(replay(&shrunk.capsule, &*algorithm).unwrap().agrees());
            let again = shrink(&shrunk.capsule, &*algorithm, |_| {}, &go).unwrap();
            assert_eq!(again.capsule, shrunk.capsule);
            let same = shrink(&capsule, &*algorithm, |_| {}, &go).unwrap();
            assert_eq!(same, shrunk);
        }
    }
}

#[test]
fn an_interrupted_search_keeps_the_best_so_far() {
    let capsule = failures("redis-set-nx", Property::MutualExclusion, 1).remove(0);
    let algorithm = algorithm("redis-set-nx");
    let stop = AtomicBool::new(false);
    let after_ten = |progress: contend_sim::shrink::Progress| {
        stop.store(progress.tried >= 10, Ordering::Relaxed);
    };
    let shrunk = shrink(&capsule, &*algorithm, after_ten, &stop).unwrap();
    assert!(!shrunk.complete);
    assert_eq!(shrunk.tried, 10);
    assert!(replay(&shrunk.capsule, &*algorithm).unwrap().agrees());
}

#[test]
fn a_run_that_passes_is_not_shrunk() {
    let mut capsule = failures("redis-set-nx", Property::MutualExclusion, 1).remove(0);
    capsule.property = Property::Reentrancy;
    let algorithm = algorithm("redis-set-nx");
    let error = shrink(&capsule, &*algorithm, |_| {}, &AtomicBool::new(false)).unwrap_err();
    assert!(matches!(error, ShrinkError::Passes { .. }), "{error}");
}
