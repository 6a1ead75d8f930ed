//! Q-004-RMQ-C, Q-004-PUBSUB-P and Q-004-P2P-P: publish and consume over RabbitMQ as the fifth document
//! has them. Safe under no assumption as written; with the missing binding, safe while the broker
//! does not restart, but for repetition.
//!
//! Source: the fifth document, section 4.2, and its prose in sections 2.2 and 3.2. The code's defects:
//! nothing binds the queue that is read to the exchange that is written to, so that everything is
//! dropped; no confirms, nothing durable, nothing persistent; manual acknowledgement is on and
//! nobody acknowledges, so that everything comes back; no prefetch limit, so that one consumer
//! hoards. The prose promises persistence of the protocol, which publish/subscribe to nobody does
//! not have. The parameter names, which fit no one version of the client library, are mended.

use contend_model::algorithm::{Algorithm, Card, Role, Service, Timing};
use contend_model::ident::{BACKEND, Item, NodeId};
use contend_model::message::Message;
use contend_model::message::broker::{Declare, Exchange, Queue, Receipt, Reply, Request};
use contend_model::op::{Op, Outcome};
use contend_model::process::{AnyProcess, Effects, Event, Process};
use contend_model::property::Property;
use contend_model::symmetry::{Permutation, Symmetric};

use crate::service::broker::{Kind, Settings};
use crate::service::broker_and_resource;
use crate::service::resource::Checks;

/// How the document is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reading {
    /// The code as it stands: a queue and an exchange, and nothing between them.
    Unbound,
    /// The code with the binding declared at both ends.
    Bound {
        /// Whether the broker waits for acknowledgements at most so long.
        ack_timeout: bool,
    },
    /// The prose: a topic, of which every subscriber gets what comes after it has subscribed.
    PublishSubscribe,
    /// The prose: a queue that both ends name, whose messages are persistent.
    PointToPoint,
}

/// The algorithm in one reading.
pub struct Rmq(pub Reading);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Client {
    me: NodeId,
    reading: Reading,
    phase: Phase,
    /// Whether this client consumes.
    subscribed: bool,
    /// What was pushed and not yet asked for.
    pushed: Vec<Item>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Phase {
    Idle,
    Publishing,
    Subscribing,
    Waiting,
}

impl Client {
    fn publish(&self, item: Item, out: &mut Effects) {
        let code = Declare { exchange: Some(Exchange::Tasks), ..Declare::default() };
        let (declare, exchange) = match self.reading {
            Reading::Unbound => (code, Exchange::Tasks),
            Reading::Bound { .. } => (bound(Exchange::Tasks, Queue::Tasks), Exchange::Tasks),
            Reading::PublishSubscribe => {
                (Declare { exchange: Some(Exchange::Events), ..code }, Exchange::Events)
            }
            Reading::PointToPoint => (durable_queue(), Exchange::Default),
        };
        let persistent = self.reading == Reading::PointToPoint;
        let (key, mandatory, receipt) = (Queue::Tasks, false, Receipt::CloseOk);
        let publish =
            Request::Publish { declare, exchange, key, item, persistent, mandatory, receipt };
        out.call(BACKEND, publish);
    }

    fn consume(&self, out: &mut Effects) {
        let own = Queue::Own(self.me);
        let (declare, queue, auto_ack) = match self.reading {
            Reading::Unbound => {
                let declare = Declare { queue: Some(Queue::Tasks), ..Declare::default() };
                (declare, Queue::Tasks, false)
            }
            Reading::Bound { .. } => (bound(Exchange::Tasks, Queue::Tasks), Queue::Tasks, false),
            Reading::PublishSubscribe => (bound(Exchange::Events, own), own, true),
            Reading::PointToPoint => (durable_queue(), Queue::Tasks, true),
        };
        out.call(BACKEND, Request::Consume { declare, queue, auto_ack, prefetch: 0 });
    }

    /// Hands over what was pushed first, or waits.
    fn take(&mut self, out: &mut Effects) -> Phase {
        if self.pushed.is_empty() {
            return Phase::Waiting;
        }
        let item = self.pushed.remove(0);
        out.returns(Outcome::Delivered { item, ack: false });
        Phase::Idle
    }

