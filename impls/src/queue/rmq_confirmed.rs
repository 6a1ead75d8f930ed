//! RQ-RMQ: durable exchange, queue and binding, persistent messages, publisher confirms and the
//! mandatory flag, a prefetch of one, acknowledgement after the effect on the connection of the
//! delivery, and idempotent effects. Safe while the disk keeps what was written; an item may be
//! delivered more than once, but its effect comes about once.
//!
//! Source: rabbitmq.com/docs/reliability and /docs/confirms. A publish without a confirm is repeated
//! under the same message id, so the queue may hold an item twice; the resource tells by its name.
//! An acknowledgement is not answered: `acknowledged` says that it was sent on the connection that
//! the item came by.

use contend_model::algorithm::{Algorithm, Card, Form, Role, Service, Timing};
use contend_model::ident::{BACKEND, Item, NodeId};
use contend_model::message::Message;
use contend_model::message::broker::{Declare, Exchange, Queue, Receipt, Reply, Request};
use contend_model::op::{Op, Outcome};
use contend_model::process::{AnyProcess, Effects, Event, Process};
use contend_model::property::Property;
use contend_model::symmetry::{Permutation, Symmetric};
use contend_model::timer::Timer;

use crate::service::broker::{self, Kind};
use crate::service::broker_and_resource;
use crate::service::resource::Checks;

/// How often a message may come back before it is a dead letter: RabbitMQ's default since 4.0.
const DELIVERY_LIMIT: u8 = 20;

/// The algorithm and its settings.
#[derive(Clone, Copy, Debug)]
pub struct Confirmed {
    /// The name in the registry.
    pub name: &'static str,
    /// Whether producers declare the queue as well as consumers.
    pub both_declare: bool,
    /// The check that the client has forgotten.
    pub lacks: Option<Guard>,
    /// The check that the broker has forgotten.
    pub broker_lacks: Option<broker::Guard>,
}

/// A check that the client makes. Tests take one away to see whether the suite notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Guard {
    /// Exchange and queue are durable.
    Durable,
    /// A publish waits for its confirm.
    AwaitsConfirm,
    /// A publish is mandatory, and what is returned is published again.
    Mandatory,
    /// A delivery is acknowledged after its effect, not when it is sent.
    AcksAfterEffect,
    /// A delivery is acknowledged on the channel that it came by, or not at all.
    SameChannel,
    /// The effect of an item is applied once.
    EffectIsIdempotent,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Settings {
    both_declare: bool,
    lacks: Option<Guard>,
    timing: Timing,
}

/// Settings are the same in all states of a world.
impl std::hash::Hash for Settings {
    fn hash<H: std::hash::Hasher>(&self, _: &mut H) {}
}

impl Settings {
    fn has(&self, guard: Guard) -> bool {
        self.lacks != Some(guard)
    }

