//! A run on virtual time as a path of the explored world.
//!
//! What is checked: every action of the run can happen there ([`World::accepts`]), it reaches the
//! same node, which sees the same and does the same, and the judges say the same. What the two
//! share and what this cannot check: the nodes themselves (processes, callers, the driver) and the
//! judges are the same code. What is independent: connections, their ends and their order, what is
//! lost, late or repeated, crashes and failovers, which timers run. Lengths of time are not
//! compared: the path is walked under the free reading, in which a timer may fire at any moment.

use std::collections::{BTreeMap, BTreeSet};

use contend_model::algorithm::Algorithm;
use contend_model::ident::NodeId;
use contend_model::monitor::Question;
use contend_model::node::{Command, Stimulus};
use contend_model::property::{Environment, Properties};
use contend_model::scenario::Scenario;
use contend_model::world::{Action, Budget, Link, Reading, Scope, State, Towards, World};
use thiserror::Error;

use super::names::Names;
use crate::actions::{Brings, Taken};
use crate::grid::MILLISECOND;
use crate::outcome::{Outcome, TimedStep};

/// A run that the explored world followed to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Followed {
    /// How many actions it took.
    pub actions: usize,
    /// How many of them reached a node.
    pub steps: usize,
    /// How many ends of connections the world had left out because they mean nothing.
    pub left_out: usize,
}

/// Where a run and the explored world part.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("at {:.3} ms, action {number}: {what}", *at as f64 / MILLISECOND as f64)]
pub struct Diverged {
    /// When, in nanoseconds of virtual time.
    pub at: u64,
    /// The how many-th action, from 1.
    pub number: usize,
    /// What is different.
    pub what: String,
}

/// Walks along a run. `actions` and the outcome's trace must be those of one run of the scenario.
pub fn follow(
    algorithm: &dyn Algorithm,
    scenario: &Scenario,
    actions: &[Taken],
    outcome: &Outcome,
) -> Result<Followed, Diverged> {
    let mut follower = Follower::new(algorithm, scenario, outcome);
    for (taken, number) in actions.iter().zip(1..) {
        let parted = |what| Diverged { at: taken.at, number, what };
        follower.take(taken).map_err(parted)?;
    }
    let number = actions.len();
    follower.conclude().map_err(|what| Diverged { at: outcome.at, number, what })?;
    Ok(follower.followed)
}

/// More faults of each kind than one step commits; they are granted anew before each.
const PLENTY: Budget =
    Budget { network: 9, crashes: 9, failovers: 9, misuses: 9, cancels: 9, early: 9 };

/// The explored world on its way along a run.
struct Follower<'a> {
    world: World,
    state: State,
    /// The steps of the run that are still to come.
    steps: std::slice::Iter<'a, TimedStep>,
    outcome: &'a Outcome,
    violated: Properties,
    /// Connections by the stations' numbers.
    names: Names,
    /// How many connections the client has opened.
    opened: BTreeMap<(NodeId, NodeId), u16>,
    /// Between whom there is one that the client has not closed.
    current: BTreeSet<(NodeId, NodeId)>,
    followed: Followed,
}

/// What came of a step: whom it reached, what it saw and what it did.
type Did = Option<(NodeId, Stimulus, Vec<Command>)>;

impl<'a> Follower<'a> {
    fn new(algorithm: &dyn Algorithm, scenario: &Scenario, outcome: &'a Outcome) -> Self {
        let scope = Scope {
            environment: Environment::Expiry,
            roles: scenario.roles(),
            duty: scenario.duty(),
            timing: scenario.timing.timing(),
            reading: Reading::Free,
            budget: PLENTY,
            // What is judged of every run.
            question: Some(Question::Emptiness),
            patient: false,
            none_held_back: false,
        };
        let world = World::new(algorithm, scope).without_symmetry();
        let started = outcome.trace.iter().take_while(|step| step.stimulus == Stimulus::Start);
        Follower {
            state: world.start().clone(),
            world,
            steps: outcome.trace[started.count()..].iter(),
            outcome,
            violated: Properties::NONE,
            names: Names::default(),
            opened: BTreeMap::new(),
            current: BTreeSet::new(),
            followed: Followed { actions: 0, steps: 0, left_out: 0 },
        }
    }

    /// Takes one action, and checks that the world does what the run did.
    fn take(&mut self, taken: &Taken) -> Result<(), String> {
        self.state.grant(PLENTY);
        self.followed.actions += 1;
        let action = self.names.action(taken.action);
        if self.is_left_out(taken, action) {
            return self.skip(taken);
        }
        let Some(action) = action else {
            return Err(format!("{:?} names a connection that is not open", taken.action));
        };
        if !self.world.accepts(&self.state, &action) {
            return Err(format!("{action:?} cannot happen in the explored world"));
        }
        let before = self.state.clone();
        let (state, step) = self.world.act(&self.state, action);
        self.state = state;
        let does = step.node.zip(step.stimulus);
        let does: Did = does.map(|(node, stimulus)| (node, stimulus, step.commands.clone()));
        let run = if does.is_some() { self.steps.next() } else { None };
        // A request on a new connection is answered in later steps only, so that the names that
        // a step mentions are known before it.
        let did = run.map(|run| self.in_our_numbers(run)).transpose()?;
        if does != did {
            return Err(format!("{action:?}: {}", difference(&does, &did)));
        }
        if let Some(run) = run {
            self.judge(taken, run, step.violated)?;
            self.followed.steps += 1;
        }
        self.learn(taken, run, &before)
    }

