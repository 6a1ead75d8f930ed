//! The event queue: runs the stations of one stage, one seed after another, on one thread.

mod agenda;
mod queue;

use contend_model::plan::Plan;

use crate::actions::Taken;
use crate::connection::Flight;
use crate::grid::{Moment, NEVER};
use crate::ledger::{Ledger, Options};
use crate::outcome::{Ended, Outcome};
use crate::stage::{Stage, StageError};
use crate::station::{Station, Turn};
use agenda::Agenda;
use queue::Queue;

/// Runs the stations of a stage. Keeps its room from run to run, so that in the long run an event
/// costs no allocation.
#[derive(Debug)]
pub struct Kernel<'a> {
    stage: &'a Stage,
    stations: Vec<Station>,
    agenda: Agenda,
    queue: Queue,
    turn: Turn,
    ledger: Ledger,
    plan: Plan,
}

impl<'a> Kernel<'a> {
    /// A kernel for this stage.
    pub fn new(stage: &'a Stage, options: Options) -> Self {
        let stations = stage.blank_stations();
        Kernel {
            stage,
            agenda: Agenda::default(),
            stations,
            queue: Queue::default(),
            turn: Turn::default(),
            ledger: Ledger::new(stage, options),
            plan: Plan::default(),
        }
    }

    /// Runs a seed.
    pub fn run(&mut self, seed: u64) -> &Outcome {
        let plan = self.stage.plan(seed);
        self.run_plan(seed, plan).expect("the scenario's plan was checked, and the drawn one fits")
    }

    /// Runs a seed with this plan in place of its own.
    pub fn run_plan(&mut self, seed: u64, plan: Plan) -> Result<&Outcome, StageError> {
        self.stage.reset(&mut self.stations, seed, &plan)?;
        self.queue.clear();
        self.ledger.reset(seed, self.stage.healed(&plan));
        self.plan = plan;
        self.agenda.fill(self.stations.iter().map(Station::due));
        let ended = self.play();
        Ok(self.ledger.conclude(ended, &self.stations))
    }

    /// What the last run came to.
    pub fn outcome(&self) -> &Outcome {
        self.ledger.outcome()
    }

    /// The last run as actions of the explored world, if that was asked for.
    pub fn actions(&self) -> &[Taken] {
        self.ledger.actions()
    }

    /// The plan of the last run.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The stations as the last run left them.
    pub fn stations(&self) -> &[Station] {
        &self.stations
    }

    /// Runs to the end, and says why it was the end; `None` if nothing more would happen.
    fn play(&mut self) -> Option<Ended> {
        loop {
            let (due, own) = self.agenda.first();
            let arriving = self.queue.first();
            let first = own.min(arriving);
            if first == Moment::NEVER {
                return None;
            }
            let now = first.time();
            if let Some(ended) = self.ledger.ends_before(now) {
                return Some(ended);
            }
            let index = if own < arriving {
                self.stations[due].wake(now, &mut self.turn);
                due
            } else {
                let Flight { order, packet, .. } = self.queue.take();
                let index = self.stage.cast().index(packet.link.receiver());
                self.stations[index].receive(now, packet, *order, &mut self.turn);
                index
            };
            let station = &self.stations[index];
            self.agenda.set(index, station.due());
            for flight in self.turn.flights.iter().filter(|flight| flight.arrives != NEVER) {
                self.queue.put(flight);
            }
            if let Some(ended) = self.ledger.note(now, station, &self.turn) {
                return Some(ended);
            }
        }
    }
}
