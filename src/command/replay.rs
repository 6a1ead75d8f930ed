//! `contend replay`: the same run again, step by step.

use std::fmt::Write;
use std::io::BufRead;
use std::path::Path;

use clap::Args;
use contend::algorithm::{Algorithm, Card};
use contend::blame::{self, Circumstances};
use contend::digest::Digest;
use contend::property::{Environment, Property};
use contend::sim::capsule::{Capsule, Failure as Failed, Replayed};
use contend::sim::kernel::Kernel;
use contend::sim::ledger::Options;
use contend::sim::stage::Stage;
use contend::sim::{capsule, outcome, trace};
use contend::{registry, world};
use serde::Serialize;

use super::setting::Setting;
use crate::Status;
use crate::choice;
use crate::console::{self, Format};
use crate::failure::Failure;

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
    #[command(flatten)]
    setting: Setting,
    /// Wait for Enter before each step.
    #[arg(long, conflicts_with = "format")]
    step: bool,
    /// How it is written.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// A run that was seen again, as it is printed.
#[derive(Serialize)]
struct Printed {
    algorithm: String,
    /// What went wrong in the run.
    environments: Vec<Environment>,
    /// Of a run on virtual time.
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<Digest>,
    violations: Vec<Violation>,
    /// Whether everything is as it was saved; a seed has nothing to compare with.
    #[serde(skip_serializing_if = "Option::is_none")]
    agrees: Option<bool>,
    /// The steps, as text has them.
    steps: Vec<String>,
}

#[derive(Serialize)]
struct Violation {
    property: Property,
    /// Whether the algorithm claims the property in just these environments.
    claimed: bool,
    /// When, in milliseconds of virtual time; an explored path knows only its steps.
    #[serde(skip_serializing_if = "Option::is_none")]
    at_ms: Option<f64>,
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
        let stage = Stage::new(&*algorithm, self.setting.scenario(&card)?)
            .map_err(|error| self.setting.blame(error.into()))?;
        let mut kernel = Kernel::new(&stage, Options { trace: true, ..Options::default() });
        let outcome = kernel.run(seed);
        let environments = blame::environments(stage.scenario(), &outcome.happened);
        let nested = stage.scenario().workload.nested;
        let violation = |&outcome::Violation { property, at, record }| {
            let (environments, by_event) = (environments.as_slice(), record.is_some());
            let circumstances = Circumstances { environments, nested, by_event };
            let claimed = blame::breaks_claim(&card, property, circumstances);
            Violation { property, claimed, at_ms: Some(at as f64 / 1e6) }
        };
        let printed = Printed {
            algorithm: card.name.clone(),
            digest: Some(outcome.digest),
            violations: outcome.violations.iter().map(violation).collect(),
            agrees: None,
            steps: trace::text(stage.cast(), &outcome.trace).lines().map(str::to_owned).collect(),
            environments: environments.clone(),
        };
        self.print(&printed, || of_seed(&printed))?;
        let broken = printed.violations.iter().any(|violation| violation.claimed);
        Ok(if broken { Status::ClaimFails } else { Status::AsClaimed })
    }

    /// A saved failure.
    fn run_file(&self) -> Result<Status, Failure> {
        if let Some((option, value)) = self.setting.given() {
            let problem = "a saved failure has a scenario of its own; leave this out, or name an \
                           algorithm and a --seed";
            return Err(Failure::Option { option, value, problem });
        }
        let path = Path::new(&self.what);
        let capsule = self.load(path)?;
        let algorithms = registry::algorithms();
        let algorithm = capsule.choose(&self.what, &algorithms)?;
        let replayed = capsule::replay(&capsule, algorithm).map_err(|source| Failure::Replay {
            file: self.what.clone(),
            source: Box::new(source),
        })?;
        let environments = environments(&capsule, algorithm)?;
        let (at_ms, by_event, nested) = match &capsule.failure {
            Failed::Run(run) => {
                let nested = run.scenario.workload.nested;
                (Some(run.at_ns as f64 / 1e6), run.record.is_some(), nested)
            }
            Failed::Path(path) => (None, true, path.scope.duty.nested),
        };
        let card = algorithm.card();
        let circumstances = Circumstances { environments: &environments, nested, by_event };
        let claimed = blame::breaks_claim(&card, capsule.property, circumstances);
        let violation = Violation { property: capsule.property, claimed, at_ms };
        let printed = Printed {
            algorithm: capsule.algorithm().to_owned(),
            environments,
            digest: replayed.digests.map(|(now, _)| now),
            violations: replayed.violated.then_some(violation).into_iter().collect(),
            agrees: Some(replayed.agrees()),
            steps: replayed.lines.iter().map(ToString::to_string).collect(),
        };
        self.print(&printed, || of_file(&capsule, &replayed, &printed))?;
        let sound = replayed.agrees() && !(replayed.violated && claimed);
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

    fn print(&self, printed: &Printed, end: impl FnOnce() -> String) -> Result<(), Failure> {
        match self.format {
            Format::Json => console::print_json(printed),
            Format::Text => {
                self.show(&printed.steps)?;
                console::print(&end())
            }
        }
    }

    fn show(&self, lines: &[String]) -> Result<(), Failure> {
        if !self.step {
            let text: String = lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect();
            return console::print(&text);
        }
        console::say("Enter shows the next step");
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

/// The last lines of a run of the generator.
fn of_seed(printed: &Printed) -> String {
    let mut text = format!("\n{}\n\n", trace::LEGEND);
    if let Some(digest) = printed.digest {
        let _ = writeln!(text, "digest {digest}");
    }
    for violation in &printed.violations {
        let _ = writeln!(
            text,
            "{} is violated at {:.6} ms{}",
            violation.property,
            violation.at_ms.unwrap_or_default(),
            against(violation.claimed, &printed.environments)
        );
    }
    if printed.violations.is_empty() {
        text += "nothing is violated\n";
    }
    text
}

/// The last lines of a saved failure.
fn of_file(capsule: &Capsule, replayed: &Replayed, printed: &Printed) -> String {
    let path = matches!(capsule.failure, Failed::Path(_));
    let legend = if path { world::LEGEND } else { trace::LEGEND };
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
    let property = capsule.property;
    let _ = match printed.violations.first() {
        // What can never happen again is seen by the search only, not by these steps.
        Some(violation) if path && property.is_no_trap() => writeln!(
            text,
            "all steps can be taken again; that nothing leads out of where they end is what the \
             search has shown: {property}{}",
            against(violation.claimed, &printed.environments)
        ),
        Some(violation) => {
            let against = against(violation.claimed, &printed.environments);
            writeln!(text, "{property} is violated again{against}")
        }
        None => writeln!(text, "{property} is not violated at the same moment any more"),
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
