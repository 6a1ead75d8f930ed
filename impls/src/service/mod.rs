//! The backends, one a file: processes that clients lean on.

pub mod kv;
pub mod resource;
pub mod store;
pub mod tree;

use contend_model::algorithm::{Service, Timing};

use resource::{Checks, Resource};
use store::{Durability, Settings, Store};

/// A store that syncs every write, with a replica if the world has room for one.
pub fn settings(timing: &Timing) -> Settings {
    Settings { durability: Durability::Always, replica: timing.replication_lag, lacks: None }
}

/// A resource and a store, as most algorithms over a store need them.
pub fn store_and_resource(checks: Checks, settings: Settings) -> Vec<Service> {
    vec![
        Service { name: "resource", process: Box::new(Resource::new(checks)) },
        Service { name: "redis", process: Box::new(Store::new(settings)) },
    ]
}

/// A resource that checks nothing and a store that syncs every write: what the documents' code is
/// given to run on.
pub fn plain_store(timing: &Timing) -> Vec<Service> {
    store_and_resource(Checks::Nothing, settings(timing))
}
