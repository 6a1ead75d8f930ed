//! Files and folders of the user: read, made, or refused before any work is done.

use std::fs;
use std::path::Path;

use crate::failure::Failure;

/// The text of a file.
pub fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|source| Failure::Unreadable { path: path.to_owned(), source })
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
