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

use contend_model::algorithm::{Algorithm, Card, Form, Role, Service, Timing};
use contend_model::ident::{BACKEND, NodeId};
use contend_model::message::Message;
use contend_model::message::kv::{Key, Lease, Reply, Request};
use contend_model::monitor::Question;
use contend_model::op::{Notice, Op, Outcome};
use contend_model::process::{AnyProcess, Effects, Event, Process};
use contend_model::property::{Environment, Property};
use contend_model::symmetry::{Permutation, Symmetric};
use contend_model::time::{Range, Span};
use contend_model::timer::Timer;
use contend_model::world::Scope;

use crate::service::kv::{self, Kv, Settings};
use crate::service::resource::{Checks, Resource};

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

#[derive(Clone, Debug, PartialEq, Eq)]
struct Client {
    settings: Etcd,
    timing: Timing,
    /// The session's lease, as far as the client knows.
    lease: Option<Lease>,
    /// A keep-alive is under way.
    renewing: bool,
    /// What is asked as soon as the keep-alive is answered.
    queued: Option<Request>,
    /// It is time for a keep-alive, but something else is under way.
    due: bool,
    phase: Phase,
    /// The caller has given up.
    cancelled: bool,
    /// While the client waited, its own reading of the lease came to an end.
    lapsed: bool,
}

/// Why the client's own key is being deleted.
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
    Granting,
    /// The transaction is under way.
    Trying,
    /// The last key before the own is asked for.
    Looking {
        own: u32,
    },
    /// The watch on that key is being set; it may fire before the answer, if that is held up.
    Watching {
        own: u32,
        woken: bool,
    },
    /// Its deletion is waited for.
    Waiting {
        own: u32,
    },
    /// The own key is asked for.
    Checking {
        own: u32,
    },
    Held {
        own: u32,
        depth: u8,
    },
    Deleting {
        why: Why,
        in_doubt: bool,
    },
    /// There was no answer; what is to be asked again after a pause.
    Pausing {
        request: Request,
        then: Resumed,
    },
}

/// The phase that a repeated request belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Resumed {
    Granting,
    Trying,
    Looking { own: u32 },
    Checking { own: u32 },
    Deleting { why: Why },
}

impl PartialEq for Etcd {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Etcd {}

/// Settings are the same in all states of a world.
impl std::hash::Hash for Client {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        (self.lease, self.renewing, self.queued, self.due).hash(state);
        (self.phase, self.cancelled, self.lapsed).hash(state);
    }
}

impl Client {
    /// It has no session yet, or none that it remembers.
    fn new(settings: Etcd, timing: Timing) -> Self {
        Client {
            settings,
            timing,
            lease: None,
            renewing: false,
            queued: None,
            due: false,
            phase: Phase::Idle,
            cancelled: false,
            lapsed: false,
        }
    }

    fn has(&self, guard: Guard) -> bool {
        self.settings.lacks != Some(guard)
    }

    fn key(&self) -> Option<Key> {
        self.lease.map(|lease| Key { prefix: PREFIX, lease })
    }

    fn ask(&mut self, request: Request, phase: Phase, out: &mut Effects) -> Phase {
        if self.due {
            self.keep_alive(out);
        }
        if self.renewing {
            self.queued = Some(request);
        } else {
            out.call(BACKEND, request);
        }
        phase
    }

    fn acquire(&mut self, out: &mut Effects) -> Phase {
        match self.key() {
            None => self.ask(Request::Grant, Phase::Granting, out),
            Some(key) => self.ask(Request::CreateOrGet(key), Phase::Trying, out),
        }
    }

    /// How long the client relies on a lease that it has just heard to be alive. Its question was sent at
    /// most the library's patience before.
    fn own_reading(&self) -> Span {
        let Timing { lease, margin, timeout, .. } = self.timing;
        if self.settings.certain { lease - margin - timeout } else { lease }
    }

    /// The lease has its whole time again.
    fn renewed(&mut self, out: &mut Effects) {
        self.lapsed = false;
        if self.has(Guard::WatchesLease) {
            out.arm(Timer::Lease, self.own_reading());
        }
        if self.has(Guard::KeepsAlive) {
            let third = self.timing.lease.divided_by(3);
            out.arm(Timer::Renew, third.min(self.own_reading().divided_by(2)));
        }
    }

    fn keep_alive(&mut self, out: &mut Effects) {
        if let Some(lease) = self.lease.filter(|_| !self.renewing) {
            out.call(BACKEND, Request::KeepAlive(lease));
            self.renewing = true;
        }
        self.due = false;
    }

    /// Nothing is under way any more.
    fn rest(&mut self, out: &mut Effects) {
        if self.due {
            self.keep_alive(out);
        }
    }

