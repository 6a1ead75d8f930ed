//! The scenario that a command line means: a file, an environment, or everything.

use std::path::{Path, PathBuf};

use clap::Args;
use contend::algorithm::Card;
use contend::scenario::Scenario;
use contend::simulation::SimulationError;

use crate::failure::Failure;
use crate::{choice, files};

/// In which scenario an algorithm runs.
#[derive(Args)]
pub struct Setting {
    /// The scenario, as TOML or JSON; without it, three lockers, or two producers and two
    /// consumers, and every kind of fault.
    #[arg(long, conflicts_with = "environment")]
    scenario: Option<PathBuf>,
    /// Only the faults of this environment.
    #[arg(long)]
    environment: Option<String>,
}

impl Setting {
    /// The scenario for this algorithm.
    pub fn scenario(&self, card: &Card) -> Result<Scenario, Failure> {
        match (&self.scenario, &self.environment) {
            (Some(path), _) => read(path, &card.name),
            (None, Some(name)) => Ok(Scenario::within(card.kind, choice::environment(name)?)),
            (None, None) => Ok(Scenario::default_for(card.kind)),
        }
        .map(|scenario| scenario.of(&card.name))
    }

    /// The option that was given first, if any: whoever has no use for it says so.
    pub fn given(&self) -> Option<(&'static str, String)> {
        let scenario =
            self.scenario.as_ref().map(|path| ("--scenario", path.display().to_string()));
        scenario.or(self.environment.as_ref().map(|name| ("--environment", name.clone())))
    }

    /// What is to be added to a command that runs the same again.
    pub fn options(&self) -> String {
        self.given().map_or_else(String::new, |(option, value)| format!(" {option} {value}"))
    }

    /// An error that lies in a scenario file names it.
    pub fn blame(&self, failure: Failure) -> Failure {
        let (path, error) = match (&self.scenario, failure) {
            (Some(path), Failure::Simulation(error)) => (path, error),
            (_, failure) => return failure,
        };
        match *error {
            SimulationError::Stage(source) => {
                Failure::InFile { file: path.display().to_string(), source: Box::new(source) }
            }
            error => error.into(),
        }
    }
}

/// Reads the scenario for this algorithm.
fn read(path: &Path, algorithm: &str) -> Result<Scenario, Failure> {
    let (file, text) = (path.display().to_string(), files::read(path)?);
    let json = path.extension().is_some_and(|extension| extension == "json");
    let scenario = match json {
        true => Scenario::from_json(&file, &text)?,
        false => Scenario::from_toml(&file, &text)?,
    };
    if !scenario.algorithm.is_empty() && scenario.algorithm != algorithm {
        let found = scenario.algorithm;
        return Err(Failure::OtherAlgorithm { file, found, wanted: algorithm.into() });
    }
    Ok(scenario)
}
