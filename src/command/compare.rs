//! `contend compare`: the report for choosing, made of verdicts and simulations of everything.

use std::fmt::Write;
use std::path::PathBuf;

use clap::Args;
use contend::algorithm::Algorithm;
use contend::property::Environment;
use contend::registry;
use contend::reports::{self, terminal};
use contend::run::{self, Build, Comparison, SimulationReport};
use contend::scenario::Scenario;
use contend::simulation::{Settings, Simulation, simulate};
use contend::{Options, simulation::Engine};

use super::verify;
use crate::Status;
use crate::console::{self, Format, Interruption, Progress, count};
use crate::failure::Failure;
use crate::{choice, files};

/// The comparison report for choosing: HTML, Markdown and JSON.
#[derive(Args)]
pub struct Compare {
    /// Names, or parts of a name, document, backend or form; a shortlist over all backends without any.
    filter: Vec<String>,
    /// Every algorithm there is.
    #[arg(long, conflicts_with = "filter")]
    all: bool,
    /// Where the report is written.
    #[arg(long, default_value = "target/contend/report")]
    out: PathBuf,
    /// How many seeds of each algorithm are simulated.
    #[arg(long, default_value_t = 400)]
    seeds: u64,
    /// How many threads work; as many as there are cores without this.
    #[arg(long)]
    threads: Option<usize>,
    /// How what is printed is written.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Every algorithm simulated twice.
struct Simulations {
    /// With nobody failing: what it costs.
    calm: Vec<SimulationReport>,
    /// With every kind of fault: what breaks.
    faulty: Vec<Simulation>,
}

impl Compare {
    pub fn run(self, interruption: &Interruption) -> Result<Status, Failure> {
        let algorithms = self.algorithms()?;
        let threads = choice::threads(self.threads)?;
        choice::seeds(0, self.seeds)?;
        files::check_writable(&self.out)?;
        let options = Options { threads: threads.get(), ..Options::default() };
        let simulations = self.simulate(&algorithms, interruption)?;
        let mut rows = verify::explore(&algorithms, &options, interruption);
        rows.retain(|row| !verify::is_open(row, interruption));
        let comparison = Comparison {
            version: run::VERSION,
            build: build(),
            commands: self.commands(),
            cards: algorithms.iter().map(|algorithm| algorithm.card()).collect(),
            rows,
            calm: simulations.calm,
            simulations: simulations.faulty.iter().map(|s| s.report.clone()).collect(),
            partial: interruption.asked(),
        };
        let written = reports::write(&comparison, &self.out)?;
        match self.format {
            Format::Json => console::print(&comparison.to_json())?,
            Format::Text => {
                let mut text = text(&comparison);
                if self.is_short() {
                    let of = registry::algorithms().len();
                    let _ = write!(
                        text,
                        "\nA shortlist of {} of {of} algorithms; all of them: contend compare --all\n",
                        comparison.cards.len()
                    );
                }
                let [html, markdown, json] = [written.html, written.markdown, written.json];
                let _ = writeln!(
                    text,
                    "\nThe report: {}\n     also: {}, {}",
                    html.display(),
                    markdown.display(),
                    json.display()
                );
                console::print(&text)?;
            }
        }
        let broken = simulations.faulty.iter().any(|simulation| !simulation.broken.is_empty());
        let claimed = verify::status(&comparison.rows, interruption);
        Ok(if broken { Status::ClaimFails } else { claimed })
    }

    fn is_short(&self) -> bool {
        self.filter.is_empty() && !self.all
    }

    fn algorithms(&self) -> Result<Vec<Box<dyn Algorithm>>, Failure> {
        match self.is_short() {
            true => {
                Ok(registry::SHORTLIST.iter().filter_map(|name| registry::find(name)).collect())
            }
            false => choice::algorithms(&self.filter),
        }
    }

    fn simulate(
        &self,
        algorithms: &[Box<dyn Algorithm>],
        interruption: &Interruption,
    ) -> Result<Simulations, Failure> {
        let mut simulations = Simulations { calm: Vec::new(), faulty: Vec::new() };
        let threads = choice::threads(self.threads)?;
        let progress = Progress::of(2 * self.seeds * algorithms.len() as u64, "simulating");
        for (number, algorithm) in algorithms.iter().enumerate() {
            let card = algorithm.card();
            progress.say(|| format!("simulating {}", card.name));
            let run = |scenario: Scenario, before: u64| {
                let before = (2 * number as u64 + before) * self.seeds;
                let settings = Settings {
                    engine: Engine::Kernel,
                    threads,
                    stop: interruption.flag(),
                    progress: &|done| progress.at(before + done),
                };
                simulate(&**algorithm, &scenario, 0..self.seeds, &settings)
            };
            if interruption.asked() {
                break;
            }
            let mut calm = run(Scenario::within(card.kind, Environment::Calm), 0)?.report;
            calm.command += " --environment calm";
            let faulty = run(Scenario::default_for(card.kind), 1)?;
            // Of what was cut off the figures are no comparison.
            if faulty.complete {
                simulations.calm.push(calm);
                simulations.faulty.push(faulty);
            }
        }
        Ok(simulations)
    }

    fn commands(&self) -> Vec<String> {
        let filter: String = self.filter.iter().map(|filter| format!(" {filter}")).collect();
        let all = if self.all { " --all" } else { "" };
        let mut commands = vec![format!("contend compare{filter}{all} --seeds {}", self.seeds)];
        if !self.is_short() {
            commands.push(format!("contend verify{filter}"));
        }
        commands
    }
}

fn build() -> Build {
    Build {
        contend: env!("CARGO_PKG_VERSION").into(),
        rustc: env!("CONTEND_RUSTC").into(),
        target: env!("CONTEND_TARGET").into(),
        profile: if cfg!(debug_assertions) { "debug" } else { "release" }.into(),
    }
}

fn text(comparison: &Comparison) -> String {
    let mut text = terminal::overview(comparison);
    if let Some(first) = comparison.calm.first() {
        let seeds = count(first.seeds, "seed");
        let _ = write!(
            text,
            "\nWhat they cost when nobody fails, and what all faults make of it, over {seeds}:\n\n"
        );
        text += &terminal::costs(comparison);
        text.push('\n');
        text += &terminal::harms_compared(comparison);
    }
    text += &verify::summary(&comparison.cards, &comparison.rows.iter().collect::<Vec<_>>(), false);
    text
}
