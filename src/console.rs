//! What the user sees and presses: output, errors, progress and Ctrl-C.

use std::borrow::Cow;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::failure::Failure;

/// How a command writes what it has to say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// For programs.
    Json,
}

/// Prints to standard output. Whoever reads it may stop when it has seen enough.
pub fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::Output(error)),
        _ => Ok(()),
    }
}

/// Prints a record as indented JSON.
pub fn print_json(record: &impl serde::Serialize) -> Result<(), Failure> {
    let mut text = serde_json::to_string_pretty(record).expect("records are plain data");
    text.push('\n');
    print(&text)
}

/// One line on standard error.
pub fn complain(failure: &Failure) {
    say(&failure.to_string());
}

/// One line on standard error. If nobody listens there, nobody is told.
pub fn say(line: &str) {
    let line = line.lines().map(str::trim).collect::<Vec<_>>().join(" ");
    let _ = writeln!(io::stderr().lock(), "contend: {line}");
}

/// Whether the user has asked to stop. What is finished by then is kept.
#[derive(Clone)]
pub struct Interruption(Arc<AtomicBool>);

impl Interruption {
    /// From now on the first Ctrl-C asks to stop, the second one ends the process.
    pub fn watch() -> Result<Self, Failure> {
        let asked = Arc::new(AtomicBool::new(false));
        let handler = Arc::clone(&asked);
        ctrlc::set_handler(move || {
            if handler.swap(true, Ordering::Relaxed) {
                std::process::exit(130);
            }
            say("stopping, and keeping what is finished; press Ctrl-C again to end at once");
        })?;
        Ok(Interruption(asked))
    }

    /// The flag for whoever does the work.
    pub fn flag(&self) -> &AtomicBool {
        &self.0
    }

    /// Whether the user has asked to stop.
    pub fn asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// A sign of life while long work goes on, on terminals only.
pub struct Progress(ProgressBar);

impl Progress {
    /// Of so many steps.
    pub fn of(steps: u64, what: impl Into<Cow<'static, str>>) -> Self {
        let style = "{msg} {wide_bar} {human_pos}/{human_len} {eta}";
        Progress::with(ProgressBar::new(steps), style, what)
    }

    /// Of work whose length nobody knows.
    pub fn unbounded(what: impl Into<Cow<'static, str>>) -> Self {
        Progress::with(ProgressBar::no_length(), "{spinner} {elapsed} {wide_msg}", what)
    }

    fn with(bar: ProgressBar, style: &str, what: impl Into<Cow<'static, str>>) -> Self {
        bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(10));
        bar.set_style(ProgressStyle::with_template(style).expect("the template is well-formed"));
        bar.set_message(what);
        if !bar.is_hidden() {
            bar.enable_steady_tick(Duration::from_millis(100));
        }
        Progress(bar)
    }

    /// So many steps are done.
    pub fn at(&self, steps: u64) {
        self.0.set_position(steps);
    }

    /// What is done now.
    pub fn say(&self, what: impl FnOnce() -> String) {
        if !self.0.is_hidden() {
            self.0.set_message(what());
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// A number with its digits in groups of three.
pub fn grouped(number: u64) -> String {
    indicatif::HumanCount(number).to_string()
}

/// `1 seed`, `2 seeds`.
pub fn count(number: u64, what: &str) -> String {
    format!("{} {what}{}", grouped(number), if number == 1 { "" } else { "s" })
}
