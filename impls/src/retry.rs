//! L-000-RETRY and Q-000-RETRY: "on error, handle the error and retry", around any algorithm.
//! Safe only around operations that may be repeated.
//!
//! Source: the first document, sections 5.2 and 5.5. Its defect: an error does not say that nothing
//! happened. A repeated acquire finds its own lock taken, a repeated release frees the next holder's,
//! a repeated push enqueues twice, a repeated pop loses what the first attempt took.

use std::hash::{Hash, Hasher};

use contend_model::algorithm::{Algorithm, Card, Role, Service, Timing};
use contend_model::ident::NodeId;
use contend_model::op::{Op, Outcome};
use contend_model::process::{AnyProcess, Effect, Effects, Event, Process};
use contend_model::symmetry::{Permutation, Symmetric};

/// An algorithm whose calls are made again when they end in an error.
pub struct Retry<A> {
    /// What is called.
    pub inner: A,
    /// What the combination says of itself.
    pub card: fn() -> Card,
}

#[derive(Clone, Debug, Eq)]
struct Client {
    inner: Box<dyn AnyProcess>,
    op: Option<Op>,
}

impl PartialEq for Client {
    fn eq(&self, other: &Self) -> bool {
        self.op == other.op && self.inner.equals(&*other.inner)
    }
}

impl Hash for Client {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.op.hash(state);
        self.inner.hash(state);
    }
}

impl Client {
    fn pass_on(&mut self, event: Event, out: &mut Effects) {
        let mut effects = Effects::default();
        self.inner.step(event, &mut effects);
        for &effect in effects.as_slice() {
            match (effect, self.op) {
                (Effect::Return(Outcome::Unknown), Some(op)) => {
                    self.pass_on(Event::Invoke(op), out);
                }
                (effect, _) => out.push(effect),
            }
        }
    }
}

impl Process for Client {
    fn step(&mut self, event: Event, out: &mut Effects) {
        if let Event::Invoke(op) = event {
            self.op = Some(op);
        }
        self.pass_on(event, out);
    }

    fn crashed(&self) -> Self {
        Client { inner: self.inner.crashed(), op: None }
    }

    fn permute(&mut self, permutation: &Permutation) -> bool {
        if let Some(Op::Enqueue(item) | Op::Ack(item)) = &mut self.op {
            item.permute(permutation);
        }
        self.inner.permute(permutation)
    }
}

impl<A: Algorithm> Algorithm for Retry<A> {
    fn card(&self) -> Card {
        (self.card)()
    }

    fn client(&self, me: NodeId, role: Role, timing: &Timing) -> Box<dyn AnyProcess> {
        Box::new(Client { inner: self.inner.client(me, role, timing), op: None })
    }

    fn services(&self, timing: &Timing) -> Vec<Service> {
        self.inner.services(timing)
    }
}
