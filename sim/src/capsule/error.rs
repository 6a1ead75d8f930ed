//! What is wrong with a capsule, in one line that says where and how to mend it.

use std::io;

use contend_model::scenario::ScenarioError;
use thiserror::Error;

use super::VERSION;

/// A capsule that cannot be read or written.
#[derive(Debug, Error)]
pub enum CapsuleError {
    /// The file cannot be read.
    #[error("{file}: cannot be read: {source}; check the name and the permissions")]
    Unreadable {
        /// Which file.
        file: String,
        /// Why.
        source: io::Error,
    },
    /// The file cannot be written.
    #[error("{file}: cannot be written: {source}; choose a folder that exists and is writable")]
    Unwritable {
        /// Which file.
        file: String,
        /// Why.
        source: io::Error,
    },
    /// The file ends before the capsule does.
    #[error("{file}:{line}:{column}: the file is cut off here; save the capsule again")]
    Truncated {
        /// Which file.
        file: String,
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
    },
    /// It is not JSON.
    #[error("{file}:{line}:{column}: not JSON: {problem}; pass a file that `simulate` has saved")]
    NotJson {
        /// Which file.
        file: String,
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// What the reader met.
        problem: String,
    },
    /// It is JSON, but no capsule.
    #[error("{file}: contend: not a capsule; pass a file that `simulate` or `verify` has saved")]
    AnotherKind {
        /// Which file.
        file: String,
    },
    /// It was written by a later build, or by none.
    #[error(
        "{file}: version: {found} is not a version that this build reads, which is {VERSION}; \
         use the build that wrote the file"
    )]
    Version {
        /// Which file.
        file: String,
        /// What it says.
        found: String,
    },
    /// Something in it is not as it must be.
    #[error("{file}:{line}:{column}: {problem}; correct it or save the capsule again")]
    Malformed {
        /// Which file.
        file: String,
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// What is wrong.
        problem: String,
    },
    /// Its scenario cannot be run.
    #[error("{file}: scenario: {source}")]
    Scenario {
        /// Which file.
        file: String,
        /// Why.
        source: ScenarioError,
    },
    /// Its scope cannot be explored.
    #[error("{file}: {problem}")]
    Scope {
        /// Which file.
        file: String,
        /// What is wrong, and how to mend it.
        problem: String,
    },
    /// There is no such algorithm.
    #[error("{file}: algorithm: there is no `{name}`; {mend}")]
    UnknownAlgorithm {
        /// Which file.
        file: String,
        /// The name in the file.
        name: String,
        /// The nearest name, or all.
        mend: String,
    },
}
