//! An algorithm and a scenario, made ready to run: what is the same for all seeds is worked out
//! once.

mod course;

use contend_model::algorithm::{Algorithm, Card};
use contend_model::caller::Duty;
use contend_model::cast::Cast;
use contend_model::ident::RESOURCE;
use contend_model::monitor::{Monitors, Question};
use contend_model::node::Node;
use contend_model::plan::{ANYBODY, Plan, draw};
use contend_model::property::Kind;
use contend_model::scenario::{Scenario, ScenarioError};
use thiserror::Error;

use crate::clock::Clock;
use crate::fabric::{Conduct, Wire};
use crate::grid::nanos;
use crate::station::Station;

/// A scenario that does not fit the algorithm.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum StageError {
    /// The scenario is wrong in itself.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// The workload is for the other kind of algorithm.
    #[error("{algorithm} is a {kind}, but the workload is not for one; give it {clients}")]
    Workload {
        /// Which algorithm.
        algorithm: String,
        /// What it is.
        kind: Kind,
        /// The clients that it needs.
        clients: &'static str,
    },
    /// A node is named that there is not.
    #[error("{place}: there is no node `{name}`; there are {known}")]
    UnknownNode {
        /// The key that names it.
        place: String,
        /// The name.
        name: String,
        /// The names that there are.
        known: String,
    },
    /// A node is named to which this cannot happen.
    #[error("{place}: this cannot happen to `{name}`; {mend}")]
    WrongNode {
        /// The key that names it.
        place: String,
        /// The name.
        name: String,
        /// What to write instead.
        mend: &'static str,
    },
}

impl StageError {
    /// The key that is wrong, such as `plan.3`: what
    /// [`line_of`](contend_model::scenario::line_of) finds in the file.
    pub fn key(&self) -> &str {
        match self {
            StageError::Scenario(error) => &error.key,
            StageError::Workload { .. } => "workload",
            StageError::UnknownNode { place, .. } | StageError::WrongNode { place, .. } => place,
        }
    }
}

/// An algorithm and a scenario, made ready to run.
#[derive(Debug)]
pub struct Stage {
    card: Card,
    scenario: Scenario,
    cast: Cast,
    nodes: Vec<Node>,
    healed: u64,
}

impl Stage {
    /// Sets the stage.
    pub fn new(algorithm: &dyn Algorithm, scenario: Scenario) -> Result<Self, StageError> {
        let duty = scenario.duty();
        Stage::with_duty(algorithm, scenario, duty)
    }

    /// The same with clients that do something else than the scenario says: an explored scope's
    /// callers need not try again at the algorithm's own pace.
    pub(crate) fn with_duty(
        algorithm: &dyn Algorithm,
        scenario: Scenario,
        duty: Duty,
    ) -> Result<Self, StageError> {
        scenario.check()?;
        let card = algorithm.card();
        if card.kind != scenario.kind() {
            let clients = match card.kind {
                Kind::Lock => "lockers",
                Kind::Queue => "producers and consumers",
            };
            let algorithm = card.name;
            return Err(StageError::Workload { algorithm, kind: card.kind, clients });
        }
        let timing = scenario.timing.timing();
        let services = algorithm.services(&timing);
        let cast = Cast::new(scenario.roles(), services.iter().map(|service| service.name));
        let clients = scenario.roles().into_iter().enumerate().map(|(index, role)| {
            let id = cast.node(index);
            let process = algorithm.client(id, role, &timing);
            Node::client(id, role, duty, timing.timeout, process)
        });
        let services = services.into_iter().enumerate().map(|(number, service)| {
            Node::service(cast.node(cast.clients() + number), service.process)
        });
        let nodes = clients.chain(services).collect();
        let healed = nanos(scenario.faults.fault_phase_ms);
        let stage = Stage { card, scenario, cast, nodes, healed };
        stage.check_names()?;
        Ok(stage)
    }

    /// The algorithm's card.
    pub fn card(&self) -> &Card {
        &self.card
    }

    /// The scenario.
    pub fn scenario(&self) -> &Scenario {
        &self.scenario
    }

    /// Who takes part.
    pub fn cast(&self) -> &Cast {
        &self.cast
    }

    /// The plan of a seed: what the scenario says in any case, and what is drawn.
    pub fn plan(&self, seed: u64) -> Plan {
        let mut plan = self.scenario.plan.clone();
        plan.entries.extend(draw(seed, &self.scenario, &self.cast).entries);
        plan
    }

    /// The stations of a run, before anything has happened. `plan` is usually
    /// [`Stage::plan`] of the seed.
    pub fn stations(&self, seed: u64, plan: &Plan) -> Result<Vec<Station>, StageError> {
        let mut stations = self.blank_stations();
        self.reset(&mut stations, seed, plan)?;
        Ok(stations)
    }

    /// Stations that have yet to be reset for a run.
    pub(crate) fn blank_stations(&self) -> Vec<Station> {
        (0..self.nodes.len()).map(|index| self.station(index)).collect()
    }

    fn station(&self, index: usize) -> Station {
        let node = self.nodes[index].clone();
        let name = &self.cast.names()[index];
        let clock = self.scenario.clocks.get(name).copied().unwrap_or_default();
        let links = &self.scenario.links;
        let names = |pattern: &str, name: &str| pattern == ANYBODY || pattern == name;
        let wires = self.cast.names().iter().enumerate().map(|(to, receiver)| {
            let overrides = links
                .overrides
                .iter()
                .filter(|link| names(&link.from, name) && names(&link.to, receiver));
            // The explored world does not repeat a holder's writes either: what a lock protects
            // is no client library's business.
            let receiver = self.cast.node(to);
            let repeats = receiver != RESOURCE || self.card.kind == Kind::Queue;
            Wire::new(Conduct::new(links, overrides), node.id, receiver, repeats)
        });
        let timers = Clock::new(node.id, &self.scenario, clock.drift_ppm);
        let ahead = (clock.offset_ms * 1e6) as i64;
        Station::new(node.clone(), self.cast.clients(), timers, wires.collect(), self.healed, ahead)
    }

    /// Judges for one run.
    pub fn monitors(&self) -> Monitors {
        let operations = self.scenario.workload.operations;
        Monitors::new(&self.card, self.cast.roles(), operations).asked(Question::Emptiness)
    }

    /// Makes stations ready for a run.
    pub(crate) fn reset(
        &self,
        stations: &mut [Station],
        seed: u64,
        plan: &Plan,
    ) -> Result<(), StageError> {
        for (station, node) in stations.iter_mut().zip(&self.nodes) {
            station.reset(node, seed);
        }
        plan.entries
            .iter()
            .enumerate()
            .try_for_each(|(number, entry)| self.lay_out(number, entry, stations))
    }

    /// When the last fault of the plan is over, in nanoseconds: the heal phase begins.
    pub fn healed(&self, plan: &Plan) -> u64 {
        let last = plan.entries.iter().map(|entry| nanos(entry.at_ms()) + nanos(entry.lasts_ms()));
        last.max().unwrap_or(0).max(self.healed)
    }
}
