//! R-SERVER: numbered requests to a lock server that grants in order of arrival, with a fencing
//! token and a lease; optionally with renewal. Safe while clocks run at about the same rate; with
//! fencing, the resource is safe even when they do not.
//!
//! The repaired form of the fourth document's section 3.2. Acquire waits: the server answers when it
//! is the request's turn, and a question without an answer is asked again under the same number, so
//! it keeps its place. The holder stops relying on its lease `margin` before the server ends it,
//! counted from the moment the question was *sent*; a grant that is answered twice is prolonged.
//!
//! With recall the answer to a renewal says whether somebody waits, and the holder's caller is told: the
//! first document's section 5.1 wants a holder that can be interrupted when another process tries to
//! acquire. It is a request, as in the lock manager of VMS (blocking callbacks) and in NFS version 4
//! (RFC 7530, section 10.2, recall of a delegation), whose servers take back by the lease what is not given
//! back. Nothing but renewals carries it, so that no lost message loses it.

use contend_model::algorithm::{Algorithm, Card, Form, Role, Service, Timing};
use contend_model::ident::{BACKEND, NodeId, Token};
use contend_model::message::Message;
use contend_model::message::lock_server::{Reply, Request};
use contend_model::op::{Notice, Op, Outcome};
use contend_model::process::{AnyProcess, Effects, Event, Process};
use contend_model::property::Property;
use contend_model::symmetry::{Permutation, Symmetric};
use contend_model::timer::Timer;

use crate::service::lock_server::{self, LockServer};
use crate::service::resource::{Checks, Resource};

/// The algorithm and its settings.
#[derive(Clone, Copy, Debug)]
pub struct Server {
    /// The name in the registry.
    pub name: &'static str,
    /// Whether writes carry the fencing token, and the resource checks it.
    pub fencing: bool,
    /// Whether the holder renews its lease.
    pub renewal: bool,
    /// Whether a holder that renews is told that somebody waits, and so asked to come to an end.
    pub recall: bool,
    /// The check that the client has forgotten.
    pub lacks: Option<Guard>,
    /// The check that the server has forgotten.
    pub server_lacks: Option<lock_server::Guard>,
}

