//! A lock server as small as can be: clients queue up for one lock, first come first served. A
//! client whose connection ends loses its place, or its hold.

use std::collections::VecDeque;

use contend_model::algorithm::{Algorithm, Card, Form, Role, Service, Timing};
use contend_model::history::Fact;
use contend_model::ident::{BACKEND, NodeId, Peer};
use contend_model::message::{Custom, Message, resource};
use contend_model::op::{Op, Outcome};
use contend_model::process::{AnyProcess, Effects, Event, Process};
use contend_model::property::Kind;

/// A word of the protocol.
fn say(verb: &'static str) -> Message {
    Message::Custom(Custom { verb, words: [0; 3] })
}

const ACQUIRE: &str = "acquire";
const GRANTED: &str = "granted";
const RELEASE: &str = "release";
const RELEASED: &str = "released";

/// The server: who waits, the holder first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Server {
    queue: VecDeque<Peer>,
}

impl Server {
    fn leave(&mut self, peer: Peer, out: &mut Effects) {
        let held = self.queue.front() == Some(&peer);
        self.queue.retain(|waiter| *waiter != peer);
        if let (true, Some(&next)) = (held, self.queue.front()) {
            out.reply(next, say(GRANTED));
        }
    }
}

impl Process for Server {
    fn step(&mut self, event: Event, out: &mut Effects) {
        match event {
            Event::Deliver { from, message: Message::Custom(Custom { verb: ACQUIRE, .. }) } => {
                if !self.queue.contains(&from) {
                    self.queue.push_back(from);
                }
                if self.queue.front() == Some(&from) {
                    out.reply(from, say(GRANTED));
                }
            }
            Event::Deliver { from, message: Message::Custom(Custom { verb: RELEASE, .. }) } => {
                self.leave(from, out);
                out.reply(from, say(RELEASED));
            }
            Event::Disconnected(peer) => self.leave(peer, out),
            _ => {}
        }
    }

    fn crashed(&self) -> Self {
        Server::default()
    }

    fn failed_over(&self) -> Option<Self> {
        Some(Server::default())
    }
}

/// The client: asks, and waits for as long as it takes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Client {
    calling: Option<Op>,
}

impl Process for Client {
    fn step(&mut self, event: Event, out: &mut Effects) {
        match (event, self.calling) {
            (Event::Invoke(op @ Op::Acquire), _) => {
                self.calling = Some(op);
                out.send(BACKEND, say(ACQUIRE));
            }
            (Event::Invoke(op @ (Op::Release | Op::Cancel)), _) => {
                self.calling = Some(op);
                out.call(BACKEND, say(RELEASE));
            }
            (Event::Deliver { message: Message::Custom(word), .. }, Some(op)) => {
                let outcome = match (op, word.verb) {
                    (Op::Acquire, GRANTED) => Outcome::Acquired { fence: None },
                    (Op::Release, RELEASED) => Outcome::Released,
                    (Op::Cancel, RELEASED) => Outcome::Cancelled,
                    _ => return,
                };
                self.calling = None;
                out.returns(outcome);
            }
            (Event::Disconnected(_), Some(op)) => {
                self.calling = None;
                let outcome = if op == Op::Acquire { Outcome::Refused } else { Outcome::Unknown };
                out.returns(outcome);
            }
            (Event::Start { .. }, _) => self.calling = None,
            _ => {}
        }
    }

    fn crashed(&self) -> Self {
        Client::default()
    }
}

/// A resource that takes everything.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Resource;

impl Process for Resource {
    fn step(&mut self, event: Event, out: &mut Effects) {
        if let Event::Deliver { from, message: Message::Resource(request) } = event {
            out.note(match request {
                resource::Request::Write { hold, .. } => Fact::Accepted(hold),
                resource::Request::Read { hold } => Fact::Read(hold),
                resource::Request::Apply { item } => Fact::Applied(item),
            });
            out.reply(from, resource::Reply::Accepted);
        }
    }

    fn crashed(&self) -> Self {
        Resource
    }
}

/// The lock.
#[derive(Debug)]
pub struct LockServer;

impl Algorithm for LockServer {
    fn card(&self) -> Card {
        Card {
            name: "lock-server".into(),
            kind: Kind::Lock,
            document: "none".into(),
            form: Form::Intended,
            backend: "server".into(),
            summary: "A queue of clients.".into(),
            claims: Vec::new(),
            not_offered: Vec::new(),
            discipline: Default::default(),
        }
    }

    fn client(&self, _me: NodeId, _role: Role, _timing: &Timing) -> Box<dyn AnyProcess> {
        Box::new(Client::default())
    }

    fn services(&self, _timing: &Timing) -> Vec<Service> {
        vec![
            Service { name: "resource", process: Box::new(Resource) },
            Service { name: "server", process: Box::new(Server::default()) },
        ]
    }
}
