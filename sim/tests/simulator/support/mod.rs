//! Small algorithms to run, and small ways to run them.

pub mod broker;
pub mod chatter;
pub mod lock_server;

use contend_model::algorithm::Algorithm;
use contend_model::plan::{Entry, Plan};
use contend_model::property::Kind;
use contend_model::scenario::{Faults, Scenario};
use contend_sim::stage::Stage;

/// The lock server or the broker.
pub fn algorithm(kind: Kind) -> &'static dyn Algorithm {
    match kind {
        Kind::Lock => &lock_server::LockServer,
        Kind::Queue => &broker::BrokerQueue,
    }
}

/// A scenario of ordinary size with these faults. Without any, links are as fast as they say.
pub fn scenario(kind: Kind, faults: Faults) -> Scenario {
    let mut scenario = Scenario::default_for(kind).of(&algorithm(kind).card().name);
    scenario.links.uneven = faults != Faults::none();
    Scenario { faults, ..scenario }
}

/// A stage for the lock server or the broker.
pub fn stage(kind: Kind, faults: Faults) -> Stage {
    Stage::new(algorithm(kind), scenario(kind, faults)).expect("the scenario fits")
}

/// A stage on which nothing goes wrong but this.
pub fn stage_with(kind: Kind, entries: Vec<Entry>) -> Stage {
    let scenario = Scenario { plan: Plan { entries }, ..scenario(kind, Faults::none()) };
    Stage::new(algorithm(kind), scenario).expect("the scenario fits")
}
