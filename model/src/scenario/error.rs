//! What is wrong with a scenario, in one line that says where and how to mend it.

use thiserror::Error;

/// A scenario that cannot be run.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{}{}{problem}; {mend}", place(.file, *.line), subject(.key))]
pub struct ScenarioError {
    /// The file; empty if the scenario comes from none.
    pub file: String,
    /// The line, from 1.
    pub line: Option<usize>,
    /// The key that is wrong, with those that it lies in, such as `links.loss`; may be empty.
    pub key: String,
    /// What is wrong.
    pub problem: String,
    /// What to do about it.
    pub mend: String,
}

fn place(file: &str, line: Option<usize>) -> String {
    match (file, line) {
        ("", None) => String::new(),
        ("", Some(line)) => format!("line {line}: "),
        (file, None) => format!("{file}: "),
        (file, Some(line)) => format!("{file}:{line}: "),
    }
}

fn subject(key: &str) -> String {
    if key.is_empty() { String::new() } else { format!("{key}: ") }
}
