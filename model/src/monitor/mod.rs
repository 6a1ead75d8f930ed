//! Properties as folds over the history, small enough to ride inside an explored state. The same
//! monitors judge an explored state, a simulated run and a recorded history.
//!
//! What only the graph of all states can tell (that something can *still* happen) is not judged
//! here; monitors supply the marks that the graph is asked about.

mod bits;
mod emptiness;
mod lock;
mod overtaking;
mod queue;
mod roles;

pub use bits::Bits;
pub use lock::LockMonitor;
pub use overtaking::Overtakings;
pub use queue::QueueMonitor;

use serde::{Deserialize, Serialize};

use crate::algorithm::{Card, Role};
use crate::history::What;
use crate::ident::NodeId;
use crate::property::{Kind, Properties};
use crate::symmetry::{Permutation, Symmetric};

/// What a study asks for beyond the rest, because it costs states.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Question {
    /// How often the waiters for a lock are overtaken.
    Overtakings,
    /// Whether an item of a queue is passed over by later ones more often than this.
    Bypasses(u8),
    /// Whether who is told that a queue is empty is told the truth.
    Emptiness,
}

/// The judges of one world.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Monitors {
    /// For locks.
    Lock(LockMonitor),
    /// For queues.
    Queue(QueueMonitor),
}

impl Monitors {
    /// Judges for an algorithm with these clients; `items` is how many each producer enqueues.
    pub fn new(card: &Card, roles: &[Role], items: u16) -> Self {
        match card.kind {
            Kind::Lock => Monitors::Lock(LockMonitor::new(card.discipline, roles)),
            Kind::Queue => Monitors::Queue(QueueMonitor::new(roles, items)),
        }
    }

    /// Time passes, in a world that has no other clock.
    pub fn time_passes(&mut self) {
        match self {
            Monitors::Lock(lock) => lock.time_passes(),
            Monitors::Queue(_) => {}
        }
    }

    /// The same, and what a study asks for beyond the rest is judged as well.
    #[must_use]
    pub fn asked(self, question: Question) -> Self {
        match (self, question) {
            (Monitors::Lock(lock), Question::Overtakings) => {
                Monitors::Lock(lock.counting_overtakings())
            }
            (Monitors::Queue(queue), Question::Bypasses(bound)) => {
                Monitors::Queue(queue.bounding_bypasses(bound))
            }
            (Monitors::Queue(queue), Question::Emptiness) => {
                Monitors::Queue(queue.judging_emptiness())
            }
            (monitors, _) => monitors,
        }
    }

    /// Takes in one entry of the history and names the properties that it violates.
    pub fn observe(&mut self, node: NodeId, what: &What) -> Properties {
        match self {
            Monitors::Lock(lock) => lock.observe(node, what),
            Monitors::Queue(queue) => queue.observe(node, what),
        }
    }
}

impl Symmetric for Monitors {
    fn permute(&mut self, permutation: &Permutation) {
        match self {
            Monitors::Lock(lock) => lock.permute(permutation),
            Monitors::Queue(queue) => queue.permute(permutation),
        }
    }
}
