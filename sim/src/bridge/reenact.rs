//! A path of the explored world, acted out by stations.
//!
//! The stations are those of a run: fresh nodes, their half of every connection, their timers,
//! crashes and failovers. Between them stands a network that carries what the path says. Each
//! step's stimulus and commands must be the explored step's (connections may have other numbers),
//! and fresh judges must find the same violations at the same steps.
//!
//! What the two share, and what this cannot check: the code of the nodes and of the judges. What
//! is independent: the state of every node (nothing is copied from the explored world), what a
//! connection is and when it ends, what a crash takes away, which timers run. The times respect
//! the order of the path and nothing else: timers are fired by hand, so that this says nothing
//! about the explorer's reading of time. Three things are the network's doing, as they would be in
//! life, because stations cannot do them: a connection that breaks on the way, the end of one
//! whose service crashed before it had heard of it, and the copy of a request.

use contend_model::algorithm::Algorithm;
use contend_model::ident::NodeId;
use contend_model::monitor::Monitors;
use contend_model::node::{Command, Stimulus};
use contend_model::plan::Plan;
use contend_model::property::Properties;
use contend_model::world::{Action, Link, Scope, State, Step, Towards, World};
use thiserror::Error;

use super::names::Names;
use super::script::{Lines, Waiting, towards};
use super::staging::{Unstageable, scenario_of};
use crate::connection::{Content, Order, Packet, Part};
use crate::grid::{MILLISECOND, on_grid, slot};
use crate::stage::Stage;
use crate::station::{Happening, Planned, Station, Turn};

/// A path that the stations have acted out to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reenacted {
    /// How many of its actions reached a node.
    pub steps: usize,
    /// The violations, with the number of the action, from 0, that showed each.
    pub violations: Vec<(usize, Properties)>,
}

/// Why a path was not acted out.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Parted {
    /// There is no stage for it.
    #[error(transparent)]
    Unstageable(#[from] Unstageable),
    /// The path itself is none.
    #[error("action {number} ({action:?}) cannot happen in the explored world after the others")]
    NoPath {
        /// The how many-th action, from 1.
        number: usize,
        /// Which.
        action: Action,
    },
    /// The stations do something else.
    #[error("action {number} ({action:?}): {what}")]
    Differs {
        /// The how many-th action, from 1.
        number: usize,
        /// Which.
        action: Action,
        /// What is different.
        what: String,
    },
}

/// Acts out a path.
pub fn reenact(
    algorithm: &dyn Algorithm,
    scope: &Scope,
    actions: &[Action],
) -> Result<Reenacted, Parted> {
    let scenario = scenario_of(&algorithm.card().name, scope)?;
    let stage = Stage::with_duty(algorithm, scenario, scope.duty).map_err(Unstageable::from)?;
    let world = super::world(algorithm, scope);
    let mut state = world.start().clone();
    let mut troupe = Troupe::new(&stage, actions, state.monitors().clone());
    let mut reenacted = Reenacted { steps: 0, violations: Vec::new() };
    for (&action, number) in actions.iter().zip(1..) {
        if !world.accepts(&state, &action) {
            return Err(Parted::NoPath { number, action });
        }
        let (after, step) = world.act(&state, action);
        let scene = Scene { world: &world, before: &state, after: &after, step: &step };
        let differs = |what| Parted::Differs { number, action, what };
        let violated = troupe.perform(number - 1, &scene).map_err(differs)?;
        reenacted.steps += usize::from(step.stimulus.is_some());
        if !violated.is_empty() {
            reenacted.violations.push((number - 1, violated));
        }
        state = after;
    }
    Ok(reenacted)
}

/// One step of the explored world, and the states that it leads from and to.
struct Scene<'a> {
    world: &'a World,
    before: &'a State,
    after: &'a State,
    step: &'a Step,
}

/// Stations without an engine.
struct Troupe<'a> {
    stage: &'a Stage,
    stations: Vec<Station>,
    lines: Lines,
    /// Connections by the world's numbers.
    names: Names,
    monitors: Monitors,
    actions: &'a [Action],
    turn: Turn,
    order: u32,
}

type Did = Option<(NodeId, Stimulus, Vec<Command>)>;

impl<'a> Troupe<'a> {
    fn new(stage: &'a Stage, actions: &'a [Action], monitors: Monitors) -> Self {
        let stations = stage.stations(0, &Plan::default());
        let mut troupe = Troupe {
            stage,
            stations: stations.expect("an empty plan fits"),
            lines: Lines::default(),
            names: Names::default(),
            monitors,
            actions,
            turn: Turn::default(),
            order: 0,
        };
        for index in 0..troupe.stations.len() {
            let now = slot(stage.cast().node(index));
            troupe.stations[index].attend_by_hand(now, &mut troupe.turn);
            troupe.post(false);
        }
        troupe
    }

