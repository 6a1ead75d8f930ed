//! What a scenario must satisfy beyond its form.

use super::{LONGEST_MS, Law, Scenario, ScenarioError, Uniform, VERSION};
use crate::application::Application;
use crate::monitor::Bits;
use crate::plan::Entry;
use crate::property::Kind;

/// What is wrong, and where.
pub(super) struct Problem {
    pub path: Vec<String>,
    pub what: String,
    pub mend: String,
}

impl Problem {
    fn at(path: &str, what: impl Into<String>, mend: impl Into<String>) -> Self {
        let path = path.split('/').map(str::to_owned).collect();
        Problem { path, what: what.into(), mend: mend.into() }
    }

    /// The path as a reader of the file would say it.
    pub fn key(&self) -> String {
        self.path.join(".")
    }
}

/// What is wrong, if anything; found in the order of the file.
type Found = Result<(), Problem>;

impl Scenario {
    /// Whether the scenario can be run.
    pub fn check(&self) -> Result<(), ScenarioError> {
        match self.problem() {
            None => Ok(()),
            Some(problem) => Err(ScenarioError {
                file: String::new(),
                line: None,
                key: problem.key(),
                problem: problem.what,
                mend: problem.mend,
            }),
        }
    }

    pub(super) fn problem(&self) -> Option<Problem> {
        self.find_problem().err()
    }

    fn find_problem(&self) -> Found {
        if self.version != VERSION {
            let what = format!("{} is not the version that this build reads", self.version);
            return Err(Problem::at("version", what, format!("write {VERSION}")));
        }
        self.check_workload()?;
        self.check_application()?;
        self.check_timing()?;
        self.check_links()?;
        for (node, clock) in &self.clocks {
            ppm(&format!("clocks/{node}/drift_ppm"), clock.drift_ppm)?;
            length(&format!("clocks/{node}/offset_ms"), clock.offset_ms.abs())?;
        }
        self.check_faults()?;
        if !(self.limits.run_s > 0.0 && self.limits.run_s <= 1e6) {
            let what = "a run must end some time, and not at once";
            return Err(Problem::at("limits/run_s", what, "write a number of seconds up to 1e6"));
        }
        length("limits/patience_ms", self.limits.patience_ms.unwrap_or(0.0))?;
        self.plan.entries.iter().enumerate().try_for_each(|(number, entry)| check(number, entry))
    }

    fn check_workload(&self) -> Found {
        let load = &self.workload;
        let clients = usize::from(load.lockers) + usize::from(load.producers);
        let clients = clients + usize::from(load.consumers);
        let (what, mend) = match (load.lockers > 0, load.producers > 0, load.consumers > 0) {
            (false, false, false) => {
                ("there is no client", "add lockers, or producers and consumers")
            }
            (true, false, false) | (false, true, true) => ("", ""),
            (true, _, _) => ("lockers do not share a run with others", "leave the others out"),
            (false, true, false) => ("nobody consumes", "add consumers"),
            (false, false, true) => ("nobody produces", "add producers"),
        };
        if !what.is_empty() {
            return Err(Problem::at("workload", what, mend));
        }
        let most = Bits::CAPACITY;
        if clients > most {
            let what = format!("{clients} clients are more than the {most} that are judged");
            return Err(Problem::at("workload", what, "take fewer"));
        }
        let items = usize::from(load.producers) * usize::from(load.operations);
        if self.kind() == Kind::Queue && items > most {
            let what = format!(
                "{} producers times {} items are more than the {most} that are judged",
                load.producers, load.operations
            );
            return Err(Problem::at("workload/operations", what, "take fewer, and more seeds"));
        }
        if load.operations == 0 {
            let what = "a client must do something";
            return Err(Problem::at("workload/operations", what, "write at least 1"));
        }
        law("workload/think", load.think)?;
        law("workload/work", load.work)
    }

    fn check_application(&self) -> Found {
        let Some(application) = self.application else { return Ok(()) };
        if application.kind() != self.kind() {
            let [one, other] = Application::of(self.kind());
            let what = format!(
                "{application} relies on a {}, but the workload is for a {}",
                application.kind(),
                self.kind()
            );
            let mend = format!("name {one} or {other}, or change the workload");
            return Err(Problem::at("application", what, mend));
        }
        if application == (Application::Inventory { stock: 0 }) {
            let what = "there is nothing to sell";
            return Err(Problem::at("application/inventory/stock", what, "write at least 1"));
        }
        Ok(())
    }

    fn check_timing(&self) -> Found {
        let timing = &self.timing;
        positive("timing/lease_ms", timing.lease_ms)?;
        length("timing/margin_ms", timing.margin_ms)?;
        positive("timing/timeout_ms", timing.timeout_ms)?;
        uniform("timing/retry_ms", timing.retry_ms)?;
        positive("timing/sync_every_ms", timing.sync_every_ms)?;
        let lag = timing.replication_lag_ms.unwrap_or_default();
        uniform("timing/replication_lag_ms", lag)
    }

