//! The backends, one a file: processes that clients lean on.

pub mod broker;
pub mod files;
pub mod kv;
pub mod lock_server;
pub mod log;
pub mod memory;
pub mod resource;
pub mod store;
pub mod table;
pub mod task_server;
pub mod tree;

use contend_model::algorithm::{Service, Timing};
use contend_model::process::Process;

use log::Log;
use resource::{Checks, Resource};
use store::{Durability, Settings, Store};
use table::Database;

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

/// A file system that syncs before it replies, caches nothing, watches no ages, and gives no lock
/// after a restart for as long as a client library is patient.
pub fn file_settings(timing: &Timing) -> files::Settings {
    let grace = timing.timeout;
    files::Settings {
        sync_every: None,
        cache: None,
        age: None,
        by_change: false,
        grace,
        lacks: None,
    }
}

/// A resource that checks nothing and a file system.
pub fn files_and_resource(settings: files::Settings) -> Vec<Service> {
    files_and_checked_resource(Checks::Nothing, settings)
}

/// A resource and a file system.
pub fn files_and_checked_resource(checks: Checks, settings: files::Settings) -> Vec<Service> {
    vec![
        Service { name: "resource", process: Box::new(Resource::new(checks)) },
        Service { name: "nfs", process: Box::new(files::Files::new(settings)) },
    ]
}

/// A resource and a SQL server.
pub fn database_and_resource(checks: Checks, database: Database) -> Vec<Service> {
    vec![
        Service { name: "resource", process: Box::new(Resource::new(checks)) },
        Service { name: "sql", process: Box::new(database) },
    ]
}

/// A resource and a message broker.
pub fn broker_and_resource(checks: Checks, settings: broker::Settings) -> Vec<Service> {
    vec![
        Service { name: "resource", process: Box::new(Resource::new(checks)) },
        Service { name: "rabbitmq", process: Box::new(broker::Broker::new(settings)) },
    ]
}

/// A resource and a task server.
pub fn task_and_resource(checks: Checks, server: impl Process) -> Vec<Service> {
    vec![
        Service { name: "resource", process: Box::new(Resource::new(checks)) },
        Service { name: "task-server", process: Box::new(server) },
    ]
}

/// A broker whose sessions last for a lease, with a replica if the world has room for one.
pub fn log_settings(timing: &Timing, partitions: u8) -> log::Settings {
    let replica = timing.replication_lag;
    log::Settings { partitions, session: timing.lease, replica, lacks: None }
}

/// A resource and a broker.
pub fn log_and_resource(checks: Checks, settings: log::Settings) -> Vec<Service> {
    vec![
        Service { name: "resource", process: Box::new(Resource::new(checks)) },
        Service { name: "kafka", process: Box::new(Log::new(settings)) },
    ]
}
