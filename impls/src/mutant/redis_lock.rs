//! R-REDIS and its store, each without one check.

use contend_model::property::Environment::{Calm, Crash, Expiry, Lossy};
use contend_model::property::Property::{
    DeadlockFreedom, Fencing, MutualExclusion, Ownership, Reentrancy,
};

use super::Mutant;
use crate::lock::redis::{Guard, Redis};
use crate::registry::REDIS_LOCK;
use crate::service::store;

const FENCED: Redis = Redis { name: "redis-lock-fenced", fencing: true, ..REDIS_LOCK };
const RENEWED: Redis = Redis { name: "redis-lock-renewed", renewal: true, ..REDIS_LOCK };

pub(super) fn mutants() -> Vec<Mutant> {
    let own = [
        (REDIS_LOCK, Guard::SetIfAbsent, MutualExclusion, Calm, 1),
        (REDIS_LOCK, Guard::Expiry, DeadlockFreedom, Crash, 1),
        (REDIS_LOCK, Guard::CompareOnRelease, Ownership, Expiry, 1),
        (REDIS_LOCK, Guard::FreshToken, MutualExclusion, Lossy, 2),
        (FENCED, Guard::SendsFence, Fencing, Expiry, 1),
        (FENCED, Guard::ResourceChecks, Fencing, Expiry, 1),
        (REDIS_LOCK, Guard::CountsDepth, Reentrancy, Calm, 1),
        (RENEWED, Guard::CompareOnRenewal, Ownership, Expiry, 1),
    ];
    let own = own.into_iter().map(|(base, guard, property, environment, faults)| {
        let name = format!("{} without {guard:?}", base.name);
        let algorithm = Redis { lacks: Some(guard), ..base };
        Mutant::new(name, algorithm, property, environment).after(faults)
    });
    let of_the_store = [
        (REDIS_LOCK, store::Guard::SetIfAbsent, MutualExclusion, Calm),
        (REDIS_LOCK, store::Guard::Expiry, DeadlockFreedom, Crash),
        (REDIS_LOCK, store::Guard::CompareBeforeDelete, Ownership, Expiry),
        (RENEWED, store::Guard::CompareBeforeExpire, Ownership, Expiry),
        (REDIS_LOCK, store::Guard::SyncsBeforeReply, MutualExclusion, Crash),
        (FENCED, store::Guard::AcquireIsExclusive, MutualExclusion, Calm),
        (FENCED, store::Guard::FenceCounts, Fencing, Expiry),
    ];
    let of_the_store = of_the_store.into_iter().map(|(base, guard, property, environment)| {
        let name = format!("{} on a store without {guard:?}", base.name);
        let algorithm = Redis { store_lacks: Some(guard), ..base };
        Mutant::new(name, algorithm, property, environment)
    });
    own.chain(of_the_store).collect()
}
