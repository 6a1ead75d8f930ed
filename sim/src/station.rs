//! One node at run time: the node itself, its half of each connection, its outgoing links, its
//! timers, and whether it is up, down or paused. It shares no state with any other station, so it
//! could as well run over a real network.
//!
//! An engine asks [`Station::due`] when the station next does something of its own accord, calls
//! [`Station::wake`] at that moment and [`Station::receive`] when a packet arrives, in the order of
//! [`Moment`]s and then of [`Order`]s, and carries the flights that come of it.

mod agenda;
mod arrival;
mod by_hand;
mod sending;

use std::collections::VecDeque;

use contend_model::caller::Phase;
use contend_model::ident::NodeId;
use contend_model::node::{Command, Node, Scratch, Stimulus};
use contend_model::plan::{FaultKind, Happened};
use contend_model::timer::Timer;
use contend_model::world::Link;

use crate::clock::Clock;
use crate::connection::{Content, Dial, Flight, Known, Order, Packet};
use crate::fabric::Wire;
use crate::grid::{Moment, NEVER, slot};

pub use agenda::{Happening, Planned};

/// What came of one thing that happened at a station. Kept between turns, so that it costs no
/// allocation.
#[derive(Debug, Default)]
pub struct Turn {
    /// What the turn began with.
    pub cause: Cause,
    /// What the node saw, if it saw anything.
    pub stimulus: Option<Stimulus>,
    /// What the node did.
    pub commands: Vec<Command>,
    /// What was sent, lost packets included.
    pub flights: Vec<Flight>,
    /// Whether a packet has reached its receiver, if only to wait there.
    pub arrived: bool,
}

/// What a turn began with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cause {
    /// Nothing that the explored world knows: a pause, a postponement, a lie of the disk.
    #[default]
    Timing,
    /// The node began to run.
    Start,
    /// A packet reached its receiver.
    Packet(Link, Order),
    /// A timer fired.
    Fire(Timer),
    /// A crashed node runs again.
    Restart,
    /// The node crashed.
    Crash {
        /// For good.
        for_good: bool,
    },
    /// A connection is lost, and the client knows it at once.
    Disconnect(Link),
    /// A connection is lost, and the client does not know yet.
    Break(Link),
    /// The client comes to know that its connection is lost.
    Broken(Link),
    /// The replica took over.
    FailOver,
    /// The caller released without holding.
    Misuse,
    /// The caller gave up waiting.
    Cancel,
}

impl Turn {
    /// Makes room for the next.
    #[inline]
    pub fn clear(&mut self) {
        self.cause = Cause::Timing;
        self.stimulus = None;
        self.commands.clear();
        self.flights.clear();
        self.arrived = false;
    }
}

/// Whether a node runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Running {
    /// It does.
    Up,
    /// It crashed and will come back.
    Down,
    /// It crashed for good.
    Gone,
}

/// How a node stands, as far as the end of the run depends on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// It runs.
    pub alive: bool,
    /// It has nothing left to do of its own accord, or never will.
    pub finished: bool,
    /// It will do something by itself, later: it thinks, works, or comes back from a crash.
    pub busy: bool,
    /// Its caller waits for the lock.
    pub waits: bool,
    /// Its caller waits for the lock that it holds.
    pub nests: bool,
    /// Its caller works on an item or reports the end of the work.
    pub works: bool,
}

/// Something that must wait for the end of a pause.
#[derive(Clone, Copy, Debug)]
enum Postponed {
    Packet(Packet, Order),
    /// The connection of this number with the service of this index is lost.
    Broken(usize, u16),
}

/// One node at run time. Nodes are indexed as the cast has them: clients, then services.
#[derive(Debug)]
pub struct Station {
    node: Node,
    clients: usize,
    slot: u64,
    running: Running,
    scratch: Scratch,
    clock: Clock,
    /// When chance is no longer against anything.
    healed: u64,
    /// Its links, by receiver.
    wires: Vec<Wire>,
    /// Its connections as a client, by service.
    dials: Vec<Dial>,
    /// Its connections as a service, by client.
    known: Vec<Known>,
    /// When it last crashed or failed over.
    severed: u64,
    /// When its connections with a client were last lost, by client.
    cuts: Vec<u64>,
    /// When the disk lies.
    lies: Vec<(u64, u64)>,
    /// How far its replica's wall clock is ahead, in nanoseconds.
    replica_ahead: i64,
    plan: Vec<Planned>,
    /// How much of the plan is over.
    past: usize,
    started: bool,
    restart_at: u64,
    paused_until: u64,
    postponed: VecDeque<(u64, Postponed)>,
    /// Whether the caller is to call release as soon as it can.
    misuse: bool,
    misuse_at: u64,
    cancel_at: u64,
    cancel_until: u64,
    /// When the first of all these comes up.
    agenda_at: u64,
    happened: Happened,
}

impl Station {
    /// A station for a node among `clients` clients and other services.
    pub fn new(
        node: Node,
        clients: usize,
        clock: Clock,
        wires: Vec<Wire>,
        healed: u64,
        replica_ahead: i64,
    ) -> Self {
        let all = wires.len();
        Station {
            slot: slot(node.id),
            node,
            clients,
            running: Running::Up,
            scratch: Scratch::default(),
            clock,
            healed,
            wires,
            dials: vec![Dial::default(); all],
            known: vec![Known::new(); all],
            severed: 0,
            cuts: vec![0; all],
            lies: Vec::new(),
            replica_ahead,
            plan: Vec::new(),
            past: 0,
            started: false,
            restart_at: NEVER,
            paused_until: 0,
            postponed: VecDeque::new(),
            misuse: false,
            misuse_at: NEVER,
            cancel_at: NEVER,
            cancel_until: 0,
            agenda_at: 0,
            happened: Happened::default(),
        }
    }

