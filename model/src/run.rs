//! Records of what was run: what commands write as JSON, and what reports are made of.
//!
//! A record carries the version of its format and is read back by any build of that version.

mod error;

pub use error::RunError;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::algorithm::Card;
use crate::digest::Digest;
use crate::metrics::Summary;
use crate::plan::Happened;
use crate::property::Property;
use crate::verdict::Row;

/// The version of the format that this build reads and writes.
pub const VERSION: u32 = 1;

/// What many seeded runs of one scenario came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SimulationReport {
    /// The version of this format: 1.
    pub version: u32,
    /// The algorithm's name.
    pub algorithm: String,
    /// How many seeds were run.
    pub seeds: u64,
    /// The first of them; they are consecutive.
    pub from: u64,
    /// What ran them: `kernel` or `madsim`.
    pub engine: String,
    /// The digest of all runs' digests, in the order of seeds.
    pub digest: Digest,
    /// What was violated, in the order of seeds.
    pub violations: Vec<SeedViolation>,
    /// What it cost.
    pub metrics: Summary,
    /// The faults that happened, by kind.
    pub happened: Happened,
    /// The scenario, as TOML.
    pub scenario: String,
    /// The command that writes this record again.
    pub command: String,
}

/// A property that one run violated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeedViolation {
    /// The run's seed.
    pub seed: u64,
    /// Which.
    pub property: Property,
    /// The capsule that replays the run, if one was saved: not every one of a thousand alike is.
    pub file: Option<String>,
}

/// Everything that the comparison report shows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// The version of this format: 1.
    pub version: u32,
    /// What produced it.
    pub build: Build,
    /// The commands that produce it again, the whole first.
    pub commands: Vec<String>,
    /// The algorithms.
    pub cards: Vec<Card>,
    /// The verdicts, with their counterexamples.
    pub rows: Vec<Row>,
    /// Runs in which nobody fails: what the algorithms cost. Records of builds that did not keep
    /// them have none.
    #[serde(default)]
    pub calm: Vec<SimulationReport>,
    /// Runs under every kind of fault: what breaks.
    pub simulations: Vec<SimulationReport>,
    /// Whether the work was stopped before its end: then only what was finished is here.
    #[serde(default)]
    pub partial: bool,
}

/// What produced a record.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Build {
    /// Contend's version.
    pub contend: String,
    /// The compiler, as `rustc --version` has it.
    pub rustc: String,
    /// For which target it was compiled.
    pub target: String,
    /// `release` or `debug`.
    pub profile: String,
}

impl SimulationReport {
    /// Reads a record; `file` is for the error line.
    ///
    /// # Errors
    /// A text that is no such record, is cut off, or is of another version.
    pub fn from_json(file: &str, text: &str) -> Result<Self, RunError> {
        read(file, text)
    }

    /// Writes the record, indented, with a line feed at its end.
    pub fn to_json(&self) -> String {
        write(self)
    }
}

impl Comparison {
    /// Reads a record; `file` is for the error line.
    ///
    /// # Errors
    /// A text that is no such record, is cut off, or is of another version.
    pub fn from_json(file: &str, text: &str) -> Result<Self, RunError> {
        read(file, text)
    }

    /// Writes the record, with a line feed at its end.
    pub fn to_json(&self) -> String {
        write(self)
    }

    /// The simulation of the algorithm of this name, under faults.
    pub fn simulation(&self, algorithm: &str) -> Option<&SimulationReport> {
        self.simulations.iter().find(|simulation| simulation.algorithm == algorithm)
    }

    /// The simulation of the algorithm of this name in which nobody fails.
    pub fn calm(&self, algorithm: &str) -> Option<&SimulationReport> {
        self.calm.iter().find(|simulation| simulation.algorithm == algorithm)
    }

    /// The verdicts on the algorithm of this name.
    pub fn rows_of<'a>(&'a self, algorithm: &'a str) -> impl Iterator<Item = &'a Row> {
        self.rows.iter().filter(move |row| row.algorithm == algorithm)
    }
}

/// What every version of the format has.
#[derive(Deserialize)]
struct Versioned {
    version: Option<u64>,
}

fn read<T: DeserializeOwned>(file: &str, text: &str) -> Result<T, RunError> {
    // The version first: what a newer format has in addition is no error of the file.
    let versioned: Versioned = parse(file, text)?;
    match versioned.version {
        Some(version) if version == u64::from(VERSION) => parse(file, text),
        Some(found) => Err(RunError::Version { file: file.into(), found, supported: VERSION }),
        None => Err(RunError::NoRecord { file: file.into() }),
    }
}

fn parse<T: DeserializeOwned>(file: &str, text: &str) -> Result<T, RunError> {
    serde_json::from_str(text).map_err(|error| RunError::of(file, text, &error))
}

fn write<T: Serialize>(record: &T) -> String {
    let mut text = serde_json::to_string_pretty(record).expect("records are plain data");
    text.push('\n');
    text
}
