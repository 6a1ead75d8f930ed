//! R-FILE by kernel lock: `open`, `flock(LOCK_EX)`, and the lock is held as long as the file stays
//! open. Safe while the server does not take a client for gone that is not: it frees the lock as soon
//! as it sees the connection end, which may be before the holder does.
//!
//! The repaired form of the second document's section 3.2. Source: flock(2): the lock is about the
//! file, not about its name. So the file is best never removed. With `unlinks: true` it is, before
//! the lock is given back, and whoever has got the lock must look whether the file that it has
//! locked still has the name.

use contend_model::algorithm::{Algorithm, Card, Form, Role, Service, Timing};
use contend_model::ident::{BACKEND, NodeId};
use contend_model::message::Message;
use contend_model::message::files::{Attributes, Inode, Reply, Request};
use contend_model::op::{Notice, Op, Outcome};
use contend_model::process::{AnyProcess, Effects, Event, Process};
use contend_model::property::Property;
use contend_model::symmetry::{Permutation, Symmetric};
use contend_model::timer::Timer;

use super::LOCK_FILE;
use crate::service::files;
use crate::service::{file_settings, files_and_resource};

/// The algorithm and its settings.
#[derive(Clone, Copy, Debug)]
pub struct FileFlock {
    /// The name in the registry.
    pub name: &'static str,
    /// Whether the holder removes the file before it unlocks it.
    pub unlinks: bool,
    /// The check that the client has forgotten.
    pub lacks: Option<Guard>,
    /// The check that the file system has forgotten.
    pub files_lack: Option<files::Guard>,
}

