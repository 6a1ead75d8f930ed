//! What exploration shows to be broken, the simulator must come upon by chance, within ten thousand
//! seeds in the same environment; and it must not break what is claimed. Run with `--nocapture` for
//! the number of seeds that each violation took.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::sync::atomic::AtomicBool;

use contend::algorithm::{Algorithm, Card};
use contend::property::{Environment, Property};
use contend::scenario::Scenario;
use contend::simulation::{BrokenClaim, Engine, Settings, simulate};
use contend::verdict::Verdict;

use super::rows;

const SEEDS: u64 = 10_000;

/// The algorithms of which it is asked so far.
const COMPARED: [&str; 14] = [
    "cache-set",
    "cache-get-then-set",
    "redis-released-early",
    "redis-set-nx-forever",
    "redis-set-nx",
    "redis-set-nx-retried",
    "redis-lock",
    "redis-lock-renewed",
    "redis-lock-fenced",
    "redis-lock-fenced-everysec",
    "cache-list",
    "redis-blocking-list",
    "redis-blocking-list-retried",
    "redis-reliable-list",
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
    let (mut from, mut batch) = (0, 100);
    while !wanted.is_empty() && from < SEEDS {
        let until = SEEDS.min(from + batch);
        let found = simulate(algorithm, &scenario, from..until, &settings(&stop)).unwrap();
        if let Some(broken) = found.broken.first() {
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
        (from, batch) = (until, batch * 4);
    }
    let missed = |property| format!("{} {environment} {property}: never found", card.name);
    wanted.into_iter().map(missed).collect()
}

/// What no single run of finite length shows: that something goes on for ever.
fn is_beyond_one_run(property: Property, environment: Environment) -> bool {
    let starvation = property == Property::Progress && environment == Environment::Calm;
    starvation || property == Property::Fairness
}

#[test]
fn what_exploration_breaks_the_simulator_breaks_within_ten_thousand_seeds() {
    let mut all = Vec::new();
    for algorithm in contend::registry::algorithms() {
        let name = algorithm.card().name;
        if false && !COMPARED.contains(&name.as_str()) {
            continue;
        }
        for environment in Environment::ALL {
            let wanted = rows()
                .iter()
                .filter(|row| row.algorithm == name && row.environment == environment)
                .filter(|row| row.verdict == Verdict::Violated)
                .map(|row| row.property)
                .filter(|&property| !is_beyond_one_run(property, environment));
            let (nested, flat) = wanted.partition(|&property| property == Property::Reentrancy);
            all.extend(disagreements(&*algorithm, environment, false, flat));
            all.extend(disagreements(&*algorithm, environment, true, nested));
        }
    }
    assert!(all.is_empty(), "{} disagreements:\n{}", all.len(), all.join("\n"));
}
