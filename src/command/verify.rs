//! `contend verify`: the verdict table, and the counterexamples that speak against claims.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use contend::algorithm::{Algorithm, Card};
use contend::cast::Cast;
use contend::reports::terminal;
use contend::sim::capsule::{Capsule, actions_to_text};
use contend::verdict::{Row, Verdict};
use contend::world::LEGEND;
use contend::{Options, verify_all};
use serde::Serialize;

use crate::Status;
use crate::choice;
use crate::console::{self, Format, Interruption, Progress, count, grouped};
use crate::failure::Failure;
use crate::files;

/// The verdicts by property and environment, with counterexamples.
///
/// Every interleaving within the scope is explored. With one algorithm, a property and an
/// environment, the counterexample is shown even if nothing else was claimed.
#[derive(Args)]
pub struct Verify {
    /// Names, or parts of a name, document, backend or form; all algorithms without any.
    filter: Vec<String>,
    /// Only this property; may be given several times.
    #[arg(long)]
    property: Vec<String>,
    /// Only this environment; may be given several times.
    #[arg(long)]
    environment: Vec<String>,
    /// How many faults the world may commit in one history.
    #[arg(long, default_value_t = 1)]
    faults: u8,
    /// Searches that run side by side; as many as there are cores without this.
    #[arg(long)]
    threads: Option<usize>,
    /// States of one search, at most; beyond it a verdict is unknown.
    #[arg(long, default_value_t = Options::default().max_states)]
    max_states: usize,
    /// Where each counterexample is saved, for `contend replay`; none is saved without this.
    #[arg(long)]
    out: Option<PathBuf>,
    /// How it is written.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// A row as it is printed.
#[derive(Serialize)]
struct Printed<'a> {
    #[serde(flatten)]
    row: &'a Row,
    /// Where the counterexample was saved.
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a str>,
}

impl Verify {
    pub fn run(self, interruption: &Interruption) -> Result<Status, Failure> {
        let algorithms = choice::algorithms(&self.filter)?;
        let options = self.options()?;
        let one = algorithms.len() == 1
            && !options.properties.is_empty()
            && !options.environments.is_empty();
        if let Some(folder) = &self.out {
            files::check_writable(folder)?;
        }
        let rows = explore(&algorithms, &options, interruption);
        if rows.is_empty() {
            // Such as a queue's property of a lock.
            return Err(Failure::Option {
                option: "--property",
                value: self.property.join(", "),
                problem: "no algorithm that was chosen is of the kind that has this property",
            });
        }
        let saved = match &self.out {
            Some(folder) => save(&algorithms, &rows, folder)?,
            None => vec![None; rows.len()],
        };
        match self.format {
            Format::Json => {
                let rows = rows.iter().zip(&saved);
                let rows: Vec<Printed<'_>> =
                    rows.map(|(row, file)| Printed { row, file: file.as_deref() }).collect();
                console::print_json(&serde_json::json!({ "rows": rows }))?;
            }
            Format::Text => {
                let cards: Vec<Card> = algorithms.iter().map(|a| a.card()).collect();
                console::print(&text(&cards, &rows, &saved, one, interruption))?;
            }
        }
        Ok(status(&rows, interruption))
    }

    fn options(&self) -> Result<Options, Failure> {
        let properties = self.property.iter().map(|name| choice::property(name));
        let environments = self.environment.iter().map(|name| choice::environment(name));
        Ok(Options {
            faults: self.faults,
            max_states: self.max_states,
            threads: choice::threads(self.threads)?.get(),
            properties: properties.collect::<Result<_, _>>()?,
            environments: environments.collect::<Result<_, _>>()?,
            ..Options::default()
        })
    }
}

/// Searches the worlds of the algorithms and shows how it goes on.
pub fn explore(
    algorithms: &[Box<dyn Algorithm>],
    options: &Options,
    interruption: &Interruption,
) -> Vec<Row> {
    let borrowed: Vec<&dyn Algorithm> = algorithms.iter().map(|a| &**a).collect();
    let progress = Progress::unbounded("verifying");
    let show = |advance: &contend::verdict::Advance| {
        progress.say(|| {
            let states = grouped(advance.states as u64);
            format!("verifying {} in {}: {states} states", advance.algorithm, advance.environment)
        });
    };
    let rows = verify_all(&borrowed, options, &show, interruption.flag());
    drop(progress);
    if interruption.asked() {
        console::say("stopped; what was not explored to its end is unknown");
    }
    rows
}

/// Whether an interruption has left the row open: then it speaks neither for a claim nor against
/// it.
pub fn is_open(row: &Row, interruption: &Interruption) -> bool {
    let reason = row.reason.as_deref().unwrap_or_default();
    let unknown = row.verdict == Verdict::Unknown;
    interruption.asked() && unknown && reason.starts_with("interrupted")
}

