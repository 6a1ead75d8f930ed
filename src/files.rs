//! Files: read whole, and written whole or not at all.

use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// The text of a file.
pub fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|source| Failure::Unreadable { path: path.to_owned(), source })
}

/// Writes a file beside its place and then renames it, so that no reader ever sees half of it.
pub fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let failed = |source| Failure::Unwritable { path: path.to_owned(), source };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    let beside = beside(path);
    let written = fs::write(&beside, text).and_then(|()| fs::rename(&beside, path));
    written.map_err(|source| {
        let _ = fs::remove_file(&beside);
        failed(source)
    })
}

/// Makes a folder and those that it lies in.
pub fn make_folder(folder: &Path) -> Result<(), Failure> {
    fs::create_dir_all(folder)
        .map_err(|source| Failure::Unwritable { path: folder.to_owned(), source })
}

/// Fails now if files could not be written into the folder later. Leaves nothing behind.
pub fn check_writable(folder: &Path) -> Result<(), Failure> {
    let existing = folder.ancestors().find(|folder| folder.exists());
    let existing = match existing {
        Some(existing) if !existing.as_os_str().is_empty() => existing,
        _ => Path::new("."),
    };
    let probe = existing.join(format!(".contend-{}.part", std::process::id()));
    let tried = fs::write(&probe, "").and_then(|()| fs::remove_file(&probe));
    tried.map_err(|source| Failure::Unwritable { path: folder.to_owned(), source })
}

fn beside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{}.part", std::process::id()))
}