    /// When a node takes its part in the action of this number.
    fn time(&self, number: usize, node: NodeId) -> u64 {
        on_grid((number as u64 + 1) * MILLISECOND, slot(node))
    }

    /// Does what the explored world did, and says what the judges find.
    fn perform(&mut self, number: usize, scene: &Scene) -> Result<Properties, String> {
        let did = self.act(number, scene)?;
        let does = match (scene.step.node, scene.step.stimulus) {
            (Some(node), Some(stimulus)) => {
                let unknown = || format!("{node} speaks on a connection that is not open");
                let stimulus = self.names.stimulus(node, stimulus).ok_or_else(unknown)?;
                let commands = self.names.commands(node, &scene.step.commands);
                Some((node, stimulus, commands.ok_or_else(unknown)?))
            }
            _ => None,
        };
        if does != did {
            return Err(format!("the explored world has {does:?}, the stations {did:?}"));
        }
        self.learn(scene);
        self.end_unheard(scene);
        let mut violated = Properties::NONE;
        for command in &scene.step.commands {
            if let (Command::Record(what), Some(node)) = (command, scene.step.node) {
                violated |= self.monitors.observe(node, what);
            }
        }
        if violated == scene.step.violated {
            return Ok(violated);
        }
        let [here, there] = [violated, scene.step.violated].map(|set| {
            let names: Vec<String> = set.iter().map(|property| property.to_string()).collect();
            if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
        });
        Err(format!("the judges say that it violates {here}, the explored world {there}"))
    }

    fn act(&mut self, number: usize, scene: &Scene) -> Result<Did, String> {
        let action = self.names.action(scene.step.action);
        let action = action.ok_or("the connection is not open between the stations")?;
        match action {
            Action::Deliver(link) => {
                let Action::Deliver(theirs) = scene.step.action else { unreachable!() };
                self.leave_out(number, scene.before.in_line(&theirs), &link)?;
                let waiting = self.lines.take(&link).ok_or("nothing stands in line")?;
                let did = self.deliver(number, link, waiting)?;
                if waiting.is_end() && link.towards == Towards::Service {
                    // What was held back until after the end is not read any more.
                    self.lines.bury(link);
                }
                Ok(did)
            }
            Action::DeliverLate(place) => {
                let late = self.lines.take_late(usize::from(place));
                let (link, waiting) = late.ok_or("nothing was held back")?;
                self.deliver(number, link, waiting)
            }
            Action::Fire(node, timer) => {
                let now = self.time(number, node);
                let station = &mut self.stations[self.stage.cast().index(node)];
                if !station.fire_by_hand(now, timer, &mut self.turn) {
                    return Err(format!("{node}'s timer does not run"));
                }
                Ok(self.done(node))
            }
            Action::Tick => Ok(None),
            Action::Restart(node) => self.attend(number, node),
            Action::Lose(link) => {
                self.lines.take(&link).ok_or("nothing stands in line")?;
                Ok(None)
            }
            Action::HoldBack(link) => {
                self.lines.hold_back(&link).ok_or("nothing stands in line")?;
                Ok(None)
            }
            Action::Repeat(link) => self.repeat(number, link, scene),
            Action::Disconnect { client, service, connection } => {
                let towards = Towards::Service;
                self.lines.break_connection(Link { client, service, connection, towards });
                Ok(None)
            }
            Action::Crash(node) => {
                let returns = |&&later: &&Action| later == Action::Restart(node);
                let mut rest = self.actions.iter().enumerate().skip(number + 1);
                let back = rest.find(|(_, later)| returns(later));
                let last = self.actions.len() + 1;
                let back_at = Some(self.time(back.map_or(last, |(n, _)| n), node));
                self.befall(number, node, Happening::Crash { back_at })
            }
            Action::FailOver(node) => self.befall(number, node, Happening::FailOver),
            Action::Misuse(node) => self.befall(number, node, Happening::Misuse),
            Action::Cancel(node) => self.befall(number, node, Happening::Cancel),
        }
    }

    /// Something of the plan happens to a node.
    fn befall(&mut self, number: usize, node: NodeId, what: Happening) -> Result<Did, String> {
        let at = self.time(number, node);
        self.stations[self.stage.cast().index(node)].plan(Planned { at, what });
        let did = self.attend(number, node)?;
        if matches!(what, Happening::Crash { .. } | Happening::FailOver) && node.service().is_some()
        {
            self.hit_dead_host(number, node)?;
        }
        Ok(did)
    }

    /// Lets a station do what is on its agenda, up to something that its node sees.
    fn attend(&mut self, number: usize, node: NodeId) -> Result<Did, String> {
        let now = self.time(number, node);
        let index = self.stage.cast().index(node);
        while self.stations[index].attend_by_hand(now, &mut self.turn) {
            if let Some(did) = self.done(node) {
                return Ok(Some(did));
            }
        }
        Ok(None)
    }