/// What the verdicts say about the claims.
pub fn status(rows: &[Row], interruption: &Interruption) -> Status {
    let broken = |row: &Row| !(row.as_claimed || is_open(row, interruption));
    match rows.iter().any(broken) {
        true => Status::ClaimFails,
        false if interruption.asked() => Status::Interrupted,
        false => Status::AsClaimed,
    }
}

/// Saves every counterexample as a capsule; the files by row.
fn save(
    algorithms: &[Box<dyn Algorithm>],
    rows: &[Row],
    folder: &Path,
) -> Result<Vec<Option<String>>, Failure> {
    let mut saved = Vec::new();
    for row in rows {
        let way = row.counterexample.as_ref().and_then(|told| told.way.as_ref());
        let algorithm = algorithms.iter().find(|a| a.card().name == row.algorithm);
        let Some((way, algorithm)) = way.zip(algorithm) else {
            saved.push(None);
            continue;
        };
        let services = algorithm.services(&way.scope.timing);
        let cast = Cast::new(way.scope.roles.clone(), services.iter().map(|s| s.name));
        let actions = actions_to_text(&cast, &way.actions);
        let capsule = Capsule::of_path(&row.algorithm, way.scope.clone(), actions, row.property);
        let folder = folder.join(&row.algorithm);
        files::make_folder(&folder)?;
        let path = folder.join(format!("{}-{}.json", row.property, row.environment));
        capsule.save(&path)?;
        saved.push(Some(path.display().to_string()));
    }
    Ok(saved)
}

fn text(
    cards: &[Card],
    rows: &[Row],
    saved: &[Option<String>],
    show_all: bool,
    interruption: &Interruption,
) -> String {
    let mut text = terminal::verdicts(cards, rows);
    let told: Vec<_> = rows
        .iter()
        .zip(saved)
        .filter(|(row, _)| {
            row.counterexample.is_some() && (show_all || (row.claimed && !row.as_claimed))
        })
        .collect();
    for (row, file) in &told {
        tell(&mut text, row, file.as_deref());
    }
    if !told.is_empty() {
        text += &format!("\n{LEGEND}\n");
    }
    let finished: Vec<&Row> = rows.iter().filter(|row| !is_open(row, interruption)).collect();
    text += &summary(cards, &finished, told.is_empty());
    let open = (rows.len() - finished.len()) as u64;
    if open > 0 {
        let _ = writeln!(text, "{} left open by the interruption", count(open, "verdict"));
    }
    let files: Vec<&String> = saved.iter().flatten().collect();
    if let Some(first) = files.first() {
        let number = count(files.len() as u64, "counterexample");
        let _ =
            writeln!(text, "{number} saved, such as {first}; step by step: contend replay FILE");
    }
    text
}

/// A counterexample, step by step.
fn tell(text: &mut String, row: &Row, file: Option<&str>) {
    let Some(counterexample) = &row.counterexample else { return };
    let claimed = if row.claimed { "claimed, but " } else { "" };
    let _ = writeln!(
        text,
        "\n{}: {} is {claimed}violated in {}, in {}\n",
        row.algorithm,
        row.property,
        row.environment,
        count(counterexample.steps.len() as u64, "step")
    );
    for frame in &counterexample.steps {
        let _ = writeln!(text, "{}", frame.line);
    }
    let _ = writeln!(text, "\n{}\nAgain: {}", counterexample.explanation, counterexample.command);
    if let Some(file) = file {
        let _ = writeln!(text, "Saved: {file}");
    }
}

/// The last lines: what it all comes to, and where to look next.
pub fn summary(cards: &[Card], rows: &[&Row], hint: bool) -> String {
    let wrong: Vec<&&Row> = rows.iter().filter(|row| !row.as_claimed).collect();
    let states: usize = rows.iter().map(|row| row.states).max().unwrap_or(0);
    let mut text = format!(
        "\n{}, {}, {} at most in a search: ",
        count(cards.len() as u64, "algorithm"),
        count(rows.len() as u64, "verdict"),
        count(states as u64, "state")
    );
    if wrong.is_empty() {
        text += "all as claimed\n";
    } else {
        let _ = writeln!(text, "{} not as claimed", grouped(wrong.len() as u64));
        for row in wrong {
            let claim = if row.claimed { "claimed" } else { "not claimed" };
            let Row { algorithm, property, environment, verdict, .. } = row;
            let _ = writeln!(
                text,
                "  {algorithm}: {property} in {environment} is {claim}, but {verdict}"
            );
        }
    }
    let shown = rows.iter().filter(|_| hint).find_map(|row| row.counterexample.as_ref());
    if let Some(counterexample) = shown {
        let _ = writeln!(text, "To see how one is broken: {}", counterexample.command);
    }
    text
}
