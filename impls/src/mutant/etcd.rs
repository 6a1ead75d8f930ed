//! The repaired etcd mutex and its server, each without one check. `WaitsForAll` and `KeepsAlive` need
//! another scope (`tests/waiting_locks.rs`); nothing has been shown to notice `LooksAtOwnKey` or
//! `WatchesLease` yet.

use contend_model::property::Environment::{Calm, Crash, Expiry, Lossy};
use contend_model::property::Property::{
    DeadlockFreedom, Fencing, Interruptibility, MutualExclusion, Reentrancy,
};

use super::Mutant;
use crate::lock::etcd::{Etcd, Guard, LOCK};
use crate::service::kv;

pub(super) fn mutants() -> Vec<Mutant> {
    let own = [
        (Guard::DeletesUntilCertain, DeadlockFreedom, Lossy),
        (Guard::CancelDeletes, Interruptibility, Calm),
        (Guard::SendsFence, Fencing, Expiry),
        (Guard::ResourceChecks, Fencing, Expiry),
        (Guard::CountsDepth, Reentrancy, Calm),
    ];
    let own = own.into_iter().map(|(guard, property, environment)| {
        let name = format!("{} without {guard:?}", LOCK.name);
        Mutant::new(name, Etcd { lacks: Some(guard), ..LOCK }, property, environment)
    });
    let of_the_server = [
        (kv::Guard::TxnCompares, MutualExclusion, Lossy),
        (kv::Guard::RevisionCounts, MutualExclusion, Calm),
        (kv::Guard::LeasesExpire, DeadlockFreedom, Crash),
        (kv::Guard::KeysEndWithLease, DeadlockFreedom, Crash),
        (kv::Guard::LeaseMustLive, DeadlockFreedom, Lossy),
        (kv::Guard::KeepAliveCounts, MutualExclusion, Crash),
        (kv::Guard::WatchesFire, DeadlockFreedom, Calm),
        (kv::Guard::WatchesMissNothing, DeadlockFreedom, Calm),
        (kv::Guard::SyncsBeforeReply, MutualExclusion, Crash),
    ];
    let of_the_server = of_the_server.into_iter().map(|(guard, property, environment)| {
        let name = format!("{} on a server without {guard:?}", LOCK.name);
        Mutant::new(name, Etcd { server_lacks: Some(guard), ..LOCK }, property, environment)
    });
    own.chain(of_the_server).collect()
}
