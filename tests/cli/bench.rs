//! A folder of its own for each test, and the command in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use expect_test::Expect;
use serde_json::Value;

/// Runs the command in a folder of its own.
pub struct Bench {
    pub folder: PathBuf,
}

impl Bench {
    pub fn new(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cli").join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        Bench { folder }
    }

    pub fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_contend"));
        command.args(line.split_whitespace()).current_dir(&self.folder).stdin(Stdio::null());
        command
    }

    pub fn run(&self, line: &str) -> Output {
        self.command(line).output().unwrap()
    }

    pub fn file(&self, name: &str, text: &str) {
        fs::write(self.folder.join(name), text).unwrap();
    }

    /// What it prints, if it ends with this status.
    pub fn text(&self, line: &str, status: i32) -> String {
        let output = self.run(line);
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{line}: {complaint}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// The same as a record.
    pub fn json(&self, line: &str, status: i32) -> Value {
        serde_json::from_str(&self.text(line, status)).unwrap()
    }

    /// One line on standard error, nothing on standard output, status 2, no file left behind.
    pub fn refuses(&self, line: &str, complaint: &Expect) {
        let before = self.files();
        let output = self.run(line);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{line}: {said}");
        assert!(output.stdout.is_empty(), "{line}");
        assert!(said.starts_with("contend: ") && said.lines().count() == 1, "{line}: {said}");
        assert_eq!(self.files(), before, "{line} has left something behind");
        complaint.assert_eq(&said);
    }

    pub fn files(&self) -> Vec<PathBuf> {
        let mut files = Vec::new();
        let mut folders = vec![self.folder.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path.clone());
                }
                files.push(path);
            }
        }
        files.sort();
        files
    }
}

/// The keys of a record.
pub fn names(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}
