//! `contend shrink`: the smallest failure that is still the same.

use std::path::{Path, PathBuf};

use clap::Args;
use contend::property::Property;
use contend::registry;
use contend::sim::capsule::{Capsule, Failure as Failed};
use contend::sim::shrink::{ShrinkError, Shrunk, Size, shrink};
use serde::Serialize;

use crate::Status;
use crate::console::{self, Format, Interruption, Progress, count};
use crate::failure::Failure;
use crate::files;

/// The smallest fault plan and workload that still fail in the same way.
#[derive(Args)]
pub struct Shrink {
    /// A saved failure.
    file: PathBuf,
    /// Where the smaller one is saved; beside the other without this.
    #[arg(long)]
    out: Option<PathBuf>,
    /// How it is written.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// What came of it, as it is printed.
#[derive(Serialize)]
struct Printed<'a> {
    algorithm: &'a str,
    property: Property,
    before: Size,
    after: Size,
    /// How many runs it took.
    tried: u64,
    /// Whether nothing more can be taken away.
    complete: bool,
    /// The smaller failure.
    file: String,
}

impl Shrink {
    pub fn run(self, interruption: &Interruption) -> Result<Status, Failure> {
        let file = self.file.display().to_string();
        let capsule = Capsule::load(&self.file)?;
        let algorithms = registry::algorithms();
        let algorithm = capsule.choose(&file, &algorithms)?;
        if let Failed::Path(_) = capsule.failure {
            let source = Box::new(ShrinkError::Path);
            return Err(Failure::Shrink { file, source });
        }
        let out = self.out.unwrap_or_else(|| self.file.with_extension("small.json"));
        let folder = out.parent().unwrap_or(&out);
        files::check_writable(folder)?;
        let progress = Progress::unbounded("shrinking");
        let show = |at: contend::sim::shrink::Progress| {
            progress.say(|| format!("shrinking: {} tried, {}", at.tried, in_words(&at.size)));
        };
        let shrunk = shrink(&capsule, algorithm, show, interruption.flag())
            .map_err(|source| Failure::Shrink { file: file.clone(), source: Box::new(source) })?;
        drop(progress);
        if !folder.as_os_str().is_empty() {
            files::make_folder(folder)?;
        }
        shrunk.capsule.save(&out)?;
        match self.format {
            Format::Text => console::print(&text(&shrunk, &out))?,
            Format::Json => console::print_json(&Printed {
                algorithm: shrunk.capsule.algorithm(),
                property: shrunk.capsule.property,
                before: shrunk.before,
                after: shrunk.after,
                tried: shrunk.tried,
                complete: shrunk.complete,
                file: out.display().to_string(),
            })?,
        }
        if !shrunk.complete {
            console::say("stopped; it may not be the smallest failure yet");
            return Ok(Status::Interrupted);
        }
        Ok(Status::AsClaimed)
    }
}

fn text(shrunk: &Shrunk, out: &Path) -> String {
    let mut text = format!(
        "{} of {}, {} tried\n  before: {}\n  after:  {}\n",
        shrunk.capsule.property,
        shrunk.capsule.algorithm(),
        count(shrunk.tried, "run"),
        in_words(&shrunk.before),
        in_words(&shrunk.after)
    );
    text += &plan(&shrunk.capsule);
    text + &format!("again: contend replay {}\n", out.display())
}

fn in_words(size: &Size) -> String {
    format!(
        "{}, {}, {} each, {}",
        count(size.entries as u64, "planned fault"),
        count(size.clients as u64, "client"),
        count(size.operations as u64, "operation"),
        count(size.events, "event")
    )
}

/// What still goes wrong, an entry a line.
fn plan(capsule: &Capsule) -> String {
    let Failed::Run(run) = &capsule.failure else { return String::new() };
    let entries = run.scenario.plan.entries.iter().map(|entry| {
        let value = serde_json::to_value(entry).expect("a plan is plain data");
        let fields = value.as_object().into_iter().flatten();
        let (kinds, others): (Vec<_>, Vec<_>) = fields.partition(|(key, _)| *key == "kind");
        let kind = kinds.iter().filter_map(|(_, kind)| kind.as_str());
        let others = others.iter().map(|(key, value)| {
            value.as_str().map_or_else(|| format!("{key} {value}"), |text| format!("{key} {text}"))
        });
        let parts: Vec<String> = kind.map(str::to_owned).chain(others).collect();
        format!("  {}\n", parts.join(", "))
    });
    entries.collect()
}
