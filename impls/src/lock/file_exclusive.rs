//! R-FILE: a lock file that is created only if there is none, with the client's token in it; release
//! reads the token before it removes the file. What becomes of the file of a client that died is a
//! setting.
//!
//! The repaired form of the second document's section 3.2. The file is a symbolic link to the token,
//! as Emacs makes them: symlink(2) fails if the name exists, like `O_EXCL`, and the token is there as
//! soon as the file is. A client that has had no answer reads whose file it is. Safe while no call is
//! late: `unlink` goes by name, so one that was held back removes the next holder's file, and a
//! create that was held back leaves a file that nobody knows to be theirs.
//!
//! - [`Breaking::Never`]: a file stays until its owner removes it. Whoever dies locks everybody out.
//! - [`Breaking::ByRename`]: who sees an old file renames it to a name of its own, looks whether it
//!   really is old, removes it or links it back. The lock is free while it looks.
//! - [`Breaking::Guarded`]: who wants to remove an old file first takes a kernel lock on another file
//!   that is never removed, and looks again.
//!
//! Files age by the server's clock; with breaking, a client stops relying on its file `margin` before
//! it is old, counted from the moment the create was *sent* first. From then on it leaves the file
//! alone: it must not even remove it, since somebody may be about to break it. A long file, since it
//! is one protocol.

use contend_model::algorithm::{Algorithm, Card, Form, Role, Service, Timing};
use contend_model::ident::{BACKEND, NodeId, Token};
use contend_model::message::Message;
use contend_model::message::files::{Attributes, Inode, Line, Name, Path, Reply, Request};
use contend_model::op::{Notice, Op, Outcome};
use contend_model::process::{AnyProcess, Effects, Event, Process};
use contend_model::property::{Environment, Property};
use contend_model::symmetry::{Permutation, Symmetric};
use contend_model::time::Range;
use contend_model::timer::Timer;
use contend_model::world::{Reading, Scope};

use super::LOCK_FILE;
use crate::service::files;
use crate::service::{file_settings, files_and_resource};

/// The file whose kernel lock guards the breaking.
const BREAKER: Path = Path::named("breaker");

/// The algorithm and its settings.
#[derive(Clone, Copy, Debug)]
pub struct FileExclusive {
    /// The name in the registry.
    pub name: &'static str,
    /// What becomes of old files.
    pub breaking: Breaking,
    /// The check that the client has forgotten.
    pub lacks: Option<Guard>,
    /// The check that the file system has forgotten.
    pub files_lack: Option<files::Guard>,
}

/// What becomes of the file of a client that died.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Breaking {
    /// It stays.
    Never,
    /// It is renamed, looked at, and removed or put back.
    ByRename,
    /// It is removed under a kernel lock.
    Guarded,
}