    /// What was on its way to a service that has just stopped is answered by the end.
    fn hit_dead_host(&mut self, number: usize, node: NodeId) -> Result<(), String> {
        for waiting in self.lines.take_all_towards(node) {
            if let Waiting::Packet(packet, _) = waiting
                && self.deliver(number, packet.link, waiting)?.is_some()
            {
                return Err("what was on its way before it stopped was read after it".into());
            }
        }
        Ok(())
    }

    fn deliver(&mut self, number: usize, link: Link, waiting: Waiting) -> Result<Did, String> {
        let node = link.receiver();
        let now = self.time(number, node);
        let cast = self.stage.cast();
        let station = &mut self.stations[cast.index(node)];
        match (waiting, link.towards) {
            (Waiting::Packet(packet, order), _) => {
                station.receive(now, &packet, order, &mut self.turn);
            }
            (Waiting::Dust, _) => return Ok(None),
            (Waiting::Break, Towards::Client) => {
                let service = cast.index(link.service);
                let what = Happening::Disconnect { service, known_at: 0 };
                station.plan(Planned { at: now, what });
                return self.attend(number, node);
            }
            (Waiting::Break, Towards::Service) => {
                let opened = self.lines.opened(link);
                let packet = Packet { link, sent: now, opened, content: Content::End };
                self.order += 1;
                let order = Order::new(slot(link.client), self.order, Part::Original);
                station.receive(now, &packet, order, &mut self.turn);
            }
        }
        Ok(self.done(node))
    }

    /// The explored world leaves out ends that mean nothing to their service: so must they here.
    fn leave_out(&mut self, number: usize, in_line: usize, link: &Link) -> Result<(), String> {
        while link.towards == Towards::Service && self.lines.in_line(link) > in_line {
            match self.lines.first(link) {
                Some(end) if end.is_end() => {
                    self.lines.take(link);
                    if let Some((_, _, commands)) = self.deliver(number, *link, end)?
                        && !commands.is_empty()
                    {
                        return Err(
                            "an end that the explored world left out meant something".into()
                        );
                    }
                }
                // A service that has closed its end is not told of the other's.
                _ if self.lines.last(link).is_some_and(|last| last.is_end()) => return Ok(()),
                _ => return Err("more stands in line than in the explored world".into()),
            }
        }
        Ok(())
    }

    fn repeat(&mut self, number: usize, link: Link, scene: &Scene) -> Result<Did, String> {
        let Some(Waiting::Packet(packet, order)) = self.lines.first(&link) else {
            return Err("no request stands in line".into());
        };
        let connection = self.lines.number_of_copy();
        let link = Link { connection, ..link };
        let now = self.time(number, link.client);
        self.lines.put_copy(Packet { link, sent: now, opened: now, ..packet }, order);
        let Link { client, service, .. } = link;
        let known: Vec<u16> = scene.before.numbers(client, service).collect();
        let new = scene.after.numbers(client, service).find(|number| !known.contains(number));
        let new = new.ok_or("the copy travels on no connection of its own")?;
        self.names.learn(client, service, new, connection);
        Ok(None)
    }

    /// Takes over what a turn has brought.
    fn done(&mut self, node: NodeId) -> Did {
        let closing = !matches!(self.turn.stimulus, Some(Stimulus::Disconnected(_)));
        self.post(closing);
        let stimulus = self.turn.stimulus?;
        Some((node, stimulus, self.turn.commands.clone()))
    }

    fn post(&mut self, closing: bool) {
        for flight in &self.turn.flights {
            self.lines.send(flight, closing);
        }
    }

    /// Learns the stations' numbers of new connections.
    fn learn(&mut self, scene: &Scene) {
        let Some(client) = scene.step.node.filter(|node| node.client().is_some()) else { return };
        for flight in &self.turn.flights {
            let Link { service, connection, towards, .. } = flight.packet.link;
            if towards == Towards::Service
                && flight.packet.content != Content::End
                && let Some(theirs) = scene.after.current(client, service)
                && self.names.number(client, service, theirs) != Some(connection)
            {
                self.names.learn(client, service, theirs, connection);
            }
        }
    }

    /// A service that has crashed ends connections that it had not heard of yet: its host does.
    fn end_unheard(&mut self, scene: &Scene) {
        let (Some(service), Some(Stimulus::Crash | Stimulus::FailOver)) =
            (scene.step.node, scene.step.stimulus)
        else {
            return;
        };
        if service.client().is_some() {
            return;
        }
        for client in scene.world.ids().filter(|node| node.client().is_some()) {
            let Some(connection) = scene.after.current(client, service) else { continue };
            let theirs = Link { client, service, connection, towards: Towards::Client };
            let Some(ours) = self.names.link(theirs) else { continue };
            if scene.after.in_line(&theirs) > self.lines.in_line(&ours) {
                self.lines.put_break(towards(ours, Towards::Client));
            }
        }
    }
}
