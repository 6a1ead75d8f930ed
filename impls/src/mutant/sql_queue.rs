//! RQ-DB and its server, each without one check.

use contend_model::property::Environment::{Calm, Crash, Expiry, Lossy};
use contend_model::property::Property::{AtMostOnce, Exclusive, NoLoss, TerminalStays};

use super::Mutant;
use crate::queue::sql_claim::{Guard, SqlClaim};
use crate::registry::SQL_QUEUE;
use crate::service::table;

pub(super) fn mutants() -> Vec<Mutant> {
    let own = [
        (Guard::IdempotencyKey, TerminalStays, Lossy),
        (Guard::KeepsDone, TerminalStays, Lossy),
        (Guard::OnlyClaimable, Exclusive, Calm),
        (Guard::SetsLease, NoLoss, Crash),
        (Guard::ChecksAffected, TerminalStays, Expiry),
        (Guard::EffectIsIdempotent, AtMostOnce, Expiry),
    ];
    let own = own.into_iter().map(|(guard, property, environment)| {
        let name = format!("{} without {guard:?}", SQL_QUEUE.name);
        let algorithm = SqlClaim { lacks: Some(guard), ..SQL_QUEUE };
        Mutant::new(name, algorithm, property, environment)
    });
    let of_the_server = [
        (table::Guard::UniqueKey, TerminalStays, Lossy),
        (table::Guard::Expiry, NoLoss, Crash),
        (table::Guard::SyncsBeforeReply, NoLoss, Crash),
    ];
    let of_the_server = of_the_server.into_iter().map(|(guard, property, environment)| {
        let name = format!("{} on a server without {guard:?}", SQL_QUEUE.name);
        let algorithm = SqlClaim { server_lacks: Some(guard), ..SQL_QUEUE };
        Mutant::new(name, algorithm, property, environment)
    });
    own.chain(of_the_server).collect()
}
