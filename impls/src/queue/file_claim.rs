//! RQ-FILE: a message is written aside and renamed into `new`; whoever renames it to a name of its own in `cur`
//! has claimed it; to settle is to unlink that name. Consumers are idempotent. Safe while the file system keeps
//! what it has acknowledged; a message may be delivered more than once, but its effect comes about
//! once. In order for each producer, not between producers: names are the producer's.
//!
//! Sources: rename(2), unlink(2); the maildir format for `tmp`, `new` and `cur`. The rename is what
//! decides: of two, the second gets `ENOENT`. A claim is over when the file was last changed
//! (`st_ctime`, which a rename sets on the usual file systems) longer ago than a lease; whoever finds one such
//! renames it to a name of its own. What was delivered and not settled is put back before the next
//! is asked for.
//!
//! The file system is an NFS export with `sync`: a call that was answered is on disk, and `fsync` of file and
//! directory would say so again. On others both are needed after each rename and unlink.

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
const NEW: &str = "new";
const CUR: &str = "cur";

/// How many tokens a client has. It takes another after each question without an answer.
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
    Reading(Item),
    /// Looking at what others have claimed.
    ListingClaims,
    /// Looking how old a claim is.
    Inspecting(Item, Token),
    Settling,
}

fn published(item: Item) -> Path {
    Path::within(NEW, Name::Item(item))
}

fn claimed(item: Item, by: Token) -> Path {
    Path::within(CUR, Name::Claim(item, by))
}

impl Client {
    fn has(&self, guard: Guard) -> bool {
        self.lacks != Some(guard)
    }

    fn end(outcome: Outcome, out: &mut Effects) -> Phase {
        out.returns(outcome);
        Phase::Idle
    }

    fn list(out: &mut Effects) -> Phase {
        out.call(BACKEND, Request::Next { directory: NEW, after: None });
        Phase::Listing
    }

    fn list_claims(&self, after: Option<Name>, out: &mut Effects) -> Phase {
        if !self.has(Guard::TakesOver) {
            return Client::end(Outcome::Empty, out);
        }
        out.call(BACKEND, Request::Next { directory: CUR, after });
        Phase::ListingClaims
    }

    fn claim(&self, from: Path, item: Item, out: &mut Effects) -> Phase {
        out.call(BACKEND, Request::Rename { from, to: claimed(item, self.token) });
        Phase::Claiming(item)
    }

    fn inspect(&self, item: Item, by: Token, out: &mut Effects) -> Phase {
        if !self.has(Guard::ChecksAge) {
            return self.claim(claimed(item, by), item, out);
        }
        out.call(BACKEND, Request::Stat { path: claimed(item, by), revalidate: true });
        Phase::Inspecting(item, by)
    }

    /// What is under way when a question has no answer may come about yet, under a token that is not
    /// used again for a while.
    fn doubt(&mut self, out: &mut Effects) -> Phase {
        self.token.serial = (self.token.serial + 1) % TOKENS;
        Client::end(Outcome::Unknown, out)
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
                None => Client::list(out),
            },
            (Phase::PuttingBack, Event::Deliver { .. }, _) => Client::list(out),
            (Phase::Listing, _, Some(Reply::Entry(Name::Item(item)))) => {
                self.claim(published(item), item, out)
            }
            (Phase::Listing, Event::Deliver { .. }, _) => self.list_claims(None, out),
            (Phase::Claiming(item), _, Some(Reply::Done)) => {
                let path = claimed(item, self.token);
                out.call(BACKEND, Request::Read { path, at: 0 });
                Phase::Reading(item)
            }
            // Somebody else was quicker.
            (Phase::Claiming(_), Event::Deliver { .. }, _) => Client::end(Outcome::Empty, out),
            (Phase::Reading(_), _, Some(Reply::Line(Line::Item(item)))) => {
                self.claim = Some(item);
                Client::end(Outcome::Delivered { item, ack: true }, out)
            }
            (Phase::Reading(_), Event::Deliver { .. }, _) => Client::end(Outcome::Empty, out),

            (Phase::ListingClaims, _, Some(Reply::Entry(Name::Claim(item, by)))) => {
                self.inspect(item, by, out)
            }
            (Phase::ListingClaims, Event::Deliver { .. }, _) => Client::end(Outcome::Empty, out),
            (Phase::Inspecting(item, by), _, Some(Reply::Attributes(it))) if it.old => {
                self.claim(claimed(item, by), item, out)
            }
            (Phase::Inspecting(item, by), Event::Deliver { .. }, _) => {
                self.list_claims(Some(Name::Claim(item, by)), out)
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
            (_, Event::Disconnected(_) | Event::Deliver { .. }, _) => self.doubt(out),
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
            Phase::Writing(item) | Phase::Claiming(item) | Phase::Reading(item) => {
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
            "claimed by rename, taken over when old, settled by unlink; in order for each producer only",
        )
        .claim(Property::NoLoss, "0NCT")
        .claim(Property::NoPhantom, "0NCT")
        .claim(Property::NoDuplicate, "0")
        .claim(Property::AtLeastOnce, "0NCT")
        .claim(Property::AtMostOnce, "0NCT")
        .claim(Property::Exclusive, "0NC")
        .claim(Property::TerminalStays, "0NCT")
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