/// A check that the client makes. Tests take one away to see whether the suite notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Guard {
    /// The holder watches its own lease.
    WatchesLease,
    /// A grant that arrives after its lease is over is asked for again.
    RefusesStaleGrant,
    /// Every acquisition has a number of its own.
    FreshRequest,
    /// The fencing token is sent along with every write.
    SendsFence,
    /// The resource checks the fencing token.
    ResourceChecks,
    /// Only the last release of a nested hold frees the lock.
    CountsDepth,
    /// The caller is told that somebody waits.
    PassesOnWhoWaits,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Client {
    settings: Settings,
    request: Token,
    phase: Phase,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Settings {
    fencing: bool,
    renewal: bool,
    lacks: Option<Guard>,
    timing: Timing,
}

/// Settings are the same in all states of a world.
impl std::hash::Hash for Settings {
    fn hash<H: std::hash::Hasher>(&self, _: &mut H) {}
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Phase {
    Idle,
    /// Waiting for the grant.
    Asking {
        /// The lease would be over by now, counted from the question.
        stale: bool,
        /// The caller has given up.
        cancelled: bool,
    },
    /// No answer; about to ask again.
    InDoubt,
    Withdrawing,
    Held {
        fence: u32,
        depth: u8,
        renewing: bool,
    },
    /// The hold is over, but the answer to a renewal is still to come.
    Draining {
        fence: u32,
        next: Option<Op>,
    },
    Releasing,
}

impl Client {
    fn has(&self, guard: Guard) -> bool {
        self.settings.lacks != Some(guard)
    }

    /// Starts an acquisition under a new number.
    fn acquire(&mut self, out: &mut Effects) -> Phase {
        if self.has(Guard::FreshRequest) {
            self.request.serial += 1;
        }
        self.ask(out)
    }

    fn ask(&self, out: &mut Effects) -> Phase {
        let Timing { lease, margin, .. } = self.settings.timing;
        if self.has(Guard::WatchesLease) {
            out.arm(Timer::Lease, lease - margin);
        }
        out.call(BACKEND, Request::Acquire(self.request));
        Phase::Asking { stale: false, cancelled: false }
    }

    fn granted(&self, fence: u32, stale: bool, out: &mut Effects) -> Phase {
        if stale && self.has(Guard::RefusesStaleGrant) {
            return self.ask(out);
        }
        if self.settings.renewal {
            out.arm(Timer::Renew, self.settings.timing.lease.divided_by(3));
        }
        out.returns(self.holding(fence));
        Phase::Held { fence, depth: 0, renewing: false }
    }

    fn holding(&self, fence: u32) -> Outcome {
        let sends = self.settings.fencing && self.has(Guard::SendsFence);
        Outcome::Acquired { fence: sends.then_some(fence) }
    }

    fn withdraw(&self, out: &mut Effects) -> Phase {
        out.disarm(Timer::Lease);
        out.call(BACKEND, Request::Cancel(self.request));
        Phase::Withdrawing
    }

    fn renew(&self, fence: u32, out: &mut Effects) {
        out.call(BACKEND, Request::Renew { client: self.request.client, fence });
    }

    /// The renewal was sent at most the client library's patience ago.
    fn renewed(&self, out: &mut Effects) {
        let Timing { lease, margin, timeout, .. } = self.settings.timing;
        out.arm(Timer::Lease, lease - margin - timeout);
        out.arm(Timer::Renew, lease.divided_by(3));
    }

    fn lose(&self, fence: u32, owed: bool, out: &mut Effects) -> Phase {
        out.disarm(Timer::Lease);
        out.disarm(Timer::Renew);
        out.notify(Notice::Lost);
        if owed { Phase::Draining { fence, next: None } } else { Phase::Idle }
    }

    fn release(&self, fence: u32, owed: bool, out: &mut Effects) -> Phase {
        out.disarm(Timer::Lease);
        out.disarm(Timer::Renew);
        if owed {
            return Phase::Draining { fence, next: Some(Op::Release) };
        }
        out.call(BACKEND, Request::Release { client: self.request.client, fence });
        Phase::Releasing
    }

    fn drained(&mut self, fence: u32, next: Option<Op>, out: &mut Effects) -> Phase {
        match next {
            Some(Op::Acquire) => self.acquire(out),
            Some(Op::Release) => self.release(fence, false, out),
            _ => Phase::Idle,
        }
    }
}

impl Process for Client {
    fn step(&mut self, event: Event, out: &mut Effects) {
        let reply = match event {
            Event::Deliver { message: Message::LockServerReply(reply), .. } => Some(reply),
            _ => None,
        };
        let lost = matches!(event, Event::Disconnected(_));
        self.phase = match (self.phase, event) {
            (phase, Event::Start { incarnation }) => {
                self.request.incarnation = incarnation;
                phase
            }

            (Phase::Idle, Event::Invoke(Op::Acquire)) => self.acquire(out),
            // Whatever the answer is: it is awaited, so that none is left under way.
            (Phase::Asking { cancelled: true, .. }, _) if reply.is_some() || lost => {
                self.withdraw(out)
            }
            (Phase::Asking { stale, .. }, Event::Deliver { .. }) => match reply {
                Some(Reply::Granted { fence }) => self.granted(fence, stale, out),
                // The grant has come and gone while its answer was lost.
                _ => self.acquire(out),
            },
            (Phase::Asking { cancelled, .. }, Event::Fire(Timer::Lease)) => {
                Phase::Asking { stale: true, cancelled }
            }
            (Phase::Asking { .. }, Event::Disconnected(_)) => {
                out.disarm(Timer::Lease);
                out.arm(Timer::Poll, self.settings.timing.retry);
                Phase::InDoubt
            }
            (Phase::InDoubt, Event::Fire(Timer::Poll)) => self.ask(out),
            (Phase::Asking { stale, .. }, Event::Invoke(Op::Cancel)) => {
                Phase::Asking { stale, cancelled: true }
            }
            (Phase::InDoubt, Event::Invoke(Op::Cancel)) => {
                out.disarm(Timer::Poll);
                self.withdraw(out)
            }
            // If the answer never comes, the lease ends what may be left, and the next request
            // replaces this one.
            (Phase::Withdrawing, _) if reply.is_some() || lost => {
                out.returns(Outcome::Cancelled);
                Phase::Idle
            }

            (Phase::Held { fence, depth, renewing }, Event::Invoke(Op::Acquire)) => {
                out.returns(self.holding(fence));
                Phase::Held { fence, depth: depth + 1, renewing }
            }
            (Phase::Held { fence, depth, renewing }, Event::Invoke(Op::Release))
                if depth > 0 && self.has(Guard::CountsDepth) =>
            {
                out.returns(Outcome::Released);
                Phase::Held { fence, depth: depth - 1, renewing }
            }
            (Phase::Held { fence, renewing, .. }, Event::Invoke(Op::Release)) => {
                self.release(fence, renewing, out)
            }
            (Phase::Held { fence, renewing, .. }, Event::Fire(Timer::Lease)) => {
                self.lose(fence, renewing, out)
            }
            (Phase::Held { fence, depth, renewing: false }, Event::Fire(Timer::Renew)) => {
                self.renew(fence, out);
                Phase::Held { fence, depth, renewing: true }
            }
            (Phase::Held { fence, depth, renewing: true }, Event::Deliver { .. }) => {
                let Some(Reply::Renewed { wanted }) = reply else {
                    self.phase = self.lose(fence, false, out);
                    return;
                };
                self.renewed(out);
                // Who does not heed it now is asked again at the next renewal.
                if wanted && self.has(Guard::PassesOnWhoWaits) {
                    out.notify(Notice::Wanted);
                }
                Phase::Held { fence, depth, renewing: false }
            }
            (Phase::Held { fence, depth, renewing: true }, Event::Disconnected(_)) => {
                out.arm(Timer::Renew, self.settings.timing.retry);
                Phase::Held { fence, depth, renewing: false }
            }

            (Phase::Draining { fence, .. }, Event::Invoke(op)) => {
                Phase::Draining { fence, next: Some(op) }
            }
            (Phase::Draining { fence, next }, _) if reply.is_some() || lost => {
                self.drained(fence, next, out)
            }

            (Phase::Releasing, Event::Deliver { .. }) => {
                let released = reply == Some(Reply::Released);
                out.returns(if released { Outcome::Released } else { Outcome::NotHeld });
                Phase::Idle
            }
            (Phase::Releasing, Event::Disconnected(_)) => {
                out.returns(Outcome::Unknown);
                Phase::Idle
            }
            // Nothing is held, so there is nothing to ask the server.
            (Phase::Idle, Event::Invoke(Op::Release)) => {
                out.returns(Outcome::NotHeld);
                Phase::Idle
            }
            (phase, _) => phase,
        };
    }

    fn crashed(&self) -> Self {
        let request = Token { serial: 0, ..self.request };
        Client { request, phase: Phase::Idle, settings: self.settings.clone() }
    }

    fn permute(&mut self, permutation: &Permutation) -> bool {
        self.request.permute(permutation);
        true
    }
}

impl Algorithm for Server {
    fn card(&self) -> Card {
        let extras = match (self.fencing, self.renewal) {
            (false, false) => "",
            (true, false) => "; writes carry the fencing token",
            (false, true) => ", with renewal",
            (true, true) => ", with renewal; writes carry the fencing token",
        };
        let recall = if self.recall { "; a holder is told that somebody waits" } else { "" };
        let summary = format!(
            "numbered requests, grants in order of arrival, each with a lease{extras}{recall}"
        );
        // Without a fence a write that is held back arrives after its hold is over.
        let fenced = if self.fencing { "0mNCT" } else { "0mC" };
        let card = super::card(self.name, "R-SERVER", Form::Repaired, "lock-server", &summary)
            .claim(Property::MutualExclusion, "0mNC")
            .claim(Property::Fencing, fenced)
            .claim(Property::DeadlockFreedom, "0mNCT")
            .claim(Property::Ownership, "0mNCT")
            .claim(Property::Reentrancy, "0mNC")
            .claim(Property::Interruptibility, "0mNCT")
            .claim(Property::Fairness, if self.renewal { "0" } else { "0T" })
            .claim(Property::Consistency, "0mC");
        if self.recall { card.claim(Property::Revocation, "0mNCT") } else { card }
    }

    fn client(&self, me: NodeId, _: Role, timing: &Timing) -> Box<dyn AnyProcess> {
        let request = Token { client: me, incarnation: 0, serial: 0 };
        let Server { fencing, renewal, lacks, .. } = *self;
        let settings = Settings { fencing, renewal, lacks, timing: *timing };
        Box::new(Client { settings, request, phase: Phase::Idle })
    }

    fn services(&self, timing: &Timing) -> Vec<Service> {
        let checks = self.fencing && self.lacks != Some(Guard::ResourceChecks);
        let checks = if checks { Checks::Fence } else { Checks::Nothing };
        let settings = lock_server::Settings {
            lease: timing.lease,
            lock_delay: timing.margin,
            recalls: self.recall,
            lacks: self.server_lacks,
        };
        vec![
            Service { name: "resource", process: Box::new(Resource::new(checks)) },
            Service { name: "server", process: Box::new(LockServer::new(settings)) },
        ]
    }
}
