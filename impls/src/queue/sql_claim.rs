//! RQ-DB: a table of jobs, each claimed for the length of a lease by one statement that passes over
//! what others have locked; whoever settles a claim names it. Consumers are idempotent. Safe while
//! the server keeps what it has committed; an item may be delivered more than once, but its effect
//! comes about once.
//!
//! Sources: the PostgreSQL page of SELECT ("The Locking Clause") for the claim; River, Oban and
//! PGMQ for states, attempts and leases. There is no separate reaper: a job whose lease has ended
//! is claimed like one that is ready. An item is its own idempotency key: the insert is repeated
//! until it is answered, and a job that is done stays in the table, so that an insert that comes
//! late finds it. What was delivered and not settled is given back before the next is asked for.
//!
//! Without the attempt (`sql-visibility`) this is what a plain visibility time-out does: `WHERE id`
//! alone, as in PGMQ's `delete` and `set_vt`, so that whoever had the job once may settle it or give it
//! back. To settle what somebody else works on is harmless, since the effect is there. To give it back
//! is not: the job that somebody else has finished meanwhile is ready again, and what is done is done
//! anew (TerminalStays). Only a deleted row could not be given back.

use contend_model::algorithm::{Algorithm, Card, Form, Role, Service, Timing};
use contend_model::ident::{BACKEND, Item, NodeId};
use contend_model::message::Message;
use contend_model::message::table::{
    Count, DONE, FREE, Filter, HELD, IfLocked, Isolation, Key, Lease, OnConflict, Pick, Reply,
    Request, Row, Set, Standing, Statement, Table,
};
use contend_model::op::{Op, Outcome};
use contend_model::process::{AnyProcess, Effects, Event, Process};
use contend_model::property::Property;
use contend_model::symmetry::{Permutation, Symmetric};
use contend_model::timer::Timer;

use super::sql_table::{by_id, insert};
use crate::service::database_and_resource;
use crate::service::resource::Checks;
use crate::service::table::{self, Database, Settings as ServerSettings};

/// Attempts are numbered from 1 to this and from 1 again, for the space to be finite. Two are
/// confused only if a statement about one is on its way while two others begin; and a job that is
/// done stays done even then.
const ATTEMPTS: u32 = 3;

/// The algorithm and its settings.
#[derive(Clone, Copy, Debug)]
pub struct SqlClaim {
    /// The name in the registry.
    pub name: &'static str,
    /// Whether the item is inserted in a transaction with something else: an outbox.
    pub outbox: bool,
    /// Whether whoever settles or gives back names the attempt, which must still be running.
    pub names_attempt: bool,
    /// The check that the client has forgotten.
    pub lacks: Option<Guard>,
    /// The check that the server has forgotten.
    pub server_lacks: Option<table::Guard>,
}

/// A check that the client makes. Tests take one away to see whether the suite notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Guard {
    /// Items are unique, and an insert of one that is there does nothing.
    IdempotencyKey,
    /// A job that is done stays in the table.
    KeepsDone,
    /// Only what is ready, or whose lease has ended, is claimed.
    OnlyClaimable,
    /// A claim has a lease.
    SetsLease,
    /// Whoever settles looks at the number of affected rows.
    ChecksAffected,
    /// The effect of an item is applied once.
    EffectIsIdempotent,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Settings {
    outbox: bool,
    names_attempt: bool,
    lacks: Option<Guard>,
    timing: Timing,
}

