//! The judges of queues: phantoms, duplicates, exclusiveness, order, and what is done staying
//! done, as one fold over what happened to each item.

use super::Bits;
use super::emptiness::{Emptiness, End};
use super::roles::Roles;
use crate::algorithm::Role;
use crate::history::{Fact, What};
use crate::ident::{Item, NodeId};
use crate::op::{Op, Outcome};
use crate::property::{Properties, Property};
use crate::symmetry::{Permutation, Symmetric};

/// The judges of a queue. Items are numbered by producer and then by order.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct QueueMonitor {
    roles: Roles,
    /// How many items each producer enqueues.
    per_producer: u16,
    /// Enqueuing was called.
    offered: Bits,
    /// Enqueuing was acknowledged.
    enqueued: Bits,
    /// Delivered at least once.
    delivered: Bits,
    /// A consumer has finished with it.
    finished: Bits,
    /// Its effect was applied.
    applied: Bits,
    /// Its end was acknowledged.
    done: Bits,
    /// For each item: those that were acknowledged before its enqueuing was called.
    before: Vec<Bits>,
    /// For each client: what it works on.
    working: Vec<Option<Item>>,
    /// How often an item may be passed over, where that is judged at all.
    bypass_bound: Option<u8>,
    /// For each item, where it is judged: how often it was passed over.
    passed_over: Vec<u8>,
    /// For each client that dequeues: what had been delivered, and what was done, when it called.
    at_call: Vec<(Bits, Bits)>,
    /// Whether who was told that the queue is empty was told the truth, where it is judged.
    emptiness: Option<Emptiness>,
}

impl QueueMonitor {
    /// Judges for these clients.
    pub fn new(roles: &[Role], per_producer: u16) -> Self {
        let roles = Roles::new(roles);
        let clients = roles.len();
        let items = roles.producers().len() * usize::from(per_producer);
        assert!(items <= Bits::CAPACITY, "a queue's monitor follows at most 64 items in one run");
        QueueMonitor {
            roles,
            per_producer,
            offered: Bits::EMPTY,
            enqueued: Bits::EMPTY,
            delivered: Bits::EMPTY,
            finished: Bits::EMPTY,
            applied: Bits::EMPTY,
            done: Bits::EMPTY,
            before: vec![Bits::EMPTY; items],
            bypass_bound: None,
            passed_over: Vec::new(),
            working: vec![None; clients],
            at_call: vec![Default::default(); clients],
            emptiness: None,
        }
    }

    /// The same, and no item may be passed over by later ones more often than this.
    #[must_use]
    pub fn bounding_bypasses(mut self, bound: u8) -> Self {
        self.bypass_bound = Some(bound);
        self.passed_over = vec![0; self.before.len()];
        self
    }

    /// The same, and whether the queue is empty when somebody is told so.
    #[must_use]
    pub fn judging_emptiness(mut self) -> Self {
        self.emptiness = Some(Emptiness::new(self.at_call.len(), self.before.len()));
        self
    }

    /// Items whose enqueuing was acknowledged.
    pub fn enqueued(&self) -> Bits {
        self.enqueued
    }

    /// Items that were delivered at least once.
    pub fn delivered(&self) -> Bits {
        self.delivered
    }

    /// Items that a consumer finished.
    pub fn finished(&self) -> Bits {
        self.finished
    }

    /// Items whose effect was applied.
    pub fn applied(&self) -> Bits {
        self.applied
    }

    /// Items whose end was acknowledged.
    pub fn done(&self) -> Bits {
        self.done
    }

    /// Items that are in the queue for certain, as far as calls have returned.
    fn left(&self) -> Bits {
        self.enqueued.without(self.delivered)
    }

    /// A consumer's call has ended; says whether that shows a wrong answer.
    fn call_ends(&mut self, client: usize, end: End) -> bool {
        let left = self.left();
        self.emptiness.as_mut().is_some_and(|emptiness| emptiness.ends(client, end, left))
    }

    fn number(&self, item: Item) -> usize {
        let producer = item.producer.client().expect("clients produce items");
        self.roles.producer(producer) * usize::from(self.per_producer) + usize::from(item.number)
    }

