//! `contend simulate`: many seeded runs under faults, their cost, and what they violated.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use contend::algorithm::Algorithm;
use contend::property::Property;
use contend::reports::terminal;
use contend::run::SimulationReport;
use contend::scenario::Scenario;
use contend::sim::capsule::Capsule;
use contend::sim::kernel::Kernel;
use contend::sim::stage::Stage;
use contend::simulation::{BrokenClaim, Engine, Settings, Simulation, simulate};
use serde::Serialize;

use super::setting::Setting;
use crate::Status;
use crate::console::{self, Format, Interruption, Progress, count, grouped};
use crate::failure::Failure;
use crate::{choice, files};

/// How many failing runs of one property are saved.
const SAVED: usize = 10;

/// Seeded runs under faults: metrics, and the failing runs, saved.
#[derive(Args)]
pub struct Simulate {
    /// The algorithm's name.
    name: String,
    /// How many seeds are run.
    #[arg(long)]
    seeds: u64,
    /// The first of them.
    #[arg(long, default_value_t = 0)]
    from: u64,
    #[command(flatten)]
    setting: Setting,
    /// What runs the seeds; both come to the same.
    #[arg(long, value_enum, default_value_t)]
    engine: EngineName,
    /// On how many threads; as many as there are cores without this.
    #[arg(long)]
    threads: Option<usize>,
    /// Where failing runs are saved.
    #[arg(long, default_value = "target/contend")]
    out: PathBuf,
    /// How it is written.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Clone, Copy, Default, ValueEnum)]
enum EngineName {
    /// The event queue: fast.
    #[default]
    Kernel,
    /// An asynchronous program for each node, over madsim.
    Madsim,
}

/// The record as it is printed.
#[derive(Serialize)]
struct Printed<'a> {
    #[serde(flatten)]
    report: &'a SimulationReport,
    /// Whether every seed was run.
    complete: bool,
    /// The violations of what is claimed.
    broken_claims: &'a [BrokenClaim],
}

impl Simulate {
    pub fn run(self, interruption: &Interruption) -> Result<Status, Failure> {
        let algorithm = choice::algorithm(&self.name)?;
        let seeds = choice::seeds(self.from, self.seeds)?;
        let threads = choice::threads(self.threads)?;
        let scenario = self.setting.scenario(&algorithm.card())?;
        files::check_writable(&self.out)?;
        let progress = Progress::of(self.seeds, format!("simulating {}", self.name));
        let settings = Settings {
            engine: match self.engine {
                EngineName::Kernel => Engine::Kernel,
                EngineName::Madsim => Engine::Madsim,
            },
            threads,
            stop: interruption.flag(),
            progress: &|done| progress.at(done),
        };
        let mut simulation = simulate(&*algorithm, &scenario, seeds, &settings)
            .map_err(|error| self.setting.blame(error.into()))?;
        drop(progress);
        simulation.report.command += &self.setting.options();
        save(&*algorithm, &scenario, &mut simulation, &self.out)?;
        if !simulation.complete {
            let (done, of) = (grouped(simulation.report.seeds), count(self.seeds, "seed"));
            console::say(&format!("stopped after {done} of {of}; the figures are those of {done}"));
        }
        match self.format {
            Format::Json => console::print_json(&Printed {
                report: &simulation.report,
                complete: simulation.complete,
                broken_claims: &simulation.broken,
            })?,
            Format::Text => console::print(&text(&simulation))?,
        }
        Ok(status(&simulation))
    }
}

/// What a simulation says about the claims.
pub fn status(simulation: &Simulation) -> Status {
    match (simulation.broken.is_empty(), simulation.complete) {
        (false, _) => Status::ClaimFails,
        (true, false) => Status::Interrupted,
        (true, true) => Status::AsClaimed,
    }
}

