//! L-004-OPT-P, to the letter: before the access, look whether somebody else has locked; if so, try
//! again. Safe under no assumption: nobody ever takes anything.
//!
//! Source: the fifth document, section 2.1, which calls this optimistic locking. What the words stand
//! for elsewhere is `sql-version`.

use contend_model::algorithm::{Algorithm, Card, Form, Role, Service, Timing};
use contend_model::ident::{BACKEND, NodeId};
use contend_model::message::Message;
use contend_model::message::table::Reply;
use contend_model::op::{Op, Outcome};
use contend_model::process::{AnyProcess, Effects, Event, Process};
use contend_model::property::Property;
use contend_model::symmetry::Permutation;

use super::lock_row;
use crate::service::database_and_resource;
use crate::service::resource::Checks;
use crate::service::table::{Database, Settings};

/// The algorithm.
pub struct CheckThenAccess;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Client {
    looking: bool,
}

impl Process for Client {
    fn step(&mut self, event: Event, out: &mut Effects) {
        self.looking = match (self.looking, event) {
            (_, Event::Invoke(Op::Acquire)) => {
                out.call(BACKEND, lock_row::select());
                true
            }
            (true, Event::Deliver { message: Message::TableReply(Reply::Row(None)), .. }) => {
                out.returns(Outcome::Acquired { fence: None });
                false
            }
            (true, Event::Deliver { .. } | Event::Disconnected(_)) => {
                out.returns(Outcome::Refused);
                false
            }
            (_, Event::Invoke(Op::Release)) => {
                out.returns(Outcome::Released);
                false
            }
            (looking, _) => looking,
        };
    }

    fn crashed(&self) -> Self {
        Client { looking: false }
    }

    fn permute(&mut self, _: &Permutation) -> bool {
        true
    }
}

impl Algorithm for CheckThenAccess {
    fn card(&self) -> Card {
        super::card(
            "sql-check-then-access",
            "L-004-OPT-P",
            Form::Intended,
            "sql",
            "looks whether somebody has locked, and locks nothing itself",
        )
        .claim(Property::DeadlockFreedom, "0mNCT")
        .claim(Property::Consistency, "0m")
        .without(Property::Ownership, "nothing is ever owned")
        .without(Property::Interruptibility, "acquire returns at once, so nobody ever waits")
    }

    fn client(&self, _: NodeId, _: Role, _: &Timing) -> Box<dyn AnyProcess> {
        Box::new(Client { looking: false })
    }

    fn services(&self, _: &Timing) -> Vec<Service> {
        database_and_resource(Checks::Nothing, Database::new(Settings::POSTGRES))
    }
}