    /// The session is over for this client.
    fn ends_session(&mut self, out: &mut Effects) {
        self.lease = None;
        self.lapsed = false;
        self.due = false;
        out.disarm(Timer::Lease);
        out.disarm(Timer::Renew);
    }

    fn answered(&mut self, reply: Reply, out: &mut Effects) -> Phase {
        match (self.phase, reply) {
            (Phase::Granting, Reply::Granted(lease)) => {
                self.lease = Some(lease);
                self.renewed(out);
                if self.cancelled { self.cancelled(out) } else { self.acquire(out) }
            }
            (Phase::Trying, Reply::Created { own, first }) => {
                if self.cancelled {
                    self.give_up(out)
                } else if own == first {
                    self.granted(own, out)
                } else {
                    self.look(own, out)
                }
            }
            (Phase::Looking { .. } | Phase::Watching { .. }, _) if self.cancelled => {
                self.give_up(out)
            }
            (Phase::Looking { own }, Reply::Found(key, created)) => {
                let phase = Phase::Watching { own, woken: false };
                self.ask(Request::Watch { key, created }, phase, out)
            }
            (Phase::Watching { own, woken: true }, _) => self.look(own, out),
            (Phase::Watching { own, woken: false }, _) => {
                self.rest(out);
                Phase::Waiting { own }
            }
            (Phase::Looking { own }, _) => self.check(own, out),
            (Phase::Checking { .. }, _) if self.cancelled => self.give_up(out),
            (Phase::Checking { own }, Reply::Found(..)) => self.granted(own, out),
            // The own key is gone with its lease: `ErrSessionExpired`.
            (Phase::Checking { .. } | Phase::Trying, _) => {
                self.ends_session(out);
                if self.settings.certain && !self.cancelled {
                    return self.acquire(out);
                }
                let given_up = std::mem::take(&mut self.cancelled);
                out.returns(if given_up { Outcome::Cancelled } else { Outcome::Refused });
                Phase::Idle
            }
            (Phase::Deleting { why, in_doubt }, Reply::Revoked | Reply::LeaseNotFound) => {
                self.ends_session(out);
                self.deleted(why, in_doubt || reply == Reply::Revoked, out)
            }
            (Phase::Deleting { why, in_doubt }, Reply::Deleted(number)) => {
                self.rest(out);
                self.deleted(why, in_doubt || number > 0, out)
            }
            (phase, _) => phase,
        }
    }

    fn look(&mut self, own: u32, out: &mut Effects) -> Phase {
        let request = Request::LastBefore { prefix: PREFIX, revision: own };
        self.ask(request, Phase::Looking { own }, out)
    }

    fn check(&mut self, own: u32, out: &mut Effects) -> Phase {
        match self.key().filter(|_| self.has(Guard::LooksAtOwnKey)) {
            Some(key) => self.ask(Request::Get(key), Phase::Checking { own }, out),
            None if self.has(Guard::LooksAtOwnKey) => self.expired_while_waiting(out),
            None => self.granted(own, out),
        }
    }

    /// The keep-alive has said so; the look at the own key would say the same.
    fn expired_while_waiting(&mut self, out: &mut Effects) -> Phase {
        if self.settings.certain {
            return self.acquire(out);
        }
        out.returns(Outcome::Refused);
        Phase::Idle
    }

    fn granted(&mut self, own: u32, out: &mut Effects) -> Phase {
        if self.lapsed && self.settings.certain {
            // The server may end the lease at any moment.
            return self.delete(Why::Lost(Some(Op::Acquire)), true, out);
        }
        self.rest(out);
        if self.lapsed {
            // Whoever looks at the session then sees that it is done.
            out.arm(Timer::Poll, Span::ZERO);
        }
        out.returns(Outcome::Acquired { fence: self.fence(own) });
        Phase::Held { own, depth: 0 }
    }

    fn fence(&self, own: u32) -> Option<u32> {
        (self.settings.fencing && self.has(Guard::SendsFence)).then_some(own)
    }

    fn give_up(&mut self, out: &mut Effects) -> Phase {
        if !self.has(Guard::CancelDeletes) {
            self.rest(out);
            return self.cancelled(out);
        }
        self.cancelled = false;
        self.delete(Why::Cancel, false, out)
    }

    fn cancelled(&mut self, out: &mut Effects) -> Phase {
        self.cancelled = false;
        out.returns(Outcome::Cancelled);
        Phase::Idle
    }

    /// The repaired form ends the lease, so that nothing that was said under it has any effect later.
    fn deletion(&self, key: Key) -> Request {
        if self.settings.certain { Request::Revoke(key.lease) } else { Request::Delete(key) }
    }

