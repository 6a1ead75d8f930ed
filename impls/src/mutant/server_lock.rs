//! R-SERVER and its server, each without one check. The checks that matter only where messages take
//! their time have a test of their own, in `tests/bounded_mutants.rs`.

use contend_model::property::Environment::{Calm, Crash, Expiry};
use contend_model::property::Property::{
    DeadlockFreedom, Fencing, MutualExclusion, Ownership, Reentrancy, Revocation,
};

use super::Mutant;
use crate::lock::server::{Guard, Server};
use crate::registry::SERVER_LOCK;
use crate::service::lock_server;

const FENCED: Server = Server { name: "server-lock-fenced", fencing: true, ..SERVER_LOCK };
const RENEWED: Server = Server { name: "server-lock-renewed", renewal: true, ..SERVER_LOCK };
const RECALLED: Server = Server { name: "server-lock-recalled", recall: true, ..RENEWED };

pub(super) fn mutants() -> Vec<Mutant> {
    let own = [
        (SERVER_LOCK, Guard::FreshRequest, DeadlockFreedom, Calm),
        (FENCED, Guard::SendsFence, Fencing, Expiry),
        (FENCED, Guard::ResourceChecks, Fencing, Expiry),
        (SERVER_LOCK, Guard::CountsDepth, Reentrancy, Calm),
        (RECALLED, Guard::PassesOnWhoWaits, Revocation, Calm),
    ];
    let own = own.into_iter().map(|(base, guard, property, environment)| {
        let name = format!("{} without {guard:?}", base.name);
        let algorithm = Server { lacks: Some(guard), ..base };
        Mutant::new(name, algorithm, property, environment)
    });
    let of_the_server = [
        (SERVER_LOCK, lock_server::Guard::GrantsOneAtATime, MutualExclusion, Calm),
        (SERVER_LOCK, lock_server::Guard::Expiry, DeadlockFreedom, Crash),
        (SERVER_LOCK, lock_server::Guard::ComparesOnRelease, Ownership, Expiry),
        (RENEWED, lock_server::Guard::ComparesOnRenewal, Ownership, Expiry),
        (FENCED, lock_server::Guard::FenceCounts, Fencing, Expiry),
        (SERVER_LOCK, lock_server::Guard::SyncsBeforeReply, MutualExclusion, Crash),
        (SERVER_LOCK, lock_server::Guard::WaitsAfterRestart, MutualExclusion, Crash),
        (RECALLED, lock_server::Guard::TellsWhoWaits, Revocation, Calm),
    ];
    let of_the_server = of_the_server.into_iter().map(|(base, guard, property, environment)| {
        let name = format!("{} on a server without {guard:?}", base.name);
        let algorithm = Server { server_lacks: Some(guard), ..base };
        Mutant::new(name, algorithm, property, environment)
    });
    own.chain(of_the_server).collect()
}
