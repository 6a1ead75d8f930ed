//! What is written down about a run, whatever engine runs it: history, verdicts, counts, digest,
//! and, on request, every step. It is told of every turn, in the order of time.

mod watch;

use contend_model::cast::Cast;
use contend_model::digest::Digester;
use contend_model::history::Record;
use contend_model::monitor::Monitors;
use contend_model::node::{Command, Stimulus};

use crate::actions::{Scribe, Taken};
use crate::grid::NEVER;
use crate::outcome::{Ended, Outcome, TimedStep};
use crate::stage::Stage;
use crate::station::{Station, Turn};
use watch::Watch;

/// What a run keeps beyond its outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Every step with its commands.
    pub trace: bool,
    /// The run as actions of the explored world.
    pub actions: bool,
}

/// What is written down about a run.
#[derive(Debug)]
pub struct Ledger {
    cast: Cast,
    /// The judges before they have seen anything.
    fresh: Monitors,
    options: Options,
    monitors: Monitors,
    digester: Digester,
    watch: Watch,
    scribe: Scribe,
    outcome: Outcome,
}

impl Ledger {
    /// An empty ledger for runs of this stage.
    pub fn new(stage: &Stage, options: Options) -> Self {
        Ledger {
            cast: stage.cast().clone(),
            fresh: stage.monitors(),
            options,
            monitors: stage.monitors(),
            digester: Digester::default(),
            watch: Watch::new(stage),
            scribe: Scribe::default(),
            outcome: Outcome::new(stage.cast().nodes(), stage.cast().services()),
        }
    }

    /// Begins a run whose faults are over at this time.
    pub fn reset(&mut self, seed: u64, healed: u64) {
        self.monitors.clone_from(&self.fresh);
        self.digester.clear();
        self.watch.reset(healed);
        self.scribe.clear();
        self.outcome.clear(seed);
    }

    /// To be asked before anything happens at this time: whether the run ends here.
    #[inline]
    pub fn ends_before(&mut self, now: u64) -> Option<Ended> {
        if now <= self.watch.until() { None } else { self.watch.look(now, &self.monitors) }
    }

    /// To be told of each turn of a station, in the order of time: says whether the run is over.
    pub fn note(&mut self, now: u64, station: &Station, turn: &Turn) -> Option<Ended> {
        let index = self.cast.index(station.id());
        self.outcome.at = now;
        self.outcome.events += 1;
        let mut carried = 0;
        for flight in &turn.flights {
            self.outcome.sent.count(index, flight);
            carried += usize::from(flight.arrives != NEVER);
        }
        if self.options.actions {
            self.scribe.note(now, station.id(), turn);
        }
        if let Some(stimulus) = &turn.stimulus {
            self.write(now, station, stimulus, turn);
        }
        self.watch.follow(index, station.status(), carried, turn.arrived);
        self.watch.is_over(now, &self.monitors).then_some(Ended::Done)
    }

    /// Writes down what a node saw and did.
    fn write(&mut self, now: u64, station: &Station, stimulus: &Stimulus, turn: &Turn) {
        let node = station.id();
        let outcome = &mut self.outcome;
        outcome.steps += 1;
        self.digester.add(&now);
        self.digester.add(&node);
        self.digester.add(stimulus);
        self.digester.add(&turn.commands);
        if let (Some(service), Stimulus::Deliver { .. }) = (node.service(), stimulus) {
            outcome.served[service] += 1;
        }
        for command in &turn.commands {
            let &Command::Record(what) = command else { continue };
            let record = Record { at: now, node, what };
            let violated = self.monitors.observe(node, &what);
            if !violated.is_empty() {
                outcome.violate(violated, now, Some(outcome.history.len()));
            }
            outcome.history.push(record);
            self.watch.see(&record, &self.monitors);
        }
        if self.options.trace {
            let commands = turn.commands.clone();
            outcome.trace.push(TimedStep { at: now, node, stimulus: *stimulus, commands });
        }
    }

    /// Closes the books. Without `ended`, nothing more will happen by itself.
    pub fn conclude<'s>(
        &mut self,
        ended: Option<Ended>,
        stations: impl IntoIterator<Item = &'s Station>,
    ) -> &Outcome {
        let ended = ended.unwrap_or_else(|| self.watch.without_more(&self.monitors));
        let violated = self.watch.at_the_end(ended, &self.monitors);
        let outcome = &mut self.outcome;
        outcome.ended = ended;
        outcome.violate(violated, outcome.at, None);
        outcome.digest = self.digester.digest();
        for station in stations {
            outcome.happened += *station.happened();
        }
        outcome
    }

    /// The last run as actions of the explored world, if that was asked for.
    pub fn actions(&self) -> &[Taken] {
        self.scribe.taken()
    }

    /// What the last run came to.
    pub fn outcome(&self) -> &Outcome {
        &self.outcome
    }
}
