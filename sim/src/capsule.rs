//! What is saved of a failing run: everything that is needed to see it fail again, in one JSON
//! file. A run is kept with its plan written out, so that it outlives an edit of the generator; a
//! path of the explored world is kept action by action.

mod error;
mod file;
mod replay;
mod text;

use contend_model::digest::Digest;
use contend_model::plan::Plan;
use contend_model::property::Property;
use contend_model::scenario::Scenario;
use contend_model::world::Scope;
use serde::{Deserialize, Serialize};

use crate::outcome::Outcome;

pub use error::CapsuleError;
pub use replay::{Line, ReplayError, Replayed, replay};
pub use text::{UnreadableAction, actions_from_text, actions_to_text};

/// The version of the format that this build reads and writes.
pub const VERSION: u32 = 1;

/// A failure that can be seen again.
#[derive(Clone, Debug, PartialEq)]
pub struct Capsule {
    /// The version of Contend that wrote it.
    pub written_by: String,
    /// What was violated.
    pub property: Property,
    /// What failed.
    pub failure: Failure,
}

/// What failed.
#[derive(Clone, Debug, PartialEq)]
pub enum Failure {
    /// A run on virtual time.
    Run(Run),
    /// A path of the explored world.
    Path(Path),
}

/// A run on virtual time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// The scenario of this one run: seed and plan are written out, nothing is drawn.
    pub scenario: Scenario,
    /// When the property was violated, in nanoseconds of virtual time.
    pub at_ns: u64,
    /// The record of the history that showed it; none if only the end of the run did.
    pub record: Option<usize>,
    /// The digest of the run.
    pub digest: Digest,
}

/// A path of the explored world.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Path {
    /// The algorithm's name.
    pub algorithm: String,
    /// In which world.
    pub scope: Scope,
    /// The actions, as text: `deliver A->redis`, `fire A poll`, `tick`.
    pub actions: Vec<String>,
}

impl Capsule {
    /// The capsule of a run that violated the property; `None` if it did not.
    pub fn of_run(
        scenario: &Scenario,
        plan: Plan,
        outcome: &Outcome,
        property: Property,
    ) -> Option<Self> {
        let violation = outcome.violations.iter().find(|other| other.property == property)?;
        let run = Run {
            scenario: scenario.pinned(outcome.seed, plan),
            at_ns: violation.at,
            record: violation.record,
            digest: outcome.digest,
        };
        Some(Capsule::new(property, Failure::Run(run)))
    }

    /// The capsule of a path of the explored world; its actions as [`actions_to_text`] has them.
    pub fn of_path(
        algorithm: &str,
        scope: Scope,
        actions: Vec<String>,
        property: Property,
    ) -> Self {
        let path = Path { algorithm: algorithm.to_owned(), scope, actions };
        Capsule::new(property, Failure::Path(path))
    }

    fn new(property: Property, failure: Failure) -> Self {
        Capsule { written_by: env!("CARGO_PKG_VERSION").to_owned(), property, failure }
    }

    /// The name of the algorithm that failed.
    pub fn algorithm(&self) -> &str {
        match &self.failure {
            Failure::Run(run) => &run.scenario.algorithm,
            Failure::Path(path) => &path.algorithm,
        }
    }
}