    /// Takes in one entry of the history and names the properties that it violates.
    pub fn observe(&mut self, node: NodeId, what: &What) -> Properties {
        let mut violated = Properties::NONE;
        match (node.client(), *what) {
            (Some(_), What::Invoke(Op::Enqueue(item))) => {
                let number = self.number(item);
                self.offered.insert(number);
                self.before[number] = self.enqueued;
            }
            (Some(_), What::Return(Op::Enqueue(item), Outcome::Enqueued)) => {
                let number = self.number(item);
                self.enqueued.insert(number);
            }
            (Some(client), What::Invoke(Op::Dequeue)) => {
                self.at_call[client] = (self.delivered, self.done);
                self.working[client] = None;
                let left = self.left();
                if let Some(emptiness) = &mut self.emptiness {
                    emptiness.calls(client, left);
                }
            }
            (Some(client), What::Return(Op::Dequeue, outcome)) => {
                let end = match outcome {
                    Outcome::Delivered { item, .. } => {
                        violated = self.deliver(client, item);
                        End::Got(self.number(item))
                    }
                    Outcome::Empty => End::ToldEmpty,
                    _ => End::Unknown,
                };
                if self.call_ends(client, end) {
                    violated.insert(Property::Emptiness);
                }
                self.at_call[client] = Default::default();
            }
            (Some(client), What::Finished(item)) => {
                let number = self.number(item);
                self.finished.insert(number);
                self.working[client] = None;
            }
            (Some(client), What::Invoke(_) | What::Abandoned(_)) => self.working[client] = None,
            (Some(_), What::Return(Op::Ack(item), Outcome::Acked)) => {
                let number = self.number(item);
                self.done.insert(number);
            }
            (Some(client), What::Crashed) => {
                self.working[client] = None;
                self.at_call[client] = Default::default();
                self.call_ends(client, End::Unknown);
            }
            (None, What::Fact(Fact::Applied(item))) => {
                let number = self.number(item);
                if self.applied.contains(number) {
                    violated.insert(Property::AtMostOnce);
                }
                self.applied.insert(number);
            }
            _ => {}
        }
        violated
    }

    fn deliver(&mut self, client: usize, item: Item) -> Properties {
        let mut violated = Properties::NONE;
        let number = self.number(item);
        if !self.offered.contains(number) {
            violated.insert(Property::NoPhantom);
        }
        let (delivered_at_call, done_at_call) = self.at_call[client];
        if self.delivered.contains(number) {
            violated.insert(Property::NoDuplicate);
        } else {
            // Somebody got a later item, and only then did this consumer call.
            let overtakers =
                delivered_at_call.iter().any(|other| self.before[other].contains(number));
            if overtakers {
                violated.insert(Property::Fifo);
            }
        }
        if self.passes_over_too_often(number) {
            violated.insert(Property::Progress);
        }
        if done_at_call.contains(number) {
            violated.insert(Property::TerminalStays);
        }
        if self.working.contains(&Some(item)) {
            violated.insert(Property::Exclusive);
        }
        self.delivered.insert(number);
        self.working[client] = Some(item);
        violated
    }
}

impl QueueMonitor {
    /// Counts who was passed over by the delivery of an item that was enqueued after them.
    fn passes_over_too_often(&mut self, delivered: usize) -> bool {
        let Some(bound) = self.bypass_bound else { return false };
        let waiting = self.before[delivered].without(self.delivered);
        let mut too_often = false;
        for item in waiting.iter() {
            self.passed_over[item] = (self.passed_over[item] + 1).min(bound + 1);
            too_often |= self.passed_over[item] > bound;
        }
        too_often
    }
}

impl Symmetric for QueueMonitor {
    fn permute(&mut self, permutation: &Permutation) {
        let per_producer = usize::from(self.per_producer);
        let client = |number: usize| usize::from(permutation.image()[number]);
        let roles = self.roles.clone();
        let producers = roles.producers();
        let item = |number: usize| {
            let producer = roles.producer(client(producers[number / per_producer]));
            producer * per_producer + number % per_producer
        };
        for set in [
            &mut self.offered,
            &mut self.enqueued,
            &mut self.delivered,
            &mut self.finished,
            &mut self.applied,
            &mut self.done,
        ] {
            *set = set.map(item);
        }
        let before = self.before.clone();
        for (number, set) in before.into_iter().enumerate() {
            self.before[item(number)] = set.map(item);
        }
        let passed_over = self.passed_over.clone();
        for (number, times) in passed_over.into_iter().enumerate() {
            self.passed_over[item(number)] = times;
        }
        let working = self.working.clone();
        for (number, mut held) in working.into_iter().enumerate() {
            held.permute(permutation);
            self.working[client(number)] = held;
        }
        if let Some(emptiness) = &mut self.emptiness {
            emptiness.permute(permutation, item);
        }
        let at_call = self.at_call.clone();
        for (number, (delivered, done)) in at_call.into_iter().enumerate() {
            self.at_call[client(number)] = (delivered.map(item), done.map(item));
        }
    }
}
