//! From an algorithm and an environment to verdicts: which worlds are searched, and what is asked
//! of them.

pub mod envelope;
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
    /// One fault, at most five million states and 1.5 GB a search, two searches at a time.
    fn default() -> Self {
        Options {
            faults: 1,
            max_states: 5_000_000,
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
#[derive(Clone)]
struct Job<'a> {
    algorithm: &'a dyn Algorithm,
    place: usize,
    study: Study,
    /// The environments whose world it is: more than one where the study leaves nothing of what sets them
    /// apart.
    environments: Vec<Environment>,
}

impl Job<'_> {
    /// Whether somebody may fail in the environment. In the study of overtakings leases end because
    /// holders are slow, and nobody fails.
    fn can_fail(&self) -> bool {
        let cannot = |e: &Environment| matches!(e, Environment::Calm | Environment::Expiry);
        !self.environments.iter().all(cannot)
    }
}

/// Searches the worlds of all these algorithms and gives a row for each property and environment,
/// in the order of the algorithms, environments and properties whatever ran first.
///
/// Setting `stop` ends the searches that run; what they would have shown is `unknown`.
pub fn verify(
    algorithms: &[&dyn Algorithm],
    options: &Options,
    progress: &(dyn Fn(&Advance) + Sync),
    stop: &AtomicBool,
) -> Vec<Row> {
    let jobs = jobs(algorithms, options);
    let next = AtomicUsize::new(0);
    let found = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..options.threads.clamp(1, jobs.len().max(1)) {
            scope.spawn(|| {
                while let Some(job) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let rows = run(job, options, progress, stop);
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
    // Where two studies speak of one property, the worse verdict is the verdict, with the shorter
    // counterexample; and what one fault breaks is not shown by a pair of them.
    let rank = |verdict| match verdict {
        Verdict::Violated => 0,
        Verdict::Unknown => 1,
        Verdict::Holds => 2,
    };
    rows.sort_by_key(|(key, pair, row)| {
        (*key, rank(row.verdict), *pair, row.trace_steps, std::cmp::Reverse(row.states))
    });
    // What holds does so in all that was explored; what is violated is so where its counterexample is from.
    rows.dedup_by(|(key, _, row), (first, _, shown)| {
        let mut said = shown.scope.split("; ");
        if key == first && shown.verdict == Verdict::Holds && !said.any(|it| it == row.scope) {
            shown.scope = format!("{}; {}", shown.scope, row.scope);
        }
        key == first
    });
    let mut rows: Vec<Row> = rows.into_iter().map(|(.., row)| row).collect();
    if options.faults != Options::default().faults {
        for counterexample in rows.iter_mut().filter_map(|row| row.counterexample.as_mut()) {
            counterexample.command += &format!(" --faults {}", options.faults);
        }
    }
    rows
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
            for study in Study::of(algorithm, environment) {
                if !study.properties(environment).iter().any(|&property| options.wants(property)) {
                    continue;
                }
                let scope = study.scope(algorithm, environment, options.faults);
                let same = |job: &&mut Job<'_>| {
                    let theirs = |e: &Environment| study.scope(algorithm, *e, options.faults);
                    (job.place, job.study) == (place, study)
                        && job
                            .environments
                            .first()
                            .map(theirs)
                            .is_some_and(|s| s.explores_the_same_as(&scope))
                };
                match jobs.iter_mut().find(same) {
                    Some(job) => job.environments.push(environment),
                    None => {
                        jobs.push(Job { algorithm, place, study, environments: vec![environment] });
                    }
                }
            }
        }
    }
    jobs
}

fn run(
    job: &Job<'_>,
    options: &Options,
    progress: &(dyn Fn(&Advance) + Sync),
    stop: &AtomicBool,
) -> Vec<Row> {
    let card = job.algorithm.card();
    let wanted: Vec<Property> = job
        .study
        .properties(job.environments[0])
        .iter()
        .copied()
        .filter(|&p| options.wants(p))
        .collect();
    let rows_of = |judge: &judge::Judge<'_>, obstacle: Option<&str>| -> Vec<Row> {
        wanted.iter().map(|&property| judge.row(property, obstacle)).collect()
    };
    let offered = wanted.iter().any(|&property| card.does_not_offer(property).is_none());
    let (mut worlds, mut rows) = (Vec::new(), Vec::new());
    for &environment in &job.environments {
        let world = job.study.world(job.algorithm, environment, options.faults);
        let obstacle = judge::obstacle(&world);
        match offered && obstacle.is_none() {
            true => worlds.push(world),
            false => {
                rows.extend(rows_of(&judge::Judge::without_search(&world), obstacle.as_deref()))
            }
        }
    }
    let Some(world) = worlds.first() else { return rows };
    if matches!(job.study, Study::Overtaking { .. }) && options.faults > 0 && job.can_fail() {
        // A loop that needs no fault is there whatever else may go wrong; a bound may not be.
        let rows = run(job, &Options { faults: 0, ..options.clone() }, progress, stop);
        if rows.iter().all(|row| row.verdict == Verdict::Violated) {
            return rows;
        }
        let why = "not applicable: a bound is counted only where nobody fails";
        return rows_of(&judge::Judge::without_search(world), Some(why));
    }
    let report = |p: &crate::search::Progress| {
        let (algorithm, environment) = (card.name.clone(), job.environments[0]);
        progress(&Advance { algorithm, environment, states: p.states });
    };
    let explored = crate::search::search(world, &options.limits(&wanted), report, stop);
    let judge = judge::Judge::new(world, &explored);
    let judged = rows_of(&judge, None);
    // Who nests once without harm is asked to do so twice.
    let holds = judged.iter().all(|row| row.verdict == Verdict::Holds);
    let tells_little =
        if job.study == Study::Nesting { holds } else { judge.is_undecided(&judged) };
    if let Some(study) = job.study.larger(job.environments[0])
        && tells_little
    {
        let more = run(&Job { study, ..job.clone() }, options, progress, stop);
        // A larger scope that cannot be searched to its end tells less than the smaller one.
        if more.iter().all(|row| row.exhausted || row.verdict == Verdict::Violated) {
            return more;
        }
    }
    rows.extend(judged);
    for alike in &worlds[1..] {
        rows.extend(rows_of(&judge::Judge::new(alike, &explored), None));
    }
    rows
}
