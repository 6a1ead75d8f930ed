//! From an algorithm and an environment to verdicts: which worlds are searched, and what is asked
//! of them.

mod explain;
mod fairness;
mod judge;
mod study;

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::algorithm::Algorithm;
use crate::property::{Environment, Property};
use crate::search::{Labels, Limits};
use crate::verdict::{Advance, Row, Verdict};
use crate::world::Mark;

pub use study::Study;

/// How much is searched.
#[derive(Clone, Debug)]
pub struct Options {
    /// How many faults the world may commit in one history.
    pub faults: u8,
    /// Distinct states of one search, at most; beyond it a verdict is `unknown`.
    pub max_states: usize,
    /// Bytes held by one search, at most.
    pub max_bytes: u64,
    /// Searches that run side by side.
    pub threads: usize,
    /// Whether a search may end as soon as a property that is asked for is violated.
    pub until_violated: bool,
    /// Only these properties, if any are named.
    pub properties: Vec<Property>,
    /// Only these environments, if any are named.
    pub environments: Vec<Environment>,
}

impl Default for Options {
    /// One fault, at most three million states and 1.5 GB a search, two searches at a time.
    fn default() -> Self {
        Options {
            faults: 1,
            max_states: 3_000_000,
            max_bytes: 1_500_000_000,
            threads: 2,
            until_violated: false,
            properties: Vec::new(),
            environments: Vec::new(),
        }
    }
}

impl Options {
    fn wants(&self, property: Property) -> bool {
        self.properties.is_empty() || self.properties.contains(&property)
    }

    fn environments(&self) -> Vec<Environment> {
        let all = Environment::ALL.into_iter();
        all.filter(|e| self.environments.is_empty() || self.environments.contains(e)).collect()
    }

    fn limits(&self, wanted: &[Property]) -> Limits {
        let violated = |labels, &property| labels | Labels::bit(Mark::Violated(property).bit());
        let until = match self.until_violated {
            true => wanted.iter().fold(Labels::NONE, violated),
            false => Labels::NONE,
        };
        Limits {
            until,
            max_states: self.max_states,
            max_bytes: self.max_bytes,
            deadline: None,
            threads: 1,
            keep_graph: true,
        }
    }
}

/// One search to be done.
#[derive(Clone, Copy)]
struct Job<'a> {
    algorithm: &'a dyn Algorithm,
    place: usize,
    environment: Environment,
    study: Study,
}

impl Job<'_> {
    /// Whether somebody may fail in the environment. In the study of overtakings leases end because
    /// holders are slow, and nobody fails.
    fn can_fail(&self) -> bool {
        !matches!(self.environment, Environment::Calm | Environment::Expiry)
    }
}

/// Searches the worlds of all these algorithms and gives a row for each property and environment,
/// in the order of the algorithms, environments and properties whatever ran first.
///
/// Setting `stop` ends the searches that run; what they would have shown is `unknown`.
pub fn verify(
    algorithms: &[&dyn Algorithm],
    options: &Options,
    progress: impl Fn(&Advance) + Sync,
    stop: &AtomicBool,
) -> Vec<Row> {
    let jobs = jobs(algorithms, options);
    let next = AtomicUsize::new(0);
    let found = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..options.threads.clamp(1, jobs.len().max(1)) {
            scope.spawn(|| {
                while let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let rows = run(job, options, &progress, stop);
                    let pair = job.study == Study::Pairing;
                    let keyed = rows
                        .into_iter()
                        .map(|row| ((job.place, row.environment, row.property), pair, row));
                    found.lock().expect("no search panics while it reports").extend(keyed);
                }
            });
        }
    });
    let mut rows = found.into_inner().expect("all searches have reported");
    // Where two studies speak of one property, the worse verdict is the verdict; and what one fault
    // breaks is not shown by a pair of them.
    let rank = |verdict| match verdict {
        Verdict::Violated => 0,
        Verdict::Unknown => 1,
        Verdict::Holds => 2,
    };
    rows.sort_by_key(|(key, pair, row)| {
        (*key, rank(row.verdict), *pair, std::cmp::Reverse(row.states))
    });
    rows.dedup_by_key(|(key, ..)| *key);
    rows.into_iter().map(|(.., row)| row).collect()
}

/// The larger searches first, so that the cores finish together.
fn jobs<'a>(algorithms: &[&'a dyn Algorithm], options: &Options) -> Vec<Job<'a>> {
    let mut jobs = Vec::new();
    let mut environments = options.environments();
    environments.sort_by_key(|environment| match environment {
        Environment::Expiry => 0,
        Environment::Crash => 1,
        Environment::Lossy => 2,
        Environment::Failover => 3,
        Environment::Misuse => 4,
        Environment::Calm => 5,
    });
    for environment in environments {
        for (place, &algorithm) in algorithms.iter().enumerate() {
            for &study in Study::of(&algorithm.card(), environment) {
                if study.properties(environment).iter().any(|&property| options.wants(property)) {
                    jobs.push(Job { algorithm, place, environment, study });
                }
            }
        }
    }
    jobs
}

fn run(
    job: &Job<'_>,
    options: &Options,
    progress: &(impl Fn(&Advance) + Sync),
    stop: &AtomicBool,
) -> Vec<Row> {
    let card = job.algorithm.card();
    let wanted: Vec<Property> = job
        .study
        .properties(job.environment)
        .iter()
        .copied()
        .filter(|&p| options.wants(p))
        .collect();
    let offered = wanted.iter().any(|&property| card.does_not_offer(property).is_none());
    let world = job.study.world(job.algorithm, job.environment, options.faults);
    let obstacle = judge::obstacle(&world);
    if !offered || obstacle.is_some() {
        let judge = judge::Judge::without_search(&world);
        return wanted.iter().map(|&p| judge.row(p, obstacle.as_deref())).collect();
    }
    if matches!(job.study, Study::Overtaking { .. }) && options.faults > 0 && job.can_fail() {
        // A loop that needs no fault is there whatever else may go wrong; a bound may not be.
        let rows = run(job, &Options { faults: 0, ..options.clone() }, progress, stop);
        if rows.iter().all(|row| row.verdict == Verdict::Violated) {
            return rows;
        }
        let why = "not applicable: a bound is counted only where nobody fails";
        let judge = judge::Judge::without_search(&world);
        return wanted.iter().map(|&p| judge.row(p, Some(why))).collect();
    }
    let report = |p: &crate::search::Progress| {
        let algorithm = card.name.clone();
        progress(&Advance { algorithm, environment: job.environment, states: p.states });
    };
    let explored = crate::search::search(&world, &options.limits(&wanted), report, stop);
    let judge = judge::Judge::new(&world, &explored);
    let rows: Vec<Row> = wanted.iter().map(|&property| judge.row(property, None)).collect();
    match job.study.larger() {
        Some(study) if judge.is_undecided(&rows) => {
            let more = run(&Job { study, ..*job }, options, progress, stop);
            // A larger scope that cannot be searched to its end tells less than the smaller one.
            match more.iter().all(|row| row.exhausted || row.verdict == Verdict::Violated) {
                true => more,
                false => rows,
            }
        }
        _ => rows,
    }
}
