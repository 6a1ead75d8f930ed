//! Capsules from files and into files.

use std::fs;
use std::io::Write;
use std::path::Path as FilePath;

use contend_model::algorithm::Algorithm;
use contend_model::nearest::nearest;
use contend_model::property::Property;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::error::Category;

use super::{Capsule, CapsuleError, Failure, Path, Run, VERSION};
use crate::bridge::scenario_of;

/// What the key `contend` says of a capsule.
const MARK: &str = "capsule";

/// The form of the file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    contend: String,
    version: u32,
    written_by: String,
    property: Property,
    /// The command that shows it again; for people only.
    command: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    run: Option<Run>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    path: Option<Path>,
}

impl Capsule {
    /// Reads a capsule.
    pub fn load(path: &FilePath) -> Result<Self, CapsuleError> {
        let file = path.display().to_string();
        let text = fs::read_to_string(path)
            .map_err(|source| CapsuleError::Unreadable { file: file.clone(), source })?;
        Capsule::from_json(&file, &text)
    }

    /// Reads a capsule from its text; `file` is the name that errors give.
    pub fn from_json(file: &str, text: &str) -> Result<Self, CapsuleError> {
        let name = || file.to_owned();
        let document: Value = serde_json::from_str(text).map_err(|error| broken(file, &error))?;
        if document.get("contend").and_then(Value::as_str) != Some(MARK) {
            return Err(CapsuleError::AnotherKind { file: name() });
        }
        let version = document.get("version");
        if version.and_then(Value::as_u64) != Some(u64::from(VERSION)) {
            let found = version.map_or_else(|| "none".to_owned(), Value::to_string);
            return Err(CapsuleError::Version { file: name(), found });
        }
        let form: Form = serde_json::from_str(text).map_err(|error| broken(file, &error))?;
        let failure = match (form.run, form.path) {
            (Some(run), None) => Failure::Run(run),
            (None, Some(path)) => Failure::Path(path),
            _ => {
                let problem = "there must be either `run` or `path`".to_owned();
                return Err(CapsuleError::Malformed { file: name(), line: 1, column: 1, problem });
            }
        };
        let capsule = Capsule { written_by: form.written_by, property: form.property, failure };
        capsule.check(file)?;
        Ok(capsule)
    }

    fn check(&self, file: &str) -> Result<(), CapsuleError> {
        let file = || file.to_owned();
        match &self.failure {
            Failure::Run(run) => {
                let checked = run.scenario.check();
                checked.map_err(|source| CapsuleError::Scenario { file: file(), source })?;
                if run.scenario.seed.is_some() {
                    return Ok(());
                }
                let problem = "run.scenario.seed: missing; write the seed of the run".to_owned();
                Err(CapsuleError::Scope { file: file(), problem })
            }
            Failure::Path(path) => {
                let staged = scenario_of(&path.algorithm, &path.scope);
                staged.map(drop).map_err(|error| {
                    let problem = format!("path.{error}");
                    CapsuleError::Scope { file: file(), problem }
                })
            }
        }
    }

    /// The capsule as JSON; `file` is where the command in it says that it lies.
    pub fn to_json(&self, file: &str) -> String {
        let (run, path) = match self.failure.clone() {
            Failure::Run(run) => (Some(run), None),
            Failure::Path(path) => (None, Some(path)),
        };
        let form = Form {
            contend: MARK.into(),
            version: VERSION,
            written_by: self.written_by.clone(),
            property: self.property,
            command: format!("contend replay {file}"),
            run,
            path,
        };
        let text = serde_json::to_string_pretty(&form);
        text.expect("a capsule has nothing that JSON cannot say") + "\n"
    }

    /// Writes the capsule beside its place and then moves it there, so that there is never half a
    /// file.
    pub fn save(&self, path: &FilePath) -> Result<(), CapsuleError> {
        let file = path.display().to_string();
        let text = self.to_json(&file);
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}.part", std::process::id()));
        let beside = path.with_file_name(name);
        let write = || {
            let mut part = fs::File::create(&beside)?;
            part.write_all(text.as_bytes())?;
            part.sync_all()?;
            fs::rename(&beside, path)
        };
        write().map_err(|source| {
            // If even this fails there is nothing more to be done about it.
            let _ = fs::remove_file(&beside);
            CapsuleError::Unwritable { file, source }
        })
    }

    /// The algorithm that failed, among those that there are.
    pub fn choose<'a>(
        &self,
        file: &str,
        algorithms: &'a [Box<dyn Algorithm>],
    ) -> Result<&'a dyn Algorithm, CapsuleError> {
        let name = self.algorithm();
        let named = algorithms.iter().find(|algorithm| algorithm.card().name == name);
        if let Some(algorithm) = named {
            return Ok(&**algorithm);
        }
        let names: Vec<String> = algorithms.iter().map(|algorithm| algorithm.card().name).collect();
        let known: Vec<&str> = names.iter().map(String::as_str).collect();
        let mend = match nearest(name, &known) {
            Some(nearest) => format!("did you mean `{nearest}`?"),
            None => format!("there are {}", names.join(", ")),
        };
        let (file, name) = (file.to_owned(), name.to_owned());
        Err(CapsuleError::UnknownAlgorithm { file, name, mend })
    }
}

fn broken(file: &str, error: &serde_json::Error) -> CapsuleError {
    let (file, line, column) = (file.to_owned(), error.line(), error.column());
    let message = error.to_string();
    let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(what, _)| what);
    let problem = message.replace('\n', ", ");
    match error.classify() {
        Category::Eof => CapsuleError::Truncated { file, line, column },
        Category::Data => CapsuleError::Malformed { file, line, column, problem },
        Category::Syntax | Category::Io => CapsuleError::NotJson { file, line, column, problem },
    }
}
