//! The suite's own power of detection: sound algorithms and services from which one check was taken
//! away. Each is an algorithm like any other; the suite must notice what is missing.

mod confirmed_queue;
mod etcd;
mod file_lock;
mod file_queue;
mod kafka_group;
mod redis_lock;
mod redlock;
mod reliable_list;
mod server_lock;
mod sql_lock;
mod sql_queue;
mod stream;
mod task_server;
mod visibility;
mod zookeeper;

use contend_model::algorithm::Algorithm;
use contend_model::property::{Environment, Property};

/// A sound algorithm without one of its checks, and the claim of the sound one that it breaks.
pub struct Mutant {
    /// What was taken away from what.
    pub name: String,
    /// The algorithm without it.
    pub algorithm: Box<dyn Algorithm>,
    /// The claim that notices.
    pub property: Property,
    /// Where it notices.
    pub environment: Environment,
    /// How many faults it takes.
    pub faults: u8,
    /// How many states the search may take. Without a check the space may have no end; a violation is
    /// one however far the search got.
    pub max_states: usize,
}

impl Mutant {
    /// A mutant that is noticed after at most one fault.
    pub fn new(
        name: impl Into<String>,
        algorithm: impl Algorithm + 'static,
        property: Property,
        environment: Environment,
    ) -> Self {
        Mutant {
            name: name.into(),
            algorithm: Box::new(algorithm),
            property,
            environment,
            faults: 1,
            max_states: 500_000,
        }
    }

    /// The same, noticed only after this many faults.
    #[must_use]
    pub fn after(mut self, faults: u8) -> Self {
        self.faults = faults;
        self
    }

    /// The same, noticed only after this many states.
    #[must_use]
    pub fn within(mut self, max_states: usize) -> Self {
        self.max_states = max_states;
        self
    }
}

/// All mutants, in the order of the registry.
pub fn mutants() -> Vec<Mutant> {
    [
        redis_lock::mutants(),
        redlock::mutants(),
        sql_lock::mutants(),
        server_lock::mutants(),
        file_lock::mutants(),
        zookeeper::mutants(),
        etcd::mutants(),
        reliable_list::mutants(),
        confirmed_queue::mutants(),
        task_server::mutants(),
        kafka_group::mutants(),
        stream::mutants(),
        visibility::mutants(),
        sql_queue::mutants(),
        file_queue::mutants(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
