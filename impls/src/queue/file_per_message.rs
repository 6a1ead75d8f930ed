//! Q-001-FILE, form b: a file for each message; consumers list the directory, read the first file
//! and unlink it. Safe under no assumption where two consumers list at once.
//!
//! Source: the second document, section 8, question 3, which names a queue over files and gives no
//! algorithm; this is what its words come to. Its defects: two consumers read before either
//! unlinks; a file is seen before it is written; it is gone before the work. Files are named by the
//! producer's clock; here they are named by producer and number, as by clocks that are further
//! apart than any pause.

use contend_model::algorithm::{Algorithm, Card, Role, Service, Timing};
use contend_model::ident::{BACKEND, Item, NodeId};
use contend_model::message::Message;
use contend_model::message::files::{Line, Name, Path, Reply, Request};
use contend_model::op::{Op, Outcome};
use contend_model::process::{AnyProcess, Effects, Event, Process};
use contend_model::property::Property;
use contend_model::symmetry::{Permutation, Symmetric};

use crate::service::{file_settings, files_and_resource};

const MESSAGES: &str = "messages";

/// The algorithm.
#[derive(Clone, Copy, Debug)]
pub struct FilePerMessage;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Client {
    Idle,
    Opening(Item),
    Writing,
    Listing,
    Reading(Name),
    /// With what was read: nothing, if the file was empty.
    Unlinking(Option<Item>),
}

fn end(outcome: Outcome, out: &mut Effects) -> Client {
    out.returns(outcome);
    Client::Idle
}

fn unlink(name: Name, read: Option<Item>, out: &mut Effects) -> Client {
    out.call(BACKEND, Request::Unlink(Path::within(MESSAGES, name)));
    Client::Unlinking(read)
}

impl Process for Client {
    fn step(&mut self, event: Event, out: &mut Effects) {
        let reply = match event {
            Event::Deliver { message: Message::FilesReply(reply), .. } => Some(reply),
            _ => None,
        };
        *self = match (*self, event, reply) {
            (_, Event::Invoke(Op::Enqueue(item)), _) => {
                out.call(BACKEND, Request::Create(Path::within(MESSAGES, Name::Item(item))));
                Client::Opening(item)
            }
            (Client::Opening(item), _, Some(Reply::Opened(file))) => {
                out.call(BACKEND, Request::Write { file, line: Line::Item(item) });
                Client::Writing
            }
            (Client::Writing, _, Some(Reply::Done)) => end(Outcome::Enqueued, out),

            (_, Event::Invoke(Op::Dequeue), _) => {
                out.call(BACKEND, Request::Next { directory: MESSAGES, after: None });
                Client::Listing
            }
            (Client::Listing, _, Some(Reply::Entry(name))) => {
                out.call(BACKEND, Request::Read { path: Path::within(MESSAGES, name), at: 0 });
                Client::Reading(name)
            }
            (Client::Listing, Event::Deliver { .. }, _) => end(Outcome::Empty, out),
            (Client::Reading(name), _, Some(Reply::Line(Line::Item(item)))) => {
                unlink(name, Some(item), out)
            }
            (Client::Reading(name), _, Some(Reply::EndOfFile)) => unlink(name, None, out),
            (Client::Reading(_), Event::Deliver { .. }, _) => end(Outcome::Empty, out),
            // Whether the file was still there is not asked. An empty message is nothing to work
            // on.
            (Client::Unlinking(read), Event::Deliver { .. }, _) => end(
                read.map_or(Outcome::Empty, |item| Outcome::Delivered { item, ack: false }),
                out,
            ),
            (Client::Idle, Event::Disconnected(_), _) => Client::Idle,
            (_, Event::Disconnected(_) | Event::Deliver { .. }, _) => end(Outcome::Unknown, out),
            (phase, _, _) => phase,
        };
    }

    fn crashed(&self) -> Self {
        Client::Idle
    }

    fn permute(&mut self, permutation: &Permutation) -> bool {
        match self {
            Client::Opening(item) => item.permute(permutation),
            Client::Reading(name) => name.permute(permutation),
            Client::Unlinking(read) => read.permute(permutation),
            Client::Idle | Client::Writing | Client::Listing => {}
        }
        true
    }
}

impl Algorithm for FilePerMessage {
    fn card(&self) -> Card {
        super::card_without_ack(
            "file-per-message",
            "Q-001-FILE",
            "files",
            "a file for each message: two consumers read it before either unlinks",
        )
        .claim(Property::NoPhantom, "0NCT")
    }

    fn client(&self, _: NodeId, _: Role, _: &Timing) -> Box<dyn AnyProcess> {
        Box::new(Client::Idle)
    }

    fn services(&self, timing: &Timing) -> Vec<Service> {
        files_and_resource(file_settings(timing))
    }
}
