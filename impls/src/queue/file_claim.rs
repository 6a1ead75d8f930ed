//! RQ-FILE: a message is written aside and renamed into the queue's directory; whoever renames it
//! there to a name of its own has claimed it; to settle is to unlink that name. Consumers are
//! idempotent. Safe while the file system keeps what it has acknowledged; a message may be
//! delivered more than once, but its effect comes about once. In order for each producer, not
//! between producers: names are the producer's, and say which message it is; what is in the file is
//! read by whoever works on it.
//!
//! Sources: rename(2), unlink(2); the maildir format for writing in `tmp` and renaming. Its `new`
//! and `cur` are one directory here, in which names without a claim come first. The rename is what
//! decides: of two, the second gets `ENOENT`. A claim is over when the file was last changed
//! (`st_ctime`, which a rename sets on the usual file systems) longer ago than a lease; whoever
//! finds one such renames it to a name of its own. What was delivered and not settled is put back
//! before the next is asked for.
//!
//! A message that is written and renamed a second time, because both calls are sent twice, is there a
//! second time, though it may be claimed or settled by then: nothing remembers that it was there.
//!
//! The file system is an NFS export with `sync`: a call that was answered is on disk, and `fsync`
//! of file and directory would say so again. On others both are needed after each rename and
//! unlink.

use contend_model::algorithm::{Algorithm, Card, Form, Role, Service, Timing};
use contend_model::ident::{BACKEND, Item, NodeId, Token};
use contend_model::message::Message;
use contend_model::message::files::{Line, Name, Path, Reply, Request};
use contend_model::op::{Op, Outcome};
use contend_model::process::{AnyProcess, Effects, Event, Process};
use contend_model::property::Property;
use contend_model::symmetry::{Permutation, Symmetric};

use crate::service::resource::Checks;
use crate::service::{file_settings, files, files_and_checked_resource};

const TMP: &str = "tmp";
const QUEUE: &str = "queue";

/// How many tokens a client has. It takes another when it finds an old claim of its own.
const TOKENS: u16 = 4;

/// The algorithm and its settings.
#[derive(Clone, Copy, Debug)]
pub struct FileClaim {
    /// The name in the registry.
    pub name: &'static str,
    /// The check that the client has forgotten.
    pub lacks: Option<Guard>,
    /// The check that the file system has forgotten.
    pub files_lack: Option<files::Guard>,
}

