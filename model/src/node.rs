//! The driver of one node: it feeds a process events, carries its effects to the world, and alone
//! writes history. Every world (explored, swept, simulated) runs nodes through this file.

use std::sync::Arc;

use crate::algorithm::Role;
use crate::caller::{self, Caller, Duty, Wish};
use crate::history::What;
use crate::ident::{NodeId, Peer, RESOURCE};
use crate::message::Message;
use crate::op::{Notice, Op};
use crate::process::{AnyProcess, Effect, Effects, Event};
use crate::symmetry::{Permutation, Symmetric};
use crate::time::{Range, Span};
use crate::timer::Timer;

/// What the world does to a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stimulus {
    /// It begins to run.
    Start,
    /// A message arrives.
    Deliver {
        /// From whom, and on which connection.
        from: Peer,
        /// What it says.
        message: Message,
    },
    /// A timer fires.
    Fire(Timer),
    /// A connection is gone.
    Disconnected(Peer),
    /// The node stops; what is not durable is lost.
    Crash,
    /// The node runs again.
    Restart,
    /// A service's replica takes over.
    FailOver,
    /// The caller calls release although it does not hold.
    Misuse,
    /// The caller gives up waiting.
    Cancel,
}

/// What a node wants of the world, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Command {
    /// A client sends on its current connection to the service; a service on a given connection.
    Send {
        /// To whom.
        to: NodeId,
        /// On which connection; `None` for the sender's current or a new one.
        connection: Option<u16>,
        /// What.
        message: Message,
    },
    /// Start a timer.
    Arm(Timer, Range),
    /// Stop a timer.
    Disarm(Timer),
    /// Close the current connection to the service; what still comes back on it is dropped.
    Reset(NodeId),
    /// Write history.
    Record(What),
}

/// One node: a client with its caller, or a service.
#[derive(Clone, Debug)]
pub struct Node {
    /// Who it is.
    pub id: NodeId,
    process: Arc<Box<dyn AnyProcess>>,
    caller: Option<Caller>,
    incarnation: u8,
    timeout: Span,
}

impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
            && self.incarnation == other.incarnation
            && self.caller == other.caller
            && self.timeout == other.timeout
            && (Arc::ptr_eq(&self.process, &other.process) || self.process == other.process)
    }
}

impl Eq for Node {}

impl std::hash::Hash for Node {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.id.hash(state);
        self.incarnation.hash(state);
        self.caller.hash(state);
        self.process.hash(state);
    }
}

/// Room for the intermediate lists of a step, kept between steps so that they cost no allocation.
#[derive(Debug, Default)]
pub struct Scratch {
    effects: Effects,
    wishes: Vec<Wish>,
    /// The call that the caller has made; the process sees it when it is done with its own step.
    call: Option<Op>,
}

impl Node {
    /// A client and its caller.
    pub fn client(
        id: NodeId,
        role: Role,
        duty: Duty,
        timeout: Span,
        process: Box<dyn AnyProcess>,
    ) -> Self {
        let caller = Some(Caller::new(id, role, duty));
        Node { id, process: Arc::new(process), caller, incarnation: 0, timeout }
    }

    /// A service.
    pub fn service(id: NodeId, process: Box<dyn AnyProcess>) -> Self {
        Node { id, process: Arc::new(process), caller: None, incarnation: 0, timeout: Span::ZERO }
    }

    /// Changes how many operations its caller has to do.
    pub(crate) fn set_operations(&mut self, operations: u16) {
        if let Some(caller) = &mut self.caller {
            caller.set_operations(operations);
        }
    }

    /// The caller, if this is a client.
    pub fn caller(&self) -> Option<&Caller> {
        self.caller.as_ref()
    }

    /// The process, to be shown.
    pub fn process(&self) -> &dyn AnyProcess {
        &**self.process
    }

    /// Whether the timer would end something that a client is keeping alive.
    pub fn keeps_alive(&self, timer: Timer) -> bool {
        self.process.keeps_alive(timer)
    }

    /// Whether there is a replica that could take over.
    pub fn has_replica(&self) -> bool {
        self.process.failed_over().is_some()
    }

    /// Lets one thing happen to the node and appends what it wants of the world.
    pub fn handle(&mut self, stimulus: &Stimulus, scratch: &mut Scratch, out: &mut Vec<Command>) {
        match *stimulus {
            Stimulus::Start => self.begin(scratch, out),
            Stimulus::Deliver { from, ref message } => self.deliver(from, message, scratch, out),
            Stimulus::Fire(timer) => self.fire(timer, scratch, out),
            Stimulus::Disconnected(peer) => self.disconnected(peer, scratch, out),
            Stimulus::Crash => {
                out.push(Command::Record(What::Crashed));
                self.process = Arc::new(self.process.crashed());
                if let Some(caller) = &mut self.caller {
                    caller.die();
                }
            }
            Stimulus::Restart => {
                out.push(Command::Record(What::Restarted));
                self.incarnation = self.incarnation.wrapping_add(1);
                self.begin(scratch, out);
            }
            Stimulus::FailOver => {
                if let Some(replica) = self.process.failed_over() {
                    self.process = Arc::new(replica);
                }
                self.incarnation = self.incarnation.wrapping_add(1);
                self.begin(scratch, out);
            }
            Stimulus::Misuse => self.urge(Caller::misuse, scratch, out),
            Stimulus::Cancel => self.urge(Caller::cancel, scratch, out),
        }
        while let Some(op) = scratch.call.take() {
            self.step(Event::Invoke(op), scratch, out);
        }
    }

