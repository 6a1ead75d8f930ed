//! A read/write lock over a store: a key for the writer and one for each reader, all with a token and a
//! lease; one script sees that a writer is alone. Safe under the assumptions of R-REDIS. Nothing keeps
//! readers that come later from overtaking a writer that waits.
//!
//! Sources: Courtois, Heymans and Parnas (1971), the first problem, in which readers have priority;
//! Redisson's `RReadWriteLock` keeps mode and holders in one hash in the same way.

use contend_model::algorithm::{Algorithm, Card, Form, Role, Service, Timing};
use contend_model::discipline::Discipline;
use contend_model::ident::NodeId;
use contend_model::message::store::Key;
use contend_model::process::AnyProcess;
use contend_model::property::Property;
use contend_model::world::Scope;

use super::slots::{Client, Guard, Places};
use crate::service::plain_store;

const WRITER: &[Key] = &[Key::named("writer")];
const READERS: &[Key] = &[Key::named("reader0"), Key::named("reader1"), Key::named("reader2")];

/// The algorithm.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReadWrite {
    /// The check that the client has forgotten.
    pub lacks: Option<Guard>,
}

impl Algorithm for ReadWrite {
    fn card(&self) -> Card {
        let summary = "readers share, a writer is alone; keys with tokens and leases, one script";
        let card = super::card("redis-read-write", "read-write", Form::Repaired, "redis", summary);
        Card { discipline: Discipline::ReadWrite, ..card }
            .claim(Property::MutualExclusion, "0mNC")
            .claim(Property::Fencing, "0mC")
            .claim(Property::DeadlockFreedom, "0mNCTF")
            .claim(Property::Ownership, "0mNCTF")
            .claim(Property::Reentrancy, "0mNC")
            .claim(Property::Interruptibility, "0mNCTF")
            .claim(Property::Consistency, "0mCF")
            .without(Property::Fairness, "who waits keeps no place, it only asks again")
    }

    fn client(&self, me: NodeId, role: Role, timing: &Timing) -> Box<dyn AnyProcess> {
        let places = match role {
            Role::Reader => Places { slots: READERS, blockers: WRITER },
            _ => Places { slots: WRITER, blockers: READERS },
        };
        Box::new(Client::new(me, places, self.lacks, timing))
    }

    fn narrowed(&self, usual: Scope) -> Scope {
        super::slots::narrowed(usual)
    }

    fn services(&self, timing: &Timing) -> Vec<Service> {
        plain_store(timing)
    }
}