    fn in_our_numbers(&self, run: &TimedStep) -> Result<(NodeId, Stimulus, Vec<Command>), String> {
        let unknown = || format!("{} speaks on a connection that was never opened", run.node);
        let stimulus = self.names.stimulus(run.node, run.stimulus).ok_or_else(unknown)?;
        let commands = self.names.commands(run.node, &run.commands).ok_or_else(unknown)?;
        Ok((run.node, stimulus, commands))
    }

    /// The world leaves out ends of connections that mean nothing to their service, and may have
    /// given their numbers to others since.
    fn is_left_out(&self, taken: &Taken, here: Option<Action>) -> bool {
        match (taken.action, here) {
            (Action::Deliver(link), _)
                if taken.brings != Brings::End || link.towards != Towards::Service =>
            {
                false
            }
            (Action::Deliver(_), None) => true,
            (_, Some(Action::Deliver(link))) => self.state.in_line(&link) == 0,
            _ => false,
        }
    }

    /// What the world has left out must have meant nothing in the run either.
    fn skip(&mut self, taken: &Taken) -> Result<(), String> {
        self.followed.left_out += 1;
        let Some(step) = self.steps.as_slice().first() else { return Ok(()) };
        if step.at != taken.at || !matches!(step.stimulus, Stimulus::Disconnected(_)) {
            return Ok(());
        }
        self.steps.next();
        if step.commands.is_empty() {
            return Ok(());
        }
        let Action::Deliver(Link { client, service, .. }) = taken.action else { return Ok(()) };
        let service = self.world.name(service);
        let commands = &step.commands;
        Err(format!(
            "the end of {client}'s connection meant something to {service}, which did \
             {commands:?}, but the explored world has left it out"
        ))
    }

    /// The judges must say the same at the same step.
    fn judge(&mut self, taken: &Taken, run: &TimedStep, here: Properties) -> Result<(), String> {
        let in_run = self.outcome.violations.iter();
        let in_run = in_run.filter(|violation| {
            let record = violation.record.map(|record| self.outcome.history[record]);
            record.is_some_and(|record| record.at == run.at && record.node == run.node)
        });
        let in_run: Properties = in_run.map(|violation| violation.property).collect();
        let new: Properties =
            here.iter().filter(|&property| !self.violated.contains(property)).collect();
        self.violated |= new;
        // Two steps of a node may share a moment, so that the earlier is not blamed for the later.
        let missing = new.iter().find(|&property| !in_run.contains(property));
        if let Some(property) = missing {
            return Err(format!(
                "{:?}: the explored world says that it violates {property}, the run does not",
                taken.action
            ));
        }
        Ok(())
    }

    /// Learns the world's numbers of new connections.
    fn learn(
        &mut self,
        taken: &Taken,
        run: Option<&TimedStep>,
        before: &State,
    ) -> Result<(), String> {
        if let (Action::Repeat(link), Brings::Copy(number)) = (taken.action, taken.brings) {
            let Link { client, service, .. } = link;
            let known: Vec<u16> = before.numbers(client, service).collect();
            let new = self.state.numbers(client, service).find(|number| !known.contains(number));
            let new = new.ok_or("the copy travels on no connection of its own")?;
            *self.opened.entry((client, service)).or_default() += 1;
            self.names.learn(client, service, number, new);
        }
        let Some(step) = run.filter(|step| step.node.client().is_some()) else { return Ok(()) };
        let client = step.node;
        match step.stimulus {
            Stimulus::Crash => self.current.retain(|&(node, _)| node != client),
            Stimulus::Disconnected(peer) => {
                self.current.remove(&(client, peer.node));
            }
            _ => {}
        }
        for command in &step.commands {
            match *command {
                Command::Reset(service) => {
                    self.current.remove(&(client, service));
                }
                Command::Send { to, connection: None, .. } if self.current.insert((client, to)) => {
                    let new = self.state.current(client, to);
                    let new = new.ok_or_else(|| format!("{client} has not connected"))?;
                    let opened = self.opened.entry((client, to)).or_default();
                    self.names.learn(client, to, *opened, new);
                    *opened += 1;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// At the end nothing may be left over.
    fn conclude(&self) -> Result<(), String> {
        if let Some(step) = self.steps.as_slice().first() {
            let TimedStep { at, node, stimulus, .. } = step;
            return Err(format!("no action accounts for {node}'s {stimulus:?} at {at} ns"));
        }
        let shown = self.outcome.violations.iter().filter(|violation| violation.record.is_some());
        let shown: Properties = shown.map(|violation| violation.property).collect();
        if shown == self.violated {
            return Ok(());
        }
        let in_words = |set: Properties| {
            let names: Vec<String> = set.iter().map(|property| property.to_string()).collect();
            if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
        };
        let (run, world) = (in_words(shown), in_words(self.violated));
        Err(format!("the run has violated {run}, the explored world {world}"))
    }
}

/// In which respect two steps differ.
fn difference(explored: &Did, run: &Did) -> String {
    match (explored, run) {
        (Some(explored), Some(run)) if (explored.0, explored.1) == (run.0, run.1) => format!(
            "in the explored world {} does {:?}, in the run {:?}",
            explored.0, explored.2, run.2
        ),
        _ => {
            let in_words = |did: &Did| match did {
                Some((node, stimulus, _)) => format!("{node} sees {stimulus:?}"),
                None => "nobody sees anything".to_owned(),
            };
            format!("in the explored world {}, in the run {}", in_words(explored), in_words(run))
        }
    }
}
