//! Who calls the algorithm: a user's program, reduced to what matters. It acquires, writes to the
//! protected resource twice, releases; or it enqueues; or it dequeues, works and acknowledges.
//!
//! The caller belongs to the world, not to the algorithm: all algorithms are called by the same
//! one, and it alone decides what "believes that it holds" means.

use std::hash::{Hash, Hasher};

use crate::history::What;
use crate::ident::{Hold, Item, NodeId, RESOURCE};
use crate::message::{Message, resource};
use crate::op::{Op, Outcome};
use crate::symmetry::{Permutation, Symmetric};
use crate::time::Range;
use crate::timer::Timer;

/// What one caller is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct Duty {
    /// Acquisitions of a locker, items of a producer; consumers go on for ever.
    pub operations: u16,
    /// The pause before each operation of a locker or a producer.
    pub think: Range,
    /// The pause of a consumer before it asks for the next item.
    #[serde(default)]
    pub rest: Range,
    /// How long the caller works between its two writes, or before it applies an item's effect.
    pub work: Range,
    /// The pause before it tries again.
    pub retry: Range,
    /// Whether a holder acquires and releases a second time inside its critical section.
    pub nested: bool,
    /// Whether a holder works until it is asked to come to an end.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub clings: bool,
}

/// What the caller wants done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    Invoke(Op),
    Touch(resource::Request),
    Abandon,
    Arm(Timer, Range),
    Disarm(Timer),
    Record(What),
}

/// Where the caller stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Between operations, or done.
    Idle,
    /// `Acquire` is under way.
    Acquiring,
    /// The acquisition was refused; it will be tried again.
    Refused,
    /// A second `Acquire` is under way while the first is held.
    Nesting {
        /// The outer hold's fencing token.
        fence: Option<u32>,
    },
    /// The inner `Release` is under way.
    Unnesting {
        /// The outer hold's fencing token.
        fence: Option<u32>,
    },
    /// Holding; `writes` of the two writes have been made.
    Holding {
        /// How many writes were sent.
        writes: u8,
        /// Whether the last of them is still unanswered.
        waiting: bool,
        /// The fencing token to write with.
        fence: Option<u32>,
    },
    /// `Release` is under way.
    Releasing,
    /// `Release` is under way although nothing is held.
    Misusing,
    /// `Cancel` is under way.
    Cancelling,
    /// `Enqueue` is under way.
    Enqueuing(Item),
    /// `Dequeue` is under way.
    Dequeuing,
    /// Working on an item.
    Working {
        /// Which.
        item: Item,
        /// Whether to acknowledge it afterwards.
        ack: bool,
        /// Whether the effect was sent and is unanswered.
        waiting: bool,
    },
    /// `Ack` is under way.
    Acking(Item),
    /// The client has crashed.
    Gone,
}

/// A caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    me: NodeId,
    role: crate::algorithm::Role,
    duty: Duty,
    /// Operations begun.
    begun: u16,
    phase: Phase,
}

/// The duty is the same in all states of a world, so it need not be hashed.
impl Hash for Caller {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.me.hash(state);
        self.begun.hash(state);
        self.phase.hash(state);
    }
}

impl Caller {
    /// A caller that has done nothing yet.
    pub fn new(me: NodeId, role: crate::algorithm::Role, duty: Duty) -> Self {
        Caller { me, role, duty, begun: 0, phase: Phase::Idle }
    }

    pub(crate) fn set_operations(&mut self, operations: u16) {
        self.duty.operations = operations;
    }

    /// Where it stands.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// What it is there for.
    pub fn role(&self) -> crate::algorithm::Role {
        self.role
    }

    /// Whether it waits for the lock.
    pub fn waits(&self) -> bool {
        matches!(self.phase, Phase::Acquiring | Phase::Refused)
    }

    /// Whether it believes that it holds the lock.
    pub fn holds(&self) -> bool {
        matches!(
            self.phase,
            Phase::Holding { .. } | Phase::Nesting { .. } | Phase::Unnesting { .. }
        )
    }

    /// The operation under way, if any.
    pub fn pending(&self) -> Option<Op> {
        match self.phase {
            Phase::Acquiring | Phase::Nesting { .. } => Some(Op::Acquire),
            Phase::Releasing | Phase::Misusing | Phase::Unnesting { .. } => Some(Op::Release),
            Phase::Cancelling => Some(Op::Cancel),
            Phase::Enqueuing(item) => Some(Op::Enqueue(item)),
            Phase::Dequeuing => Some(Op::Dequeue),
            Phase::Acking(item) => Some(Op::Ack(item)),
            Phase::Idle
            | Phase::Refused
            | Phase::Holding { .. }
            | Phase::Working { .. }
            | Phase::Gone => None,
        }
    }