/// Settings are the same in all states of a world.
impl std::hash::Hash for Settings {
    fn hash<H: std::hash::Hasher>(&self, _: &mut H) {}
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Client {
    settings: Settings,
    /// What was delivered and is not settled: the job, and which attempt at it.
    claim: Option<(Key, u32)>,
    phase: Phase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Phase {
    Idle,
    Inserting(Item),
    Committing(Item),
    /// No answer; about to insert again.
    InDoubt(Item),
    GivingBack,
    Claiming,
    Settling,
}

impl Client {
    fn has(&self, guard: Guard) -> bool {
        self.settings.lacks != Some(guard)
    }

    fn insert(&self, item: Item, out: &mut Effects) -> Phase {
        let unique = self.has(Guard::IdempotencyKey);
        let statement = insert(item, if unique { OnConflict::Nothing } else { OnConflict::Fail });
        out.call(
            BACKEND,
            match self.settings.outbox {
                true => Request::Transact(Isolation::ReadCommitted, statement),
                false => Request::Execute(statement),
            },
        );
        Phase::Inserting(item)
    }

    fn inserted(&self, item: Item, out: &mut Effects) -> Phase {
        if self.settings.outbox {
            out.call(BACKEND, Request::Commit);
            return Phase::Committing(item);
        }
        out.returns(Outcome::Enqueued);
        Phase::Idle
    }

    fn claim(&self, out: &mut Effects) -> Phase {
        let lease = match self.has(Guard::SetsLease) {
            true => Lease::For(self.settings.timing.lease),
            false => Lease::Keep,
        };
        let number = Count::Cycle(ATTEMPTS);
        let set = Set { value: Some(HELD), number, lease, ..Set::default() };
        let claimable = self.has(Guard::OnlyClaimable);
        let standing = if claimable { Standing::Claimable } else { Standing::Any };
        let filter = Filter { standing, ..Filter::default() };
        let (table, pick) = (Table::Jobs, Pick::First(IfLocked::Skip));
        out.call(BACKEND, Statement::Update { table, set, filter, pick, returning: true });
        Phase::Claiming
    }

    /// `WHERE id = key AND attempt = n AND state = 'running'`.
    fn own(&self, (key, attempt): (Key, u32)) -> Filter {
        match self.settings.names_attempt {
            true => Filter { number: Some(attempt), value: Some(HELD), ..by_id(key) },
            false => by_id(key),
        }
    }

    fn give_back(&self, claim: (Key, u32), out: &mut Effects) -> Phase {
        let set = Set { value: Some(FREE), lease: Lease::End, ..Set::default() };
        out.call(BACKEND, Statement::update(Table::Jobs, set, self.own(claim)));
        Phase::GivingBack
    }

    fn settle(&self, claim: (Key, u32), out: &mut Effects) -> Phase {
        let (table, filter) = (Table::Jobs, self.own(claim));
        let set = Set { value: Some(DONE), lease: Lease::End, ..Set::default() };
        out.call(
            BACKEND,
            match self.has(Guard::KeepsDone) {
                true => Statement::update(table, set, filter),
                false => Statement::Delete { table, filter },
            },
        );
        Phase::Settling
    }
}

impl Process for Client {
    fn step(&mut self, event: Event, out: &mut Effects) {
        let reply = match event {
            Event::Deliver { message: Message::TableReply(reply), .. } => Some(reply),
            _ => None,
        };
        self.phase = match (self.phase, event) {
            (Phase::Idle, Event::Invoke(Op::Enqueue(item))) => self.insert(item, out),
            (Phase::Inserting(item), Event::Deliver { .. }) => self.inserted(item, out),
            (Phase::Committing(_), Event::Deliver { .. }) if reply == Some(Reply::Done) => {
                out.returns(Outcome::Enqueued);
                Phase::Idle
            }
            (
                Phase::Inserting(item) | Phase::Committing(item),
                Event::Disconnected(_) | Event::Deliver { .. },
            ) => {
                out.arm(Timer::Poll, self.settings.timing.retry);
                Phase::InDoubt(item)
            }
            (Phase::InDoubt(item), Event::Fire(Timer::Poll)) => self.insert(item, out),

            (Phase::Idle, Event::Invoke(Op::Dequeue)) => match self.claim.take() {
                Some(claim) => self.give_back(claim, out),
                None => self.claim(out),
            },
            // If the giving back has no answer, the lease will end what it was about.
            (Phase::GivingBack, Event::Deliver { .. } | Event::Disconnected(_)) => self.claim(out),
            (Phase::Claiming, Event::Deliver { .. }) => {
                out.returns(match reply {
                    Some(Reply::Row(Some(Row { key, item: Some(item), number, .. }))) => {
                        self.claim = Some((key, number));
                        Outcome::Delivered { item, ack: true }
                    }
                    _ => Outcome::Empty,
                });
                Phase::Idle
            }
            (Phase::Idle, Event::Invoke(Op::Ack(_))) => match self.claim.take() {
                Some(claim) => self.settle(claim, out),
                None => {
                    out.returns(Outcome::Stale);
                    Phase::Idle
                }
            },
            (Phase::Settling, Event::Deliver { .. }) => {
                let settled = reply == Some(Reply::Count(1)) || !self.has(Guard::ChecksAffected);
                out.returns(if settled { Outcome::Acked } else { Outcome::Stale });
                Phase::Idle
            }
            // What was claimed without an answer is claimed again when its lease has ended.
            (Phase::Claiming | Phase::Settling, Event::Disconnected(_)) => {
                out.returns(Outcome::Unknown);
                Phase::Idle
            }
            (phase, _) => phase,
        };
    }

    fn crashed(&self) -> Self {
        Client { claim: None, phase: Phase::Idle, settings: self.settings.clone() }
    }

    fn permute(&mut self, permutation: &Permutation) -> bool {
        match &mut self.phase {
            Phase::Inserting(item) | Phase::Committing(item) | Phase::InDoubt(item) => {
                item.permute(permutation);
            }
            _ => {}
        }
        true
    }
}

impl Algorithm for SqlClaim {
    fn card(&self) -> Card {
        let (document, form, summary) = match (self.names_attempt, self.outbox) {
            (true, false) => (
                "RQ-DB",
                Form::Repaired,
                "one statement claims, with attempt and lease; effects are idempotent",
            ),
            (true, true) => {
                ("RQ-DB", Form::Repaired, "an outbox read by claims, not by a position in it")
            }
            (false, _) => (
                "visibility time-out by id",
                Form::Intended,
                "sql-claim without the attempt: a late giving back revives what is done",
            ),
        };
        // Whoever gives back late gives back what somebody else works on, or has finished.
        let (exclusive, terminal) = match self.names_attempt {
            true => ("0NC", "0NCT"),
            false => ("0C", "0C"),
        };
        super::card(self.name, document, form, "sql", summary)
            .claim(Property::NoLoss, "0NCT")
            .claim(Property::NoPhantom, "0NCT")
            .claim(Property::NoDuplicate, "0")
            .claim(Property::AtLeastOnce, "0NCT")
            .claim(Property::AtMostOnce, "0NCT")
            .claim(Property::Exclusive, exclusive)
            .claim(Property::Fifo, "0")
            .claim(Property::Emptiness, "0CT")
            .claim(Property::TerminalStays, terminal)
            .claim(Property::Progress, "0NCT")
    }

    fn client(&self, _: NodeId, _: Role, timing: &Timing) -> Box<dyn AnyProcess> {
        let SqlClaim { outbox, names_attempt, lacks, .. } = *self;
        let settings = Settings { outbox, names_attempt, lacks, timing: *timing };
        Box::new(Client { settings, claim: None, phase: Phase::Idle })
    }

    fn services(&self, _: &Timing) -> Vec<Service> {
        let idempotent = self.lacks != Some(Guard::EffectIsIdempotent);
        let checks = if idempotent { Checks::Repetition } else { Checks::Nothing };
        let unique_items = self.lacks != Some(Guard::IdempotencyKey);
        let lacks = self.server_lacks;
        let settings = ServerSettings { unique_items, lacks, ..ServerSettings::POSTGRES };
        database_and_resource(checks, Database::new(settings))
    }
}
