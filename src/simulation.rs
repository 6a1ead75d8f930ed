//! Many seeded runs of one algorithm in one scenario, and the record of what they came to.

use std::fmt;
use std::hash::Hasher;
use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use contend_model::algorithm::{Algorithm, Card};
use contend_model::digest::Digester;
use contend_model::metrics::{Metrics, Observed, Traffic};
use contend_model::plan::{Happened, Plan};
use contend_model::property::{Environment, Property};
use contend_model::run::{self, SeedViolation, SimulationReport};
use contend_model::scenario::Scenario;
use contend_sim::ledger::Options;
use contend_sim::outcome::{Ended, Outcome};
use contend_sim::simulated::{self, SimulatedError};
use contend_sim::stage::{Stage, StageError};
use contend_sim::sweep::{Sweep, Swept, Tally};
use thiserror::Error;

use crate::blame::{self, Circumstances};

/// What runs the seeds. Both come to the same runs, field by field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Engine {
    /// The event queue: fast.
    #[default]
    Kernel,
    /// An asynchronous program for each node, over madsim: the driver that meets real servers.
    Madsim,
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Engine::Kernel => "kernel",
            Engine::Madsim => "madsim",
        })
    }
}

/// How seeds are run.
#[derive(Clone, Copy)]
pub struct Settings<'a> {
    /// What runs them.
    pub engine: Engine,
    /// On how many threads. The result does not depend on it.
    pub threads: NonZeroUsize,
    /// Set this to stop early; what is finished by then is kept.
    pub stop: &'a AtomicBool,
    /// Called now and then with the number of seeds finished.
    pub progress: &'a (dyn Fn(u64) + Sync),
}

/// What came of many seeds.
#[derive(Clone, Debug, PartialEq)]
pub struct Simulation {
    /// The record.
    pub report: SimulationReport,
    /// The violations that nobody has reserved, in the order of seeds; see [`blame`].
    pub broken: Vec<BrokenClaim>,
    /// Whether every seed was run; otherwise the sweep was stopped, and the report's number of
    /// seeds says how many were.
    pub complete: bool,
}

/// A claimed property that a run violated.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct BrokenClaim {
    /// The run's seed.
    pub seed: u64,
    /// Which.
    pub property: Property,
    /// The environments that the run was in; the property is claimed in all of them.
    pub environments: Vec<Environment>,
}

/// Why nothing came of it.
#[derive(Debug, Error)]
pub enum SimulationError {
    /// The scenario does not fit the algorithm.
    #[error(transparent)]
    Stage(#[from] StageError),
    /// The engine over madsim failed.
    #[error("seed {seed}: {source}")]
    Madsim {
        /// The run's seed.
        seed: u64,
        /// How.
        source: SimulatedError,
    },
}

/// Runs all these seeds of the scenario.
///
/// # Errors
/// A scenario that does not fit the algorithm.
pub fn simulate(
    algorithm: &dyn Algorithm,
    scenario: &Scenario,
    seeds: Range<u64>,
    settings: &Settings<'_>,
) -> Result<Simulation, SimulationError> {
    let card = algorithm.card();
    let scenario = scenario.clone().of(&card.name);
    let stage = Stage::new(algorithm, scenario.clone())?;
    let new = || Found::new(&card, &scenario);
    let swept = match settings.engine {
        Engine::Kernel => {
            let Settings { threads, stop, progress, .. } = *settings;
            Sweep { threads, stop, progress }.run(&stage, seeds.clone(), new)
        }
        Engine::Madsim => by_madsim(&stage, seeds.clone(), settings, new)?,
    };
    let report = SimulationReport {
        version: run::VERSION,
        algorithm: card.name.clone(),
        seeds: swept.seeds,
        from: seeds.start,
        engine: settings.engine.to_string(),
        digest: swept.digest,
        violations: swept.tally.violations,
        metrics: swept.tally.metrics.summary(),
        happened: swept.tally.happened,
        scenario: scenario.to_toml(),
        command: command(&card.name, &seeds, settings.engine),
    };
    Ok(Simulation { report, broken: swept.tally.broken, complete: swept.complete })
}

fn command(name: &str, seeds: &Range<u64>, engine: Engine) -> String {
    let mut command = format!("contend simulate {name} --seeds {}", seeds.end - seeds.start);
    if seeds.start > 0 {
        command += &format!(" --from {}", seeds.start);
    }
    if engine != Engine::Kernel {
        command += &format!(" --engine {engine}");
    }
    command
}

/// The sweep over madsim: each thread takes one stretch of the seeds, and the stretches are put
/// together in order, so that the result is that of one thread.
fn by_madsim<'a>(
    stage: &Stage,
    seeds: Range<u64>,
    settings: &Settings<'_>,
    new: impl Fn() -> Found<'a> + Sync,
) -> Result<Swept<Found<'a>>, SimulationError> {
    let finished = AtomicU64::new(0);
    let work = |stretch: Range<u64>| -> Result<_, SimulationError> {
        let (mut found, mut digests) = (new(), Vec::new());
        for seed in stretch {
            if settings.stop.load(Ordering::Relaxed) {
                return Ok((found, digests, false));
            }
            let plan = stage.plan(seed);
            let outcome = simulated::run_plan(stage, seed, &plan, Options::default())
                .map_err(|source| SimulationError::Madsim { seed, source })?;
            found.add(&outcome, &plan);
            digests.push(outcome.digest);
            (settings.progress)(finished.fetch_add(1, Ordering::Relaxed) + 1);
        }
        Ok((found, digests, true))
    };
    let length = (seeds.end - seeds.start).div_ceil(settings.threads.get() as u64).max(1);
    let parts = std::thread::scope(|scope| {
        let stretches = seeds.clone().step_by(usize::try_from(length).unwrap_or(usize::MAX));
        let threads: Vec<_> = stretches
            .map(|first| first..seeds.end.min(first.saturating_add(length)))
            .map(|stretch| scope.spawn(|| work(stretch)))
            .collect();
        threads.into_iter().map(|thread| thread.join().expect("no run panics")).collect::<Vec<_>>()
    });
    let mut digester = Digester::default();
    let mut swept = Swept { seeds: 0, complete: true, digest: digester.digest(), tally: new() };
    for part in parts {
        let (found, digests, complete) = part?;
        swept.seeds += digests.len() as u64;
        swept.complete &= complete;
        digests.iter().for_each(|digest| digester.write_u64(digest.0));
        swept.tally.merge(found);
    }
    swept.digest = digester.digest();
    Ok(swept)
}

