//! L-002-STEPS-P over a database: look; if the lock is free, write the field; if it is taken, wait
//! until the field is *updated*; to release, *delete* the field. Safe under no assumption.
//!
//! Source: the third document, sections 3.1 and 3.2. The text says twice "if it is taken" and means
//! the first time that it is not; this slip is mended. Its defects are kept: check and write are two
//! statements; who waits for an update sleeps through the deletion; and when somebody sets the field
//! again, the waiter takes that for its turn, since it "obtains the lock by querying the table".

use contend_model::algorithm::{Algorithm, Card, Form, Role, Service, Timing};
use contend_model::ident::{BACKEND, NodeId};
use contend_model::message::Message;
use contend_model::message::table::{Key, Reply};
use contend_model::op::{Op, Outcome};
use contend_model::process::{AnyProcess, Effects, Event, Process};
use contend_model::property::Property;
use contend_model::symmetry::Permutation;
use contend_model::time::Range;
use contend_model::timer::Timer;

use super::lock_row;
use crate::service::database_and_resource;
use crate::service::resource::Checks;
use crate::service::table::{Database, Settings};

/// The algorithm.
pub struct Steps;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Client {
    retry: Range,
    phase: Phase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Phase {
    Idle,
    Looking,
    Writing,
    /// Waiting for an update; whether the field was seen to be gone since.
    Waiting {
        gone: bool,
    },
    LookingAgain {
        gone: bool,
    },
    Deleting,
}

impl Client {
    fn wait(&self, gone: bool, out: &mut Effects) -> Phase {
        out.arm(Timer::Poll, self.retry);
        Phase::Waiting { gone }
    }

    fn enter(out: &mut Effects) -> Phase {
        out.returns(Outcome::Acquired { fence: None });
        Phase::Idle
    }
}

impl Process for Client {
    fn step(&mut self, event: Event, out: &mut Effects) {
        let row = match event {
            Event::Deliver { message: Message::TableReply(Reply::Row(row)), .. } => row,
            _ => None,
        };
        self.phase = match (self.phase, event) {
            (_, Event::Invoke(Op::Acquire)) => {
                out.call(BACKEND, lock_row::select());
                Phase::Looking
            }
            (Phase::Looking, Event::Deliver { .. }) if row.is_none() => {
                out.call(BACKEND, lock_row::insert(Key::Lock));
                Phase::Writing
            }
            (Phase::Looking, Event::Deliver { .. }) => self.wait(false, out),
            (Phase::Writing, Event::Deliver { .. }) => Client::enter(out),
            (Phase::Waiting { gone }, Event::Fire(Timer::Poll)) => {
                out.call(BACKEND, lock_row::select());
                Phase::LookingAgain { gone }
            }
            (Phase::LookingAgain { .. }, Event::Deliver { .. }) if row.is_none() => {
                self.wait(true, out)
            }
            (Phase::LookingAgain { gone: true }, Event::Deliver { .. }) => Client::enter(out),
            (Phase::LookingAgain { gone: false }, Event::Deliver { .. }) => self.wait(false, out),

            (_, Event::Invoke(Op::Release)) => {
                out.call(BACKEND, lock_row::delete());
                Phase::Deleting
            }
            (Phase::Deleting, Event::Deliver { .. }) => {
                out.returns(Outcome::Released);
                Phase::Idle
            }
            (
                Phase::Looking | Phase::Writing | Phase::LookingAgain { .. } | Phase::Deleting,
                Event::Disconnected(_),
            ) => {
                out.returns(Outcome::Unknown);
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

impl Algorithm for Steps {
    fn card(&self) -> Card {
        super::card(
            "sql-steps",
            "L-002-STEPS-P",
            Form::Intended,
            "sql",
            "waits for an update of what release deletes, and takes the next update for its turn",
        )
        .claim(Property::Consistency, "0m")
    }

    fn client(&self, _: NodeId, _: Role, timing: &Timing) -> Box<dyn AnyProcess> {
        Box::new(Client { retry: timing.retry, phase: Phase::Idle })
    }

    fn services(&self, _: &Timing) -> Vec<Service> {
        let settings = Settings { primary_key: false, ..Settings::POSTGRES };
        database_and_resource(Checks::Nothing, Database::new(settings))
    }
}
