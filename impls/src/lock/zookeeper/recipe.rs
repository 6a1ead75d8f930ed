//! R-ZK: the lock recipe of ZooKeeper's documentation with the repairs of Curator: an ephemeral
//! sequential node whose name carries a GUID and the session; the lowest number holds, everybody
//! else watches the node before its own. Safe while nobody is paused for longer than its session
//! lasts and answers are not late: the client counts from the answer it hears, the server from the
//! request it gets, so a grant that is late and a heartbeat that is then lost can let the session
//! end before the holder stops (see docs/differences-tree.md). With the rank of the node as a fence
//! the resource refuses what comes of either.
//!
//! Sources: zookeeper.apache.org, "ZooKeeper Recipes and Solutions", sections "Locks" and
//! "Recoverable Errors and the GUID"; Apache Curator, `LockInternals` and the tech notes on error
//! handling. The predecessor is watched by `getData`, as Curator does: `exists` would leave a watch
//! behind on a node that is gone. A create without an answer is looked for by its GUID before it is
//! repeated. A connection that drops ends the hold for its caller at once (Curator's standard error
//! policy), although the session may live: only the server knows. Whatever ends without the lock
//! deletes its node until that is certain.
//!
//! Where servers lag behind (`Reads`), the client's own create comes before it lists the children, so it is
//! shown all that stand before it. Only after a create without an answer does it decide by
//! reading alone, on a server that may not show what it has created: there it needs `sync`, which
//! neither the documentation nor Curator calls (see docs/differences-tree.md).

mod client;

use contend_model::algorithm::{Algorithm, Card, Form, Role, Service, Timing};
use contend_model::ident::NodeId;
use contend_model::process::AnyProcess;
use contend_model::property::{Environment, Property};
use contend_model::world::Scope;

use super::{lagging_services, services};
use crate::service::resource::Checks;
use crate::service::tree;
use client::Client;

/// The algorithm and its settings.
#[derive(Clone, Copy, Debug)]
pub struct Recipe {
    /// The name in the registry.
    pub name: &'static str,
    /// Whether the resource checks the number of the holder's node.
    pub fencing: bool,
    /// Who answers its questions.
    pub reads: Reads,
    /// The check that the client has forgotten.
    pub lacks: Option<Guard>,
    /// The check that the server has forgotten.
    pub server_lacks: Option<tree::Guard>,
}

/// Who answers the client's questions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reads {
    /// A server that has applied all that was committed.
    Newest,
    /// A server that may lag behind.
    Lagging,
    /// The same; the client calls `sync` before it decides something by reading alone.
    Synced,
}

/// A check that the client makes. Tests take one away to see whether the suite notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Guard {
    /// The node is ephemeral.
    Ephemeral,
    /// After a connection loss the client looks for its GUID before it creates again.
    LooksForOwn,
    /// A waiter sets a watch when it looks at the node before its own.
    WatchesPredecessor,
    /// A waiter lists again when it has been woken.
    RelistsOnWake,
    /// A waiter that has reconnected lists again, since its watch is gone.
    RelistsOnReconnect,
    /// The holder keeps its session alive.
    SendsHeartbeats,
    /// The holder's caller is told when the connection drops.
    StopsWhenDisconnected,
    /// A deletion without an answer is repeated.
    DeletesUntilCertain,
    /// An acquisition that is given up deletes its node.
    CancelDeletes,
    /// The number is sent along with every write.
    SendsFence,
    /// The resource checks it.
    ResourceChecks,
    /// Only the last release of a nested hold frees the lock.
    CountsDepth,
}

impl PartialEq for Recipe {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Recipe {}

impl Algorithm for Recipe {
    fn card(&self) -> Card {
        let extra = if self.fencing { ", its number checked at the resource" } else { "" };
        let reads = match self.reads {
            Reads::Newest => "",
            Reads::Lagging => "; servers lag behind, and nobody calls sync",
            Reads::Synced => "; servers lag behind, and whoever looks for its own node calls sync",
        };
        let summary = format!(
            "an ephemeral sequential node each, the lowest holds, others watch the one before{extra}{reads}"
        );
        // Whoever is not shown its own node makes another, and waits for itself: an answer that is lost or that
        // comes too late is enough.
        let freed = match self.reads {
            Reads::Lagging => "0mC",
            Reads::Newest | Reads::Synced => "0mNCT",
        };
        // A connection that drops ends the hold, but not a write that travels.
        let fenced = if self.fencing { "0mNCT" } else { "0m" };
        super::super::card(self.name, "R-ZK", Form::Repaired, "zookeeper", &summary)
            .claim(Property::MutualExclusion, "0mNC")
            .claim(Property::Fencing, fenced)
            .claim(Property::DeadlockFreedom, freed)
            .claim(Property::Ownership, "0mNCT")
            .claim(Property::Reentrancy, "0mNC")
            .claim(Property::Interruptibility, freed)
            .claim(Property::Fairness, "0T")
            .claim(Property::Consistency, "0m")
    }

    fn client(&self, me: NodeId, _: Role, timing: &Timing) -> Box<dyn AnyProcess> {
        Box::new(Client::new(*self, me, *timing))
    }

    fn narrowed(&self, usual: Scope) -> Scope {
        let mut scope = super::without_early_timeouts(usual);
        // What servers have yet to apply multiplies the ways to go: two acquisitions each take 1.4 million
        // states in crash, and up to 2.8 if somebody may give up. There is one here, and two where nobody
        // pauses between them, or where there is nobody else.
        let many = scope.environment == Environment::Crash || scope.budget.cancels > 0;
        if self.reads != Reads::Newest && many {
            scope.duty.operations = 1;
        }
        scope
    }

    fn services(&self, timing: &Timing) -> Vec<Service> {
        let checks = self.fencing && self.lacks != Some(Guard::ResourceChecks);
        let checks = if checks { Checks::Fence } else { Checks::Nothing };
        match self.reads {
            Reads::Newest => services(checks, timing, self.server_lacks),
            Reads::Lagging | Reads::Synced => lagging_services(checks, timing, self.server_lacks),
        }
    }
}
