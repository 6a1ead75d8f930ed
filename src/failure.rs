//! Why a command cannot do what it was asked to: one line that says what, where and how to mend it.

use std::io;
use std::path::PathBuf;

use contend::reports::ReportError;
use contend::scenario::ScenarioError;
use contend::sim::capsule::{CapsuleError, ReplayError};
use contend::sim::shrink::ShrinkError;
use contend::sim::stage::StageError;
use contend::simulation::SimulationError;
use thiserror::Error;

/// Wrong usage or bad input: exit status 2.
#[derive(Debug, Error)]
pub enum Failure {
    #[error("there is no {what} `{name}`; {}", nearest.mend())]
    Unknown { what: &'static str, name: String, nearest: Nearest },
    #[error("`{filter}` matches no algorithm's name, document, backend or form; {}", nearest.mend())]
    NoMatch { filter: String, nearest: Nearest },
    #[error("{option} {value}: {problem}")]
    Option { option: &'static str, value: String, problem: &'static str },
    #[error("{}: cannot be read ({source}); name a file that exists and that you may read", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("{}: cannot be written ({source}); name a place that you may write to", path.display())]
    Unwritable { path: PathBuf, source: io::Error },
    #[error("{file}: {source}")]
    InFile { file: String, source: Box<StageError> },
    #[error("{file}: {source}")]
    Replay { file: String, source: Box<ReplayError> },
    #[error("{file}: {source}")]
    Shrink { file: String, source: Box<ShrinkError> },
    #[error(transparent)]
    Capsule(Box<CapsuleError>),
    #[error("{file}: the scenario is for {found}, not for {wanted}; change its `algorithm`")]
    OtherAlgorithm { file: String, found: String, wanted: String },
    #[error(transparent)]
    Scenario(Box<ScenarioError>),
    #[error(transparent)]
    Simulation(Box<SimulationError>),
    #[error(transparent)]
    Report(#[from] ReportError),
    #[error("standard output cannot be written to ({0}); write to a file or another disk")]
    Output(io::Error),
    #[error("Ctrl-C cannot be caught ({0}); run again")]
    Signal(#[from] ctrlc::Error),
}

impl From<StageError> for Failure {
    fn from(error: StageError) -> Self {
        SimulationError::from(error).into()
    }
}

impl From<SimulationError> for Failure {
    fn from(error: SimulationError) -> Self {
        Failure::Simulation(Box::new(error))
    }
}

impl From<ScenarioError> for Failure {
    fn from(error: ScenarioError) -> Self {
        Failure::Scenario(Box::new(error))
    }
}

impl From<CapsuleError> for Failure {
    fn from(error: CapsuleError) -> Self {
        Failure::Capsule(Box::new(error))
    }
}

/// The names that come closest to one that does not exist.
#[derive(Debug)]
pub struct Nearest {
    names: Vec<String>,
    otherwise: String,
}

impl Nearest {
    /// At most three, the nearest first. `otherwise` is the advice if none is near.
    pub fn to<'a>(
        wrong: &str,
        names: impl IntoIterator<Item = &'a str>,
        otherwise: impl Into<String>,
    ) -> Self {
        let wrong = wrong.to_lowercase();
        let likeness = |name: &str| {
            let name = name.to_lowercase();
            let whole = strsim::normalized_damerau_levenshtein(&wrong, &name);
            // Part of a longer name, with a slip, is near as well.
            let parts =
                name.split('-').map(|part| strsim::normalized_damerau_levenshtein(&wrong, part));
            parts.map(|part| part * 0.9).fold(whole, f64::max)
        };
        let mut ranked: Vec<(f64, &str)> = names
            .into_iter()
            .map(|name| (likeness(name), name))
            .filter(|(l, _)| *l > 0.5)
            .collect();
        ranked.sort_by(|(a, left), (b, right)| b.total_cmp(a).then(left.cmp(right)));
        ranked.dedup();
        let names = ranked.into_iter().take(3).map(|(_, name)| name.to_owned()).collect();
        Nearest { names, otherwise: otherwise.into() }
    }

    fn mend(&self) -> String {
        let quoted: Vec<String> = self.names.iter().map(|name| format!("`{name}`")).collect();
        match quoted.as_slice() {
            [] => self.otherwise.clone(),
            [one] => format!("did you mean {one}?"),
            [init @ .., last] => format!("did you mean {} or {last}?", init.join(", ")),
        }
    }
}