/// Saves the first failing runs of each property, those that break a claim before others.
fn save(
    algorithm: &dyn Algorithm,
    scenario: &Scenario,
    simulation: &mut Simulation,
    folder: &Path,
) -> Result<(), Failure> {
    let folder = folder.join(&simulation.report.algorithm);
    let stage = Stage::new(algorithm, scenario.clone())?;
    let mut kernel = Kernel::new(&stage, Default::default());
    let broken: std::collections::BTreeSet<(u64, Property)> =
        simulation.broken.iter().map(|broken| (broken.seed, broken.property)).collect();
    let mut saved: BTreeMap<Property, usize> = BTreeMap::new();
    for claimed in [true, false] {
        for violation in &mut simulation.report.violations {
            let (seed, property) = (violation.seed, violation.property);
            let saved = saved.entry(property).or_default();
            if *saved >= SAVED || broken.contains(&(seed, property)) != claimed {
                continue;
            }
            kernel.run(seed);
            let plan = kernel.plan().clone();
            let capsule = Capsule::of_run(scenario, plan, kernel.outcome(), property)
                .expect("a seed violates the same property again");
            let path = folder.join(format!("{property}-{seed}.json"));
            files::make_folder(&folder)?;
            capsule.save(&path)?;
            violation.file = Some(path.display().to_string());
            *saved += 1;
        }
    }
    Ok(())
}

fn text(simulation: &Simulation) -> String {
    let report = &simulation.report;
    let mut text = terminal::metrics(std::slice::from_ref(report));
    let faults: Vec<String> = report
        .happened
        .iter()
        .filter(|&(_, number)| number > 0)
        .map(|(kind, number)| format!("{kind} {}", grouped(number)))
        .collect();
    let faults = if faults.is_empty() { "none".into() } else { faults.join(", ") };
    let last = report.from + report.seeds.max(1) - 1;
    let _ = writeln!(
        text,
        "\n{} ({}-{last}) by {}, digest {}\nfaults that happened: {faults}",
        count(report.seeds, "seed"),
        report.from,
        report.engine,
        report.digest
    );
    let _ = write!(text, "\n{}", terminal::applications(report));
    let mut by_property: BTreeMap<Property, Vec<&contend::run::SeedViolation>> = BTreeMap::new();
    for violation in &report.violations {
        by_property.entry(violation.property).or_default().push(violation);
    }
    for (property, violations) in &by_property {
        tell(&mut text, simulation, *property, violations);
    }
    text += match (by_property.is_empty(), simulation.broken.is_empty()) {
        (true, _) => "\nNothing was violated.\n",
        (false, true) => "\nNo claim was broken: each violation has a cause that is not claimed.\n",
        (false, false) => "\nClaims were broken.\n",
    };
    text
}

/// What is known of one property's violations.
fn tell(
    text: &mut String,
    simulation: &Simulation,
    property: Property,
    violations: &[&contend::run::SeedViolation],
) {
    let broken: Vec<&BrokenClaim> =
        simulation.broken.iter().filter(|broken| broken.property == property).collect();
    let runs = count(violations.len() as u64, "run");
    let _ = write!(text, "\n{property} violated in {runs}");
    let first = match broken.first() {
        Some(first) => {
            let within: Vec<String> = first.environments.iter().map(|e| e.to_string()).collect();
            let number = grouped(broken.len() as u64);
            let _ =
                write!(text, ", {number} of them against the claim for {}", within.join(" and "));
            first.seed
        }
        None => violations[0].seed,
    };
    let _ = writeln!(text, "; such as seed {first}:");
    let scenario = &simulation.report.scenario;
    let scenario = Scenario::from_toml("", scenario).expect("the record's own scenario is sound");
    let _ = writeln!(text, "  scenario: {}", in_words(&scenario));
    let file = violations.iter().find(|v| v.seed == first).and_then(|v| v.file.as_ref());
    if let Some(file) = file {
        let _ = writeln!(text, "  again:    contend replay {file}");
    }
}

/// A scenario in a line.
fn in_words(scenario: &Scenario) -> String {
    let workload = &scenario.workload;
    let clients = match workload.lockers {
        0 => format!(
            "{}, {}, {} each",
            count(workload.producers.into(), "producer"),
            count(workload.consumers.into(), "consumer"),
            count(workload.operations.into(), "item")
        ),
        lockers => format!(
            "{}, {} each",
            count(lockers.into(), "locker"),
            count(workload.operations.into(), "acquisition")
        ),
    };
    let lease = scenario.timing.lease_ms;
    format!("{} with {clients}, leases of {lease} ms", scenario.algorithm)
}