    fn hold(&self) -> Hold {
        Hold { client: self.me, number: self.begun }
    }

    pub(crate) fn start(&mut self, out: &mut Vec<Wish>) {
        self.phase = Phase::Idle;
        self.next(out);
    }

    pub(crate) fn die(&mut self) {
        self.phase = Phase::Gone;
    }

    pub(crate) fn fire(&mut self, timer: Timer, out: &mut Vec<Wish>) {
        use crate::algorithm::Role;
        match (timer, self.phase) {
            (Timer::Next, Phase::Idle) => {
                self.begun += 1;
                match self.role {
                    Role::Locker | Role::Reader => self.acquire(out),
                    Role::Producer => {
                        let item = Item { producer: self.me, number: self.begun - 1 };
                        self.invoke(Phase::Enqueuing(item), Op::Enqueue(item), out);
                    }
                    Role::Consumer => self.dequeue(out),
                }
            }
            (Timer::Again, Phase::Refused) => self.acquire(out),
            (Timer::Again, Phase::Idle) => self.dequeue(out),
            (Timer::Work, Phase::Holding { writes: 1, waiting: false, fence }) => {
                self.write(2, fence, out);
            }
            (Timer::Work, Phase::Working { item, ack, waiting: false }) => {
                self.phase = Phase::Working { item, ack, waiting: true };
                out.push(Wish::Touch(resource::Request::Apply { item }));
            }
            _ => {}
        }
    }

    pub(crate) fn returned(&mut self, outcome: Outcome, out: &mut Vec<Wish>) {
        let op = self.pending().unwrap_or_else(|| {
            panic!("{} returned {outcome} although no call is under way", self.me)
        });
        out.push(Wish::Record(What::Return(op, outcome)));
        match (self.phase, outcome) {
            (Phase::Acquiring | Phase::Cancelling, Outcome::Acquired { fence }) => {
                if self.duty.nested {
                    self.invoke(Phase::Nesting { fence }, Op::Acquire, out);
                } else {
                    self.write(1, fence, out);
                }
            }
            (Phase::Acquiring, _) => {
                self.phase = Phase::Refused;
                out.push(Wish::Arm(Timer::Again, self.duty.retry));
            }
            (Phase::Nesting { fence }, Outcome::Acquired { .. }) => {
                self.invoke(Phase::Unnesting { fence }, Op::Release, out);
            }
            (Phase::Nesting { fence } | Phase::Unnesting { fence }, _) => {
                self.write(1, fence, out);
            }
            (Phase::Releasing | Phase::Misusing | Phase::Cancelling, _) => self.next(out),
            (Phase::Enqueuing(_) | Phase::Acking(_), _) => self.next(out),
            (Phase::Dequeuing, Outcome::Delivered { item, ack }) => {
                self.phase = Phase::Working { item, ack, waiting: false };
                out.push(Wish::Arm(Timer::Work, self.duty.work));
            }
            (Phase::Dequeuing, _) => {
                self.phase = Phase::Idle;
                out.push(Wish::Arm(Timer::Again, self.duty.retry));
            }
            (phase, outcome) => panic!("{} returned {outcome} in {phase:?}", self.me),
        }
    }

    /// The lock is lost: whatever was being written is abandoned, and the caller goes on.
    pub(crate) fn lost(&mut self, out: &mut Vec<Wish>) {
        match self.phase {
            Phase::Holding { waiting, .. } => {
                if waiting {
                    out.push(Wish::Abandon);
                }
                out.push(Wish::Disarm(Timer::Work));
                self.next(out);
            }
            Phase::Nesting { .. } => self.phase = Phase::Acquiring,
            Phase::Unnesting { .. } => self.phase = Phase::Releasing,
            _ => {}
        }
    }

    /// Somebody else waits for the lock: a holder that is at work comes to an end at once.
    pub(crate) fn asked(&mut self, out: &mut Vec<Wish>) {
        if let Phase::Holding { writes: 1, waiting: false, fence } = self.phase {
            out.push(Wish::Disarm(Timer::Work));
            self.write(2, fence, out);
        }
    }

