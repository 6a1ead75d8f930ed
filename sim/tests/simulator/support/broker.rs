//! A broker as small as can be, with everything that faults can get at: what it was given reaches
//! the disk and the replica at its next sync, and what it hands out comes back when a deadline on
//! its wall clock passes.

use std::collections::VecDeque;

use contend_model::algorithm::{Algorithm, Card, Form, Role, Service, Timing};
use contend_model::ident::{BACKEND, Item, NodeId, Peer};
use contend_model::message::{Custom, Message};
use contend_model::op::{Op, Outcome};
use contend_model::process::{AnyProcess, Effects, Event, Process};
use contend_model::property::Kind;
use contend_model::time::{Range, Span};
use contend_model::timer::Timer;

use super::lock_server::Resource;

/// A word of the protocol.
fn say(verb: &'static str, item: Option<Item>) -> Message {
    let words = item.map_or([u32::MAX; 3], |item| {
        [item.producer.client().expect("clients produce") as u32, u32::from(item.number), 0]
    });
    Message::Custom(Custom { verb, words })
}

fn item(word: Custom) -> Option<Item> {
    let [producer, number, _] = word.words;
    let producer = NodeId::Client(u8::try_from(producer).ok()?);
    Some(Item { producer, number: u16::try_from(number).ok()? })
}

const PUT: &str = "put";
const TAKE: &str = "take";
const DONE: &str = "done";
const YES: &str = "yes";
const NOTHING: &str = "nothing";

/// What is in the queue, and what is handed out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Contents {
    ready: VecDeque<Item>,
    out: Vec<Item>,
}

/// The broker.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Broker {
    lease: Span,
    sync_every: Span,
    live: Contents,
    synced: Contents,
    syncing: bool,
}

impl Broker {
    fn serve(&mut self, peer: Peer, word: Custom, out: &mut Effects) {
        match (word.verb, item(word)) {
            (PUT, Some(item)) => {
                self.live.ready.push_back(item);
                out.reply(peer, say(YES, None));
            }
            (TAKE, _) => match self.live.ready.pop_front() {
                None => out.reply(peer, say(NOTHING, None)),
                Some(item) => {
                    if self.live.out.is_empty() {
                        out.arm(Timer::Deadline(0), self.lease);
                    }
                    self.live.out.push(item);
                    out.reply(peer, say(YES, Some(item)));
                }
            },
            (DONE, Some(item)) => {
                self.live.out.retain(|other| *other != item);
                out.reply(peer, say(YES, None));
            }
            _ => return,
        }
        if !self.syncing {
            self.syncing = true;
            out.arm(Timer::Sync, Range::exactly(self.sync_every));
        }
    }
}

impl Process for Broker {
    fn step(&mut self, event: Event, out: &mut Effects) {
        match event {
            Event::Deliver { from, message: Message::Custom(word) } => self.serve(from, word, out),
            Event::Fire(Timer::Sync) => {
                self.synced = self.live.clone();
                self.syncing = false;
            }
            Event::Fire(Timer::Deadline(0)) => {
                for item in self.live.out.drain(..) {
                    self.live.ready.push_front(item);
                }
            }
            // What a crash has left behind without a deadline comes back at once.
            Event::Start { incarnation: 1.. } => {
                for item in self.live.out.drain(..) {
                    self.live.ready.push_front(item);
                }
            }
            _ => {}
        }
    }

    fn crashed(&self) -> Self {
        Broker { live: self.synced.clone(), syncing: false, ..self.clone() }
    }

    fn failed_over(&self) -> Option<Self> {
        Some(Process::crashed(self))
    }
}

/// The client of the broker.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Client {
    calling: Option<Op>,
}

impl Process for Client {
    fn step(&mut self, event: Event, out: &mut Effects) {
        match (event, self.calling) {
            (Event::Invoke(op), _) => {
                self.calling = Some(op);
                match op {
                    Op::Enqueue(item) => out.call(BACKEND, say(PUT, Some(item))),
                    Op::Dequeue => out.call(BACKEND, say(TAKE, None)),
                    Op::Ack(item) => out.call(BACKEND, say(DONE, Some(item))),
                    Op::Acquire | Op::Release | Op::Cancel => {}
                }
            }
            (Event::Deliver { message: Message::Custom(word), .. }, Some(op)) => {
                self.calling = None;
                out.returns(match (op, item(word)) {
                    (Op::Enqueue(_), _) => Outcome::Enqueued,
                    (Op::Dequeue, Some(item)) => Outcome::Delivered { item, ack: true },
                    (Op::Dequeue, None) => Outcome::Empty,
                    _ => Outcome::Acked,
                });
            }
            (Event::Disconnected(_), Some(_)) => {
                self.calling = None;
                out.returns(Outcome::Unknown);
            }
            (Event::Start { .. }, _) => self.calling = None,
            _ => {}
        }
    }

    fn crashed(&self) -> Self {
        Client::default()
    }
}

/// The queue.
#[derive(Debug)]
pub struct BrokerQueue;

impl Algorithm for BrokerQueue {
    fn card(&self) -> Card {
        Card {
            name: "broker-queue".into(),
            kind: Kind::Queue,
            document: "none".into(),
            form: Form::Intended,
            backend: "broker".into(),
            summary: "A list with leases.".into(),
            claims: Vec::new(),
            not_offered: Vec::new(),
            discipline: Default::default(),
        }
    }

    fn client(&self, _me: NodeId, _role: Role, _timing: &Timing) -> Box<dyn AnyProcess> {
        Box::new(Client::default())
    }

    fn services(&self, timing: &Timing) -> Vec<Service> {
        let broker = Broker {
            lease: timing.lease,
            sync_every: Span::ms(50),
            live: Contents::default(),
            synced: Contents::default(),
            syncing: false,
        };
        vec![
            Service { name: "resource", process: Box::new(Resource) },
            Service { name: "broker", process: Box::new(broker) },
        ]
    }
}
