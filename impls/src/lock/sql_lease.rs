//! R-DB-LEASE and R-DB-CAS: a row with owner, fence and `expires_at` on the server's clock, taken by one
//! conditional statement. Safe while the server keeps what it has committed and clocks run at about
//! the same rate; with fencing, the resource is safe even when they do not.
//!
//! Sources: ShedLock and the PostgreSQL page of INSERT ("ON CONFLICT") for the statement; Kleppmann,
//! "How to do distributed locking" (2016), for the fence. The lease form is one `INSERT ... ON CONFLICT
//! DO UPDATE ... WHERE`; the other wants the row to be there, and updates it in a transaction, so that
//! its `COMMIT` too may stay without an answer. The row is never deleted, so the fence never starts
//! over. An attempt whose outcome is unknown is read back by its token; the token is fresh after every
//! question without an answer, so what is read back is no older than the question from which the
//! holder counts. The holder stops `margin` before the server does. A long file, since both forms are one
//! protocol.

use contend_model::algorithm::{Algorithm, Card, Form, Role, Service, Timing};
use contend_model::ident::{BACKEND, NodeId, Token};
use contend_model::message::Message;
use contend_model::message::table::{
    Count, Filter, Insert, Isolation, Key, Lease as Expiry, OnConflict, Pick, Reply, Request, Row,
    Set, Standing, Statement, Table,
};
use contend_model::op::{Notice, Op, Outcome};
use contend_model::process::{AnyProcess, Effects, Event, Process};
use contend_model::property::Property;
use contend_model::symmetry::{Permutation, Symmetric};
use contend_model::timer::Timer;

use super::lock_row;
use crate::service::database_and_resource;
use crate::service::resource::Checks;
use crate::service::table::{self, Database, Settings as ServerSettings};

/// How the row is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum By {
    /// One statement that inserts or updates.
    Upsert,
    /// An update of a row that is there, in a transaction.
    CompareAndSet,
}

/// The algorithm and its settings.
#[derive(Clone, Copy, Debug)]
pub struct Lease {
    /// The name in the registry.
    pub name: &'static str,
    /// How the row is taken.
    pub by: By,
    /// Whether the resource checks the fence.
    pub fencing: bool,
    /// The check that the client has forgotten.
    pub lacks: Option<Guard>,
    /// The check that the server has forgotten.
    pub server_lacks: Option<table::Guard>,
}