    fn begin(&mut self, scratch: &mut Scratch, out: &mut Vec<Command>) {
        let incarnation = self.incarnation;
        self.step(Event::Start { incarnation }, scratch, out);
        self.urge(Caller::start, scratch, out);
    }

    fn deliver(
        &mut self,
        from: Peer,
        message: &Message,
        scratch: &mut Scratch,
        out: &mut Vec<Command>,
    ) {
        if self.caller.is_none() {
            return self.step(Event::Deliver { from, message: *message }, scratch, out);
        }
        if !message.is_pushed() {
            out.push(Command::Disarm(Timer::Answer(from.node)));
        }
        if caller::is_callers(from.node) {
            let reply = caller::answer(message);
            self.urge(|caller, wishes| caller.touched(reply, wishes), scratch, out);
        } else {
            self.step(Event::Deliver { from, message: *message }, scratch, out);
        }
    }

    fn fire(&mut self, timer: Timer, scratch: &mut Scratch, out: &mut Vec<Command>) {
        match timer {
            Timer::Answer(service) => {
                out.push(Command::Reset(service));
                self.unanswered(Peer { node: service, connection: 0 }, scratch, out);
            }
            timer if timer.is_callers() => {
                self.urge(|caller, wishes| caller.fire(timer, wishes), scratch, out);
            }
            timer => self.step(Event::Fire(timer), scratch, out),
        }
    }

    fn disconnected(&mut self, peer: Peer, scratch: &mut Scratch, out: &mut Vec<Command>) {
        if self.caller.is_some() {
            out.push(Command::Disarm(Timer::Answer(peer.node)));
        }
        self.unanswered(peer, scratch, out);
    }

    fn unanswered(&mut self, peer: Peer, scratch: &mut Scratch, out: &mut Vec<Command>) {
        if self.caller.is_some() && caller::is_callers(peer.node) {
            self.urge(|caller, wishes| caller.touched(None, wishes), scratch, out);
        } else {
            self.step(Event::Disconnected(peer), scratch, out);
        }
    }

    /// Lets the process react, and its caller to what the process returns.
    fn step(&mut self, event: Event, scratch: &mut Scratch, out: &mut Vec<Command>) {
        scratch.effects.clear();
        self.process_mut().step(event, &mut scratch.effects);
        let mut effects = std::mem::take(&mut scratch.effects);
        for effect in effects.as_slice() {
            self.carry_out(effect, scratch, out);
        }
        effects.clear();
        scratch.effects = effects;
    }

    fn carry_out(&mut self, effect: &Effect, scratch: &mut Scratch, out: &mut Vec<Command>) {
        match *effect {
            Effect::Call(to, message) => {
                out.push(Command::Send { to, connection: None, message });
                out.push(Command::Arm(Timer::Answer(to), self.timeout.into()));
            }
            Effect::Send(to, message) => {
                out.push(Command::Send { to, connection: None, message });
            }
            Effect::Reply(to, message) => {
                let connection = Some(to.connection);
                out.push(Command::Send { to: to.node, connection, message });
            }
            Effect::HangUp(on) => {
                out.push(Command::Disarm(Timer::Answer(on)));
                out.push(Command::Reset(on));
            }
            Effect::Arm(timer, range) => out.push(Command::Arm(timer, range)),
            Effect::Disarm(timer) => out.push(Command::Disarm(timer)),
            Effect::Return(outcome) => {
                self.urge(|caller, wishes| caller.returned(outcome, wishes), scratch, out);
            }
            Effect::Notify(notice) => {
                out.push(Command::Record(What::Notify(notice)));
                match notice {
                    Notice::Lost => self.urge(Caller::lost, scratch, out),
                    Notice::Wanted => self.urge(Caller::asked, scratch, out),
                }
            }
            Effect::Note(fact) => out.push(Command::Record(What::Fact(fact))),
        }
    }

    /// Lets the caller react and carries out its wishes.
    fn urge(
        &mut self,
        react: impl FnOnce(&mut Caller, &mut Vec<Wish>),
        scratch: &mut Scratch,
        out: &mut Vec<Command>,
    ) {
        let Some(caller) = &mut self.caller else { return };
        let mut wishes = std::mem::take(&mut scratch.wishes);
        react(caller, &mut wishes);
        for &wish in &wishes {
            match wish {
                Wish::Invoke(op) => scratch.call = Some(op),
                Wish::Touch(request) => {
                    let message = Message::from(request);
                    out.push(Command::Send { to: RESOURCE, connection: None, message });
                    out.push(Command::Arm(Timer::Answer(RESOURCE), self.timeout.into()));
                }
                Wish::Abandon => {
                    out.push(Command::Disarm(Timer::Answer(RESOURCE)));
                    out.push(Command::Reset(RESOURCE));
                }
                Wish::Arm(timer, range) => out.push(Command::Arm(timer, range)),
                Wish::Disarm(timer) => out.push(Command::Disarm(timer)),
                Wish::Record(what) => out.push(Command::Record(what)),
            }
        }
        wishes.clear();
        scratch.wishes = wishes;
    }

    fn process_mut(&mut self) -> &mut dyn AnyProcess {
        &mut **Arc::make_mut(&mut self.process)
    }

    /// Renames clients; false if the process does not know how.
    pub(crate) fn permute(&mut self, permutation: &Permutation) -> bool {
        self.id.permute(permutation);
        if let Some(caller) = &mut self.caller {
            caller.permute(permutation);
        }
        self.process_mut().permute(permutation)
    }
}
