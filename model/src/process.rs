//! The one shape of everything that takes part: a value with a pure transition.
//!
//! A process reads no clock, no random source and no environment. Time reaches it only as a timer
//! that fired, failure only as silence or a lost connection, randomness only as the range of a
//! timer. That is what lets one and the same value be explored, swept, simulated and, over real
//! sockets, be the client of a real server.

use std::any::Any;
use std::fmt::Debug;
use std::hash::{Hash, Hasher};

use crate::ident::{NodeId, Peer};
use crate::message::Message;
use crate::op::{Notice, Op, Outcome};
use crate::symmetry::Permutation;
use crate::time::Range;
use crate::timer::Timer;

/// What happens to a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// The process begins to run. After a crash it does so again, with a higher incarnation and
    /// what [`Process::crashed`] left of it.
    Start {
        /// 0 at first, then one more with every restart.
        incarnation: u8,
    },
    /// The caller calls. A client has at most one call under way, except that `Cancel` may
    /// interrupt an `Acquire`.
    Invoke(Op),
    /// A message arrives.
    Deliver {
        /// Who sent it, and on which connection.
        from: Peer,
        /// What it says.
        message: Message,
    },
    /// A timer that this process armed has fired; it is no longer armed.
    Fire(Timer),
    /// The connection is gone. A request that was under way on it may have been served, may
    /// never be, or may be served later: its outcome is unknown.
    Disconnected(Peer),
}

/// What a process wants done. Effects are carried out in the order in which they were asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Send a request, on the current connection or on a new one, and give up after the
    /// client library's timeout: the process then sees `Disconnected`.
    Call(NodeId, Message),
    /// Send a request that may take for ever to be answered.
    Send(NodeId, Message),
    /// Answer on the very connection that the request came by.
    Reply(Peer, Message),
    /// Close the current connection, and wait for no answer: what still comes back on it is dropped.
    HangUp(NodeId),
    /// Have `Fire(timer)` happen within the range. Arming an armed timer starts it anew.
    Arm(Timer, Range),
    /// Have `Fire(timer)` not happen. Disarming an idle timer does nothing.
    Disarm(Timer),
    /// The call under way has ended.
    Return(Outcome),
    /// The caller must know this now.
    Notify(Notice),
    /// A service did something that the world's judges want to see, such as accepting a write.
    Note(crate::history::Fact),
}

/// The effects of one step, in order.
#[derive(Clone, Debug, Default)]
pub struct Effects {
    list: Vec<Effect>,
}

impl Effects {
    /// Sends a request and waits for its answer no longer than the client library's timeout.
    pub fn call(&mut self, to: NodeId, message: impl Into<Message>) {
        self.list.push(Effect::Call(to, message.into()));
    }

    /// Sends a request and waits for its answer for ever.
    pub fn send(&mut self, to: NodeId, message: impl Into<Message>) {
        self.list.push(Effect::Send(to, message.into()));
    }

    /// Answers on the connection that a request came by.
    pub fn reply(&mut self, to: Peer, message: impl Into<Message>) {
        self.list.push(Effect::Reply(to, message.into()));
    }

    /// Closes the current connection.
    pub fn hang_up(&mut self, on: NodeId) {
        self.list.push(Effect::HangUp(on));
    }

    /// Arms a timer, or starts it anew.
    pub fn arm(&mut self, timer: Timer, after: impl Into<Range>) {
        self.list.push(Effect::Arm(timer, after.into()));
    }

    /// Stops a timer, if it runs.
    pub fn disarm(&mut self, timer: Timer) {
        self.list.push(Effect::Disarm(timer));
    }

    /// Ends the call under way.
    pub fn returns(&mut self, outcome: Outcome) {
        self.list.push(Effect::Return(outcome));
    }

    /// Tells the caller something unasked.
    pub fn notify(&mut self, notice: Notice) {
        self.list.push(Effect::Notify(notice));
    }

    /// Shows the judges what a service did.
    pub fn note(&mut self, fact: crate::history::Fact) {
        self.list.push(Effect::Note(fact));
    }