/// A check that the client makes. Tests take one away to see whether the suite notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Guard {
    /// The row is taken only if it is free.
    OnlyWhenFree,
    /// The row has a lease.
    Expiry,
    /// Every grant counts the fence up.
    CountsFence,
    /// The fence is sent along with every write.
    SendsFence,
    /// The resource checks the fence.
    ResourceChecks,
    /// Release asks for the owner.
    ComparesOwner,
    /// The holder watches its own lease.
    WatchesLease,
    /// A grant that arrives after its lease is over is given back.
    RefusesStaleGrant,
    /// There is a new token after a question without an answer.
    FreshToken,
    /// Only the last release of a nested hold frees the lock.
    CountsDepth,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Client {
    settings: Settings,
    token: Token,
    phase: Phase,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Settings {
    by: By,
    fencing: bool,
    lacks: Option<Guard>,
    timing: Timing,
}

/// Settings are the same in all states of a world.
impl std::hash::Hash for Settings {
    fn hash<H: std::hash::Hasher>(&self, _: &mut H) {}
}

/// An acquisition under way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Attempt {
    /// The lease would be over by now.
    stale: bool,
    /// The caller has given up.
    cancelled: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Phase {
    Idle,
    Asking(Attempt),
    Committing(Attempt, u32),
    /// Ending a transaction in which the row was not to be had.
    RollingBack(Attempt),
    /// No answer; about to read the row back.
    InDoubt(Attempt),
    ReadingBack(Attempt),
    /// Somebody else holds; about to ask again.
    Waiting,
    /// Giving back what was granted too late or for nothing.
    Undoing {
        cancelled: bool,
    },
    Held {
        fence: Option<u32>,
        number: u32,
        depth: u8,
    },
    Releasing,
}

impl Client {
    fn has(&self, guard: Guard) -> bool {
        self.settings.lacks != Some(guard)
    }

    fn outdate_token(&mut self) {
        if self.has(Guard::FreshToken) {
            self.token.serial += 1;
        }
    }

    /// Asks for the lock; its lease counts from now.
    fn ask(&self, out: &mut Effects) -> Phase {
        let timing = &self.settings.timing;
        if self.has(Guard::WatchesLease) {
            out.arm(Timer::Lease, timing.lease - timing.margin);
        }
        out.call(
            BACKEND,
            match self.settings.by {
                By::Upsert => Request::Execute(self.upsert()),
                By::CompareAndSet => Request::Transact(Isolation::ReadCommitted, self.update()),
            },
        );
        Phase::Asking(Attempt::default())
    }

    fn taken(&self) -> Set {
        let lease = self.settings.timing.lease;
        Set {
            owner: Some(Some(self.token)),
            value: None,
            number: if self.has(Guard::CountsFence) { Count::Next } else { Count::Keep },
            lease: if self.has(Guard::Expiry) { Expiry::For(lease) } else { Expiry::Keep },
        }
    }

    fn upsert(&self) -> Statement {
        let free = self.has(Guard::OnlyWhenFree);
        let standing = if free { Standing::Ended } else { Standing::Any };
        let filter = Filter { standing, ..Filter::default() };
        Statement::Insert(Insert {
            table: Table::Locks,
            key: Some(Key::Lock),
            item: None,
            owner: Some(self.token),
            value: 0,
            number: 1,
            lease: self.has(Guard::Expiry).then_some(self.settings.timing.lease),
            on_conflict: OnConflict::Update(self.taken(), filter),
            returning: true,
        })
    }

    fn update(&self) -> Statement {
        let free = self.has(Guard::OnlyWhenFree);
        let standing = if free { Standing::Free } else { Standing::Any };
        let filter = Filter { standing, ..Filter::LOCK };
        let (table, set, pick) = (Table::Locks, self.taken(), Pick::All);
        Statement::Update { table, set, filter, pick, returning: true }
    }

    /// `UPDATE locks SET ... WHERE name = 'lock' AND owner = token AND expires_at > ...`.
    fn give_back(&self, number: Option<u32>) -> Statement {
        let owned =
            Filter { owner: Some(self.token), number, standing: Standing::Lasts, ..Filter::LOCK };
        let filter = if self.has(Guard::ComparesOwner) { owned } else { Filter::LOCK };
        let set = match self.settings.by {
            By::Upsert => Set { lease: Expiry::End, ..Set::default() },
            By::CompareAndSet => Set { owner: Some(None), lease: Expiry::End, ..Set::default() },
        };
        Statement::update(Table::Locks, set, filter)
    }

    fn read_back(&self, attempt: Attempt, out: &mut Effects) -> Phase {
        let standing = Standing::Lasts;
        let own = Filter { owner: Some(self.token), standing, ..Filter::LOCK };
        out.call(BACKEND, Statement::read(Table::Locks, own));
        Phase::ReadingBack(attempt)
    }

    fn answered(&mut self, attempt: Attempt, row: Option<Row>, out: &mut Effects) -> Phase {
        match (row, self.settings.by) {
            (Some(row), By::CompareAndSet) => {
                out.call(BACKEND, Request::Commit);
                Phase::Committing(attempt, row.number)
            }
            (Some(row), By::Upsert) => self.granted(attempt, row.number, out),
            (None, By::CompareAndSet) => {
                out.call(BACKEND, Request::Rollback);
                Phase::RollingBack(attempt)
            }
            (None, By::Upsert) => self.refused(attempt, out),
        }
    }

    fn granted(&mut self, attempt: Attempt, number: u32, out: &mut Effects) -> Phase {
        if attempt.cancelled || attempt.stale && self.has(Guard::RefusesStaleGrant) {
            return self.undo(attempt.cancelled, out);
        }
        let sends = self.settings.fencing && self.has(Guard::SendsFence);
        let fence = sends.then_some(number);
        out.returns(Outcome::Acquired { fence });
        Phase::Held { fence, number, depth: 0 }
    }

    fn refused(&mut self, attempt: Attempt, out: &mut Effects) -> Phase {
        out.disarm(Timer::Lease);
        self.wait(attempt.cancelled, out)
    }

    fn wait(&mut self, cancelled: bool, out: &mut Effects) -> Phase {
        if cancelled {
            out.returns(Outcome::Cancelled);
            return Phase::Idle;
        }
        out.arm(Timer::Poll, self.settings.timing.retry);
        Phase::Waiting
    }

    fn undo(&mut self, cancelled: bool, out: &mut Effects) -> Phase {
        out.disarm(Timer::Lease);
        out.call(BACKEND, self.give_back(None));
        Phase::Undoing { cancelled }
    }

    fn doubt(&mut self, attempt: Attempt, out: &mut Effects) -> Phase {
        if attempt.cancelled {
            return self.undo(true, out);
        }
        out.arm(Timer::Poll, self.settings.timing.retry);
        Phase::InDoubt(attempt)
    }
}

impl Process for Client {
    fn step(&mut self, event: Event, out: &mut Effects) {
        let reply = match event {
            Event::Deliver { message: Message::TableReply(reply), .. } => Some(reply),
            _ => None,
        };
        let row = match reply {
            Some(Reply::Row(row)) => row,
            _ => None,
        };
        self.phase = match (self.phase, event) {
            (phase, Event::Start { incarnation }) => {
                self.token.incarnation = incarnation;
                phase
            }

            (Phase::Idle, Event::Invoke(Op::Acquire)) => {
                self.outdate_token();
                self.ask(out)
            }
            (Phase::Asking(attempt), Event::Deliver { .. }) => self.answered(attempt, row, out),
            (Phase::Committing(attempt, number), Event::Deliver { .. }) => {
                self.granted(attempt, number, out)
            }
            (Phase::RollingBack(attempt), Event::Deliver { .. } | Event::Disconnected(_)) => {
                self.refused(attempt, out)
            }
            (Phase::Asking(attempt) | Phase::Committing(attempt, _), Event::Disconnected(_)) => {
                self.doubt(attempt, out)
            }
            (Phase::InDoubt(attempt), Event::Fire(Timer::Poll)) => self.read_back(attempt, out),
            (Phase::ReadingBack(attempt), Event::Disconnected(_)) => self.doubt(attempt, out),
            (Phase::ReadingBack(attempt), Event::Deliver { .. }) => match row {
                Some(row) => self.granted(attempt, row.number, out),
                // The question may be on its way still, under a token that nobody asks for again.
                None => {
                    self.outdate_token();
                    self.refused(attempt, out)
                }
            },
            (Phase::Waiting, Event::Fire(Timer::Poll)) => self.ask(out),

            (Phase::Asking(attempt), Event::Fire(Timer::Lease)) => {
                Phase::Asking(Attempt { stale: true, ..attempt })
            }
            (Phase::Committing(attempt, number), Event::Fire(Timer::Lease)) => {
                Phase::Committing(Attempt { stale: true, ..attempt }, number)
            }
            (Phase::InDoubt(attempt), Event::Fire(Timer::Lease)) => {
                Phase::InDoubt(Attempt { stale: true, ..attempt })
            }
            (Phase::ReadingBack(attempt), Event::Fire(Timer::Lease)) => {
                Phase::ReadingBack(Attempt { stale: true, ..attempt })
            }

            (Phase::Asking(attempt), Event::Invoke(Op::Cancel)) => {
                Phase::Asking(Attempt { cancelled: true, ..attempt })
            }
            (Phase::Committing(attempt, number), Event::Invoke(Op::Cancel)) => {
                Phase::Committing(Attempt { cancelled: true, ..attempt }, number)
            }
            (Phase::RollingBack(attempt), Event::Invoke(Op::Cancel)) => {
                Phase::RollingBack(Attempt { cancelled: true, ..attempt })
            }
            (Phase::ReadingBack(attempt), Event::Invoke(Op::Cancel)) => {
                Phase::ReadingBack(Attempt { cancelled: true, ..attempt })
            }
            (Phase::InDoubt(_), Event::Invoke(Op::Cancel)) => {
                out.disarm(Timer::Poll);
                self.undo(true, out)
            }
            (Phase::Waiting, Event::Invoke(Op::Cancel)) => {
                out.disarm(Timer::Poll);
                self.wait(true, out)
            }
            (Phase::Undoing { .. }, Event::Invoke(Op::Cancel)) => {
                Phase::Undoing { cancelled: true }
            }
            // If the giving back has no answer, the lease will end what it was about.
            (Phase::Undoing { cancelled }, Event::Deliver { .. } | Event::Disconnected(_)) => {
                self.outdate_token();
                self.wait(cancelled, out)
            }

            (Phase::Held { fence, number, depth }, Event::Invoke(Op::Acquire)) => {
                out.returns(Outcome::Acquired { fence });
                Phase::Held { fence, number, depth: depth + 1 }
            }
            (Phase::Held { fence, number, depth }, Event::Invoke(Op::Release))
                if depth > 0 && self.has(Guard::CountsDepth) =>
            {
                out.returns(Outcome::Released);
                Phase::Held { fence, number, depth: depth - 1 }
            }
            (Phase::Held { number, .. }, Event::Invoke(Op::Release)) => {
                out.disarm(Timer::Lease);
                out.call(BACKEND, self.give_back(Some(number)));
                Phase::Releasing
            }
            (Phase::Held { .. }, Event::Fire(Timer::Lease)) => {
                out.notify(Notice::Lost);
                Phase::Idle
            }
            (Phase::Releasing, Event::Deliver { .. }) => {
                let released = reply == Some(Reply::Count(1));
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
        let token = Token { serial: 0, ..self.token };
        Client { token, phase: Phase::Idle, settings: self.settings.clone() }
    }

    fn permute(&mut self, permutation: &Permutation) -> bool {
        self.token.permute(permutation);
        true
    }
}

impl Algorithm for Lease {
    fn card(&self) -> Card {
        let (document, how) = match self.by {
            By::Upsert => {
                ("R-DB-LEASE", "INSERT ... ON CONFLICT DO UPDATE WHERE the lease is over")
            }
            By::CompareAndSet => ("R-DB-CAS", "UPDATE ... WHERE the row is free, in a transaction"),
        };
        let fence = if self.fencing { ", with a fencing token" } else { "" };
        let summary = format!("{how}{fence}");
        let fenced = if self.fencing { "0mNCT" } else { "0mC" };
        super::card(self.name, document, Form::Repaired, "sql", &summary)
            .claim(Property::MutualExclusion, "0mNC")
            .claim(Property::Fencing, fenced)
            .claim(Property::DeadlockFreedom, "0mNCT")
            .claim(Property::Ownership, "0mNCT")
            .claim(Property::Reentrancy, "0mNC")
            .claim(Property::Interruptibility, "0mNCT")
            .claim(Property::Consistency, "0mC")
    }

    fn client(&self, me: NodeId, _: Role, timing: &Timing) -> Box<dyn AnyProcess> {
        let token = Token { client: me, incarnation: 0, serial: 0 };
        let Lease { by, fencing, lacks, .. } = *self;
        let settings = Settings { by, fencing, lacks, timing: *timing };
        Box::new(Client { settings, token, phase: Phase::Idle })
    }

    fn services(&self, _: &Timing) -> Vec<Service> {
        let checks = self.fencing && self.lacks != Some(Guard::ResourceChecks);
        let checks = if checks { Checks::Fence } else { Checks::Nothing };
        let settings = ServerSettings { lacks: self.server_lacks, ..ServerSettings::POSTGRES };
        let database = Database::new(settings);
        let database = match self.by {
            By::Upsert => database,
            By::CompareAndSet => database.with(Table::Locks, lock_row::FREE_LOCK),
        };
        database_and_resource(checks, database)
    }
}
