//! Properties as folds over the history, small enough to ride inside an explored state. The same
//! monitors judge an explored state, a simulated run and a recorded history.
//!
//! What only the graph of all states can tell (that something can *still* happen) is not judged
//! here; monitors supply the marks that the graph is asked about.

mod bits;
mod lock;
mod queue;

pub use bits::Bits;
pub use lock::LockMonitor;
pub use queue::QueueMonitor;

use crate::history::What;
use crate::ident::NodeId;
use crate::property::{Kind, Properties};
use crate::symmetry::{Permutation, Symmetric};

/// The judges of one world.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Monitors {
    /// For locks.
    Lock(LockMonitor),
    /// For queues.
    Queue(QueueMonitor),
}

impl Monitors {
    /// Judges for a world of this many clients; `items` is how many each producer enqueues.
    /// `bypass_bound` is how often an item may be passed over by later ones, if that is judged.
    pub fn new(kind: Kind, clients: usize, items: u16, bypass_bound: Option<u8>) -> Self {
        match kind {
            Kind::Lock => Monitors::Lock(LockMonitor::new(clients)),
            Kind::Queue => Monitors::Queue(QueueMonitor::new(clients, items, bypass_bound)),
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
