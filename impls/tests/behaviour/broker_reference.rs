//! The broker against the simplest broker there is: a list of what was published, each entry owned by
//! nobody, by a consumer, or gone. Any sequence of publishes, subscriptions, acknowledgements, lost
//! connections and restarts must leave both with the same messages in the same order.

use std::collections::{BTreeMap, VecDeque};

use contend_impls::service::broker::{Broker, Guard, Kind, Settings};
use contend_model::ident::{Item, NodeId, Peer};
use contend_model::message::Message;
use contend_model::message::broker::{Declare, Exchange, Queue, Receipt, Reply, Request};
use contend_model::process::{Effect, Effects, Event, Process};
use contend_model::time::Span;
use proptest::prelude::*;

use super::reference::{conversations, notices_each};

const DURABLE: Declare = Declare {
    exchange: Some(Exchange::Tasks),
    queue: Some(Queue::Tasks),
    bind: true,
    durable: true,
};

/// What happens.
#[derive(Clone, Copy, Debug)]
enum Happening {
    Publish {
        persistent: bool,
    },
    Subscribe {
        consumer: u8,
        prefetch: u8,
    },
    /// The consumer acknowledges what it has held longest, or gives it back.
    Settle {
        consumer: u8,
        requeue: bool,
    },
    Leave {
        consumer: u8,
    },
    Restart,
}

fn happening() -> impl Strategy<Value = Happening> {
    let consumer = 0..3_u8;
    prop_oneof![
        4 => any::<bool>().prop_map(|persistent| Happening::Publish { persistent }),
        2 => (consumer.clone(), 0..3_u8)
            .prop_map(|(consumer, prefetch)| Happening::Subscribe { consumer, prefetch }),
        4 => (consumer.clone(), any::<bool>())
            .prop_map(|(consumer, requeue)| Happening::Settle { consumer, requeue }),
        1 => consumer.prop_map(|consumer| Happening::Leave { consumer }),
        1 => Just(Happening::Restart),
    ]
}

/// One message of the reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Entry {
    item: Item,
    persistent: bool,
    owner: Option<u8>,
    returned: bool,
}

/// The reference: all messages in order, and who consumes, next in turn first.
#[derive(Default)]
struct Reference {
    entries: Vec<Entry>,
    /// Consumers and their prefetch.
    turns: VecDeque<(u8, u8)>,
    /// What each consumer was sent, in order, and has not settled.
    held: BTreeMap<u8, VecDeque<Item>>,
}

impl Reference {
    /// Hands out what is free to whoever has room, in turn.
    fn hand_out(&mut self, sent: &mut Vec<(u8, Item, bool)>) {
        while let Some(free) = self.entries.iter().position(|entry| entry.owner.is_none()) {
            let room = |&(consumer, prefetch): &(u8, u8)| {
                let held = self.held.get(&consumer).map_or(0, VecDeque::len);
                prefetch == 0 || held < usize::from(prefetch)
            };
            let Some(turn) = self.turns.iter().position(room) else { return };
            let (consumer, prefetch) = self.turns.remove(turn).expect("it was found");
            self.turns.push_back((consumer, prefetch));
            let entry = &mut self.entries[free];
            entry.owner = Some(consumer);
            self.held.entry(consumer).or_default().push_back(entry.item);
            sent.push((consumer, entry.item, entry.returned));
        }
    }

    fn give_back(&mut self, consumer: u8) {
        self.turns.retain(|&(other, _)| other != consumer);
        self.held.remove(&consumer);
        for entry in self.entries.iter_mut().filter(|entry| entry.owner == Some(consumer)) {
            (entry.owner, entry.returned) = (None, true);
        }
    }
}

/// Both, and the tags that the broker gave out.
struct Pair {
    broker: Broker,
    reference: Reference,
    tags: BTreeMap<u8, VecDeque<u32>>,
    published: u16,
}

impl Pair {
    fn new(lacks: Option<Guard>) -> Self {
        let settings = Settings {
            kind: Kind::Classic,
            ack_timeout: None,
            delivery_limit: None,
            sync_every: Span::ms(1),
            lacks,
        };
        let broker = Broker::new(settings);
        let (reference, tags) = (Reference::default(), BTreeMap::new());
        Pair { broker, reference, tags, published: 0 }
    }

