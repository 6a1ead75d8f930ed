//! The smallest failure that is still the same: fault plan entries, noise, operations, clients and
//! lengths of time are taken away one after another, as long as the run violates the same property
//! in the same way (by an event, or by its end). Every attempt is a run of the kernel. Nothing is
//! drawn, so the result depends on the capsule alone, and to shrink it again changes nothing.

mod candidates;

use std::sync::atomic::{AtomicBool, Ordering};

use contend_model::algorithm::Algorithm;
use contend_model::scenario::Scenario;
use serde::Serialize;
use thiserror::Error;

use crate::capsule::{Capsule, Failure, Run};
use crate::kernel::Kernel;
use crate::ledger::Options;
use crate::stage::{Stage, StageError};
use candidates::{edits, without};

/// Why a capsule cannot be shrunk.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ShrinkError {
    /// The scenario does not fit the algorithm.
    #[error("run.scenario.{0}")]
    Stage(#[from] StageError),
    /// The run no longer fails.
    #[error(
        "{algorithm} does not violate {property} in this run any more; there is nothing to shrink"
    )]
    Passes {
        /// Which algorithm.
        algorithm: String,
        /// Which property.
        property: String,
    },
    /// A counterexample of the explorer is a shortest one.
    #[error("a counterexample of the explorer is shortest already; `contend replay` shows it")]
    Path,
}

/// How large a failing run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Size {
    /// Entries of the fault plan.
    pub entries: usize,
    /// Clients.
    pub clients: usize,
    /// Operations of each of them.
    pub operations: usize,
    /// What happened in the run.
    pub events: u64,
}

/// What came of shrinking.
#[derive(Clone, Debug, PartialEq)]
pub struct Shrunk {
    /// The smallest failure that was found.
    pub capsule: Capsule,
    /// How large it was.
    pub before: Size,
    /// How large it is.
    pub after: Size,
    /// How many runs it took.
    pub tried: u64,
    /// Whether nothing more can be taken away; otherwise shrinking was interrupted.
    pub complete: bool,
}

/// Where shrinking stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// How many runs it took so far.
    pub tried: u64,
    /// The smallest failure so far.
    pub size: Size,
}

/// Shrinks a failing run. `progress` is told of every attempt; setting `stop` ends the search and
/// keeps the smallest failure so far.
pub fn shrink(
    capsule: &Capsule,
    algorithm: &dyn Algorithm,
    mut progress: impl FnMut(Progress),
    stop: &AtomicBool,
) -> Result<Shrunk, ShrinkError> {
    let Failure::Run(run) = &capsule.failure else { return Err(ShrinkError::Path) };
    Stage::new(algorithm, run.scenario.clone())?;
    let Some((best, before)) = attempt(capsule, run.record.is_some(), algorithm, &run.scenario)
    else {
        let (algorithm, property) = (algorithm.card().name, capsule.property.to_string());
        return Err(ShrinkError::Passes { algorithm, property });
    };
    let mut search = Search {
        algorithm,
        by_event: run.record.is_some(),
        best,
        size: before,
        tried: 1,
        progress: &mut progress,
        stop,
    };
    while !search.stopped() && search.pass() {}
    let complete = !search.stopped();
    let Search { best: capsule, size: after, tried, .. } = search;
    Ok(Shrunk { capsule, before, after, tried, complete })
}

/// Runs a scenario of one run; the failure and its size, if it is the same one.
fn attempt(
    capsule: &Capsule,
    by_event: bool,
    algorithm: &dyn Algorithm,
    scenario: &Scenario,
) -> Option<(Capsule, Size)> {
    let stage = Stage::new(algorithm, scenario.clone()).ok()?;
    let mut kernel = Kernel::new(&stage, Options::default());
    let seed = scenario.seed.unwrap_or_default();
    let outcome = kernel.run_plan(seed, scenario.plan.clone()).ok()?;
    let same = outcome.violations.iter().find(|found| found.property == capsule.property)?;
    if same.record.is_some() != by_event {
        return None;
    }
    let size = Size {
        entries: scenario.plan.entries.len(),
        clients: stage.cast().clients(),
        operations: usize::from(scenario.workload.operations),
        events: outcome.events,
    };
    let run = Run {
        scenario: scenario.clone(),
        at_ns: same.at,
        record: same.record,
        digest: outcome.digest,
    };
    let written_by = env!("CARGO_PKG_VERSION").to_owned();
    let failure = Failure::Run(run);
    Some((Capsule { written_by, property: capsule.property, failure }, size))
}

/// The search for a smaller failure.
struct Search<'a> {
    algorithm: &'a dyn Algorithm,
    by_event: bool,
    best: Capsule,
    size: Size,
    tried: u64,
    progress: &'a mut dyn FnMut(Progress),
    stop: &'a AtomicBool,
}

impl Search<'_> {
    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    fn scenario(&self) -> &Scenario {
        match &self.best.failure {
            Failure::Run(run) => &run.scenario,
            Failure::Path(_) => unreachable!("only runs are shrunk"),
        }
    }

    /// Takes the scenario as the new best if it fails in the same way.
    fn take(&mut self, scenario: &Scenario) -> bool {
        if self.stopped() {
            return false;
        }
        self.tried += 1;
        let smaller = attempt(&self.best, self.by_event, self.algorithm, scenario);
        let fails = smaller.is_some();
        if let Some((best, size)) = smaller {
            (self.best, self.size) = (best, size);
        }
        (self.progress)(Progress { tried: self.tried, size: self.size });
        fails
    }

    /// Tries everything once; says whether anything could be taken away.
    fn pass(&mut self) -> bool {
        let mut smaller = self.delete_entries();
        // An edit is known by its place among all edits of the present scenario.
        let mut place = 0;
        while let Some(scenario) = edits(self.scenario()).into_iter().nth(place) {
            if self.stopped() {
                break;
            }
            if self.take(&scenario) {
                smaller = true;
            } else {
                place += 1;
            }
        }
        smaller
    }

    /// Delta debugging: large pieces of the plan first, then smaller ones, then single entries.
    fn delete_entries(&mut self) -> bool {
        let mut smaller = false;
        let mut piece = self.scenario().plan.entries.len();
        while piece > 0 && !self.stopped() {
            let mut start = 0;
            while start < self.scenario().plan.entries.len() && !self.stopped() {
                let scenario = without(self.scenario(), start..start + piece);
                if self.take(&scenario) {
                    smaller = true;
                } else {
                    start += piece;
                }
            }
            piece /= 2;
        }
        smaller
    }
}
