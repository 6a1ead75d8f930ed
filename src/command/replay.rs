//! `contend replay`: the same run again, step by step.

use std::fmt::Write;
use std::io::BufRead;
use std::path::{Path, PathBuf};

use clap::Args;
use contend::algorithm::{Algorithm, Card};
use contend::property::Environment;
use contend::registry;
use contend::scenario::Scenario;
use contend::sim::capsule::{Capsule, Failure as Failed, Replayed};
use contend::sim::kernel::Kernel;
use contend::sim::ledger::Options;
use contend::sim::stage::Stage;
use contend::sim::{capsule, trace};
use contend::{blame, world};

use super::simulate::{in_file, read_scenario};
use crate::Status;
use crate::failure::Failure;
use crate::{choice, console};

/// The same run again, byte for byte.
///
/// Exit status 1 if the run violates what is claimed, or is not what was saved.
#[derive(Args)]
pub struct Replay {
    /// A saved failure, or with --seed an algorithm's name.
    what: String,
    /// The seed of the run.
    #[arg(long)]
    seed: Option<u64>,
    /// The scenario of the run, as TOML or JSON.
    #[arg(long, requires = "seed")]
    scenario: Option<PathBuf>,
    /// Wait for Enter before each step.
    #[arg(long)]
    step: bool,
}

impl Replay {
    pub fn run(self) -> Result<Status, Failure> {
        match self.seed {
            Some(seed) => self.run_seed(seed),
            None => self.run_file(),
        }
    }

    /// A run of the generator.
    fn run_seed(&self, seed: u64) -> Result<Status, Failure> {
        let algorithm = choice::algorithm(&self.what)?;
        let card = algorithm.card();
        let scenario = match &self.scenario {
            Some(path) => read_scenario(path, &card.name)?,
            None => Scenario::default_for(card.kind),
        };
        let stage = Stage::new(&*algorithm, scenario.of(&card.name))
            .map_err(|error| in_file(self.scenario.as_deref(), error.into()))?;
        let mut kernel = Kernel::new(&stage, Options { trace: true, ..Options::default() });
        let outcome = kernel.run(seed);
        let lines = trace::text(stage.cast(), &outcome.trace);
        self.show(lines.lines())?;
        let environments = blame::environments(stage.scenario(), &outcome.happened);
        let mut text = format!("\n{}\n\ndigest {}\n", trace::LEGEND, outcome.digest);
        let mut broken = false;
        for violation in &outcome.violations {
            let claimed = blame::breaks_claim(&card, violation.property, &environments);
            broken |= claimed;
            let _ = writeln!(
                text,
                "{} is violated at {:.6} ms{}",
                violation.property,
                violation.at as f64 / 1e6,
                against(claimed, &environments)
            );
        }
        if outcome.violations.is_empty() {
            text += "nothing is violated\n";
        }
        console::print(&text)?;
        Ok(if broken { Status::ClaimFails } else { Status::AsClaimed })
    }

    /// A saved failure.
    fn run_file(&self) -> Result<Status, Failure> {
        let path = Path::new(&self.what);
        let capsule = self.load(path)?;
        let algorithms = registry::algorithms();
        let algorithm = capsule.choose(&self.what, &algorithms)?;
        let replayed = capsule::replay(&capsule, algorithm).map_err(|source| Failure::Replay {
            file: self.what.clone(),
            source: Box::new(source),
        })?;
        let lines: Vec<String> = replayed.lines.iter().map(|line| line.to_string()).collect();
        self.show(lines.iter().map(String::as_str))?;
        let environments = environments(&capsule, algorithm)?;
        let broken = replayed.violated
            && blame::breaks_claim(&algorithm.card(), capsule.property, &environments);
        console::print(&summary(&capsule, &replayed, broken, &environments))?;
        let sound = replayed.agrees() && !broken;
        Ok(if sound { Status::AsClaimed } else { Status::ClaimFails })
    }

    /// Reads the capsule; somebody who gives an algorithm's name has forgotten the seed.
    fn load(&self, path: &Path) -> Result<Capsule, Failure> {
        let names: Vec<Card> = registry::algorithms().iter().map(|a| a.card()).collect();
        if !path.exists() && names.iter().any(|card| card.name == self.what) {
            return Err(Failure::Option {
                option: "replay",
                value: self.what.clone(),
                problem: "this is an algorithm; say which run with --seed",
            });
        }
        Ok(Capsule::load(path)?)
    }

    fn show<'a>(&self, lines: impl Iterator<Item = &'a str>) -> Result<(), Failure> {
        if !self.step {
            let text: String = lines.flat_map(|line| [line, "\n"]).collect();
            return console::print(&text);
        }
        let (mut input, mut waiting) = (std::io::stdin().lock(), true);
        for line in lines {
            console::print(line)?;
            // Whoever presses Enter has ended the line already.
            waiting = waiting && input.read_line(&mut String::new()).is_ok_and(|read| read > 0);
            if !waiting {
                console::print("\n")?;
            }
        }
        Ok(())
    }
}

/// The environments that the failure was in.
fn environments(capsule: &Capsule, algorithm: &dyn Algorithm) -> Result<Vec<Environment>, Failure> {
    match &capsule.failure {
        Failed::Path(path) => Ok(vec![path.scope.environment]),
        Failed::Run(run) => {
            let stage = Stage::new(algorithm, run.scenario.clone())?;
            let mut kernel = Kernel::new(&stage, Options::default());
            let (seed, plan) = (run.scenario.seed.unwrap_or(0), run.scenario.plan.clone());
            let outcome = kernel.run_plan(seed, plan)?;
            Ok(blame::environments(&run.scenario, &outcome.happened))
        }
    }
}

fn summary(
    capsule: &Capsule,
    replayed: &Replayed,
    broken: bool,
    environments: &[Environment],
) -> String {
    let legend = match capsule.failure {
        Failed::Run(_) => trace::LEGEND,
        Failed::Path(_) => world::LEGEND,
    };
    let mut text = format!("\n{legend}\n\n");
    match replayed.digests {
        Some((now, then)) if now == then => {
            let _ = writeln!(text, "digest {now}, the same as when it was saved");
        }
        Some((now, then)) => {
            let _ = writeln!(text, "digest {now}, but {then} when it was saved: another run");
        }
        None => {}
    }
    let (property, again) = (capsule.property, against(broken, environments));
    let _ = match replayed.violated {
        true => writeln!(text, "{property} is violated again{again}"),
        false => writeln!(text, "{property} is not violated at the same moment any more"),
    };
    text
}

fn against(claimed: bool, environments: &[Environment]) -> String {
    let within: Vec<String> = environments.iter().map(Environment::to_string).collect();
    let within = within.join(" and ");
    match claimed {
        true => format!(", against the claim for {within}"),
        false => format!(" (not claimed for {within})"),
    }
}