    fn check_links(&self) -> Found {
        let links = &self.links;
        uniform("links/delay_ms", links.delay_ms)?;
        probability("links/loss", links.loss)?;
        probability("links/duplicate", links.duplicate)?;
        probability("links/reorder", links.reorder)?;
        length("links/late_ms", links.late_ms)?;
        for (number, link) in links.overrides.iter().enumerate() {
            let at = |key: &str| format!("links/override/{number}/{key}");
            link.delay_ms.map_or(Ok(()), |delay| uniform(&at("delay_ms"), delay))?;
            probability(&at("loss"), link.loss.unwrap_or(0.0))?;
            probability(&at("duplicate"), link.duplicate.unwrap_or(0.0))?;
            probability(&at("reorder"), link.reorder.unwrap_or(0.0))?;
        }
        Ok(())
    }

    fn check_faults(&self) -> Found {
        let faults = &self.faults;
        length("faults/fault_phase_ms", faults.fault_phase_ms)?;
        uniform("faults/down_ms", faults.down_ms)?;
        uniform("faults/pause_ms", faults.pause_ms)?;
        length("faults/clock_jump_ms", faults.clock_jump_ms)?;
        ppm("faults/drift_ppm", i32::try_from(faults.drift_ppm).unwrap_or(i32::MAX))?;
        length("faults/slow_ms", faults.slow_ms)?;
        probability("faults/noise_loss", faults.noise_loss)?;
        probability("faults/noise_duplicate", faults.noise_duplicate)?;
        probability("faults/noise_reorder", faults.noise_reorder)?;
        length("faults/noise_extra_ms", faults.noise_extra_ms)?;
        uniform("faults/spell_ms", faults.spell_ms)
    }
}

fn check(number: usize, entry: &Entry) -> Found {
    let at = |key: &str| format!("plan/{number}/{key}");
    length(&at("at_ms"), entry.at_ms())?;
    length(&at(entry.length_key()), entry.lasts_ms())?;
    match entry {
        Entry::ClockJump { by_ms, .. } => length(&at("by_ms"), by_ms.abs())?,
        Entry::Drift { ppm: drift, .. } => ppm(&at("ppm"), *drift)?,
        Entry::Slow { extra_ms, .. } => length(&at("extra_ms"), *extra_ms)?,
        Entry::LinkNoise { loss, duplicate, reorder, extra_ms, .. } => {
            probability(&at("loss"), *loss)?;
            probability(&at("duplicate"), *duplicate)?;
            probability(&at("reorder"), *reorder)?;
            length(&at("extra_ms"), *extra_ms)?;
        }
        _ => {}
    }
    Ok(())
}

fn probability(path: &str, p: f64) -> Found {
    if (0.0..=1.0).contains(&p) {
        return Ok(());
    }
    Err(Problem::at(path, format!("{p} is not a probability"), "write a number from 0 to 1"))
}

fn length(path: &str, ms: f64) -> Found {
    if (0.0..=LONGEST_MS).contains(&ms) {
        return Ok(());
    }
    let mend = format!("write milliseconds from 0 to {LONGEST_MS:.0}");
    Err(Problem::at(path, format!("{ms} is not a length of time that fits"), mend))
}

fn positive(path: &str, ms: f64) -> Found {
    length(path, ms)?;
    if ms >= 0.001 {
        return Ok(());
    }
    Err(Problem::at(path, format!("{ms} is too short"), "write at least 0.001"))
}

fn uniform(path: &str, law: Uniform) -> Found {
    length(&format!("{path}/least_ms"), law.least_ms)?;
    length(&format!("{path}/most_ms"), law.most_ms)?;
    if law.least_ms <= law.most_ms {
        return Ok(());
    }
    let what = format!("the least, {}, is more than the most, {}", law.least_ms, law.most_ms);
    Err(Problem::at(path, what, "exchange them"))
}

fn law(path: &str, law: Law) -> Found {
    match law {
        Law::Uniform(law) => uniform(&format!("{path}/uniform"), law),
        Law::Exponential { mean_ms } => {
            let path = format!("{path}/exponential/mean_ms");
            positive(&path, mean_ms)?;
            length(&path, mean_ms * super::law::MEANS)
        }
    }
}

fn ppm(path: &str, ppm: i32) -> Found {
    if ppm.abs() <= 500_000 {
        return Ok(());
    }
    let what = format!("{ppm} is more than a clock can be off");
    Err(Problem::at(path, what, "write millionths from -500000 to 500000"))
}