/// A check that the client makes. Tests take one away to see whether the suite notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Guard {
    /// Release removes the file only if the token in it is the client's own.
    ComparesToken,
    /// With breaking, the holder watches the age of its file.
    WatchesLease,
    /// Who has the kernel lock looks again whether the file is old.
    LooksUnderLock,
    /// Only the last release of a nested hold frees the lock.
    CountsDepth,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Client {
    settings: Settings,
    token: Token,
    /// The caller has given up the acquisition under way.
    cancelled: bool,
    /// The file may be old by now.
    stale: bool,
    phase: Phase,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Settings {
    breaking: Breaking,
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
    /// `known` is false if an earlier create under this token has had no answer.
    Creating {
        known: bool,
    },
    /// About to create again.
    Waiting {
        known: bool,
    },
    /// Reading whose the file is that an unanswered create may have made.
    Recognising,
    /// Looking how old the file is that is in the way.
    Looking,
    Renaming,
    Verifying,
    PuttingBack,
    /// Removing what was renamed; then it is time to create.
    Disposing,
    OpeningBreaker,
    LockingBreaker {
        breaker: Inode,
    },
    LookingAgain {
        breaker: Inode,
    },
    Breaking {
        breaker: Inode,
    },
    ClosingBreaker,
    Held {
        depth: u8,
    },
    /// Giving the file back: looking whose it is, then removing it.
    Reading,
    Removing,
    /// About to begin with that again.
    RemovalInDoubt,
}

impl Client {
    fn has(&self, guard: Guard) -> bool {
        self.settings.lacks != Some(guard)
    }

    fn breaks(&self) -> bool {
        self.settings.breaking != Breaking::Never
    }

    /// Where a file goes that this client takes out of the way.
    fn aside(&self) -> Path {
        Path::within("aside", Name::Token(self.token))
    }

    /// The age of the file counts from the first create that could have made it.
    fn create(&mut self, known: bool, out: &mut Effects) -> Phase {
        if known {
            self.stale = false;
            if self.breaks() && self.has(Guard::WatchesLease) {
                let Timing { lease, margin, .. } = self.settings.timing;
                out.arm(Timer::Lease, lease - margin);
            }
        }
        out.call(BACKEND, Request::Symlink { target: self.token, path: LOCK_FILE });
        Phase::Creating { known }
    }

    /// The file may be old, so it is left to those who break old files.
    fn abandon(&mut self, out: &mut Effects) -> Phase {
        if self.cancelled {
            return self.give_up(out);
        }
        self.token.serial += 1;
        self.wait(true, out)
    }

    fn wait(&self, known: bool, out: &mut Effects) -> Phase {
        out.arm(Timer::Poll, self.settings.timing.retry);
        Phase::Waiting { known }
    }

    /// The file has been in the way; gives up, looks how old it is, or waits.
    fn refused(&mut self, out: &mut Effects) -> Phase {
        out.disarm(Timer::Lease);
        if self.cancelled {
            return self.give_up(out);
        }
        if !self.breaks() {
            return self.wait(true, out);
        }
        self.look(out);
        Phase::Looking
    }

    fn give_up(&mut self, out: &mut Effects) -> Phase {
        out.disarm(Timer::Lease);
        out.disarm(Timer::Poll);
        self.cancelled = false;
        out.returns(Outcome::Cancelled);
        Phase::Idle
    }

    fn give_up_or_create(&mut self, out: &mut Effects) -> Phase {
        if self.cancelled { self.give_up(out) } else { self.create(true, out) }
    }

    fn look(&self, out: &mut Effects) {
        out.call(BACKEND, Request::Stat { path: LOCK_FILE, revalidate: true });
    }

    fn created(&mut self, out: &mut Effects) -> Phase {
        if self.stale {
            return self.abandon(out);
        }
        if self.cancelled {
            return self.give_back(out);
        }
        out.returns(Outcome::Acquired { fence: None });
        Phase::Held { depth: 0 }
    }

    fn give_back(&mut self, out: &mut Effects) -> Phase {
        if self.stale {
            return self.given_back(false, out);
        }
        if self.has(Guard::ComparesToken) {
            out.call(BACKEND, Request::Read { path: LOCK_FILE, at: 0 });
            return Phase::Reading;
        }
        self.remove(out)
    }

    fn remove(&self, out: &mut Effects) -> Phase {
        out.call(BACKEND, Request::Unlink(LOCK_FILE));
        Phase::Removing
    }

    /// The file is removed, or was no longer the client's.
    fn given_back(&mut self, own: bool, out: &mut Effects) -> Phase {
        out.disarm(Timer::Lease);
        if self.cancelled {
            return self.give_up(out);
        }
        out.returns(if own { Outcome::Released } else { Outcome::NotHeld });
        Phase::Idle
    }

    /// Closes the breaker, and with it unlocks it.
    fn close(&self, breaker: Inode, out: &mut Effects) -> Phase {
        out.call(BACKEND, Request::Close(breaker));
        Phase::ClosingBreaker
    }

    /// An old file is in the way.
    fn start_breaking(&self, out: &mut Effects) -> Phase {
        if self.settings.breaking == Breaking::Guarded {
            out.call(BACKEND, Request::Open(BREAKER));
            return Phase::OpeningBreaker;
        }
        out.call(BACKEND, Request::Rename { from: LOCK_FILE, to: self.aside() });
        Phase::Renaming
    }

    fn answered(&mut self, phase: Phase, reply: Reply, out: &mut Effects) -> Phase {
        let old = matches!(reply, Reply::Attributes(Attributes { old: true, .. }));
        match (phase, reply) {
            (Phase::Creating { .. }, Reply::Done) => self.created(out),
            (Phase::Creating { known: false }, Reply::Exists) => {
                out.call(BACKEND, Request::Read { path: LOCK_FILE, at: 0 });
                Phase::Recognising
            }
            (Phase::Recognising, Reply::Line(line)) if line == Line::Token(self.token) => {
                self.created(out)
            }
            (Phase::Creating { .. } | Phase::Recognising, _) => self.refused(out),

            (Phase::Looking, _) if self.cancelled => self.give_up(out),
            (Phase::Looking, Reply::NoEntry) => self.create(true, out),
            (Phase::Looking, _) if old => self.start_breaking(out),
            (Phase::Looking, _) => self.wait(true, out),

            (Phase::Renaming, Reply::Done) => {
                out.call(BACKEND, Request::Stat { path: self.aside(), revalidate: true });
                Phase::Verifying
            }
            (Phase::Verifying, _) if !old => {
                out.call(BACKEND, Request::Link { from: self.aside(), to: LOCK_FILE });
                Phase::PuttingBack
            }
            (Phase::Verifying | Phase::PuttingBack, _) => {
                out.call(BACKEND, Request::Unlink(self.aside()));
                Phase::Disposing
            }
            (Phase::Renaming | Phase::Disposing, _) => self.give_up_or_create(out),

            (Phase::OpeningBreaker, Reply::Opened(breaker)) => {
                out.call(BACKEND, Request::Flock { file: breaker, wait: true });
                Phase::LockingBreaker { breaker }
            }
            (Phase::LockingBreaker { breaker }, Reply::Locked) => {
                if self.has(Guard::LooksUnderLock) {
                    self.look(out);
                    return Phase::LookingAgain { breaker };
                }
                out.call(BACKEND, Request::Unlink(LOCK_FILE));
                Phase::Breaking { breaker }
            }
            (Phase::LookingAgain { breaker }, _) if old => {
                out.call(BACKEND, Request::Unlink(LOCK_FILE));
                Phase::Breaking { breaker }
            }
            (Phase::LookingAgain { breaker } | Phase::Breaking { breaker }, _) => {
                self.close(breaker, out)
            }
            (Phase::OpeningBreaker | Phase::LockingBreaker { .. } | Phase::ClosingBreaker, _) => {
                self.give_up_or_create(out)
            }

            (Phase::Reading, Reply::Line(line))
                if line == Line::Token(self.token) && !self.stale =>
            {
                self.remove(out)
            }
            (Phase::Reading, _) => self.given_back(false, out),
            (Phase::Removing, reply) => self.given_back(reply == Reply::Done, out),
            (phase, _) => phase,
        }
    }

    /// No answer: the call is made again later, or the attempt begins anew.
    fn unanswered(&mut self, phase: Phase, out: &mut Effects) -> Phase {
        let again = match phase {
            Phase::Creating { .. } | Phase::Recognising => Phase::Waiting { known: false },
            Phase::Reading | Phase::Removing => Phase::RemovalInDoubt,
            Phase::Idle | Phase::Held { .. } | Phase::Waiting { .. } | Phase::RemovalInDoubt => {
                return phase;
            }
            _ if self.cancelled => return self.give_up(out),
            _ => Phase::Waiting { known: true },
        };
        out.arm(Timer::Poll, self.settings.timing.retry);
        again
    }
}

impl Process for Client {
    fn step(&mut self, event: Event, out: &mut Effects) {
        self.phase = match (self.phase, event) {
            (phase, Event::Start { incarnation }) => {
                self.token.incarnation = incarnation;
                phase
            }
            (phase, Event::Deliver { message: Message::FilesReply(reply), .. }) => {
                self.answered(phase, reply, out)
            }
            (phase, Event::Disconnected(_)) => self.unanswered(phase, out),

            (Phase::Idle, Event::Invoke(Op::Acquire)) => {
                self.token.serial += 1;
                self.create(true, out)
            }
            (Phase::Waiting { known }, Event::Fire(Timer::Poll)) => self.create(known, out),
            (Phase::RemovalInDoubt, Event::Fire(Timer::Poll)) => self.give_back(out),

            (Phase::Waiting { known: true }, Event::Invoke(Op::Cancel)) => self.give_up(out),
            (phase, Event::Invoke(Op::Cancel)) => {
                self.cancelled = true;
                phase
            }

            (Phase::Held { depth }, Event::Invoke(Op::Acquire)) => {
                out.returns(Outcome::Acquired { fence: None });
                Phase::Held { depth: depth + 1 }
            }
            (Phase::Held { depth }, Event::Invoke(Op::Release))
                if depth > 0 && self.has(Guard::CountsDepth) =>
            {
                out.returns(Outcome::Released);
                Phase::Held { depth: depth - 1 }
            }
            (Phase::Held { .. }, Event::Invoke(Op::Release)) => self.give_back(out),
            (Phase::Held { .. }, Event::Fire(Timer::Lease)) => {
                out.notify(Notice::Lost);
                Phase::Idle
            }
            (phase, Event::Fire(Timer::Lease)) => {
                self.stale = true;
                phase
            }
            // Nothing is held, so there is nothing to remove.
            (Phase::Idle, Event::Invoke(Op::Release)) => {
                out.returns(Outcome::NotHeld);
                Phase::Idle
            }
            (phase, _) => phase,
        };
    }

    fn crashed(&self) -> Self {
        let token = Token { serial: 0, ..self.token };
        let settings = self.settings.clone();
        Client { token, phase: Phase::Idle, cancelled: false, stale: false, settings }
    }

    fn permute(&mut self, permutation: &Permutation) -> bool {
        self.token.permute(permutation);
        match &mut self.phase {
            Phase::LockingBreaker { breaker }
            | Phase::LookingAgain { breaker }
            | Phase::Breaking { breaker } => breaker.permute(permutation),
            _ => {}
        }
        true
    }
}

impl Algorithm for FileExclusive {
    fn card(&self) -> Card {
        let summary = match self.breaking {
            Breaking::Never => "O_EXCL and a token: nobody removes the file of the dead",
            Breaking::ByRename => "O_EXCL and a token; who renames an old file may hit a new one",
            Breaking::Guarded => "O_EXCL and a token; old files are removed under a kernel lock",
        };
        // Calls go by name, so a late one hits whoever has the name by then. Of two who hold because of that, one
        // may have given up while its write travels.
        let alone = if self.breaking == Breaking::ByRename { "0m" } else { "0mC" };
        let card = super::card(self.name, "R-FILE", Form::Repaired, "files", summary)
            .claim(Property::MutualExclusion, alone)
            .claim(Property::Fencing, alone)
            .claim(Property::Consistency, alone);
        let (live, owned, nested) = match self.breaking {
            Breaking::Never => ("0m", "0mC", "0mCT"),
            Breaking::ByRename => ("0mNCT", "0m", "0m"),
            Breaking::Guarded => ("0mNCT", "0mC", "0mC"),
        };
        card.claim(Property::DeadlockFreedom, live)
            .claim(Property::Ownership, owned)
            .claim(Property::Reentrancy, nested)
            .claim(Property::Interruptibility, live)
    }

    fn client(&self, me: NodeId, _: Role, timing: &Timing) -> Box<dyn AnyProcess> {
        let token = Token { client: me, incarnation: 0, serial: 0 };
        let FileExclusive { breaking, lacks, .. } = *self;
        let settings = Settings { breaking, lacks, timing: *timing };
        Box::new(Client { settings, token, cancelled: false, stale: false, phase: Phase::Idle })
    }

    /// Breaking takes many calls, and with free time each of them may be late. That one lock file is taken
    /// away for another takes a third client to show.
    fn narrowed(&self, mut usual: Scope) -> Scope {
        let patient = usual.budget.cancels == 0 && usual.question.is_none();
        if self.breaking == Breaking::ByRename && usual.environment == Environment::Crash && patient
        {
            usual.roles = vec![Role::Locker; 3];
            usual.duty.operations = 1;
            usual.duty.think = Range::default();
        }
        if self.breaking != Breaking::Never && usual.reading == Reading::Free {
            usual.duty.operations = 1;
        }
        usual
    }

    fn falls_to_pairs(&self, environment: Environment) -> bool {
        environment == Environment::Crash && self.breaking == Breaking::ByRename
    }

    fn services(&self, timing: &Timing) -> Vec<Service> {
        let age = (self.breaking != Breaking::Never).then_some(timing.lease);
        let lacks = self.files_lack;
        files_and_resource(files::Settings { age, lacks, ..file_settings(timing) })
    }
}
