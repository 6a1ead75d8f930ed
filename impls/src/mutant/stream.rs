//! RQ-REDIS over a stream and its store, each without one check.

use contend_model::property::Environment::{Calm, Crash, Expiry, Lossy};
use contend_model::property::Property::{AtMostOnce, Exclusive, NoLoss, TerminalStays};

use super::Mutant;
use crate::queue::stream::{Guard, StreamQueue};
use crate::registry::REDIS_STREAM;
use crate::service::store;

pub(super) fn mutants() -> Vec<Mutant> {
    let own = [(Guard::Claims, NoLoss, Crash), (Guard::EffectIsIdempotent, AtMostOnce, Expiry)];
    let own = own.into_iter().map(|(guard, property, environment)| {
        let name = format!("{} without {guard:?}", REDIS_STREAM.name);
        let algorithm = StreamQueue { lacks: Some(guard), ..REDIS_STREAM };
        Mutant::new(name, algorithm, property, environment)
    });
    let of_the_store = [
        (store::Guard::PushIsIdempotent, TerminalStays, Lossy),
        (store::Guard::ReadKeepsPending, NoLoss, Crash),
        (store::Guard::ClaimJudgesIdleness, Exclusive, Calm),
        (store::Guard::ClaimEndsIdleness, Exclusive, Crash),
        (store::Guard::AckEndsPending, TerminalStays, Calm),
    ];
    let of_the_store = of_the_store.into_iter().map(|(guard, property, environment)| {
        let name = format!("{} on a store without {guard:?}", REDIS_STREAM.name);
        let algorithm = StreamQueue { store_lacks: Some(guard), ..REDIS_STREAM };
        Mutant::new(name, algorithm, property, environment)
    });
    own.chain(of_the_store).collect()
}
