//! L-004-REDIS-C: `SET lock <timeout> NX` to acquire, `DEL lock` to release. Safe while nobody
//! crashes, no reply is lost, and nobody releases what it does not hold.
//!
//! Source: the fifth document, section 4.1. Its defects: the time-out is passed as the *value*, so
//! the key never ends; the value is no owner; `DEL` asks nothing.

use contend_model::algorithm::{Algorithm, Card, Form, Role, Service, Timing};
use contend_model::ident::NodeId;
use contend_model::message::store::Expiry;
use contend_model::process::AnyProcess;
use contend_model::property::Property;

use super::set_nx::Client;
use crate::service::plain_store;

/// The algorithm.
pub struct SetNxForever;

impl Algorithm for SetNxForever {
    fn card(&self) -> Card {
        super::card(
            "redis-set-nx-forever",
            "L-004-REDIS-C",
            Form::Intended,
            "redis",
            "SET NX whose time-out became the value: a crashed holder locks everybody out",
        )
        .claim(Property::MutualExclusion, "0CT")
        .claim(Property::Fencing, "0C")
        .claim(Property::DeadlockFreedom, "0m")
        .claim(Property::Ownership, "0CT")
        .claim(Property::Consistency, "0mCF")
        .without(Property::Interruptibility, "acquire returns at once, so nobody ever waits")
    }

    fn client(&self, _: NodeId, _: Role, _: &Timing) -> Box<dyn AnyProcess> {
        Box::new(Client::new(Expiry::Never))
    }

    fn services(&self, timing: &Timing) -> Vec<Service> {
        plain_store(timing)
    }
}