    /// The resource answered (`Some`), or the answer will never come (`None`).
    pub(crate) fn touched(&mut self, reply: Option<resource::Reply>, out: &mut Vec<Wish>) {
        match (self.phase, reply) {
            // A rejected writer has learnt that it is stale; it writes no more.
            (Phase::Holding { waiting: true, .. }, Some(resource::Reply::Rejected)) => {
                self.release(out);
            }
            (Phase::Holding { writes: 1, waiting: true, fence }, _) => {
                if self.duty.work == Range::default() && !self.duty.clings {
                    return self.write(2, fence, out);
                }
                self.phase = Phase::Holding { writes: 1, waiting: false, fence };
                if !self.duty.clings {
                    out.push(Wish::Arm(Timer::Work, self.duty.work));
                }
            }
            (Phase::Holding { waiting: true, .. }, _) => self.release(out),
            (Phase::Working { item, ack: true, waiting: true }, Some(_)) => {
                out.push(Wish::Record(What::Finished(item)));
                self.invoke(Phase::Acking(item), Op::Ack(item), out);
            }
            // Without an answer the work is not known to be done, so it is not acknowledged: the
            // item must come back.
            (Phase::Working { item, ack: true, waiting: true }, None) => {
                out.push(Wish::Record(What::Abandoned(item)));
                self.next(out);
            }
            (Phase::Working { item, ack: false, waiting: true }, _) => {
                out.push(Wish::Record(What::Finished(item)));
                self.next(out);
            }
            _ => {}
        }
    }

    /// Calls release although nothing is held, if it stands idle.
    pub(crate) fn misuse(&mut self, out: &mut Vec<Wish>) {
        if self.can_misuse() {
            out.push(Wish::Disarm(Timer::Next));
            self.invoke(Phase::Misusing, Op::Release, out);
        }
    }

    /// Whether calling release without holding is possible now.
    pub fn can_misuse(&self) -> bool {
        use crate::algorithm::Role;
        self.phase == Phase::Idle && matches!(self.role, Role::Locker | Role::Reader)
    }

    /// Gives up the acquisition under way.
    pub(crate) fn cancel(&mut self, out: &mut Vec<Wish>) {
        if self.can_cancel() {
            self.invoke(Phase::Cancelling, Op::Cancel, out);
        }
    }

    /// Whether there is an acquisition to give up.
    pub fn can_cancel(&self) -> bool {
        self.phase == Phase::Acquiring
    }

    fn next(&mut self, out: &mut Vec<Wish>) {
        self.phase = Phase::Idle;
        if self.role == crate::algorithm::Role::Consumer {
            self.begun = 0;
            out.push(Wish::Arm(Timer::Next, self.duty.rest));
        } else if self.begun < self.duty.operations {
            out.push(Wish::Arm(Timer::Next, self.duty.think));
        }
    }

    fn acquire(&mut self, out: &mut Vec<Wish>) {
        self.invoke(Phase::Acquiring, Op::Acquire, out);
    }

    fn dequeue(&mut self, out: &mut Vec<Wish>) {
        self.begun = 0;
        self.invoke(Phase::Dequeuing, Op::Dequeue, out);
    }

    fn release(&mut self, out: &mut Vec<Wish>) {
        self.invoke(Phase::Releasing, Op::Release, out);
    }

    fn write(&mut self, writes: u8, fence: Option<u32>, out: &mut Vec<Wish>) {
        self.phase = Phase::Holding { writes, waiting: true, fence };
        let hold = self.hold();
        out.push(Wish::Touch(match self.role {
            crate::algorithm::Role::Reader => resource::Request::Read { hold },
            _ => resource::Request::Write { hold, fence },
        }));
    }

    fn invoke(&mut self, phase: Phase, op: Op, out: &mut Vec<Wish>) {
        self.phase = phase;
        out.push(Wish::Record(What::Invoke(op)));
        out.push(Wish::Invoke(op));
    }
}

impl Symmetric for Caller {
    fn permute(&mut self, permutation: &Permutation) {
        self.me.permute(permutation);
        match &mut self.phase {
            Phase::Enqueuing(item) | Phase::Acking(item) | Phase::Working { item, .. } => {
                item.permute(permutation);
            }
            _ => {}
        }
    }
}

/// The resource's answer in a message, if it is one.
pub(crate) fn answer(message: &Message) -> Option<resource::Reply> {
    match *message {
        Message::ResourceReply(reply) => Some(reply),
        _ => None,
    }
}

/// Whether a message comes from the resource and so is the caller's.
pub(crate) fn is_callers(from: NodeId) -> bool {
    from == RESOURCE
}
