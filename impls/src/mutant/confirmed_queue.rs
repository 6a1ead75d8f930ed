//! RQ-RMQ and its broker, each without one check.

use contend_model::property::Environment::{Calm, Crash, Expiry, Lossy};
use contend_model::property::Property::{AtMostOnce, NoLoss, TerminalStays};

use super::Mutant;
use crate::queue::rmq_confirmed::{Confirmed, Guard};
use crate::registry::{RMQ_CONFIRMED, RMQ_RETURNED};
use crate::service::broker;

pub(super) fn mutants() -> Vec<Mutant> {
    let own = [
        (RMQ_CONFIRMED, Guard::Durable, NoLoss, Crash, 1),
        (RMQ_CONFIRMED, Guard::AwaitsConfirm, NoLoss, Lossy, 1),
        (RMQ_RETURNED, Guard::Mandatory, NoLoss, Calm, 0),
        (RMQ_CONFIRMED, Guard::AcksAfterEffect, NoLoss, Crash, 1),
        // The broker restarts, so that a tag means another item; its acknowledgement ends that
        // item, and whoever holds it crashes.
        (RMQ_CONFIRMED, Guard::SameChannel, NoLoss, Crash, 2),
        (RMQ_CONFIRMED, Guard::EffectIsIdempotent, AtMostOnce, Expiry, 1),
    ];
    let own = own.into_iter().map(|(base, guard, property, environment, faults)| {
        let name = format!("{} without {guard:?}", base.name);
        let algorithm = Confirmed { lacks: Some(guard), ..base };
        Mutant::new(name, algorithm, property, environment).after(faults)
    });
    let of_the_broker = [
        (RMQ_CONFIRMED, broker::Guard::SyncsBeforeConfirm, NoLoss, Crash),
        (RMQ_RETURNED, broker::Guard::ReturnsUnroutable, NoLoss, Calm),
        (RMQ_CONFIRMED, broker::Guard::KeepsUntilAck, NoLoss, Crash),
        (RMQ_CONFIRMED, broker::Guard::AckRemoves, TerminalStays, Calm),
        (RMQ_CONFIRMED, broker::Guard::RequeuesOnClose, NoLoss, Crash),
        (RMQ_CONFIRMED, broker::Guard::TimesOutAcks, NoLoss, Lossy),
    ];
    let of_the_broker = of_the_broker.into_iter().map(|(base, guard, property, environment)| {
        let name = format!("{} on a broker without {guard:?}", base.name);
        let algorithm = Confirmed { broker_lacks: Some(guard), ..base };
        Mutant::new(name, algorithm, property, environment)
    });
    own.chain(of_the_broker).collect()
}
