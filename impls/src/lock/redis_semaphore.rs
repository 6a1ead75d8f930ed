//! A counting semaphore of two permits over a store: a key for each permit, with a token and a lease.
//! Safe under the assumptions of R-REDIS.
//!
//! Sources: Carlson, "Redis in Action", section 6.3, "Counting semaphores", whose first form trusts the
//! clients' clocks; here the store's clock ends a lease, as in R-REDIS.

use contend_model::algorithm::{Algorithm, Card, Form, Role, Service, Timing};
use contend_model::discipline::Discipline;
use contend_model::ident::NodeId;
use contend_model::message::store::Key;
use contend_model::process::AnyProcess;
use contend_model::property::Property;
use contend_model::world::Scope;

use super::slots::{Client, Guard, Places};
use crate::service::plain_store;

const PERMITS: Places =
    Places { slots: &[Key::named("permit0"), Key::named("permit1")], blockers: &[] };

/// The algorithm.
#[derive(Clone, Copy, Debug, Default)]
pub struct Semaphore {
    /// The check that the client has forgotten.
    pub lacks: Option<Guard>,
}

impl Algorithm for Semaphore {
    fn card(&self) -> Card {
        let summary = "a counting semaphore of two permits, each a key with a token and a lease";
        let card = super::card("redis-semaphore", "semaphore", Form::Repaired, "redis", summary);
        Card { discipline: Discipline::Semaphore(2), ..card }
            .claim(Property::MutualExclusion, "0mNC")
            .claim(Property::DeadlockFreedom, "0mNCTF")
            .claim(Property::Ownership, "0mNCTF")
            .claim(Property::Reentrancy, "0mNC")
            .claim(Property::Interruptibility, "0mNCTF")
            .claim(Property::Consistency, "0mCF")
            .without(Property::Fairness, "who waits keeps no place, it only asks again")
            .without(Property::Fencing, "two holders write side by side, so no write is stale")
    }

    fn client(&self, me: NodeId, _: Role, timing: &Timing) -> Box<dyn AnyProcess> {
        Box::new(Client::new(me, PERMITS, self.lacks, timing))
    }

    fn narrowed(&self, usual: Scope) -> Scope {
        super::slots::narrowed(usual)
    }

    fn services(&self, timing: &Timing) -> Vec<Service> {
        plain_store(timing)
    }
}
