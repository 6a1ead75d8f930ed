//! R-SERVER and its server, each without one check.

use contend_model::property::Environment::{Calm, Crash, Expiry, Lossy};
use contend_model::property::Property::{
    DeadlockFreedom, Fencing, MutualExclusion, Ownership, Reentrancy,
};

use super::Mutant;
use crate::lock::server::{Guard, Server};
use crate::registry::SERVER_LOCK;
use crate::service::lock_server;

const FENCED: Server = Server { name: "server-lock-fenced", fencing: true, ..SERVER_LOCK };
const RENEWED: Server = Server { name: "server-lock-renewed", renewal: true, ..SERVER_LOCK };

pub(super) fn mutants() -> Vec<Mutant> {
    let own = [
        (SERVER_LOCK, Guard::WatchesLease, MutualExclusion, Lossy, 3),
        (SERVER_LOCK, Guard::FreshRequest, DeadlockFreedom, Calm, 1),
        (FENCED, Guard::SendsFence, Fencing, Expiry, 1),
        (FENCED, Guard::ResourceChecks, Fencing, Expiry, 1),
        (SERVER_LOCK, Guard::CountsDepth, Reentrancy, Calm, 1),
    ];
    let own = own.into_iter().map(|(base, guard, property, environment, faults)| {
        let name = format!("{} without {guard:?}", base.name);
        let algorithm = Server { lacks: Some(guard), ..base };
        Mutant::new(name, algorithm, property, environment).after(faults)
    });
    let of_the_server = [
        (SERVER_LOCK, lock_server::Guard::GrantsOneAtATime, MutualExclusion, Calm, 1),
        (SERVER_LOCK, lock_server::Guard::Expiry, DeadlockFreedom, Crash, 1),
        (SERVER_LOCK, lock_server::Guard::ComparesOnRelease, Ownership, Expiry, 1),
        (RENEWED, lock_server::Guard::ComparesOnRenewal, Ownership, Expiry, 1),
        (FENCED, lock_server::Guard::FenceCounts, Fencing, Expiry, 1),
        (SERVER_LOCK, lock_server::Guard::SyncsBeforeReply, MutualExclusion, Crash, 1),
        (SERVER_LOCK, lock_server::Guard::WaitsAfterRestart, MutualExclusion, Crash, 1),
        (SERVER_LOCK, lock_server::Guard::AcquireProlongs, MutualExclusion, Lossy, 2),
    ];
    let of_the_server =
        of_the_server.into_iter().map(|(base, guard, property, environment, faults)| {
            let name = format!("{} on a server without {guard:?}", base.name);
            let algorithm = Server { server_lacks: Some(guard), ..base };
            Mutant::new(name, algorithm, property, environment).after(faults)
        });
    own.chain(of_the_server).collect()
}
