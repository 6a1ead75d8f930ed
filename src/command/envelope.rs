//! `contend envelope`: how much lateness each lock bears.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use clap::Args;
use contend::algorithm::Algorithm;
use contend::envelope::{self, End};
use contend::property::Kind;
use contend::reports::terminal;
use contend::world::LEGEND;

use crate::Status;
use crate::choice;
use crate::console::{self, Format, Interruption, Progress, count};
use crate::failure::Failure;

/// How long clients may be paused, how late messages may be and how far off clocks, before a lock no longer
/// excludes.
///
/// Each is searched by itself, a millisecond more at a time, with every interleaving explored, for a lease of a
/// few milliseconds; what counts is the proportion to the lease. With one lock, the ways to break it are shown.
#[derive(Args)]
pub struct Envelope {
    /// Names, or parts of a name, document, backend or form; all locks without any.
    filter: Vec<String>,
    /// Locks that are searched side by side; as many as there are cores without this.
    #[arg(long)]
    threads: Option<usize>,
    /// States of one search, at most; beyond it nothing is said.
    #[arg(long, default_value_t = 300_000)]
    max_states: usize,
    /// How it is written.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

impl Envelope {
    pub fn run(self, interruption: &Interruption) -> Result<Status, Failure> {
        let mut locks = choice::algorithms(&self.filter)?;
        locks.retain(|algorithm| algorithm.card().kind == Kind::Lock);
        if locks.is_empty() {
            return Err(Failure::Option {
                option: "FILTER",
                value: self.filter.join(", "),
                problem: "no lock is among them, and a queue excludes nobody",
            });
        }
        let threads = choice::threads(self.threads)?.get();
        let envelopes = search(&locks, threads, self.max_states, interruption);
        match self.format {
            Format::Json => {
                console::print_json(&serde_json::json!({ "envelopes": envelopes }))?;
            }
            Format::Text => console::print(&text(&envelopes))?,
        }
        if interruption.asked() {
            console::say("stopped; what was not searched to its end is undecided");
            return Ok(Status::Interrupted);
        }
        Ok(Status::AsClaimed)
    }
}

fn search(
    locks: &[Box<dyn Algorithm>],
    threads: usize,
    max_states: usize,
    interruption: &Interruption,
) -> Vec<envelope::Envelope> {
    let progress = Progress::of(locks.len() as u64, "timing envelopes");
    let next = AtomicUsize::new(0);
    let found = Mutex::new(BTreeMap::new());
    std::thread::scope(|scope| {
        for _ in 0..threads.min(locks.len()) {
            scope.spawn(|| {
                loop {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    let Some(lock) = locks.get(place) else { return };
                    let one = envelope::envelope(&**lock, max_states, interruption.flag());
                    let mut found = found.lock().expect("no search panics");
                    found.insert(place, one);
                    progress.at(found.len() as u64);
                }
            });
        }
    });
    found.into_inner().expect("no search panics").into_values().collect()
}

fn text(envelopes: &[envelope::Envelope]) -> String {
    let mut text = terminal::envelopes(envelopes);
    let [one] = envelopes else { return text };
    for bound in &one.bounds {
        let End::Broken(counterexample) = &bound.end else { continue };
        let most = bound.holds_up_to_ms.map_or_else(
            || "without any lateness".to_owned(),
            |ms| format!("with a {} of up to {} ms", bound.lateness, ms + 1),
        );
        let steps = count(counterexample.steps.len() as u64, "step");
        let _ = writeln!(text, "\n{} {most}, in {steps}\n", one.algorithm);
        for frame in &counterexample.steps {
            let _ = writeln!(text, "{}", frame.line);
        }
        let _ = writeln!(text, "\n{}", counterexample.explanation);
        if bound.holds_up_to_ms.is_none() {
            // The others are broken in the same way.
            break;
        }
    }
    text + &format!("\n{LEGEND}\n")
}