    fn delete(&mut self, why: Why, in_doubt: bool, out: &mut Effects) -> Phase {
        let Some(key) = self.key() else { return self.deleted(why, false, out) };
        self.ask(self.deletion(key), Phase::Deleting { why, in_doubt }, out)
    }

    fn deleted(&mut self, why: Why, released: bool, out: &mut Effects) -> Phase {
        match why {
            Why::Release if released => out.returns(Outcome::Released),
            Why::Release | Why::Lost(Some(Op::Release)) => out.returns(Outcome::NotHeld),
            Why::Cancel => out.returns(Outcome::Cancelled),
            Why::Lost(Some(Op::Acquire)) => return self.acquire(out),
            Why::Lost(_) => {}
        }
        Phase::Idle
    }

    /// No answer. Reads are repeated by the library, the rest by the repaired form alone.
    fn unanswered(&mut self, out: &mut Effects) -> Phase {
        let certain = self.settings.certain;
        let repeats = certain && self.has(Guard::DeletesUntilCertain);
        let (request, then) = match (self.phase, self.key()) {
            (
                Phase::Looking { own } | Phase::Watching { own, .. } | Phase::Waiting { own },
                Some(_),
            ) => {
                let request = Request::LastBefore { prefix: PREFIX, revision: own };
                (request, Resumed::Looking { own })
            }
            (Phase::Checking { own }, Some(key)) => (Request::Get(key), Resumed::Checking { own }),
            (Phase::Granting, _) if certain => (Request::Grant, Resumed::Granting),
            (Phase::Trying, Some(key)) if certain => (Request::CreateOrGet(key), Resumed::Trying),
            (Phase::Deleting { why, .. }, Some(key)) if repeats => {
                (self.deletion(key), Resumed::Deleting { why })
            }
            (Phase::Deleting { why, .. }, _) => {
                self.rest(out);
                match why {
                    Why::Release => out.returns(Outcome::Unknown),
                    Why::Cancel => out.returns(Outcome::Cancelled),
                    Why::Lost(Some(op)) => return self.called_again(op, out),
                    Why::Lost(None) => {}
                }
                return Phase::Idle;
            }
            (Phase::Idle | Phase::Held { .. }, _) => return self.phase,
            _ => {
                self.rest(out);
                let given_up = std::mem::take(&mut self.cancelled);
                out.returns(if given_up { Outcome::Cancelled } else { Outcome::Unknown });
                return Phase::Idle;
            }
        };
        self.rest(out);
        out.arm(Timer::Poll, Range::exactly(self.timing.retry.most));
        Phase::Pausing { request, then }
    }

    fn called_again(&mut self, op: Op, out: &mut Effects) -> Phase {
        self.phase = Phase::Idle;
        self.called(op, out)
    }

    fn again(&mut self, request: Request, then: Resumed, out: &mut Effects) -> Phase {
        let phase = match then {
            Resumed::Granting => Phase::Granting,
            Resumed::Trying => Phase::Trying,
            Resumed::Looking { own } => Phase::Looking { own },
            Resumed::Checking { own } => Phase::Checking { own },
            Resumed::Deleting { why } => Phase::Deleting { why, in_doubt: true },
        };
        self.ask(request, phase, out)
    }

    /// The lease is over, by a keep-alive's answer or by the client's own reading.
    fn lost(&mut self, out: &mut Effects) -> Phase {
        match self.phase {
            Phase::Held { .. } => {
                out.notify(Notice::Lost);
                if self.settings.certain {
                    return self.delete(Why::Lost(None), true, out);
                }
                self.ends_session(out);
                Phase::Idle
            }
            Phase::Idle => {
                self.ends_session(out);
                Phase::Idle
            }
            phase => {
                self.lapsed = true;
                phase
            }
        }
    }

