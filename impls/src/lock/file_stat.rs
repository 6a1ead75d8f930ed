//! L-001-FILE-P: look whether the lock file is there; if it is, wait until it is not; if it is not,
//! create it. Safe under no assumption: two clients both see no file, and both create it.
//!
//! Source: the second document, section 3.2. Its defects: look and create are two calls, and the
//! create succeeds whether or not the file exists; the file names no owner; nobody removes it for the
//! dead; how it is removed is not said. What a client sees may even come from its own cache, but it
//! takes none to break the lock, so the file system here has none.
//!
//! With `steals: true` it is the usual first mending: create fails if the file exists, and a file
//! that has grown old is removed. That is unsafe as well: two clients see the same old file, one
//! removes it and creates its own, the other removes that.

use contend_model::algorithm::{Algorithm, Card, Form, Role, Service, Timing};
use contend_model::ident::{BACKEND, NodeId, Token};
use contend_model::message::Message;
use contend_model::message::files::{Attributes, Reply, Request};
use contend_model::op::{Op, Outcome};
use contend_model::process::{AnyProcess, Effects, Event, Process};
use contend_model::property::Property;
use contend_model::symmetry::{Permutation, Symmetric};
use contend_model::timer::Timer;

use super::LOCK_FILE;
use crate::service::files::Settings;
use crate::service::{file_settings, files_and_resource};

/// The algorithm.
#[derive(Clone, Copy, Debug)]
pub struct FileStat {
    /// Whether create is exclusive and an old file is removed.
    pub steals: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Client {
    steals: bool,
    /// What is written on its lock file; nobody reads it.
    name: Token,
    timing: Timing,
    phase: Phase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Phase {
    Idle,
    Looking,
    Waiting,
    Stealing,
    Creating,
    Removing,
}

impl Client {
    fn look(&self, out: &mut Effects) -> Phase {
        out.call(BACKEND, Request::Stat { path: LOCK_FILE, revalidate: false });
        Phase::Looking
    }

    fn wait(&self, out: &mut Effects) -> Phase {
        out.arm(Timer::Poll, self.timing.retry);
        Phase::Waiting
    }

    fn create(&self, out: &mut Effects) -> Phase {
        if self.steals {
            out.call(BACKEND, Request::Symlink { target: self.name, path: LOCK_FILE });
        } else {
            out.call(BACKEND, Request::Create(LOCK_FILE));
        }
        Phase::Creating
    }
}

impl Process for Client {
    fn step(&mut self, event: Event, out: &mut Effects) {
        let reply = match event {
            Event::Deliver { message: Message::FilesReply(reply), .. } => Some(reply),
            _ => None,
        };
        self.phase = match (self.phase, event) {
            (_, Event::Invoke(Op::Acquire)) => self.look(out),
            (Phase::Looking, Event::Deliver { .. }) => match reply {
                Some(Reply::NoEntry) => self.create(out),
                Some(Reply::Attributes(Attributes { old: true, .. })) if self.steals => {
                    out.call(BACKEND, Request::Unlink(LOCK_FILE));
                    Phase::Stealing
                }
                _ => self.wait(out),
            },
            (Phase::Waiting, Event::Fire(Timer::Poll)) => self.look(out),
            // Whether it was there or somebody else has removed it: it is not there now.
            (Phase::Stealing, Event::Deliver { .. }) => self.create(out),
            (Phase::Creating, Event::Deliver { .. }) => {
                if let Some(Reply::Opened(_) | Reply::Done) = reply {
                    out.returns(Outcome::Acquired { fence: None });
                    Phase::Idle
                } else {
                    self.wait(out)
                }
            }
            (_, Event::Invoke(Op::Release)) => {
                out.call(BACKEND, Request::Unlink(LOCK_FILE));
                Phase::Removing
            }
            (Phase::Removing, Event::Deliver { .. }) => {
                let removed = reply == Some(Reply::Done);
                out.returns(if removed { Outcome::Released } else { Outcome::NotHeld });
                Phase::Idle
            }
            // The error reaches the caller, who cannot tell what happened.
            (Phase::Looking | Phase::Stealing | Phase::Creating, Event::Disconnected(_))
            | (Phase::Removing, Event::Disconnected(_)) => {
                out.returns(Outcome::Unknown);
                Phase::Idle
            }
            (phase, _) => phase,
        };
    }

    fn crashed(&self) -> Self {
        Client { phase: Phase::Idle, ..self.clone() }
    }

    fn permute(&mut self, permutation: &Permutation) -> bool {
        self.name.permute(permutation);
        true
    }
}

impl Algorithm for FileStat {
    fn card(&self) -> Card {
        let (name, summary) = match self.steals {
            false => (
                "file-stat-then-create",
                "look for the lock file, then create it: two clients can both see none",
            ),
            true => (
                "file-steal-stale",
                "create if there is none, but remove a file that looks old: it may be a new one by then",
            ),
        };
        let card = super::card(name, "L-001-FILE-P", Form::Intended, "files", summary);
        let card = match self.steals {
            false => card.claim(Property::DeadlockFreedom, "0m").claim(Property::Consistency, "0m"),
            true => card
                .claim(Property::MutualExclusion, "0")
                .claim(Property::Fencing, "0")
                .claim(Property::DeadlockFreedom, "0mNCT")
                .claim(Property::Ownership, "0")
                .claim(Property::Consistency, "0mC"),
        };
        card.without(Property::Interruptibility, "a waiter cannot give up")
    }

    fn client(&self, me: NodeId, _: Role, timing: &Timing) -> Box<dyn AnyProcess> {
        let name = Token { client: me, incarnation: 0, serial: 0 };
        let FileStat { steals } = *self;
        Box::new(Client { steals, name, timing: *timing, phase: Phase::Idle })
    }

    fn services(&self, timing: &Timing) -> Vec<Service> {
        let age = self.steals.then_some(timing.lease);
        files_and_resource(Settings { age, ..file_settings(timing) })
    }
}
