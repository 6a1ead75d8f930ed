//! The report as files: each is written beside its place and then renamed, so that no reader ever
//! sees half of one.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use contend_model::run::Comparison;
use thiserror::Error;

/// A report that could not be written.
#[derive(Debug, Error)]
pub enum ReportError {
    /// The folder cannot be made or written to.
    #[error("{}: the report cannot be written ({source}); name a folder that you may write to", path.display())]
    Unwritable {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// Where a report was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// `report.html`
    pub html: PathBuf,
    /// `report.md`
    pub markdown: PathBuf,
    /// `report.json`
    pub json: PathBuf,
}

/// Writes the report in all formats into a folder, which is made if there is none.
///
/// # Errors
/// A folder that cannot be made or written to. Then no file of an earlier report has changed,
/// unless the disk gives out between two renamings.
pub fn write(comparison: &Comparison, folder: &Path) -> Result<Written, ReportError> {
    let texts = [
        ("report.html", crate::html(comparison)),
        ("report.md", crate::markdown(comparison)),
        ("report.json", comparison.to_json()),
    ];
    at(folder, fs::create_dir_all(folder))?;
    let mut staged = Vec::new();
    for (name, text) in &texts {
        let beside = folder.join(format!(".{name}.part"));
        let written = fs::write(&beside, text);
        let failed = written.is_err();
        staged.push(beside);
        if failed {
            staged.iter().for_each(|part| drop(fs::remove_file(part)));
        }
        at(&folder.join(name), written)?;
    }
    for ((name, _), beside) in texts.iter().zip(&staged) {
        let path = folder.join(name);
        at(&path, fs::rename(beside, &path))?;
    }
    let [html, markdown, json] = texts.map(|(name, _)| folder.join(name));
    Ok(Written { html, markdown, json })
}

fn at(path: &Path, result: io::Result<()>) -> Result<(), ReportError> {
    result.map_err(|source| ReportError::Unwritable { path: path.to_owned(), source })
}
