//! Locks over ZooKeeper, one a file, and the client library that they share.

pub mod check_then_create;
pub mod create_and_get;
pub mod handle;
pub mod recipe;
pub mod session_per_call;
pub mod single_node;
pub mod steps;

use contend_model::algorithm::{Service, Timing};
use contend_model::property::Environment;
use contend_model::world::Scope;

use crate::service::resource::{Checks, Resource};
use crate::service::tree::{Guard, Settings, Tree};

/// The node below which locks are nodes.
pub const LOCKS: &str = "/locks";

/// The node that is the lock, where one node is.
pub const LOCK: &str = "/locks/n";

/// A resource and a ZooKeeper whose sessions last as long as a lease.
fn services(checks: Checks, timing: &Timing, lacks: Option<Guard>) -> Vec<Service> {
    let settings = Settings { session_timeout: timing.lease, roots: &[LOCKS], lacks };
    vec![
        Service { name: "resource", process: Box::new(Resource::new(checks)) },
        Service { name: "zookeeper", process: Box::new(Tree::new(settings)) },
    ]
}

/// Where sessions end at any moment, however often, one acquisition each shows what follows.
fn with_fewer_acquisitions(usual: Scope) -> Scope {
    let mut scope = usual;
    if scope.environment == Environment::Expiry {
        scope.duty.operations = 1;
    }
    scope
}

/// And no client gives up on an answer as well: what comes of that is explored where messages are
/// lost.
fn without_early_timeouts(usual: Scope) -> Scope {
    let mut scope = with_fewer_acquisitions(usual);
    if scope.environment == Environment::Expiry {
        scope.budget.early = 0;
    }
    scope
}
