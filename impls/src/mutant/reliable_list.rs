//! RQ-REDIS and its store, each without one check.

use contend_model::property::Environment::{Calm, Crash, Expiry, Lossy};
use contend_model::property::Property::{
    AtLeastOnce, AtMostOnce, Exclusive, NoLoss, TerminalStays,
};

use super::Mutant;
use crate::queue::reliable_list::{Guard, ReliableList};
use crate::registry::REDIS_QUEUE;
use crate::service::store;

pub(super) fn mutants() -> Vec<Mutant> {
    let own = [
        (Guard::EffectIsIdempotent, AtMostOnce, Expiry),
        (Guard::Reaps, NoLoss, Crash),
        (Guard::HeedsStaleness, TerminalStays, Expiry),
    ];
    let own = own.into_iter().map(|(guard, property, environment)| {
        let name = format!("{} without {guard:?}", REDIS_QUEUE.name);
        let algorithm = ReliableList { lacks: Some(guard), ..REDIS_QUEUE };
        Mutant::new(name, algorithm, property, environment)
    });
    let of_the_store = [
        (store::Guard::PushIsIdempotent, TerminalStays, Lossy),
        (store::Guard::ClaimKeepsAside, NoLoss, Crash),
        (store::Guard::ClaimHasLease, Exclusive, Calm),
        (store::Guard::SettleRemoves, TerminalStays, Calm),
        (store::Guard::ReapChecksLease, Exclusive, Calm),
        (store::Guard::Expiry, AtLeastOnce, Crash),
    ];
    let of_the_store = of_the_store.into_iter().map(|(guard, property, environment)| {
        let name = format!("{} on a store without {guard:?}", REDIS_QUEUE.name);
        let algorithm = ReliableList { store_lacks: Some(guard), ..REDIS_QUEUE };
        Mutant::new(name, algorithm, property, environment)
    });
    own.chain(of_the_store).collect()
}
