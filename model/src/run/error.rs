//! Why a record cannot be read: one line that says what, where and how to mend it.

use thiserror::Error;

/// A record that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RunError {
    /// The text ends too early.
    #[error("{file}:{line}: the file ends in the middle of the record; write it again")]
    Truncated {
        /// The file.
        file: String,
        /// The last line, from 1.
        line: usize,
    },
    /// The record is of a version that this build does not read.
    #[error(
        "{file}: the record has version {found}, this build reads version {supported}; write the \
         file again with this build, or use the build that wrote it"
    )]
    Version {
        /// The file.
        file: String,
        /// The record's version.
        found: u64,
        /// The version that can be read.
        supported: u32,
    },
    /// JSON, but without a version.
    #[error("{file}: this is no record of Contend, for it has no version; name another file")]
    NoRecord {
        /// The file.
        file: String,
    },
    /// The text is no JSON, or lacks something, or has something of the wrong kind.
    #[error("{file}:{line}:{column}: {problem}; mend the file or write it again")]
    Malformed {
        /// The file.
        file: String,
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// What is wrong.
        problem: String,
    },
}

impl RunError {
    pub(super) fn of(file: &str, text: &str, error: &serde_json::Error) -> Self {
        let (file, line, column) = (file.to_owned(), error.line(), error.column());
        // A number that is cut off behind its minus is an invalid number to the parser; but every
        // record ends in a brace.
        let on_last_line = line >= text.lines().count() && error.is_syntax();
        if error.is_eof() || (on_last_line && !text.trim_end().ends_with('}')) {
            return RunError::Truncated { file, line: line.max(1) };
        }
        // The place is said in front, in the form that editors follow.
        let message = error.to_string();
        let place = format!(" at line {line} column {column}");
        let problem = message.strip_suffix(&place).unwrap_or(&message).replace('\n', " ");
        RunError::Malformed { file, line, column, problem }
    }
}