    /// Begins a run, with the node as it is at its start.
    pub fn reset(&mut self, node: &Node, seed: u64) {
        self.node.clone_from(node);
        self.running = Running::Up;
        self.clock.reset(seed);
        self.wires.iter_mut().for_each(|wire| wire.reset(seed));
        self.dials.fill(Dial::default());
        self.known.iter_mut().for_each(Known::clear);
        self.severed = 0;
        self.cuts.fill(0);
        self.lies.clear();
        self.plan.clear();
        self.past = 0;
        self.started = false;
        self.restart_at = NEVER;
        self.paused_until = 0;
        self.postponed.clear();
        self.misuse = false;
        self.misuse_at = NEVER;
        self.cancel_at = NEVER;
        self.cancel_until = 0;
        self.happened = Happened::default();
        self.look_ahead();
    }

    /// Who it is.
    pub fn id(&self) -> NodeId {
        self.node.id
    }

    /// The node, to be looked at.
    pub fn node(&self) -> &Node {
        &self.node
    }

    /// Whether it runs.
    pub fn running(&self) -> Running {
        self.running
    }

    /// The faults that have happened to this node and on its outgoing links.
    pub fn happened(&self) -> &Happened {
        &self.happened
    }

    /// How the node stands after a turn.
    #[inline]
    pub fn status(&self) -> Status {
        let mut status = Status { alive: self.running == Running::Up, ..Status::default() };
        match self.node.caller() {
            _ if self.running == Running::Gone => status.finished = true,
            _ if self.running == Running::Down => status.busy = true,
            None => status.finished = self.paused_until == 0,
            Some(caller) => {
                let thinks = self.clock.runs(Timer::Next);
                let phase = caller.phase();
                let idle = phase == Phase::Idle && !thinks && self.started;
                status.finished = idle && self.paused_until == 0;
                status.busy = thinks || self.clock.runs(Timer::Work);
                status.waits = caller.waits();
                status.nests = matches!(phase, Phase::Nesting { .. });
                status.works = matches!(phase, Phase::Working { .. } | Phase::Acking(_));
            }
        }
        status
    }

    /// When the station next does something of its own accord.
    #[inline]
    pub fn due(&self) -> Moment {
        let timer = if self.paused_until == 0 { self.clock.earliest() } else { NEVER };
        Moment::plan(self.agenda_at).min(Moment::timer(timer))
    }

    /// Does one of the things that are due at this moment.
    pub fn wake(&mut self, now: u64, turn: &mut Turn) {
        assert_eq!(self.due().time(), now, "{} is woken when it is due", self.node.id);
        turn.clear();
        if self.agenda_at <= now {
            self.attend(now, turn);
        } else {
            self.fire(now, turn);
        }
        self.consider(now);
    }

    /// Takes in a packet that arrives at this moment.
    pub fn receive(&mut self, now: u64, packet: &Packet, order: Order, turn: &mut Turn) {
        turn.clear();
        turn.arrived = true;
        if self.paused_until > now {
            self.postponed.push_back((now, Postponed::Packet(*packet, order)));
            self.happened.note(FaultKind::Pause);
            return;
        }
        self.admit(now, packet, order, turn);
        self.consider(now);
    }

    fn admit(&mut self, now: u64, packet: &Packet, order: Order, turn: &mut Turn) {
        turn.cause = Cause::Packet(packet.link, order);
        let Some(from) = self.arrive(now, packet, &mut turn.flights) else { return };
        let stimulus = match packet.content {
            Content::Message(message) => Stimulus::Deliver { from, message },
            Content::End => Stimulus::Disconnected(from),
        };
        self.step(now, stimulus, turn);
    }

    fn fire(&mut self, now: u64, turn: &mut Turn) {
        let Some(armed) = self.clock.take_first() else { return };
        let lies = self.lies.iter().any(|&(from, until)| from <= now && now < until);
        if armed.timer == Timer::Sync && lies {
            self.happened.note(FaultKind::LostSync);
            self.clock.arm(now, armed.timer, armed.range);
            return;
        }
        turn.cause = Cause::Fire(armed.timer);
        self.step(now, Stimulus::Fire(armed.timer), turn);
    }

    /// Lets the node react, and does what it wants. Inlined, so that the stimulus is built where it stays.
    #[inline]
    fn step(&mut self, now: u64, stimulus: Stimulus, turn: &mut Turn) {
        turn.stimulus = Some(stimulus);
        self.react(now, turn);
    }

    fn react(&mut self, now: u64, turn: &mut Turn) {
        let Turn { stimulus: Some(stimulus), commands, flights, .. } = turn else { return };
        self.node.handle(stimulus, &mut self.scratch, commands);
        for command in &*commands {
            match *command {
                Command::Send { to, connection: None, ref message } => {
                    self.request(now, to, message, flights);
                }
                Command::Send { to, connection: Some(number), ref message } => {
                    self.respond(now, to, number, message, flights);
                }
                Command::Arm(timer, range) => {
                    if self.clock.arm(now, timer, range) {
                        self.happened.note(FaultKind::Drift);
                    }
                }
                Command::Disarm(timer) => self.clock.disarm(timer),
                Command::Reset(service) => self.close(now, self.index(service), flights),
                Command::Record(_) => {}
            }
        }
    }

    fn index(&self, node: NodeId) -> usize {
        match node {
            NodeId::Client(number) => usize::from(number),
            NodeId::Service(number) => self.clients + usize::from(number),
        }
    }
}
