//! A client and its session: a lease that is kept alive, one question at a time, and what the server says
//! unasked.

use contend_model::algorithm::Timing;
use contend_model::ident::BACKEND;
use contend_model::message::Message;
use contend_model::message::kv::{Key, Lease, Reply, Request};
use contend_model::op::Notice;
use contend_model::process::{Effects, Event, Process};
use contend_model::symmetry::{Permutation, Symmetric};
use contend_model::time::{Range, Span};
use contend_model::timer::Timer;

use crate::lock::ending::Why;

use super::mutex::Phase;
use super::{Etcd, Guard, PREFIX};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Client {
    pub(super) settings: Etcd,
    pub(super) timing: Timing,
    /// The session's lease, as far as the client knows.
    pub(super) lease: Option<Lease>,
    /// A keep-alive is under way.
    renewing: bool,
    /// What is asked as soon as the keep-alive is answered.
    queued: Option<Request>,
    /// It is time for a keep-alive, but something else is under way.
    due: bool,
    pub(super) phase: Phase,
    /// The caller has given up.
    pub(super) cancelled: bool,
    /// While the client waited, its own reading of the lease came to an end.
    pub(super) lapsed: bool,
}

/// Settings are the same in all states of a world.
impl std::hash::Hash for Client {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        (self.lease, self.renewing, self.queued, self.due).hash(state);
        (self.phase, self.cancelled, self.lapsed).hash(state);
    }
}

impl Client {
    /// It has no session yet, or none that it remembers.
    pub(super) fn new(settings: Etcd, timing: Timing) -> Self {
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

    pub(super) fn has(&self, guard: Guard) -> bool {
        self.settings.lacks != Some(guard)
    }

    pub(super) fn key(&self) -> Option<Key> {
        self.lease.map(|lease| Key { prefix: PREFIX, lease })
    }

    pub(super) fn ask(&mut self, request: Request, phase: Phase, out: &mut Effects) -> Phase {
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

    /// How long the client relies on a lease that it has just heard to be alive. Its question was sent at
    /// most the library's patience before.
    fn own_reading(&self) -> Span {
        let Timing { lease, margin, timeout, .. } = self.timing;
        if self.settings.certain { lease - margin - timeout } else { lease }
    }

    /// The lease has its whole time again.
    pub(super) fn renewed(&mut self, out: &mut Effects) {
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
    pub(super) fn rest(&mut self, out: &mut Effects) {
        if self.due {
            self.keep_alive(out);
        }
    }

    /// The session is over for this client.
    pub(super) fn ends_session(&mut self, out: &mut Effects) {
        self.lease = None;
        self.lapsed = false;
        self.due = false;
        out.disarm(Timer::Lease);
        out.disarm(Timer::Renew);
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
