//! Locks over ZooKeeper, one a file, and the client library that they share.

pub mod check_then_create;
pub mod create_and_get;
pub mod handle;
pub mod recipe;
pub mod session_per_call;
pub mod single_node;
pub mod steps;

use contend_model::algorithm::{Card, Service, Timing};
use contend_model::property::{Environment, Property};
use contend_model::time::Range;
use contend_model::world::{Reading, Scope};

use crate::service::resource::{Checks, Resource};
use crate::service::tree::{Guard, Settings, Tree};

/// The node below which locks are nodes.
pub const LOCKS: &str = "/locks";

/// The node that is the lock, where one node is.
pub const LOCK: &str = "/locks/n";

/// A resource and a ZooKeeper whose sessions last as long as a lease.
fn services(checks: Checks, timing: &Timing, lacks: Option<Guard>) -> Vec<Service> {
    let settings = Settings { session_timeout: timing.lease, roots: &[LOCKS], lag: None, lacks };
    services_of(checks, settings)
}

/// The same where clients are served by servers that lag behind their leader: as far as the replica of
/// another backend would, or for as long as a client library is patient.
fn lagging_services(checks: Checks, timing: &Timing, lacks: Option<Guard>) -> Vec<Service> {
    let lag = timing.replication_lag.unwrap_or(Range::up_to(timing.timeout));
    let lag = Some(lag);
    services_of(checks, Settings { session_timeout: timing.lease, roots: &[LOCKS], lag, lacks })
}

fn services_of(checks: Checks, settings: Settings) -> Vec<Service> {
    vec![
        Service { name: "resource", process: Box::new(Resource::new(checks)) },
        Service { name: "zookeeper", process: Box::new(Tree::new(settings)) },
    ]
}

/// Where sessions end at any moment, nobody asks again before all is quiet: there would be too many ways
/// to go.
fn patient(usual: Scope) -> Scope {
    let patient = usual.patient || usual.environment == Environment::Expiry;
    Scope { patient, ..usual }
}

/// Where sessions end at any moment, however often, there is one acquisition each and no client gives
/// up on an answer as well: what comes of that is explored where messages are lost, and where one thing ends
/// too early.
fn without_early_timeouts(usual: Scope) -> Scope {
    let mut scope = usual;
    if scope.reading == Reading::Free {
        scope.duty.operations = 1;
        scope.budget.early = 0;
    }
    scope
}

/// What a lock of one node claims whose creator alone can have created it: nobody enters besides, but a
/// foreign or stale delete lets others in, a lost answer blocks the node's own creator, and no
/// acquisition is ever nested.
fn claims_of_one_node(card: Card, ephemeral: bool) -> Card {
    let alone = if ephemeral { "0NC" } else { "0NCT" };
    card.claim(Property::MutualExclusion, alone)
        .claim(Property::Fencing, "0C")
        .claim(Property::DeadlockFreedom, "0m")
        .claim(Property::Ownership, alone)
        .claim(Property::Consistency, "0mC")
}
