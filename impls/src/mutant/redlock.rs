//! Redlock and its stores, each without one check.

use contend_model::property::Environment::{Calm, Crash};
use contend_model::property::Property::{DeadlockFreedom, MutualExclusion, Ownership, Reentrancy};

use super::Mutant;
use crate::lock::redlock::{Guard, Redlock};
use crate::registry::REDLOCK;
use crate::service::store;

pub(super) fn mutants() -> Vec<Mutant> {
    let own = [
        (Guard::Majority, MutualExclusion, Calm),
        (Guard::SetIfAbsent, MutualExclusion, Calm),
        (Guard::Expiry, DeadlockFreedom, Crash),
        (Guard::ComparesToken, Ownership, Calm),
        (Guard::CountsDepth, Reentrancy, Calm),
    ];
    let own = own.into_iter().map(|(guard, property, environment)| {
        let name = format!("{} without {guard:?}", REDLOCK.name);
        let algorithm = Redlock { lacks: Some(guard), ..REDLOCK };
        Mutant::new(name, algorithm, property, environment)
    });
    let of_the_stores = [
        (store::Guard::SetIfAbsent, MutualExclusion, Calm),
        (store::Guard::Expiry, DeadlockFreedom, Crash),
        (store::Guard::CompareBeforeDelete, Ownership, Calm),
        (store::Guard::SyncsBeforeReply, MutualExclusion, Crash),
    ];
    let of_the_stores = of_the_stores.into_iter().map(|(guard, property, environment)| {
        let name = format!("{} on stores without {guard:?}", REDLOCK.name);
        let algorithm = Redlock { store_lacks: Some(guard), ..REDLOCK };
        Mutant::new(name, algorithm, property, environment)
    });
    own.chain(of_the_stores).collect()
}
