//! How the report came about, as the templates are filled with it.

use contend_model::run::{Build, Comparison, SimulationReport};
use serde::Serialize;

use crate::figures::by_runs;
use crate::names::grouped;

/// What was run, by what.
#[derive(Serialize)]
pub(super) struct Provenance {
    build: Build,
    commands: Vec<String>,
    simulations: Vec<SimulationView>,
    verdicts: String,
    states: String,
}

#[derive(Serialize)]
struct SimulationView {
    algorithm: String,
    runs: &'static str,
    engine: String,
    from: String,
    seeds: String,
    digest: String,
    command: String,
    faults: String,
}

impl Provenance {
    pub fn new(comparison: &Comparison) -> Self {
        let states: usize = comparison.rows.iter().map(|row| row.states).sum();
        Provenance {
            build: comparison.build.clone(),
            commands: comparison.commands.clone(),
            simulations: by_runs(comparison)
                .map(|(runs, simulation)| SimulationView::new(runs, simulation))
                .collect(),
            verdicts: grouped(comparison.rows.len() as u64),
            states: grouped(states as u64),
        }
    }
}

impl SimulationView {
    fn new(runs: &'static str, simulation: &SimulationReport) -> Self {
        let happened = simulation.happened.iter().filter(|(_, count)| *count > 0);
        let faults: Vec<String> =
            happened.map(|(kind, count)| format!("{kind} {}", grouped(count))).collect();
        SimulationView {
            algorithm: simulation.algorithm.clone(),
            runs,
            engine: simulation.engine.clone(),
            from: simulation.from.to_string(),
            seeds: grouped(simulation.seeds),
            digest: simulation.digest.to_string(),
            command: simulation.command.clone(),
            faults: faults.join(", "),
        }
    }
}