    fn topology(&self) -> Declare {
        let (exchange, queue) = (Some(Exchange::Tasks), Some(Queue::Tasks));
        Declare { exchange, queue, bind: true, durable: self.has(Guard::Durable) }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Producer {
    settings: Settings,
    phase: Publishing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Publishing {
    Idle,
    /// Waiting for the confirm.
    Unconfirmed(Item),
    /// Not in the queue, or nobody knows; about to publish again.
    InDoubt(Item),
}

impl Producer {
    fn publish(&self, item: Item, out: &mut Effects) -> Publishing {
        let topology = self.settings.topology();
        let declare = if self.settings.both_declare {
            topology
        } else {
            Declare { queue: None, bind: false, ..topology }
        };
        let confirmed = self.settings.has(Guard::AwaitsConfirm);
        let publish = Request::Publish {
            declare,
            exchange: Exchange::Tasks,
            key: Queue::Tasks,
            item,
            persistent: true,
            mandatory: self.settings.has(Guard::Mandatory),
            receipt: if confirmed { Receipt::Confirm } else { Receipt::None },
        };
        if confirmed {
            out.call(BACKEND, publish);
            return Publishing::Unconfirmed(item);
        }
        out.send(BACKEND, publish);
        out.returns(Outcome::Enqueued);
        Publishing::Idle
    }

    fn publish_later(&self, item: Item, out: &mut Effects) -> Publishing {
        out.arm(Timer::Poll, self.settings.timing.retry);
        Publishing::InDoubt(item)
    }
}

impl Process for Producer {
    fn step(&mut self, event: Event, out: &mut Effects) {
        let reply = broker_reply(event);
        self.phase = match (self.phase, event, reply) {
            (Publishing::Idle, Event::Invoke(Op::Enqueue(item)), _) => self.publish(item, out),
            (Publishing::Unconfirmed(item), _, Some(Reply::ReturnedAndConfirmed)) => {
                self.publish_later(item, out)
            }
            (Publishing::Unconfirmed(_), _, Some(Reply::Confirmed)) => {
                out.returns(Outcome::Enqueued);
                Publishing::Idle
            }
            (Publishing::Unconfirmed(item), Event::Disconnected(_), _) => {
                self.publish_later(item, out)
            }
            (Publishing::InDoubt(item), Event::Fire(Timer::Poll), _) => self.publish(item, out),
            (phase, _, _) => phase,
        };
    }

    fn crashed(&self) -> Self {
        Producer { settings: self.settings.clone(), phase: Publishing::Idle }
    }

    fn permute(&mut self, permutation: &Permutation) -> bool {
        if let Publishing::Unconfirmed(item) | Publishing::InDoubt(item) = &mut self.phase {
            item.permute(permutation);
        }
        true
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Consumer {
    settings: Settings,
    channel: Channel,
    /// The caller waits for an item.
    asked: bool,
    /// What the caller works on.
    working: Option<Delivery>,
    /// What was pushed on this channel and not yet handed over.
    pushed: Option<Delivery>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Channel {
    /// There was no need for one yet.
    None,
    Subscribing,
    Open,
    /// Lost; about to subscribe again.
    Lost,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Delivery {
    item: Item,
    tag: u32,
}

impl Consumer {
    fn subscribe(&mut self, out: &mut Effects) {
        let declare = self.settings.topology();
        let auto_ack = !self.settings.has(Guard::AcksAfterEffect);
        let queue = Queue::Tasks;
        out.call(BACKEND, Request::Consume { declare, queue, auto_ack, prefetch: 1 });
        self.channel = Channel::Subscribing;
    }

    fn dequeue(&mut self, out: &mut Effects) {
        self.asked = true;
        if self.channel == Channel::None {
            self.subscribe(out);
        }
        // The caller has asked for the next item without having finished this one. It would come back
        // when the broker's patience is over, too.
        if let Some(Delivery { tag, .. }) = self.working.take() {
            out.send(BACKEND, Request::Nack { tag, requeue: true });
        }
        self.hand_over(out);
    }

    fn hand_over(&mut self, out: &mut Effects) {
        if self.asked
            && let Some(delivery) = self.pushed.take()
        {
            self.asked = false;
            self.working = Some(delivery);
            out.returns(Outcome::Delivered { item: delivery.item, ack: true });
        }
    }

    fn ack(&mut self, out: &mut Effects) {
        match self.working.take() {
            Some(Delivery { tag, .. }) => {
                if self.settings.has(Guard::AcksAfterEffect) {
                    out.send(BACKEND, Request::Ack { tag });
                }
                out.returns(Outcome::Acked);
            }
            // The channel that it came by is gone, and the broker delivers it again.
            None => out.returns(Outcome::Stale),
        }
    }

    fn lose_channel(&mut self) {
        self.pushed = None;
        if self.settings.has(Guard::SameChannel) {
            self.working = None;
        }
        self.channel = Channel::Lost;
    }
}

impl Process for Consumer {
    fn step(&mut self, event: Event, out: &mut Effects) {
        match (event, broker_reply(event)) {
            (Event::Invoke(Op::Dequeue), _) => self.dequeue(out),
            (Event::Invoke(Op::Ack(_)), _) => self.ack(out),
            (_, Some(Reply::ConsumeOk)) => self.channel = Channel::Open,
            (_, Some(Reply::Deliver { item, tag, .. })) => {
                self.pushed = Some(Delivery { item, tag });
                self.hand_over(out);
            }
            // The connection is there yet.
            (_, Some(Reply::NotFound | Reply::PreconditionFailed)) => {
                self.lose_channel();
                self.subscribe(out);
            }
            (Event::Disconnected(_), _) => {
                self.lose_channel();
                out.arm(Timer::Poll, self.settings.timing.retry.most);
            }
            (Event::Fire(Timer::Poll), _) => self.subscribe(out),
            _ => {}
        }
    }

    fn crashed(&self) -> Self {
        let settings = self.settings.clone();
        Consumer { settings, channel: Channel::None, asked: false, working: None, pushed: None }
    }

    fn permute(&mut self, permutation: &Permutation) -> bool {
        for delivery in self.working.iter_mut().chain(&mut self.pushed) {
            delivery.item.permute(permutation);
        }
        true
    }
}

fn broker_reply(event: Event) -> Option<Reply> {
    match event {
        Event::Deliver { message: Message::BrokerReply(reply), .. } => Some(reply),
        _ => None,
    }
}

impl Algorithm for Confirmed {
    fn card(&self) -> Card {
        let declared =
            if self.both_declare { "" } else { "; consumers declare, and what is returned waits" };
        let summary =
            format!("durable, confirmed, mandatory, acknowledged after the effect{declared}");
        super::card(self.name, "RQ-RMQ", Form::Repaired, "rabbitmq", &summary)
            .claim(Property::NoLoss, "0NCT")
            .claim(Property::NoPhantom, "0NCT")
            .claim(Property::NoDuplicate, "0")
            .claim(Property::AtLeastOnce, "0NCT")
            .claim(Property::AtMostOnce, "0NCT")
            .claim(Property::Exclusive, "0")
            .claim(Property::TerminalStays, "0")
            .claim(Property::Progress, "0NCT")
            .without(Property::Emptiness, super::NEVER_SAYS_EMPTY)
    }

    fn client(&self, _: NodeId, role: Role, timing: &Timing) -> Box<dyn AnyProcess> {
        let Confirmed { both_declare, lacks, .. } = *self;
        let settings = Settings { both_declare, lacks, timing: *timing };
        if role == Role::Producer {
            return Box::new(Producer { settings, phase: Publishing::Idle });
        }
        let (channel, asked) = (Channel::None, false);
        Box::new(Consumer { settings, channel, asked, working: None, pushed: None })
    }

    fn services(&self, timing: &Timing) -> Vec<Service> {
        let idempotent = self.lacks != Some(Guard::EffectIsIdempotent);
        let checks = if idempotent { Checks::Repetition } else { Checks::Nothing };
        let settings = broker::Settings {
            kind: Kind::Quorum,
            ack_timeout: Some(timing.lease),
            delivery_limit: Some(DELIVERY_LIMIT),
            sync_every: timing.sync_every,
            lacks: self.broker_lacks,
        };
        broker_and_resource(checks, settings)
    }
}
