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

use contend_model::algorithm::{Algorithm, Card, Form, Role, Service, Timing};
use contend_model::ident::{NodeId, Token};
use contend_model::message::tree::{Mode, Path, Reply, Request, Sequential};
use contend_model::op::{Notice, Op, Outcome};
use contend_model::process::{AnyProcess, Effects, Event, Process};
use contend_model::property::{Environment, Property};
use contend_model::symmetry::{Permutation, Symmetric};
use contend_model::world::Scope;

use super::handle::{Handle, Heard};
use super::{LOCKS, lagging_services, services};
use crate::service::resource::Checks;
use crate::service::tree;

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

#[derive(Clone, Debug, PartialEq, Eq)]
struct Client {
    settings: Recipe,
    handle: Handle,
    /// Drawn once in a life: at most one acquisition of a client is under way. Where an earlier one may have
    /// left a node behind, two take turns.
    guid: Token,
    phase: Phase,
}

/// An acquisition under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Attempt {
    step: Step,
    /// The caller has given up.
    cancelled: bool,
    /// The watch has fired before the answer that it was set by: the answer was held up.
    woken: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Step {
    /// `create` is under way.
    Creating,
    /// A `create` had no answer; `sync` is under way.
    Syncing,
    /// A `create` had no answer; `getChildren` is under way.
    Seeking,
    /// `getChildren` is under way.
    Listing(Sequential),
    /// `getData` of the predecessor is under way.
    Looking(Sequential),
    /// The predecessor is watched.
    Waiting(Sequential),
}