    fn called(&mut self, op: Op, out: &mut Effects) -> Phase {
        match (self.phase, op) {
            (Phase::Idle, Op::Acquire) => self.acquire(out),
            (Phase::Held { own, depth }, Op::Acquire) => {
                out.returns(Outcome::Acquired { fence: self.fence(own) });
                Phase::Held { own, depth: depth + 1 }
            }
            (Phase::Held { own, depth }, Op::Release)
                if depth > 0 && self.has(Guard::CountsDepth) =>
            {
                out.returns(Outcome::Released);
                Phase::Held { own, depth: depth - 1 }
            }
            (Phase::Held { .. }, Op::Release) => self.delete(Why::Release, false, out),
            (Phase::Waiting { .. }, Op::Cancel) => self.give_up(out),
            (Phase::Deleting { why: Why::Lost(_), in_doubt }, Op::Cancel) => {
                out.returns(Outcome::Cancelled);
                Phase::Deleting { why: Why::Lost(None), in_doubt }
            }
            (Phase::Deleting { why: Why::Lost(_), in_doubt }, op) => {
                Phase::Deleting { why: Why::Lost(Some(op)), in_doubt }
            }
            (Phase::Pausing { request, then: Resumed::Deleting { why: Why::Lost(_) } }, op) => {
                let why = Why::Lost((op != Op::Cancel).then_some(op));
                if op == Op::Cancel {
                    out.returns(Outcome::Cancelled);
                }
                Phase::Pausing { request, then: Resumed::Deleting { why } }
            }
            (phase, Op::Cancel) => {
                self.cancelled = true;
                phase
            }
            // Nothing is held, so there is nothing to ask the server.
            (phase, Op::Release) => {
                out.returns(Outcome::NotHeld);
                phase
            }
            (phase, _) => phase,
        }
    }

    fn hears(&mut self, reply: Reply, out: &mut Effects) -> Phase {
        match (reply, self.phase) {
            (Reply::Gone(_), Phase::Watching { own, .. }) => Phase::Watching { own, woken: true },
            (Reply::Gone(_), Phase::Waiting { own }) if self.has(Guard::WaitsForAll) => {
                self.look(own, out)
            }
            (Reply::Gone(_), Phase::Waiting { own }) => self.check(own, out),
            (Reply::Gone(_), phase) => phase,
            (Reply::KeptAlive | Reply::LeaseNotFound, phase) if self.renewing => {
                self.renewing = false;
                self.phase = phase;
                if reply == Reply::KeptAlive {
                    self.renewed(out);
                } else {
                    self.phase = self.lost(out);
                }
                if let Some(request) = self.queued.take() {
                    out.call(BACKEND, request);
                }
                self.phase
            }
            (reply, _) => self.answered(reply, out),
        }
    }

    fn fires(&mut self, timer: Timer, out: &mut Effects) -> Phase {
        match (timer, self.phase) {
            (
                Timer::Renew,
                phase @ (Phase::Idle
                | Phase::Held { .. }
                | Phase::Waiting { .. }
                | Phase::Pausing { .. }),
            ) => {
                self.keep_alive(out);
                phase
            }
            (Timer::Renew, phase) => {
                self.due = true;
                phase
            }
            (Timer::Lease, _) => self.lost(out),
            (Timer::Poll, Phase::Held { .. } | Phase::Idle) if self.lapsed => self.lost(out),
            (Timer::Poll, Phase::Pausing { request, then }) => self.again(request, then, out),
            (_, phase) => phase,
        }
    }

    fn disconnected(&mut self, out: &mut Effects) -> Phase {
        if !self.renewing {
            return self.unanswered(out);
        }
        self.renewing = false;
        match (self.queued.take(), self.phase) {
            (Some(request), phase) => {
                self.due = true;
                out.call(BACKEND, request);
                phase
            }
            (None, Phase::Waiting { .. }) => {
                self.due = true;
                self.unanswered(out)
            }
            (None, phase) => {
                out.arm(Timer::Renew, Range::exactly(self.timing.retry.most));
                phase
            }
        }
    }
}

impl Process for Client {
    fn step(&mut self, event: Event, out: &mut Effects) {
        self.phase = match event {
            Event::Invoke(op) => self.called(op, out),
            Event::Deliver { message: Message::KvReply(reply), .. } => self.hears(reply, out),
            Event::Fire(timer) => self.fires(timer, out),
            Event::Disconnected(_) => self.disconnected(out),
            _ => self.phase,
        };
    }

    fn crashed(&self) -> Self {
        Client::new(self.settings, self.timing)
    }

    fn permute(&mut self, permutation: &Permutation) -> bool {
        self.lease.permute(permutation);
        self.queued.permute(permutation);
        if let Phase::Pausing { request, .. } = &mut self.phase {
            request.permute(permutation);
        }
        true
    }
}

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
                .claim(Property::DeadlockFreedom, "0mT")
                .claim(Property::Ownership, "0mNCT")
                .claim(Property::Reentrancy, "0mNC")
                .claim(Property::Interruptibility, "0mT")
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
        if scope.question == Some(Question::Overtakings) {
            // The key keeps a waiter's place however often it asks, and a lease has to outlast its
            // patience.
            scope.timing.timeout = Timing::EXPLORED.timeout;
            return scope;
        }
        if scope.environment == Environment::Crash && !self.certain {
            scope.duty.operations = 1;
        }
        if scope.environment == Environment::Expiry {
            // Leases end at any moment, however often; that clients also give up on the server's answers,
            // or keep a lease alive, is explored where messages are lost.
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