/// A check that the client makes. Tests take one away to see whether the suite notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Guard {
    /// Where files are removed: the file that is locked is the one that has the name.
    ComparesInode,
    /// The holder takes its lock for lost when its connection is.
    HeedsConnection,
    /// Only the last release of a nested hold frees the lock.
    CountsDepth,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Client {
    unlinks: bool,
    lacks: Option<Guard>,
    timing: Timing,
    phase: Phase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Phase {
    Idle,
    Opening,
    Locking {
        file: Inode,
    },
    Comparing {
        file: Inode,
    },
    /// The file that was locked has lost its name.
    Closing,
    /// No answer; about to begin again.
    InDoubt,
    /// Given up, and about to close the file if there is something to close.
    GivingUp {
        file: Option<Inode>,
    },
    Held {
        file: Inode,
        depth: u8,
    },
    Unlinking {
        file: Inode,
    },
    Releasing,
}

impl Client {
    fn has(&self, guard: Guard) -> bool {
        self.lacks != Some(guard)
    }

    fn open(&self, out: &mut Effects) -> Phase {
        out.call(BACKEND, Request::Open(LOCK_FILE));
        Phase::Opening
    }

    fn locked(&self, file: Inode, out: &mut Effects) -> Phase {
        if self.unlinks && self.has(Guard::ComparesInode) {
            out.call(BACKEND, Request::Stat { path: LOCK_FILE, revalidate: true });
            return Phase::Comparing { file };
        }
        self.acquired(file, out)
    }

    fn acquired(&self, file: Inode, out: &mut Effects) -> Phase {
        out.returns(Outcome::Acquired { fence: None });
        Phase::Held { file, depth: 0 }
    }

    fn release(&self, file: Inode, out: &mut Effects) -> Phase {
        if self.unlinks {
            out.call(BACKEND, Request::Unlink(LOCK_FILE));
            return Phase::Unlinking { file };
        }
        self.close(file, out)
    }

    fn close(&self, file: Inode, out: &mut Effects) -> Phase {
        out.call(BACKEND, Request::Close(file));
        Phase::Releasing
    }

    fn cancelled(&self, out: &mut Effects) -> Phase {
        out.returns(Outcome::Cancelled);
        Phase::Idle
    }
}

impl Process for Client {
    fn step(&mut self, event: Event, out: &mut Effects) {
        let reply = match event {
            Event::Deliver { message: Message::FilesReply(reply), .. } => Some(reply),
            _ => None,
        };
        let lost = matches!(event, Event::Disconnected(_));
        self.phase = match (self.phase, event) {
            (Phase::Idle, Event::Invoke(Op::Acquire)) => self.open(out),
            (Phase::Opening, Event::Deliver { .. }) => match reply {
                Some(Reply::Opened(file)) => {
                    out.call(BACKEND, Request::Flock { file, wait: true });
                    Phase::Locking { file }
                }
                _ => self.open(out),
            },
            (Phase::Locking { file }, Event::Deliver { .. }) => match reply {
                Some(Reply::Locked) => self.locked(file, out),
                _ => self.open(out),
            },
            (Phase::Comparing { file }, Event::Deliver { .. }) => {
                if let Some(Reply::Attributes(Attributes { inode, .. })) = reply
                    && inode == file
                {
                    return self.phase = self.acquired(file, out);
                }
                out.call(BACKEND, Request::Close(file));
                Phase::Closing
            }
            (Phase::Closing, Event::Deliver { .. }) => self.open(out),
            (
                Phase::Opening | Phase::Locking { .. } | Phase::Comparing { .. } | Phase::Closing,
                Event::Disconnected(_),
            ) => {
                out.arm(Timer::Poll, self.timing.retry);
                Phase::InDoubt
            }
            (Phase::InDoubt, Event::Fire(Timer::Poll)) => self.open(out),

            // The answer is awaited first, so that it is not taken for the answer to the close.
            (Phase::Opening | Phase::Closing, Event::Invoke(Op::Cancel)) => {
                Phase::GivingUp { file: None }
            }
            (Phase::Locking { file } | Phase::Comparing { file }, Event::Invoke(Op::Cancel)) => {
                Phase::GivingUp { file: Some(file) }
            }
            (Phase::InDoubt, Event::Invoke(Op::Cancel)) => {
                out.disarm(Timer::Poll);
                self.cancelled(out)
            }
            (Phase::GivingUp { file: Some(file) }, Event::Deliver { .. }) => {
                out.call(BACKEND, Request::Close(file));
                Phase::GivingUp { file: None }
            }
            // The end of the connection closes the file as well.
            (Phase::GivingUp { .. }, _) if lost || reply.is_some() => self.cancelled(out),

            (Phase::Held { file, depth }, Event::Invoke(Op::Acquire)) => {
                out.returns(Outcome::Acquired { fence: None });
                Phase::Held { file, depth: depth + 1 }
            }
            (Phase::Held { file, depth }, Event::Invoke(Op::Release))
                if depth > 0 && self.has(Guard::CountsDepth) =>
            {
                out.returns(Outcome::Released);
                Phase::Held { file, depth: depth - 1 }
            }
            (Phase::Held { file, .. }, Event::Invoke(Op::Release)) => self.release(file, out),
            (Phase::Held { .. }, Event::Disconnected(_)) if self.has(Guard::HeedsConnection) => {
                out.notify(Notice::Lost);
                Phase::Idle
            }
            (Phase::Unlinking { file }, Event::Deliver { .. }) => self.close(file, out),
            (Phase::Unlinking { .. }, Event::Disconnected(_)) | (Phase::Releasing, _)
                if lost || reply.is_some() =>
            {
                out.returns(Outcome::Released);
                Phase::Idle
            }
            // Nothing is held, so there is nothing to close.
            (Phase::Idle, Event::Invoke(Op::Release)) => {
                out.returns(Outcome::NotHeld);
                Phase::Idle
            }
            (phase, _) => phase,
        };
    }

    fn crashed(&self) -> Self {
        Client { phase: Phase::Idle, ..self.clone() }
    }

    fn permute(&mut self, permutation: &Permutation) -> bool {
        match &mut self.phase {
            Phase::Locking { file }
            | Phase::Comparing { file }
            | Phase::Held { file, .. }
            | Phase::Unlinking { file } => file.permute(permutation),
            Phase::GivingUp { file } => file.permute(permutation),
            _ => {}
        }
        true
    }
}

impl Algorithm for FileFlock {
    fn card(&self) -> Card {
        let summary = match self.unlinks {
            false => "a kernel lock on a file that is never removed; it ends with the connection",
            true => {
                "a kernel lock on a file that its holder removes; lockers look which file it is"
            }
        };
        // The server sees the end of a connection, and then the next holder, before the former
        // holder does; a write that is under way by then is a late one, however the server fails.
        let fairness = if self.unlinks { "" } else { "0T" };
        super::card(self.name, "R-FILE", Form::Repaired, "files", summary)
            .claim(Property::MutualExclusion, "0mCT")
            .claim(Property::Fencing, "0m")
            .claim(Property::DeadlockFreedom, "0mNCT")
            .claim(Property::Ownership, "0mNCT")
            .claim(Property::Reentrancy, "0mCT")
            .claim(Property::Interruptibility, "0mNCT")
            .claim(Property::Fairness, fairness)
            .claim(Property::Consistency, "0m")
    }

    fn client(&self, _: NodeId, _: Role, timing: &Timing) -> Box<dyn AnyProcess> {
        let FileFlock { unlinks, lacks, .. } = *self;
        Box::new(Client { unlinks, lacks, timing: *timing, phase: Phase::Idle })
    }

    fn services(&self, timing: &Timing) -> Vec<Service> {
        files_and_resource(files::Settings { lacks: self.files_lack, ..file_settings(timing) })
    }
}
