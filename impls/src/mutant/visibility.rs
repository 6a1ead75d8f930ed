//! RQ-REDIS over a sorted set and its store, each without one check.

use contend_model::property::Environment::{Calm, Expiry, Lossy};
use contend_model::property::Property::{AtMostOnce, Exclusive, Fifo, TerminalStays};

use super::Mutant;
use crate::queue::visibility::{Guard, Visibility};
use crate::registry::{REDIS_DELAYED, REDIS_VISIBILITY};
use crate::service::store;

pub(super) fn mutants() -> Vec<Mutant> {
    let own = [
        (Guard::EffectIsIdempotent, AtMostOnce, Expiry),
        (Guard::HeedsStaleness, TerminalStays, Expiry),
    ];
    let own = own.into_iter().map(|(guard, property, environment)| {
        let name = format!("{} without {guard:?}", REDIS_VISIBILITY.name);
        let algorithm = Visibility { lacks: Some(guard), ..REDIS_VISIBILITY };
        Mutant::new(name, algorithm, property, environment)
    });
    let of_the_store = [
        (REDIS_VISIBILITY, store::Guard::PushIsIdempotent, TerminalStays, Lossy),
        (REDIS_VISIBILITY, store::Guard::RangeEndsNow, Exclusive, Calm),
        (REDIS_VISIBILITY, store::Guard::RangeIsOrdered, Fifo, Calm),
        (REDIS_VISIBILITY, store::Guard::ReceiveHides, Exclusive, Calm),
        (REDIS_VISIBILITY, store::Guard::SettleRemoves, TerminalStays, Calm),
        (REDIS_VISIBILITY, store::Guard::GiveBackComparesReceipt, TerminalStays, Expiry),
        (REDIS_DELAYED, store::Guard::RangeIsOrdered, Fifo, Calm),
    ];
    let of_the_store = of_the_store.into_iter().map(|(sound, guard, property, environment)| {
        let name = format!("{} on a store without {guard:?}", sound.name);
        let algorithm = Visibility { store_lacks: Some(guard), ..sound };
        Mutant::new(name, algorithm, property, environment)
    });
    own.chain(of_the_store).collect()
}
