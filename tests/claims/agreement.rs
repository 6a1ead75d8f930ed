//! What exploration shows to be broken, the simulator must come upon by chance, within ten thousand
//! seeds in the same environment; and it must not break what is claimed. Run with `--nocapture` for
//! the number of seeds that each violation took.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::sync::atomic::AtomicBool;

use contend::algorithm::{Algorithm, Card};
use contend::property::{Environment, Kind, Property};
use contend::scenario::Scenario;
use contend::simulation::{BrokenClaim, Engine, Settings, simulate};
use contend::verdict::Verdict;

use super::rows;

const SEEDS: u64 = 10_000;
/// How many are run at least, so that each claim is tried in each environment by itself.
const FEW_SEEDS: u64 = 60;

/// What takes more than ten thousand seeds, or a fault that the simulator has only together with another
/// one, which is then another environment. Each line says why.
const OUT_OF_REACH: [(&str, Environment, Property); 20] = {
    use Environment::{Crash, Expiry, Failover, Lossy};
    use Property::{AtMostOnce, Consistency, Exclusive, Fifo, MutualExclusion};
    use Property::{NoDuplicate, Reentrancy};
    [
        // The server knows that a connection is lost, its client does not yet. The simulator tells both at
        // once, unless the client is paused; then it is expiry as well.
        ("file-flock", Lossy, MutualExclusion),
        ("file-flock", Lossy, Reentrancy),
        ("sql-pessimistic", Lossy, MutualExclusion),
        ("sql-row-lock", Lossy, MutualExclusion),
        ("sql-row-lock", Lossy, Reentrancy),
        ("sql-advisory-lock", Lossy, MutualExclusion),
        ("sql-advisory-lock", Lossy, Reentrancy),
        // A write on its way while its hold ends otherwise and the next one begins, within milliseconds.
        ("zk-steps-wait", Lossy, Consistency),
        ("etcd-lock-fenced", Crash, Consistency),
        ("zk-lock-followers-synced", Crash, Consistency),
        // Two items that go through the queue while a third is held up, and neither is asked for again.
        ("redis-stream", Failover, Fifo),
        ("kafka-flushed", Lossy, Fifo),
        ("file-offset", Lossy, Fifo),
        ("redis-delayed", Failover, Fifo),
        ("redis-delayed-unchecked", Failover, Fifo),
        // Two faults that must meet on one item.
        ("redis-visibility", Lossy, Exclusive),
        ("file-claim", Lossy, Exclusive),
        ("kafka-flushed-batch", Expiry, NoDuplicate),
        ("kafka-flushed-batch", Expiry, AtMostOnce),
        ("kafka-flushed-batch", Expiry, Exclusive),
    ]
};

/// Claims that hold in the scope that is explored and not beyond it, which the simulator shows. Each is a scope
/// that ought to be wider.
const TOO_WIDE: [(&str, Property); 5] = [
    // Of three clients, two who are refused hold up a release for longer than its client's patience
    // (docs/differences-table.md).
    ("sql-update-if-changed", Property::DeadlockFreedom),
    // Nested acquisitions are explored once a client, and so not together with the late release of an earlier
    // hold, which frees a nested one as it frees any other (docs/differences-files.md).
    ("file-lock", Property::Reentrancy),
    ("file-lock-rename-breaking", Property::Reentrancy),
    ("file-lock-guarded-breaking", Property::Reentrancy),
    ("etcd-mutex-unchecked", Property::Reentrancy),
];

pub(super) fn settings(stop: &AtomicBool) -> Settings<'_> {
    let threads = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    Settings { engine: Engine::Kernel, threads, stop, progress: &|_| {} }
}

/// What a sweep within the environment looks like. In free time a message may be late by itself, and
/// second acquisitions are made only where they are asked for.
fn scenario(card: &Card, environment: Environment, nested: bool) -> Scenario {
    let mut scenario = Scenario::within(card.kind, environment);
    scenario.workload.nested = nested;
    if environment == Environment::Expiry {
        scenario.links.reorder = 0.02;
    }
    scenario
}

/// Runs seeds until each of these properties was violated, or there are no more; tells of those that
/// never were, and of claims that fell.
fn disagreements(
    algorithm: &dyn Algorithm,
    environment: Environment,
    nested: bool,
    mut wanted: BTreeSet<Property>,
) -> Vec<String> {
    let card = algorithm.card();
    let scenario = scenario(&card, environment, nested);
    let stop = AtomicBool::new(false);
    let (mut from, mut batch) = (0, FEW_SEEDS);
    // Where nothing is wanted the claims are tried all the same.
    while from == 0 || !wanted.is_empty() && from < SEEDS {
        let until = SEEDS.min(from + batch);
        let found = simulate(algorithm, &scenario, from..until, &settings(&stop)).unwrap();
        let unforeseen =
            |broken: &&BrokenClaim| !TOO_WIDE.contains(&(card.name.as_str(), broken.property));
        if let Some(broken) = found.broken.iter().find(unforeseen) {
            let BrokenClaim { seed, property, .. } = broken;
            return vec![format!("{} {environment} {property}: seed {seed} breaks it", card.name)];
        }
        for violation in &found.report.violations {
            if wanted.remove(&violation.property) {
                println!(
                    "{:28} {:9} {:16} seed {}",
                    card.name,
                    environment.to_string(),
                    violation.property.to_string(),
                    violation.seed
                );
            }
        }
        (from, batch) = (until, until);
    }
    let missed = |property| format!("{} {environment} {property}: never found", card.name);
    wanted.into_iter().map(missed).collect()
}

/// What no single run of finite length shows: that something goes on for ever. A waiter that nothing can wake
/// is a deadlock to a run, and is asked for as such.
fn is_beyond_one_run(property: Property, environment: Environment) -> bool {
    let starvation = property == Property::Progress && environment == Environment::Calm;
    starvation || matches!(property, Property::Fairness | Property::Interruptibility)
}

#[test]
fn what_exploration_breaks_the_simulator_breaks_within_ten_thousand_seeds() {
    let mut all = Vec::new();
    for algorithm in contend::registry::algorithms() {
        let card = algorithm.card();
        let name = card.name.as_str();
        for environment in Environment::ALL {
            let wanted = rows()
                .iter()
                .filter(|row| row.algorithm == name && row.environment == environment)
                .filter(|row| row.verdict == Verdict::Violated)
                .map(|row| row.property)
                .filter(|&property| !is_beyond_one_run(property, environment))
                .filter(|&property| !OUT_OF_REACH.contains(&(name, environment, property)));
            let (nested, flat) = wanted.partition(|&property| property == Property::Reentrancy);
            all.extend(disagreements(&*algorithm, environment, false, flat));
            if card.kind == Kind::Lock {
                all.extend(disagreements(&*algorithm, environment, true, nested));
            }
        }
    }
    assert!(all.is_empty(), "{} disagreements:\n{}", all.len(), all.join("\n"));
}