/// Why the client's own node is being deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Why {
    Release,
    Cancel,
    /// The hold was lost; what the caller has called since.
    Lost(Option<Op>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Phase {
    Idle,
    Acquiring(Attempt),
    Held { own: Sequential, fence: Option<u32>, depth: u8 },
    Deleting { own: Sequential, why: Why, in_doubt: bool },
}

impl PartialEq for Recipe {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Recipe {}

/// Settings are the same in all states of a world.
impl std::hash::Hash for Client {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        (&self.handle, self.guid, self.phase).hash(state);
    }
}

impl Client {
    fn has(&self, guard: Guard) -> bool {
        self.settings.lacks != Some(guard)
    }

    fn acquire(&mut self, out: &mut Effects) -> Phase {
        if self.settings.reads != Reads::Newest {
            self.guid.serial ^= 1;
        }
        self.handle.keep(self.has(Guard::SendsHeartbeats), out);
        let attempt = Attempt { step: Step::Creating, cancelled: false, woken: false };
        self.take(Step::Creating, attempt, out)
    }

    /// Takes the step: asks what it is about.
    fn take(&mut self, step: Step, attempt: Attempt, out: &mut Effects) -> Phase {
        let guid = self.guid;
        let request = match step {
            Step::Creating => {
                let ephemeral = self.has(Guard::Ephemeral);
                let mode = Mode { ephemeral, sequential: Some(guid) };
                Request::Create { path: LOCKS, data: "", mode }
            }
            Step::Syncing => Request::Sync,
            Step::Seeking | Step::Listing(_) => {
                Request::GetChildren { path: LOCKS, guid, watch: false }
            }
            Step::Looking(_) | Step::Waiting(_) => unreachable!("these steps need the predecessor"),
        };
        self.handle.ask(request, out);
        Phase::Acquiring(Attempt { step, woken: false, ..attempt })
    }

    fn acquiring(&mut self, attempt: Attempt, heard: Heard, out: &mut Effects) -> Phase {
        match (attempt.step, heard) {
            (_, Heard::Expired) if attempt.cancelled => self.cancelled(out),
            (_, Heard::Expired) => self.take(Step::Creating, attempt, out),

            (Step::Creating, Heard::Answer(Reply::Created(Path { child: Some(own), .. }))) => {
                self.take_unless_cancelled(Step::Listing(own), own, attempt, out)
            }
            (Step::Creating, Heard::Answer(_)) => {
                self.handle.keep(false, out);
                out.returns(if attempt.cancelled { Outcome::Cancelled } else { Outcome::Refused });
                Phase::Idle
            }
            (Step::Creating, Heard::ConnectionLoss) if !self.has(Guard::LooksForOwn) => {
                self.guid.serial += 1;
                self.take(Step::Creating, attempt, out)
            }
            (Step::Creating | Step::Syncing | Step::Seeking, Heard::ConnectionLoss) => {
                let syncs = self.settings.reads == Reads::Synced;
                self.take(if syncs { Step::Syncing } else { Step::Seeking }, attempt, out)
            }
            (Step::Syncing, Heard::Answer(_)) => self.take(Step::Seeking, attempt, out),
            (
                Step::Seeking | Step::Listing(_),
                Heard::Answer(Reply::Children { own: Some(own), before, rank }),
            ) => self.listed(own, before, rank, attempt, out),
            (Step::Seeking | Step::Listing(_), Heard::Answer(_)) if attempt.cancelled => {
                self.cancelled(out)
            }
            (Step::Seeking | Step::Listing(_), Heard::Answer(_)) => {
                self.take(Step::Creating, attempt, out)
            }

            (Step::Looking(_), Heard::Watched(..)) => {
                Phase::Acquiring(Attempt { woken: true, ..attempt })
            }
            (Step::Looking(own), Heard::Answer(Reply::Data { .. })) if !attempt.woken => {
                if attempt.cancelled {
                    return self.give_up(own, out);
                }
                Phase::Acquiring(Attempt { step: Step::Waiting(own), ..attempt })
            }
            (Step::Looking(own), Heard::Answer(_))
            | (Step::Listing(own) | Step::Looking(own), Heard::ConnectionLoss) => {
                self.take_unless_cancelled(Step::Listing(own), own, attempt, out)
            }
            (Step::Waiting(own), Heard::Watched(..)) if !self.has(Guard::RelistsOnWake) => {
                self.granted(own, 0, out)
            }
            (Step::Waiting(_), Heard::Disconnected) => {
                self.handle.resume(out);
                Phase::Acquiring(attempt)
            }
            (Step::Waiting(own), Heard::Reconnected) if !self.has(Guard::RelistsOnReconnect) => {
                Phase::Acquiring(Attempt { step: Step::Waiting(own), ..attempt })
            }
            (Step::Waiting(own), Heard::Watched(..) | Heard::Reconnected) => {
                self.take(Step::Listing(own), attempt, out)
            }
            _ => Phase::Acquiring(attempt),
        }
    }

    fn take_unless_cancelled(
        &mut self,
        step: Step,
        own: Sequential,
        attempt: Attempt,
        out: &mut Effects,
    ) -> Phase {
        if attempt.cancelled { self.give_up(own, out) } else { self.take(step, attempt, out) }
    }

    fn listed(
        &mut self,
        own: Sequential,
        before: Option<Sequential>,
        rank: u32,
        attempt: Attempt,
        out: &mut Effects,
    ) -> Phase {
        match before {
            _ if attempt.cancelled => self.give_up(own, out),
            None => self.granted(own, rank, out),
            Some(before) => {
                let watch = self.has(Guard::WatchesPredecessor);
                self.handle.ask(Request::GetData { path: Path::below(LOCKS, before), watch }, out);
                Phase::Acquiring(Attempt { step: Step::Looking(own), ..attempt })
            }
        }
    }

    fn granted(&mut self, own: Sequential, rank: u32, out: &mut Effects) -> Phase {
        let fence = (self.settings.fencing && self.has(Guard::SendsFence)).then_some(rank);
        out.returns(Outcome::Acquired { fence });
        Phase::Held { own, fence, depth: 0 }
    }

    fn give_up(&mut self, own: Sequential, out: &mut Effects) -> Phase {
        if !self.has(Guard::CancelDeletes) {
            out.returns(Outcome::Cancelled);
            return Phase::Idle;
        }
        self.delete(own, Why::Cancel, false, out)
    }

    fn cancelled(&mut self, out: &mut Effects) -> Phase {
        self.handle.keep(false, out);
        out.returns(Outcome::Cancelled);
        Phase::Idle
    }

    fn delete(&mut self, own: Sequential, why: Why, in_doubt: bool, out: &mut Effects) -> Phase {
        self.handle.ask(Request::Delete(Path::below(LOCKS, own), None), out);
        Phase::Deleting { own, why, in_doubt }
    }

    fn deleting(
        &mut self,
        own: Sequential,
        why: Why,
        in_doubt: bool,
        heard: Heard,
        out: &mut Effects,
    ) -> Phase {
        match heard {
            Heard::Answer(reply) => {
                let released = in_doubt || reply == Reply::Deleted;
                self.deleted(why, released, out)
            }
            // The node ended with its session, which is no release.
            Heard::Expired => self.deleted(why, false, out),
            Heard::ConnectionLoss if self.has(Guard::DeletesUntilCertain) => {
                self.delete(own, why, true, out)
            }
            Heard::ConnectionLoss => self.ended(why, true, out),
            _ => Phase::Deleting { own, why, in_doubt },
        }
    }

    /// It is certain that the client owns nothing any more.
    fn deleted(&mut self, why: Why, released: bool, out: &mut Effects) -> Phase {
        self.handle.keep(false, out);
        self.ended(why, released, out)
    }

    fn ended(&mut self, why: Why, released: bool, out: &mut Effects) -> Phase {
        match why {
            Why::Release if released => out.returns(Outcome::Released),
            Why::Release | Why::Lost(Some(Op::Release)) => out.returns(Outcome::NotHeld),
            Why::Cancel => out.returns(Outcome::Cancelled),
            Why::Lost(Some(Op::Acquire)) => return self.acquire(out),
            Why::Lost(_) => {}
        }
        Phase::Idle
    }

    fn lose(&mut self, own: Sequential, out: &mut Effects) -> Phase {
        out.notify(Notice::Lost);
        self.delete(own, Why::Lost(None), true, out)
    }

    fn called(&mut self, op: Op, out: &mut Effects) -> Phase {
        match (self.phase, op) {
            (Phase::Idle, Op::Acquire) => self.acquire(out),
            (Phase::Held { own, fence, depth }, Op::Acquire) => {
                out.returns(Outcome::Acquired { fence });
                Phase::Held { own, fence, depth: depth + 1 }
            }
            (Phase::Held { own, fence, depth }, Op::Release)
                if depth > 0 && self.has(Guard::CountsDepth) =>
            {
                out.returns(Outcome::Released);
                Phase::Held { own, fence, depth: depth - 1 }
            }
            (Phase::Held { own, .. }, Op::Release) => self.delete(own, Why::Release, false, out),
            (Phase::Acquiring(Attempt { step: Step::Waiting(own), .. }), Op::Cancel) => {
                self.give_up(own, out)
            }
            (Phase::Acquiring(attempt), Op::Cancel) => {
                Phase::Acquiring(Attempt { cancelled: true, ..attempt })
            }
            (Phase::Deleting { own, why: Why::Lost(_), in_doubt }, Op::Cancel) => {
                out.returns(Outcome::Cancelled);
                Phase::Deleting { own, why: Why::Lost(None), in_doubt }
            }
            (Phase::Deleting { own, why: Why::Lost(_), in_doubt }, op) => {
                Phase::Deleting { own, why: Why::Lost(Some(op)), in_doubt }
            }
            // Nothing is held, so there is nothing to ask the server.
            (phase, Op::Release) => {
                out.returns(Outcome::NotHeld);
                phase
            }
            (phase, _) => phase,
        }
    }
}

impl Process for Client {
    fn step(&mut self, event: Event, out: &mut Effects) {
        match event {
            Event::Start { incarnation } => self.guid.incarnation = incarnation,
            Event::Invoke(op) => self.phase = self.called(op, out),
            event => {
                let heard = self.handle.hear(event, out);
                self.phase = match (self.phase, heard) {
                    (Phase::Acquiring(attempt), heard) => self.acquiring(attempt, heard, out),
                    (Phase::Held { own, .. }, Heard::Disconnected)
                        if self.has(Guard::StopsWhenDisconnected) =>
                    {
                        self.lose(own, out)
                    }
                    (Phase::Held { .. }, Heard::Expired) => {
                        out.notify(Notice::Lost);
                        self.handle.keep(false, out);
                        Phase::Idle
                    }
                    (Phase::Deleting { own, why, in_doubt }, heard) => {
                        self.deleting(own, why, in_doubt, heard, out)
                    }
                    (phase, _) => phase,
                };
            }
        }
    }

    fn crashed(&self) -> Self {
        Client { handle: self.handle.afresh(), phase: Phase::Idle, ..self.clone() }
    }

    fn permute(&mut self, permutation: &Permutation) -> bool {
        self.handle.permute(permutation);
        self.guid.permute(permutation);
        match &mut self.phase {
            Phase::Held { own, .. } | Phase::Deleting { own, .. } => own.permute(permutation),
            Phase::Acquiring(Attempt { step, .. }) => match step {
                Step::Listing(own) | Step::Looking(own) | Step::Waiting(own) => {
                    own.permute(permutation);
                }
                Step::Creating | Step::Syncing | Step::Seeking => {}
            },
            Phase::Idle => {}
        }
        true
    }
}

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
        // Whoever is not shown its own node makes another, and waits for itself.
        let freed = if self.reads == Reads::Lagging { "0mCT" } else { "0mNCT" };
        // A connection that drops ends the hold, but not a write that travels.
        let fenced = if self.fencing { "0mNCT" } else { "0m" };
        super::super::card(self.name, "R-ZK", Form::Repaired, "zookeeper", &summary)
            .claim(Property::MutualExclusion, "0mNC")
            .claim(Property::Fencing, fenced)
            .claim(Property::DeadlockFreedom, freed)
            .claim(Property::Ownership, "0mNCT")
            .claim(Property::Reentrancy, "0mNC")
            .claim(Property::Interruptibility, "0mNCT")
            .claim(Property::Fairness, "0T")
            .claim(Property::Consistency, "0m")
    }

    fn client(&self, me: NodeId, _: Role, timing: &Timing) -> Box<dyn AnyProcess> {
        let handle = match self.reads {
            Reads::Newest => Handle::new(*timing),
            Reads::Lagging | Reads::Synced => Handle::to_followers(*timing),
        };
        Box::new(Client {
            settings: *self,
            handle,
            guid: Token { client: me, incarnation: 0, serial: 0 },
            phase: Phase::Idle,
        })
    }

    fn narrowed(&self, usual: Scope) -> Scope {
        let mut scope = super::without_early_timeouts(usual);
        // What servers have yet to apply multiplies the ways to go: two acquisitions each took 1.4 million
        // states, and showed nothing else of exclusion and deadlock.
        if self.reads != Reads::Newest && scope.environment == Environment::Crash {
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
