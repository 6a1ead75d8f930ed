//! Optimistic locking, as L-004-OPT-P ought to be: read the version, and
//! `UPDATE versions SET version = v + 1 WHERE version = v`; one affected row means that nobody was faster.
//! The resource takes only writes of the newest version it has seen. Safe under any assumption, but it
//! keeps nobody out.
//!
//! Source: the fifth document, section 2.1; Kung and Robinson, "On Optimistic Methods for Concurrency
//! Control" (1981), for what the words mean. In the terms of a lock: acquire draws the version, which is
//! the fence; release does nothing; whoever was overtaken learns of it when the resource refuses its
//! write. So nobody waits for anybody and a crash blocks nobody, but there is no mutual exclusion, and
//! nothing to own. A version that was drawn and whose answer was lost is never used: a gap does no harm.

use contend_model::algorithm::{Algorithm, Card, Form, Role, Service, Timing};
use contend_model::ident::{BACKEND, NodeId};
use contend_model::message::Message;
use contend_model::message::table::{Count, FREE, Filter, Key, Reply, Row, Set, Statement, Table};
use contend_model::op::{Op, Outcome};
use contend_model::process::{AnyProcess, Effects, Event, Process};
use contend_model::property::Property;
use contend_model::symmetry::Permutation;
use contend_model::time::Range;
use contend_model::timer::Timer;

use crate::service::database_and_resource;
use crate::service::resource::Checks;
use crate::service::table::{Database, Settings};

/// The algorithm.
#[derive(Clone, Copy, Debug)]
pub struct Version {
    /// The check that the client has forgotten.
    pub lacks: Option<Guard>,
}

/// A check that the client makes. Tests take one away to see whether the suite notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Guard {
    /// The update asks for the version that was read.
    ComparesVersion,
    /// The client looks whether a row was affected.
    ChecksAffected,
    /// The version is sent along with every write.
    SendsFence,
    /// The resource checks the version.
    ResourceChecks,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Client {
    lacks: Option<Guard>,
    retry: Range,
    phase: Phase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Phase {
    Idle,
    Reading,
    Drawing { next: u32 },
    Polling,
    Held { fence: Option<u32>, depth: u8 },
}

impl Client {
    fn has(&self, guard: Guard) -> bool {
        self.lacks != Some(guard)
    }

    fn read(out: &mut Effects) -> Phase {
        out.call(BACKEND, Statement::read(Table::Versions, Filter::LOCK));
        Phase::Reading
    }

    fn draw(&self, version: u32, out: &mut Effects) -> Phase {
        let number = self.has(Guard::ComparesVersion).then_some(version);
        let set = Set { number: Count::Next, ..Set::default() };
        let filter = Filter { number, ..Filter::LOCK };
        out.call(BACKEND, Statement::update(Table::Versions, set, filter));
        Phase::Drawing { next: version + 1 }
    }
}

impl Process for Client {
    fn step(&mut self, event: Event, out: &mut Effects) {
        let reply = match event {
            Event::Deliver { message: Message::TableReply(reply), .. } => Some(reply),
            _ => None,
        };
        self.phase = match (self.phase, event) {
            (Phase::Idle, Event::Invoke(Op::Acquire)) => Client::read(out),
            (Phase::Polling, Event::Fire(Timer::Poll)) => Client::read(out),
            (Phase::Reading, Event::Deliver { .. }) => match reply {
                Some(Reply::Row(Some(row))) => self.draw(row.number, out),
                _ => self.phase,
            },
            (Phase::Drawing { next }, Event::Deliver { .. })
                if reply == Some(Reply::Count(1)) || !self.has(Guard::ChecksAffected) =>
            {
                let fence = Some(next).filter(|_| self.has(Guard::SendsFence));
                out.returns(Outcome::Acquired { fence });
                Phase::Held { fence, depth: 0 }
            }
            // Somebody was faster, or nobody can say: whatever the version is by now, it is read anew.
            (Phase::Drawing { .. }, Event::Deliver { .. }) => Client::read(out),
            (Phase::Reading | Phase::Drawing { .. }, Event::Disconnected(_)) => {
                out.arm(Timer::Poll, self.retry);
                Phase::Polling
            }
            (Phase::Held { fence, depth }, Event::Invoke(Op::Acquire)) => {
                out.returns(Outcome::Acquired { fence });
                Phase::Held { fence, depth: depth + 1 }
            }
            (Phase::Held { fence, depth }, Event::Invoke(Op::Release)) => {
                out.returns(Outcome::Released);
                if depth > 0 { Phase::Held { fence, depth: depth - 1 } } else { Phase::Idle }
            }
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

    fn permute(&mut self, _: &Permutation) -> bool {
        true
    }
}

impl Algorithm for Version {
    fn card(&self) -> Card {
        super::card(
            "sql-version",
            "L-004-OPT-P",
            Form::Repaired,
            "sql",
            "draws a version that the resource checks: rejects the overtaken, but keeps nobody out",
        )
        .claim(Property::Fencing, "0mNCT")
        .claim(Property::DeadlockFreedom, "0mNCT")
        .claim(Property::Consistency, "0m")
        .without(Property::Ownership, "nobody is kept out, so there is nothing to own")
        .without(Property::Interruptibility, "nobody ever waits")
    }

    fn client(&self, _: NodeId, _: Role, timing: &Timing) -> Box<dyn AnyProcess> {
        Box::new(Client { lacks: self.lacks, retry: timing.retry, phase: Phase::Idle })
    }

    fn services(&self, _: &Timing) -> Vec<Service> {
        let checks = self.lacks != Some(Guard::ResourceChecks);
        let checks = if checks { Checks::Fence } else { Checks::Nothing };
        let (key, value) = (Key::Lock, FREE);
        let row = Row { key, item: None, owner: None, value, number: 0, leased: false };
        let database = Database::new(Settings::POSTGRES).with(Table::Versions, row);
        database_and_resource(checks, database)
    }
}