/// What is kept of many runs.
struct Found<'a> {
    card: &'a Card,
    scenario: &'a Scenario,
    clients: usize,
    metrics: Metrics,
    happened: Happened,
    violations: Vec<SeedViolation>,
    broken: Vec<BrokenClaim>,
}

impl<'a> Found<'a> {
    fn new(card: &'a Card, scenario: &'a Scenario) -> Self {
        let roles = scenario.roles();
        Found {
            card,
            scenario,
            clients: roles.len(),
            metrics: Metrics::new(card.kind, &roles).asked_about(&scenario.applications()),
            happened: Happened::default(),
            violations: Vec::new(),
            broken: Vec::new(),
        }
    }
}

impl Tally for Found<'_> {
    fn add(&mut self, outcome: &Outcome, _: &Plan) {
        let violated: Vec<Property> = outcome.violated().iter().collect();
        self.happened += outcome.happened;
        self.metrics.add(&Observed {
            seed: outcome.seed,
            history: &outcome.history,
            ended_at: outcome.at,
            cut_off: outcome.ended == Ended::Limit,
            traffic: traffic(outcome, self.clients),
            violated: &violated,
        });
        let environments = blame::environments(self.scenario, &outcome.happened);
        for violation in &outcome.violations {
            let (seed, property) = (outcome.seed, violation.property);
            self.violations.push(SeedViolation { seed, property, file: None });
            let circumstances = Circumstances {
                environments: &environments,
                nested: self.scenario.workload.nested,
                by_event: violation.record.is_some(),
            };
            if blame::breaks_claim(self.card, property, circumstances) {
                let environments = environments.clone();
                self.broken.push(BrokenClaim { seed, property, environments });
            }
        }
    }

    fn merge(&mut self, later: Self) {
        self.metrics.merge(&later.metrics);
        self.happened += later.happened;
        self.violations.extend(later.violations);
        self.broken.extend(later.broken);
    }
}

/// What went over the network, apart from the writes to the protected resource.
fn traffic(outcome: &Outcome, clients: usize) -> Traffic {
    let (callers, services) = outcome.sent.by_node.split_at(clients);
    let asked: u64 = callers.iter().map(|sent| sent.requests + sent.copies).sum();
    Traffic {
        from_clients: asked.saturating_sub(outcome.served[0]),
        from_services: services.iter().skip(1).map(|sent| sent.replies).sum(),
        operations: outcome.served.iter().skip(1).sum(),
    }
}
