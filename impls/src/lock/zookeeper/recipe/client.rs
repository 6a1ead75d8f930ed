//! What a client of the recipe does: it creates, lists and waits; it holds; it deletes.

use contend_model::algorithm::Timing;
use contend_model::ident::{NodeId, Token};
use contend_model::message::tree::{Mode, Path, Reply, Request, Sequential};
use contend_model::op::{Notice, Op, Outcome};
use contend_model::process::{Effects, Event, Process};
use contend_model::symmetry::{Permutation, Symmetric};

use crate::lock::ending::Why;

use super::super::LOCKS;
use super::super::handle::{Handle, Heard};
use super::{Guard, Reads, Recipe};

/// A client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
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

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Phase {
    Idle,
    Acquiring(Attempt),
    Held { own: Sequential, fence: Option<u32>, depth: u8 },
    Deleting { own: Sequential, why: Why, in_doubt: bool },
}

/// Settings are the same in all states of a world.
impl std::hash::Hash for Client {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        (&self.handle, self.guid, self.phase).hash(state);
    }
}

impl Client {
    /// A client that has not asked for anything yet.
    pub fn new(settings: Recipe, me: NodeId, timing: Timing) -> Self {
        let handle = match settings.reads {
            Reads::Newest => Handle::new(timing),
            Reads::Lagging | Reads::Synced => Handle::to_followers(timing),
        };
        let guid = Token { client: me, incarnation: 0, serial: 0 };
        Client { settings, handle, guid, phase: Phase::Idle }
    }

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
        if why.ended(released, out) { self.acquire(out) } else { Phase::Idle }
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
            (Phase::Deleting { own, why: Why::Lost(_), in_doubt }, op) => {
                Phase::Deleting { own, why: Why::lost_and_called(op, out), in_doubt }
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
