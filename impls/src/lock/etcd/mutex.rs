//! What a client does for the lock within its session: a key of its own, the wait for those before it, the
//! look at its own, and the end.

use contend_model::message::kv::{Key, Reply, Request};
use contend_model::op::{Op, Outcome};
use contend_model::process::Effects;
use contend_model::time::{Range, Span};
use contend_model::timer::Timer;

use crate::lock::ending::Why;

use super::session::Client;
use super::{Guard, PREFIX};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Phase {
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
pub(super) enum Resumed {
    Granting,
    Trying,
    Looking { own: u32 },
    Checking { own: u32 },
    Deleting { why: Why },
}

impl Client {
    pub(super) fn acquire(&mut self, out: &mut Effects) -> Phase {
        match self.key() {
            None => self.ask(Request::Grant, Phase::Granting, out),
            Some(key) => self.ask(Request::CreateOrGet(key), Phase::Trying, out),
        }
    }

    pub(super) fn answered(&mut self, reply: Reply, out: &mut Effects) -> Phase {
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

    pub(super) fn look(&mut self, own: u32, out: &mut Effects) -> Phase {
        let request = Request::LastBefore { prefix: PREFIX, revision: own };
        self.ask(request, Phase::Looking { own }, out)
    }

    pub(super) fn check(&mut self, own: u32, out: &mut Effects) -> Phase {
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

    pub(super) fn delete(&mut self, why: Why, in_doubt: bool, out: &mut Effects) -> Phase {
        let Some(key) = self.key() else { return self.deleted(why, false, out) };
        self.ask(self.deletion(key), Phase::Deleting { why, in_doubt }, out)
    }

    fn deleted(&mut self, why: Why, released: bool, out: &mut Effects) -> Phase {
        if why.ended(released, out) { self.acquire(out) } else { Phase::Idle }
    }

    /// No answer. Reads are repeated by the library, the rest by the repaired form alone.
    pub(super) fn unanswered(&mut self, out: &mut Effects) -> Phase {
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

    pub(super) fn again(&mut self, request: Request, then: Resumed, out: &mut Effects) -> Phase {
        let phase = match then {
            Resumed::Granting => Phase::Granting,
            Resumed::Trying => Phase::Trying,
            Resumed::Looking { own } => Phase::Looking { own },
            Resumed::Checking { own } => Phase::Checking { own },
            Resumed::Deleting { why } => Phase::Deleting { why, in_doubt: true },
        };
        self.ask(request, phase, out)
    }

    pub(super) fn called(&mut self, op: Op, out: &mut Effects) -> Phase {
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
            (Phase::Deleting { why: Why::Lost(_), in_doubt }, op) => {
                Phase::Deleting { why: Why::lost_and_called(op, out), in_doubt }
            }
            (Phase::Pausing { request, then: Resumed::Deleting { why: Why::Lost(_) } }, op) => {
                let why = Why::lost_and_called(op, out);
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
}