    fn happens(&mut self, happening: Happening) -> Result<(), TestCaseError> {
        let mut sent = Vec::new();
        let event = match happening {
            Happening::Publish { persistent } => Some(self.publish(persistent)),
            Happening::Subscribe { consumer, prefetch } => self.subscribe(consumer, prefetch),
            Happening::Settle { consumer, requeue } => self.settle(consumer, requeue),
            Happening::Leave { consumer } => {
                self.reference.give_back(consumer);
                self.tags.remove(&consumer);
                Some(Event::Disconnected(peer(consumer)))
            }
            Happening::Restart => {
                (0..3).for_each(|consumer| self.reference.give_back(consumer));
                self.reference.entries.retain(|entry| entry.persistent);
                self.tags.clear();
                self.broker = self.broker.crashed();
                None
            }
        };
        self.reference.hand_out(&mut sent);
        let delivered = event.map_or_else(Vec::new, |event| self.step(event));
        prop_assert_eq!(delivered, sent, "after {:?}", happening);
        let kept: Vec<Item> = self.reference.entries.iter().map(|entry| entry.item).collect();
        prop_assert_eq!(self.broker.messages(Queue::Tasks).unwrap_or_default(), kept);
        Ok(())
    }

    fn publish(&mut self, persistent: bool) -> Event {
        let producer = NodeId::Client(9);
        let item = Item { producer, number: self.published };
        self.published += 1;
        self.reference.entries.push(Entry { item, persistent, owner: None, returned: false });
        let publish = Request::Publish {
            declare: DURABLE,
            exchange: Exchange::Tasks,
            key: Queue::Tasks,
            item,
            persistent,
            mandatory: true,
            receipt: Receipt::Confirm,
        };
        Event::Deliver { from: Peer { node: producer, connection: 0 }, message: publish.into() }
    }

    fn subscribe(&mut self, consumer: u8, prefetch: u8) -> Option<Event> {
        if self.reference.turns.iter().any(|&(other, _)| other == consumer) {
            return None;
        }
        self.reference.turns.push_back((consumer, prefetch));
        let (declare, queue) = (DURABLE, Queue::Tasks);
        let consume = Request::Consume { declare, queue, auto_ack: false, prefetch };
        Some(Event::Deliver { from: peer(consumer), message: consume.into() })
    }

    fn settle(&mut self, consumer: u8, requeue: bool) -> Option<Event> {
        let item = self.reference.held.get_mut(&consumer)?.pop_front()?;
        let tag = self.tags.get_mut(&consumer)?.pop_front().expect("as many tags as items");
        let owned = |entry: &Entry| entry.item == item;
        let place = self.reference.entries.iter().position(owned).expect("it is held");
        if requeue {
            let entry = &mut self.reference.entries[place];
            (entry.owner, entry.returned) = (None, true);
        } else {
            self.reference.entries.remove(place);
        }
        let request = if requeue { Request::Nack { tag, requeue } } else { Request::Ack { tag } };
        Some(Event::Deliver { from: peer(consumer), message: request.into() })
    }

    /// Lets the broker see it; gives what it delivered.
    fn step(&mut self, event: Event) -> Vec<(u8, Item, bool)> {
        let mut effects = Effects::default();
        self.broker.step(event, &mut effects);
        let mut delivered = Vec::new();
        for effect in effects.as_slice() {
            let Effect::Reply(to, Message::BrokerReply(reply)) = effect else { continue };
            match *reply {
                Reply::Deliver { item, tag, redelivered } => {
                    let consumer = to.node.client().expect("a client consumes") as u8;
                    self.tags.entry(consumer).or_default().push_back(tag);
                    delivered.push((consumer, item, redelivered));
                }
                Reply::Confirmed | Reply::ConsumeOk => {}
                other => panic!("nobody asked for {other}"),
            }
        }
        delivered
    }
}

fn peer(consumer: u8) -> Peer {
    Peer { node: NodeId::Client(consumer), connection: 0 }
}

fn happenings() -> impl Strategy<Value = Vec<Happening>> {
    prop::collection::vec(happening(), 1..60)
}

/// Lets the same happen to both; what is delivered and what is kept is to be the same.
fn agree(lacks: Option<Guard>, happenings: Vec<Happening>) -> Result<(), TestCaseError> {
    let mut pair = Pair::new(lacks);
    happenings.into_iter().try_for_each(|happening| pair.happens(happening))
}

proptest! {
    #![proptest_config(conversations(500))]

    #[test]
    fn the_broker_agrees_with_a_list(happenings in happenings()) {
        agree(None, happenings)?;
    }
}

/// Unroutable messages and time-outs of acknowledgements are the examples' matter.
#[test]
fn the_list_notices_every_check_that_is_missing() {
    let guards = [
        Guard::SyncsBeforeConfirm,
        Guard::KeepsUntilAck,
        Guard::AckRemoves,
        Guard::RequeuesOnClose,
    ];
    notices_each(&guards, &happenings(), |guard, happenings| agree(Some(guard), happenings));
}
