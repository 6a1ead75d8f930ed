//! Q-001-FILE, form a: one file to which messages are appended, and another that says how far it
//! was read. Safe with one consumer that never crashes, on a network that loses nothing.
//!
//! Source: the second document, section 8, question 3, which names a queue over files and gives no
//! algorithm; this is what its words come to. Its defects: to read the offset and to write it are
//! two calls, so that two consumers read the same message; the offset is moved before the work.

use contend_model::algorithm::{Algorithm, Card, Role, Service, Timing};
use contend_model::ident::{BACKEND, Item, NodeId};
use contend_model::message::Message;
use contend_model::message::files::{Line, Path, Reply, Request};
use contend_model::op::{Op, Outcome};
use contend_model::process::{AnyProcess, Effects, Event, Process};
use contend_model::property::Property;
use contend_model::symmetry::{Permutation, Symmetric};

use crate::service::{file_settings, files_and_resource};

const MESSAGES: Path = Path::named("messages");
const OFFSET: Path = Path::named("offset");

/// The algorithm.
#[derive(Clone, Copy, Debug)]
pub struct FileOffset;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Client {
    Idle,
    Appending,
    ReadingOffset,
    Reading(u32),
    Writing(Item),
}

fn end(outcome: Outcome, out: &mut Effects) -> Client {
    out.returns(outcome);
    Client::Idle
}

impl Process for Client {
    fn step(&mut self, event: Event, out: &mut Effects) {
        let reply = match event {
            Event::Deliver { message: Message::FilesReply(reply), .. } => Some(reply),
            _ => None,
        };
        *self = match (*self, event, reply) {
            (_, Event::Invoke(Op::Enqueue(item)), _) => {
                out.call(BACKEND, Request::Append { path: MESSAGES, line: Line::Item(item) });
                Client::Appending
            }
            (Client::Appending, Event::Deliver { .. }, _) => end(Outcome::Enqueued, out),
            (Client::Appending, Event::Disconnected(_), _) => end(Outcome::Unknown, out),

            (_, Event::Invoke(Op::Dequeue), _) => {
                out.call(BACKEND, Request::Read { path: OFFSET, at: 0 });
                Client::ReadingOffset
            }
            // A file that is not there, or is empty, says 0.
            (Client::ReadingOffset, Event::Deliver { .. }, _) => {
                let at = match reply {
                    Some(Reply::Line(Line::Number(at))) => at,
                    _ => 0,
                };
                out.call(BACKEND, Request::Read { path: MESSAGES, at });
                Client::Reading(at)
            }
            (Client::Reading(at), _, Some(Reply::Line(Line::Item(item)))) => {
                out.call(BACKEND, Request::Put { path: OFFSET, line: Line::Number(at + 1) });
                Client::Writing(item)
            }
            (Client::Reading(_), Event::Deliver { .. }, _) => end(Outcome::Empty, out),
            (Client::Writing(item), Event::Deliver { .. }, _) => {
                end(Outcome::Delivered { item, ack: false }, out)
            }
            (Client::Idle, Event::Disconnected(_), _) => Client::Idle,
            (_, Event::Disconnected(_), _) => end(Outcome::Unknown, out),
            (phase, _, _) => phase,
        };
    }

    fn crashed(&self) -> Self {
        Client::Idle
    }

    fn permute(&mut self, permutation: &Permutation) -> bool {
        if let Client::Writing(item) = self {
            item.permute(permutation);
        }
        true
    }
}

impl Algorithm for FileOffset {
    fn card(&self) -> Card {
        super::card_without_ack(
            "file-offset",
            "Q-001-FILE",
            "files",
            "a file of messages and a file with an offset: two consumers read the same offset",
        )
        .claim(Property::NoLoss, "0")
        .claim(Property::NoPhantom, "0NCT")
        .claim(Property::AtLeastOnce, "0")
        .claim(Property::Fifo, "0CT")
        .claim(Property::Emptiness, "0CT")
        .claim(Property::Progress, "0")
    }

    fn client(&self, _: NodeId, _: Role, _: &Timing) -> Box<dyn AnyProcess> {
        Box::new(Client::Idle)
    }

    fn services(&self, timing: &Timing) -> Vec<Service> {
        files_and_resource(file_settings(timing))
    }
}