/// A check that the client makes. Tests take one away to see whether the suite notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Guard {
    /// What others have left behind is taken over.
    TakesOver,
    /// Only what is old is taken over.
    ChecksAge,
    /// Whoever takes over an old claim of its own gives it another name.
    FreshName,
    /// A settling whose file was not there any more is not taken for one that worked.
    HeedsStaleness,
    /// The effect of a message is applied once.
    EffectIsIdempotent,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Client {
    lacks: Option<Guard>,
    token: Token,
    /// What was delivered and is not settled.
    claim: Option<Item>,
    phase: Phase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Phase {
    Idle,
    Writing(Item),
    Publishing,
    PuttingBack,
    Listing,
    /// Renaming the file to a name of its own.
    Claiming(Item),
    /// Looking how old a claim is.
    Inspecting(Item, Token),
    Settling,
}

fn published(item: Item) -> Path {
    Path::within(QUEUE, Name::Item(item))
}

fn claimed(item: Item, by: Token) -> Path {
    Path::within(QUEUE, Name::Claim(item, by))
}

impl Client {
    fn has(&self, guard: Guard) -> bool {
        self.lacks != Some(guard)
    }

    fn end(outcome: Outcome, out: &mut Effects) -> Phase {
        out.returns(outcome);
        Phase::Idle
    }

    fn list(after: Option<Name>, out: &mut Effects) -> Phase {
        out.call(BACKEND, Request::Next { directory: QUEUE, after });
        Phase::Listing
    }

    fn claim(&self, from: Path, item: Item, out: &mut Effects) -> Phase {
        out.call(BACKEND, Request::Rename { from, to: claimed(item, self.token) });
        Phase::Claiming(item)
    }

    fn inspect(&mut self, item: Item, by: Token, out: &mut Effects) -> Phase {
        if !self.has(Guard::ChecksAge) {
            return self.take_over(item, by, out);
        }
        out.call(BACKEND, Request::Stat { path: claimed(item, by), revalidate: true });
        Phase::Inspecting(item, by)
    }

    /// Takes over an old claim. To rename a file to the name that it has does nothing and succeeds,
    /// and leaves it as old as it was; so whoever finds an old claim of its own takes another token
    /// first.
    fn take_over(&mut self, item: Item, by: Token, out: &mut Effects) -> Phase {
        if by == self.token && self.has(Guard::FreshName) {
            self.token.serial = (self.token.serial + 1) % TOKENS;
        }
        self.claim(claimed(item, by), item, out)
    }
}

impl Process for Client {
    fn step(&mut self, event: Event, out: &mut Effects) {
        let reply = match event {
            Event::Deliver { message: Message::FilesReply(reply), .. } => Some(reply),
            _ => None,
        };
        self.phase = match (self.phase, event, reply) {
            (phase, Event::Start { incarnation }, _) => {
                self.token.incarnation = incarnation;
                phase
            }
            (Phase::Idle, Event::Invoke(Op::Enqueue(item)), _) => {
                let path = Path::within(TMP, Name::Item(item));
                out.call(BACKEND, Request::Put { path, line: Line::Item(item) });
                Phase::Writing(item)
            }
            (Phase::Writing(item), Event::Deliver { .. }, _) => {
                let from = Path::within(TMP, Name::Item(item));
                out.call(BACKEND, Request::Rename { from, to: published(item) });
                Phase::Publishing
            }
            (Phase::Publishing, _, Some(Reply::Done)) => Client::end(Outcome::Enqueued, out),

            (Phase::Idle, Event::Invoke(Op::Dequeue), _) => match self.claim.take() {
                Some(item) => {
                    let (from, to) = (claimed(item, self.token), published(item));
                    out.call(BACKEND, Request::Rename { from, to });
                    Phase::PuttingBack
                }
                None => Client::list(None, out),
            },
            (Phase::PuttingBack, Event::Deliver { .. }, _) => Client::list(None, out),
            (Phase::Listing, _, Some(Reply::Entry(Name::Item(item)))) => {
                self.claim(published(item), item, out)
            }
            (Phase::Listing, _, Some(Reply::Entry(Name::Claim(item, by))))
                if self.has(Guard::TakesOver) =>
            {
                self.inspect(item, by, out)
            }
            (Phase::Listing, Event::Deliver { .. }, _) => Client::end(Outcome::Empty, out),
            (Phase::Claiming(item), _, Some(Reply::Done)) => {
                self.claim = Some(item);
                Client::end(Outcome::Delivered { item, ack: true }, out)
            }
            // Somebody else was quicker.
            (Phase::Claiming(_), Event::Deliver { .. }, _) => Client::end(Outcome::Empty, out),
            (Phase::Inspecting(item, by), _, Some(Reply::Attributes(it))) if it.old => {
                self.take_over(item, by, out)
            }
            (Phase::Inspecting(item, by), Event::Deliver { .. }, _) => {
                Client::list(Some(Name::Claim(item, by)), out)
            }

            (Phase::Idle, Event::Invoke(Op::Ack(_)), _) => match self.claim.take() {
                Some(item) => {
                    out.call(BACKEND, Request::Unlink(claimed(item, self.token)));
                    Phase::Settling
                }
                None => Client::end(Outcome::Stale, out),
            },
            (Phase::Settling, Event::Deliver { .. }, _) => {
                let settled = reply == Some(Reply::Done) || !self.has(Guard::HeedsStaleness);
                Client::end(if settled { Outcome::Acked } else { Outcome::Stale }, out)
            }
            (Phase::Idle, Event::Disconnected(_), _) => Phase::Idle,
            (_, Event::Disconnected(_) | Event::Deliver { .. }, _) => {
                Client::end(Outcome::Unknown, out)
            }
            (phase, _, _) => phase,
        };
    }

    fn crashed(&self) -> Self {
        let token = Token { serial: 0, ..self.token };
        Client { token, claim: None, phase: Phase::Idle, lacks: self.lacks }
    }

    fn permute(&mut self, permutation: &Permutation) -> bool {
        self.token.permute(permutation);
        self.claim.permute(permutation);
        match &mut self.phase {
            Phase::Writing(item) | Phase::Claiming(item) => {
                item.permute(permutation);
            }
            Phase::Inspecting(item, by) => {
                item.permute(permutation);
                by.permute(permutation);
            }
            _ => {}
        }
        true
    }
}

impl Algorithm for FileClaim {
    fn card(&self) -> Card {
        super::card(
            self.name,
            "RQ-FILE",
            Form::Repaired,
            "files",
            "claimed by rename, taken over when old, settled by unlink; in order by producer",
        )
        .claim(Property::NoLoss, "0NCT")
        .claim(Property::NoPhantom, "0NCT")
        .claim(Property::NoDuplicate, "0")
        .claim(Property::AtLeastOnce, "0NCT")
        .claim(Property::AtMostOnce, "0NCT")
        .claim(Property::Exclusive, "0C")
        .claim(Property::TerminalStays, "0CT")
        .claim(Property::Progress, "0NCT")
    }

    fn client(&self, me: NodeId, _: Role, _: &Timing) -> Box<dyn AnyProcess> {
        let token = Token { client: me, incarnation: 0, serial: 0 };
        Box::new(Client { lacks: self.lacks, token, claim: None, phase: Phase::Idle })
    }

    fn services(&self, timing: &Timing) -> Vec<Service> {
        let idempotent = self.lacks != Some(Guard::EffectIsIdempotent);
        let checks = if idempotent { Checks::Repetition } else { Checks::Nothing };
        let (age, by_change, lacks) = (Some(timing.lease), true, self.files_lack);
        let settings = files::Settings { age, by_change, lacks, ..file_settings(timing) };
        files_and_checked_resource(checks, settings)
    }
}
