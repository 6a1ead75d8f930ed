//! RQ-KAFKA and its broker, each without one check.

use contend_model::property::Environment::{Calm, Crash, Expiry, Failover, Lossy};
use contend_model::property::Property::{AtMostOnce, Exclusive, NoLoss, TerminalStays};

use super::Mutant;
use crate::queue::kafka_group::{Guard, KafkaGroup};
use crate::registry::KAFKA_GROUP;
use crate::service::log;

pub(super) fn mutants() -> Vec<Mutant> {
    let own = [
        (Guard::Idempotent, TerminalStays, Expiry),
        (Guard::AcksAll, NoLoss, Failover),
        (Guard::AwaitsAnswer, NoLoss, Crash),
        (Guard::CommitsAfterwards, NoLoss, Crash),
        (Guard::Rewinds, NoLoss, Lossy),
        (Guard::BeginsWithFirst, NoLoss, Calm),
        (Guard::HeedsFence, TerminalStays, Expiry),
        (Guard::ForgetsOnLoss, TerminalStays, Expiry),
        (Guard::LeavesInDoubt, TerminalStays, Expiry),
        (Guard::EffectIsIdempotent, AtMostOnce, Expiry),
    ];
    let own = own.into_iter().map(|(guard, property, environment)| {
        let name = format!("{} without {guard:?}", KAFKA_GROUP.name);
        let algorithm = KafkaGroup { lacks: Some(guard), ..KAFKA_GROUP };
        Mutant::new(name, algorithm, property, environment)
    });
    let of_the_log = [
        (log::Guard::DropsRepeats, TerminalStays, Expiry),
        (log::Guard::AwaitsReplica, NoLoss, Failover),
        (log::Guard::HidesUnreplicated, TerminalStays, Failover),
        (log::Guard::AssignsToOne, Exclusive, Calm),
        (log::Guard::SessionEnds, NoLoss, Crash),
        (log::Guard::FencesCommits, TerminalStays, Expiry),
        (log::Guard::FencesHeartbeats, TerminalStays, Expiry),
    ];
    let of_the_log = of_the_log.into_iter().map(|(guard, property, environment)| {
        let name = format!("{} on a log without {guard:?}", KAFKA_GROUP.name);
        let algorithm = KafkaGroup { log_lacks: Some(guard), ..KAFKA_GROUP };
        Mutant::new(name, algorithm, property, environment)
    });
    own.chain(of_the_log).collect()
}
