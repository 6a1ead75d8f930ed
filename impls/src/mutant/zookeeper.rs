//! R-ZK and its server, each without one check. `RelistsOnWake` and `SendsHeartbeats` need another scope
//! (`tests/waiting_locks.rs`); nothing has been shown to notice `StopsWhenDisconnected` yet.

use contend_model::property::Environment::{Calm, Crash, Expiry, Lossy};
use contend_model::property::Property::{
    DeadlockFreedom, Fencing, Interruptibility, MutualExclusion, Reentrancy,
};

use super::Mutant;
use crate::lock::zookeeper::recipe::{Guard, Recipe};
use crate::lock::zookeeper::single_node::{EPHEMERAL, SingleNode};
use crate::registry::{ZK_LOCK, ZK_LOCK_SYNCED};
use crate::service::tree;

const FENCED: Recipe = Recipe { name: "zk-lock-fenced", fencing: true, ..ZK_LOCK };

pub(super) fn mutants() -> Vec<Mutant> {
    let own = [
        (ZK_LOCK, Guard::Ephemeral, DeadlockFreedom, Crash, 1),
        (ZK_LOCK, Guard::LooksForOwn, DeadlockFreedom, Lossy, 1),
        (ZK_LOCK, Guard::WatchesPredecessor, DeadlockFreedom, Calm, 1),
        (ZK_LOCK, Guard::RelistsOnReconnect, DeadlockFreedom, Lossy, 1),
        (ZK_LOCK, Guard::DeletesUntilCertain, DeadlockFreedom, Lossy, 1),
        (ZK_LOCK, Guard::CancelDeletes, Interruptibility, Calm, 1),
        (FENCED, Guard::SendsFence, Fencing, Expiry, 1),
        (FENCED, Guard::ResourceChecks, Fencing, Expiry, 1),
        (ZK_LOCK, Guard::CountsDepth, Reentrancy, Calm, 1),
    ];
    let own = own.into_iter().map(|(base, guard, property, environment, faults)| {
        let name = format!("{} without {guard:?}", base.name);
        let algorithm = Recipe { lacks: Some(guard), ..base };
        Mutant::new(name, algorithm, property, environment).after(faults)
    });
    let of_the_server = [
        (tree::Guard::SequenceCounts, MutualExclusion, Calm),
        (tree::Guard::SessionsExpire, DeadlockFreedom, Crash),
        (tree::Guard::EphemeralsEnd, DeadlockFreedom, Crash),
        (tree::Guard::HeartbeatsCount, MutualExclusion, Crash),
        (tree::Guard::WatchesFire, DeadlockFreedom, Calm),
        (tree::Guard::SessionsMove, DeadlockFreedom, Lossy),
        (tree::Guard::SyncsBeforeReply, MutualExclusion, Crash),
    ];
    let of_the_server = of_the_server.into_iter().map(|(guard, property, environment)| {
        let name = format!("{} on a server without {guard:?}", ZK_LOCK.name);
        let algorithm = Recipe { server_lacks: Some(guard), ..ZK_LOCK };
        Mutant::new(name, algorithm, property, environment)
    });
    let of_followers = [
        (tree::Guard::OwnWritesShow, DeadlockFreedom, Calm),
        (tree::Guard::WatchesFollowTheView, DeadlockFreedom, Calm),
        (tree::Guard::SyncCatchesUp, DeadlockFreedom, Lossy),
        (tree::Guard::SeenStaysSeen, DeadlockFreedom, Lossy),
    ];
    let of_followers = of_followers.into_iter().map(|(guard, property, environment)| {
        let name = format!("{} on servers without {guard:?}", ZK_LOCK_SYNCED.name);
        let algorithm = Recipe { server_lacks: Some(guard), ..ZK_LOCK_SYNCED };
        let mutant = Mutant::new(name, algorithm, property, environment);
        // A client that waits for itself is one only if all that it can still do is known.
        if environment == Lossy { mutant.within(1_500_000) } else { mutant }
    });
    let exclusive = tree::Guard::CreateIsExclusive;
    let algorithm = SingleNode { server_lacks: Some(exclusive), ..EPHEMERAL };
    let name = format!("zk-node-ephemeral on a server without {exclusive:?}");
    let one_node = Mutant::new(name, algorithm, MutualExclusion, Calm);
    own.chain(of_the_server).chain(of_followers).chain([one_node]).collect()
}
