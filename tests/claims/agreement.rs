//! What exploration shows to be broken, the simulator must come upon by chance, within ten thousand
//! seeds in the same environment; and it must not break what is claimed. The seeds that show it are golden
//! text: they are run again, and only what they no longer show is searched for anew.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::atomic::AtomicBool;

use contend::algorithm::{Algorithm, Card};
use contend::property::{Environment, Kind, Property};
use contend::scenario::Scenario;
use contend::simulation::{BrokenClaim, Engine, Settings, simulate};
use contend::verdict::Verdict;
use expect_test::expect_file;

use super::rows;

/// Algorithm, environment, property, and a seed that shows it.
const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/seeds.txt");
const SEEDS: u64 = 10_000;
/// How many are run at least, so that each claim is tried in each environment by itself.
const FEW_SEEDS: u64 = 30;

/// What takes more than ten thousand seeds. Each line says why.
const OUT_OF_REACH: [(&str, Environment, Property); 10] = {
    use Environment::{Crash, Expiry, Failover, Lossy};
    use Property::{AtMostOnce, Consistency, Emptiness, Exclusive, Fifo, NoDuplicate};
    [
        // A write on its way while its hold ends by a crash and the next one begins, within milliseconds.
        ("etcd-lock-fenced", Crash, Consistency),
        ("zk-lock-followers-synced", Crash, Consistency),
        // Two items that go through the queue while a third is held up, and neither is asked for again.
        ("redis-stream", Failover, Fifo),
        ("redis-delayed", Failover, Fifo),
        ("redis-delayed-unchecked", Failover, Fifo),
        // Two faults that must meet on one item.
        ("redis-visibility", Lossy, Exclusive),
        ("file-offset", Lossy, Emptiness),
        ("kafka-flushed-batch", Expiry, NoDuplicate),
        ("kafka-flushed-batch", Expiry, AtMostOnce),
        ("kafka-flushed-batch", Expiry, Exclusive),
    ]
};

/// Claims that hold in the scope that is explored and not beyond it, which the simulator shows. Each is a scope
/// that ought to be wider.
const TOO_WIDE: [(&str, Property); 2] = [
    // Of three clients, two who are refused hold up a release for longer than its client's patience
    // (docs/differences-table.md).
    ("sql-update-if-changed", Property::DeadlockFreedom),
    // Two crashes, of a holder who has just written and of one store, let the next one in at once (18 steps, in a
    // space of 2.4 million states; docs/differences-cache-locks.md).
    ("redlock-unsynced", Property::Consistency),
];

pub(super) fn settings(stop: &AtomicBool) -> Settings<'_> {
    let threads = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    Settings { engine: Engine::Kernel, threads, stop, progress: &|_| {} }
}

/// What a sweep within the environment looks like. Second acquisitions are made only where they are asked for.
fn scenario(card: &Card, environment: Environment, nested: bool) -> Scenario {
    let mut scenario = Scenario::within(card.kind, environment);
    scenario.workload.nested = nested;
    scenario
}

/// The seeds of one algorithm in one environment.
struct Trial<'a> {
    algorithm: &'a dyn Algorithm,
    scenario: Scenario,
    environment: Environment,
    /// What exploration shows to be broken and no seed has shown yet.
    wanted: BTreeSet<Property>,
    /// The seed that shows each of the others.
    shown: BTreeMap<Property, u64>,
    /// The claims that fell.
    fallen: Vec<String>,
}

impl Trial<'_> {
    fn run(&mut self, seeds: Range<u64>) {
        let Trial { algorithm, scenario, environment, .. } = self;
        let name = algorithm.card().name;
        let stop = AtomicBool::new(false);
        let found = simulate(*algorithm, scenario, seeds, &settings(&stop)).unwrap();
        for BrokenClaim { seed, property, .. } in &found.broken {
            if !TOO_WIDE.contains(&(name.as_str(), *property)) {
                self.fallen.push(format!("{name} {environment} {property}: seed {seed} breaks it"));
            }
        }
        for violation in &found.report.violations {
            if self.wanted.remove(&violation.property) {
                self.shown.insert(violation.property, violation.seed);
            }
        }
    }

    /// Runs some seeds, by which the claims are tried as well, then those that were of use before, then as many
    /// as it takes.
    fn search(&mut self, recorded: &Recorded) {
        self.run(0..FEW_SEEDS);
        let name = self.algorithm.card().name;
        let seed_of = |&property: &Property| {
            recorded.get(&(name.clone(), self.environment, property)).copied()
        };
        // In ascending order, as a search comes upon them.
        let seeds: BTreeSet<u64> = self.wanted.iter().filter_map(seed_of).collect();
        for seed in seeds {
            self.run(seed..seed + 1);
        }
        let mut from = FEW_SEEDS;
        while !self.wanted.is_empty() && from < SEEDS && self.fallen.is_empty() {
            let until = SEEDS.min(from * 2);
            self.run(from..until);
            from = until;
        }
    }
}

type Recorded = BTreeMap<(String, Environment, Property), u64>;

/// The golden text, read.
fn recorded() -> Recorded {
    let text = std::fs::read_to_string(GOLDEN).unwrap_or_default();
    let line = |line: &str| {
        let mut words = line.split_whitespace();
        let name = words.next()?.to_owned();
        let (environment, property) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
        Some(((name, environment, property), words.next()?.parse().ok()?))
    };
    text.lines().filter_map(line).collect()
}

/// What no single run of finite length shows: that something goes on for ever. A waiter that nothing can wake
/// is a deadlock to a run, and is asked for as such.
fn is_beyond_one_run(property: Property, environment: Environment) -> bool {
    let starvation = property == Property::Progress && environment == Environment::Calm;
    starvation || matches!(property, Property::Fairness | Property::Interruptibility)
}

#[test]
fn what_exploration_breaks_the_simulator_breaks_within_ten_thousand_seeds() {
    let recorded = recorded();
    let (mut disagreements, mut text) = (Vec::new(), String::new());
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
            for (wanted, nested) in [(flat, false), (nested, true)] {
                if nested && card.kind != Kind::Lock {
                    continue;
                }
                let scenario = scenario(&card, environment, nested);
                let (shown, fallen) = (BTreeMap::new(), Vec::new());
                let algorithm = &*algorithm;
                let mut trial = Trial { algorithm, scenario, environment, wanted, shown, fallen };
                trial.search(&recorded);
                for (property, seed) in trial.shown {
                    let (environment, property) = (environment.to_string(), property.to_string());
                    writeln!(text, "{name:28} {environment:9} {property:16} {seed}").unwrap();
                }
                disagreements.append(&mut trial.fallen);
                let missed = |property| format!("{name} {environment} {property}: never found");
                disagreements.extend(trial.wanted.into_iter().map(missed));
            }
        }
    }
    let (number, all) = (disagreements.len(), disagreements.join("\n"));
    assert!(disagreements.is_empty(), "{number} disagreements:\n{all}");
    expect_file![GOLDEN].assert_eq(&text);
}
