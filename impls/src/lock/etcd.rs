//! The mutex of etcd's `clientv3/concurrency`: a key below the lock's prefix, named after the session's
//! lease; the lowest create revision holds, everybody else waits for the deletion of the keys
//! before its own, one after the other, and then looks whether its own key is still there. Safe while
//! nobody is paused for longer than its lease lasts; with the create revision as a fence the
//! resource is safe even then.
//!
//! Sources: etcd, `client/v3/concurrency` (`mutex.go`, `key.go`, `session.go`); etcd issue 11456 for the
//! look at the own key (`Guard::LooksAtOwnKey`), without which a waiter whose lease has ended
//! takes the lock with no key; etcd.io/docs, "etcd API". As in the source, a transaction or a
//! deletion without an answer is an error that reaches the caller (a key may stay behind as long as its
//! session lives), while reads and watches are repeated by the library. The repaired form
//! (`certain: true`) has a lease for each acquisition and ends it by revoking it: in the source
//! the key has the same name in every acquisition of a session, so a deletion or a transaction that
//! arrives late frees, or takes, the next one. It repeats what has no answer, and stops relying on
//! its lease `margin` before the server ends it.

mod mutex;
mod session;

use contend_model::algorithm::{Algorithm, Card, Form, Role, Service, Timing};
use contend_model::ident::NodeId;
use contend_model::monitor::Question;
use contend_model::process::AnyProcess;
use contend_model::property::{Environment, Property};
use contend_model::world::{Reading, Scope};

use crate::service::kv::{self, Kv, Settings};
use crate::service::resource::{Checks, Resource};

use session::Client;

const PREFIX: &str = "lock/";

/// The algorithm and its settings.
#[derive(Clone, Copy, Debug)]
pub struct Etcd {
    /// The name in the registry.
    pub name: &'static str,
    /// Whether what has no answer is repeated until there is one, and the lease has a margin.
    pub certain: bool,
    /// Whether the resource checks the create revision.
    pub fencing: bool,
    /// The check that the client has forgotten.
    pub lacks: Option<Guard>,
    /// The check that the server has forgotten.
    pub server_lacks: Option<kv::Guard>,
}

/// A check that the client makes. Tests take one away to see whether the suite notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Guard {
    /// After waiting the client looks whether its own key is still there.
    LooksAtOwnKey,
    /// After a deletion the client looks for other keys before its own.
    WaitsForAll,
    /// The holder keeps its lease alive.
    KeepsAlive,
    /// The holder's caller is told when its lease is over by its own reading.
    WatchesLease,
    /// A deletion without an answer is repeated.
    DeletesUntilCertain,
    /// An acquisition that is given up deletes its key.
    CancelDeletes,
    /// The create revision is sent along with every write.
    SendsFence,
    /// The resource checks it.
    ResourceChecks,
    /// Only the last release of a nested hold frees the lock.
    CountsDepth,
}

impl PartialEq for Etcd {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Etcd {}

impl Algorithm for Etcd {
    fn card(&self) -> Card {
        let looks = self.lacks != Some(Guard::LooksAtOwnKey);
        let form = if self.certain { Form::Repaired } else { Form::Intended };
        let summary = match (looks, self.certain) {
            (false, _) => {
                "a key each, the lowest create revision holds; nobody looks at its own again"
            }
            (true, false) => {
                "a key each, the lowest create revision holds; an error may leave a key"
            }
            (true, true) => {
                "a key each, the lowest create revision holds and is checked at the resource"
            }
        };
        let card = super::card(self.name, "R-ETCD", form, "etcd", summary);
        // Where leases end at any moment, no client hears of it in the scope that is explored, so
        // none is told to stop while its write travels.
        if self.certain {
            card.claim(Property::MutualExclusion, "0mNC")
                .claim(Property::Fencing, "0mNCT")
                .claim(Property::DeadlockFreedom, "0mNCT")
                .claim(Property::Ownership, "0mNCT")
                .claim(Property::Reentrancy, "0mNC")
                .claim(Property::Interruptibility, "0mNCT")
                .claim(Property::Fairness, "0T")
                .claim(Property::Consistency, "0m")
        } else {
            card.claim(Property::MutualExclusion, "0mC")
                .claim(Property::Fencing, "0mC")
                .claim(Property::DeadlockFreedom, "0m")
                .claim(Property::Ownership, "0mNCT")
                .claim(Property::Reentrancy, "0mC")
                .claim(Property::Interruptibility, "0m")
                .claim(Property::Fairness, "0T")
                .claim(Property::Consistency, "0mC")
        }
    }

    fn client(&self, _: NodeId, _: Role, timing: &Timing) -> Box<dyn AnyProcess> {
        Box::new(Client::new(*self, *timing))
    }

    fn services(&self, timing: &Timing) -> Vec<Service> {
        let checks = self.fencing && self.lacks != Some(Guard::ResourceChecks);
        let checks = if checks { Checks::Fence } else { Checks::Nothing };
        let settings = Settings { time_to_live: timing.lease, lacks: self.server_lacks };
        vec![
            Service { name: "resource", process: Box::new(Resource::new(checks)) },
            Service { name: "etcd", process: Box::new(Kv::new(settings)) },
        ]
    }

    fn narrowed(&self, usual: Scope) -> Scope {
        let mut scope = usual;
        if scope.question == Some(Question::Overtakings)
            || scope.timing.timeout > scope.timing.lease
        {
            // The key keeps a waiter's place however often it asks, and a lease has to outlast its
            // patience.
            scope.timing.timeout = Timing::EXPLORED.timeout;
            return scope;
        }
        if scope.environment == Environment::Crash && !self.certain {
            scope.duty.operations = 1;
        }
        if scope.reading == Reading::Free {
            // Leases end at any moment, however often; that clients also give up on the server's answers,
            // or keep a lease alive, is explored where messages are lost, and where one thing ends too early.
            scope.duty.operations = 1;
            scope.budget.early = 0;
        }
        scope
    }
}

/// The mutex as it is.
pub const MUTEX: Etcd =
    Etcd { name: "etcd-mutex", certain: false, fencing: false, lacks: None, server_lacks: None };

/// The mutex as it was before issue 11456.
pub const UNCHECKED: Etcd =
    Etcd { name: "etcd-mutex-unchecked", lacks: Some(Guard::LooksAtOwnKey), ..MUTEX };

/// The repaired mutex.
pub const LOCK: Etcd = Etcd { name: "etcd-lock-fenced", certain: true, fencing: true, ..MUTEX };