    /// Adds an effect as it is: for processes that wrap another.
    pub fn push(&mut self, effect: Effect) {
        self.list.push(effect);
    }

    /// The effects so far, in order.
    pub fn as_slice(&self) -> &[Effect] {
        &self.list
    }

    /// Forgets the effects so far, and keeps the room for the next ones.
    pub fn clear(&mut self) {
        self.list.clear();
    }
}

/// A participant: a client of an algorithm or a service.
///
/// Two processes that are equal behave the same for ever. A process with a retry loop must come
/// back to an equal value, or the explored space is infinite: no counter that only grows.
pub trait Process: Clone + Eq + Hash + Debug + Send + Sync + 'static {
    /// Reacts to one event. An event that means nothing in the present phase is ignored.
    fn step(&mut self, event: Event, out: &mut Effects);

    /// What is left after a crash: the durable part. The world then starts it again, or not.
    fn crashed(&self) -> Self;

    /// The replica that takes over when this service fails over, if it has one.
    fn failed_over(&self) -> Option<Self> {
        None
    }

    /// Whether the timer would end something that a client is keeping alive, as heartbeats on a connection do
    /// with a session. Nobody can rely on that end.
    fn keeps_alive(&self, _timer: Timer) -> bool {
        false
    }

    /// Renames the clients inside this value, and says so by `true`; by default the explorer
    /// takes the process to be asymmetric and does not use symmetry.
    fn permute(&mut self, _permutation: &Permutation) -> bool {
        false
    }
}

/// A process of any type: what worlds hold.
pub trait AnyProcess: Debug + Send + Sync {
    /// See [`Process::step`].
    fn step(&mut self, event: Event, out: &mut Effects);
    /// See [`Process::crashed`].
    fn crashed(&self) -> Box<dyn AnyProcess>;
    /// See [`Process::failed_over`].
    fn failed_over(&self) -> Option<Box<dyn AnyProcess>>;
    /// See [`Process::keeps_alive`].
    fn keeps_alive(&self, timer: Timer) -> bool;
    /// See [`Process::permute`].
    fn permute(&mut self, permutation: &Permutation) -> bool;
    /// A copy.
    fn boxed_clone(&self) -> Box<dyn AnyProcess>;
    /// Whether the other is of the same type and equal.
    fn equals(&self, other: &dyn AnyProcess) -> bool;
    /// Feeds the value to the hasher.
    fn hash_into(&self, hasher: &mut dyn Hasher);
    /// For comparison with another type.
    fn as_any(&self) -> &dyn Any;
}

impl<P: Process> AnyProcess for P {
    fn step(&mut self, event: Event, out: &mut Effects) {
        Process::step(self, event, out);
    }

    fn crashed(&self) -> Box<dyn AnyProcess> {
        Box::new(Process::crashed(self))
    }

    fn failed_over(&self) -> Option<Box<dyn AnyProcess>> {
        Process::failed_over(self).map(|replica| Box::new(replica) as Box<dyn AnyProcess>)
    }

    fn keeps_alive(&self, timer: Timer) -> bool {
        Process::keeps_alive(self, timer)
    }

    fn permute(&mut self, permutation: &Permutation) -> bool {
        Process::permute(self, permutation)
    }

    fn boxed_clone(&self) -> Box<dyn AnyProcess> {
        Box::new(self.clone())
    }

    fn equals(&self, other: &dyn AnyProcess) -> bool {
        other.as_any().downcast_ref::<P>().is_some_and(|other| self == other)
    }

    fn hash_into(&self, mut hasher: &mut dyn Hasher) {
        self.hash(&mut hasher);
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Clone for Box<dyn AnyProcess> {
    fn clone(&self) -> Self {
        (**self).boxed_clone()
    }
}

impl PartialEq for Box<dyn AnyProcess> {
    fn eq(&self, other: &Self) -> bool {
        (**self).equals(&**other)
    }
}

impl Eq for Box<dyn AnyProcess> {}

impl Hash for Box<dyn AnyProcess> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash_into(state);
    }
}
