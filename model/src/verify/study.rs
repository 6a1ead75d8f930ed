//! The worlds that are searched for one algorithm in one environment. What callers do differs from
//! study to study, so that each stays small.

use crate::algorithm::Algorithm;
use crate::property::{Environment, Kind, Property};
use crate::world::{Scope, World};

/// A way for callers to behave, and the properties that it shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Study {
    /// Acquire, write twice, release.
    Locking,
    /// Acquire a second time while holding.
    Nesting,
    /// Give up waiting.
    GivingUp,
    /// Enqueue; dequeue, work, acknowledge.
    Queueing,
    /// A consumer that is kept busy with newer items.
    Starving,
}

impl Study {
    /// The studies of one kind of algorithm in one environment.
    pub fn of(kind: Kind, environment: Environment) -> &'static [Study] {
        match (kind, environment) {
            (Kind::Lock, _) => &[Study::Locking, Study::Nesting, Study::GivingUp],
            // Starvation takes no fault; a lease that has to end first is no starvation.
            (Kind::Queue, Environment::Calm) => &[Study::Queueing, Study::Starving],
            (Kind::Queue, _) => &[Study::Queueing],
        }
    }

    /// What the study shows in this environment.
    pub fn properties(self, environment: Environment) -> &'static [Property] {
        const QUEUES: &[Property] = &[
            Property::NoLoss,
            Property::NoPhantom,
            Property::NoDuplicate,
            Property::AtLeastOnce,
            Property::AtMostOnce,
            Property::Exclusive,
            Property::Fifo,
            Property::TerminalStays,
            Property::Progress,
        ];
        match self {
            Study::Locking => &[
                Property::MutualExclusion,
                Property::Fencing,
                Property::DeadlockFreedom,
                Property::Ownership,
                Property::Fairness,
                Property::Consistency,
            ],
            Study::Nesting => &[Property::Reentrancy],
            Study::GivingUp => &[Property::Interruptibility],
            // In calm, starvation is asked for as well, and has a study of its own.
            Study::Queueing if environment == Environment::Calm => &QUEUES[..8],
            Study::Queueing => QUEUES,
            Study::Starving => &[Property::Progress],
        }
    }

    /// The world of the study.
    pub fn world(self, algorithm: &dyn Algorithm, environment: Environment, faults: u8) -> World {
        let kind = algorithm.card().kind;
        let scope = Scope::of(kind, environment, faults);
        let scope = match self {
            Study::Locking | Study::Queueing => scope,
            Study::Nesting => scope.nested(),
            Study::GivingUp => scope.impatient(),
            Study::Starving => scope.steady(),
        };
        // Traps are asked for client by client, so clients must be told apart.
        World::new(algorithm, algorithm.narrowed(scope)).without_symmetry()
    }
}