    /// The library raises an exception out of whatever is under way, and forgets what was pushed.
    fn fail(&mut self, out: &mut Effects) -> Phase {
        self.subscribed = false;
        self.pushed.clear();
        if self.phase != Phase::Idle {
            out.returns(Outcome::Unknown);
        }
        Phase::Idle
    }
}

impl Reading {
    fn claims(self) -> &'static [(Property, &'static str)] {
        match self {
            // Nothing is ever delivered, so nothing is shown.
            Reading::Unbound => &[],
            Reading::Bound { ack_timeout: true } => &[
                (Property::NoLoss, "0NT"),
                (Property::NoPhantom, "0NCT"),
                (Property::AtLeastOnce, "0NT"),
                (Property::Progress, "0NT"),
            ],
            Reading::Bound { ack_timeout: false } => &[
                (Property::NoLoss, "0NT"),
                (Property::NoPhantom, "0NCT"),
                (Property::NoDuplicate, "0T"),
                (Property::AtLeastOnce, "0T"),
                (Property::AtMostOnce, "0T"),
                (Property::Exclusive, "0CT"),
                (Property::Progress, "0NT"),
            ],
            Reading::PublishSubscribe => &[(Property::NoPhantom, "0NCT")],
            Reading::PointToPoint => &[
                (Property::NoLoss, "0"),
                (Property::NoPhantom, "0NCT"),
                (Property::NoDuplicate, "0CT"),
                (Property::AtLeastOnce, "0"),
                (Property::AtMostOnce, "0CT"),
                (Property::Exclusive, "0CT"),
                (Property::Progress, "0"),
            ],
        }
    }
}

fn bound(exchange: Exchange, queue: Queue) -> Declare {
    Declare { exchange: Some(exchange), queue: Some(queue), bind: true, durable: false }
}

fn durable_queue() -> Declare {
    Declare { queue: Some(Queue::Tasks), durable: true, ..Declare::default() }
}

impl Process for Client {
    fn step(&mut self, event: Event, out: &mut Effects) {
        let reply = match event {
            Event::Deliver { message: Message::BrokerReply(reply), .. } => Some(reply),
            _ => None,
        };
        self.phase = match (self.phase, event, reply) {
            (_, Event::Invoke(Op::Enqueue(item)), _) => {
                self.publish(item, out);
                Phase::Publishing
            }
            (Phase::Publishing, _, Some(Reply::CloseOk)) => {
                out.returns(Outcome::Enqueued);
                Phase::Idle
            }

            (_, Event::Invoke(Op::Dequeue), _) if !self.subscribed => {
                self.consume(out);
                Phase::Subscribing
            }
            (_, Event::Invoke(Op::Dequeue), _) => self.take(out),
            (Phase::Subscribing, _, Some(Reply::ConsumeOk)) => {
                self.subscribed = true;
                Phase::Waiting
            }
            (phase, _, Some(Reply::Deliver { item, .. })) => {
                self.pushed.push(item);
                if phase == Phase::Waiting { self.take(out) } else { phase }
            }

            (_, Event::Disconnected(_), _)
            | (_, _, Some(Reply::NotFound | Reply::PreconditionFailed)) => self.fail(out),
            (phase, _, _) => phase,
        };
    }

    fn crashed(&self) -> Self {
        Client { phase: Phase::Idle, subscribed: false, pushed: Vec::new(), ..*self }
    }

    fn permute(&mut self, permutation: &Permutation) -> bool {
        self.me.permute(permutation);
        self.pushed.permute(permutation);
        true
    }
}

impl Algorithm for Rmq {
    fn card(&self) -> Card {
        let (name, document, summary) = match self.0 {
            Reading::Unbound => (
                "rmq-unbound",
                "Q-004-RMQ-C",
                "a queue that no exchange feeds: every message is unroutable and dropped",
            ),
            Reading::Bound { ack_timeout: true } => (
                "rmq-bound",
                "Q-004-RMQ-C",
                "publish and consume without confirms, durability or acks: all comes back for ever",
            ),
            Reading::Bound { ack_timeout: false } => (
                "rmq-bound-patient",
                "Q-004-RMQ-C",
                "rmq-bound on a broker that waits for acknowledgements for ever",
            ),
            Reading::PublishSubscribe => (
                "rmq-pubsub",
                "Q-004-PUBSUB-P",
                "a fanout exchange: what is published before anybody subscribes is dropped",
            ),
            Reading::PointToPoint => (
                "rmq-p2p",
                "Q-004-P2P-P",
                "a durable queue without confirms or acks: lost with the consumer that took it",
            ),
        };
        let card = super::card_without_ack(name, document, "rabbitmq", summary)
            .without(Property::Emptiness, super::NEVER_SAYS_EMPTY);
        self.0
            .claims()
            .iter()
            .fold(card, |card, &(property, letters)| card.claim(property, letters))
    }

    fn client(&self, me: NodeId, _: Role, _: &Timing) -> Box<dyn AnyProcess> {
        let (reading, phase) = (self.0, Phase::Idle);
        Box::new(Client { me, reading, phase, subscribed: false, pushed: Vec::new() })
    }

    fn services(&self, timing: &Timing) -> Vec<Service> {
        let waits_for_ever = self.0 == Reading::Bound { ack_timeout: false };
        let settings = Settings {
            kind: Kind::Classic,
            ack_timeout: (!waits_for_ever).then_some(timing.lease),
            delivery_limit: None,
            sync_every: timing.sync_every,
            lacks: None,
        };
        broker_and_resource(Checks::Nothing, settings)
    }
}
