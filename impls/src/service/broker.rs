//! An AMQP broker as RabbitMQ is one: exchanges, bindings, queues, publisher confirms, deliveries that
//! are pushed and belong to the connection they were pushed on.
//!
//! Sources: rabbitmq.com/docs/confirms (confirms, returns, acknowledgements, requeueing, prefetch,
//! unknown tags), /docs/queues (durability, exclusive queues), /docs/consumers (the delivery
//! acknowledgement timeout), /docs/dlx and /docs/quorum-queues (delivery limit, dead letters). A
//! connection carries one channel. To declare again what is there with other arguments is an error
//! in RabbitMQ, and nobody does it here.

mod line;

use contend_model::ident::{Item, Peer};
use contend_model::message::Message;
use contend_model::message::broker::{Declare, Exchange, Queue, Receipt, Reply, Request};
use contend_model::process::{Effects, Event, Process};
use contend_model::symmetry::{Permutation, Symmetric};
use contend_model::time::Span;
use contend_model::timer::Timer;

pub use line::Kind;
use line::{Entry, Line, Standing};

/// A check that the broker makes. Tests take one away to see whether the suite notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Guard {
    /// A message is on disk before its publish is confirmed.
    SyncsBeforeConfirm,
    /// What cannot be routed is returned, if it is mandatory.
    ReturnsUnroutable,
    /// A message is kept until it is acknowledged.
    KeepsUntilAck,
    /// What was acknowledged is removed.
    AckRemoves,
    /// What was delivered on a connection that has ended comes back.
    RequeuesOnClose,
    /// What is not acknowledged in time comes back.
    TimesOutAcks,
}

/// How a broker is set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// What kind of queues there are.
    pub kind: Kind,
    /// How long a delivery may be unacknowledged (`consumer_timeout`, half an hour by default).
    pub ack_timeout: Option<Span>,
    /// How often a message may come back before it is dead-lettered.
    pub delivery_limit: Option<u8>,
    /// How long messages that nobody waits for may take to reach the disk.
    pub sync_every: Span,
    /// The check that this broker has forgotten.
    pub lacks: Option<Guard>,
}

/// Settings are the same in all states of a world.
impl std::hash::Hash for Settings {
    fn hash<H: std::hash::Hasher>(&self, _: &mut H) {}
}

/// A consumer: a channel on which messages of one queue are pushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Consumer {
    peer: Peer,
    queue: Queue,
    auto_ack: bool,
    /// 0 is no limit.
    prefetch: u8,
    next_tag: u32,
    /// Which of the deadlines is its own.
    slot: u8,
}

/// A broker.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Broker {
    settings: Settings,
    /// Declared exchanges and whether they are durable, in order of name.
    exchanges: Vec<(Exchange, bool)>,
    /// In order of name.
    bindings: Vec<(Exchange, Queue)>,
    /// In order of name.
    queues: Vec<Line>,
    /// In order of their queues, and of one queue's those first who are served next.
    consumers: Vec<Consumer>,
}

impl Broker {
    /// A broker on which nothing is declared.
    pub fn new(settings: Settings) -> Self {
        Broker {
            settings,
            exchanges: Vec::new(),
            bindings: Vec::new(),
            queues: Vec::new(),
            consumers: Vec::new(),
        }
    }

    /// The messages of a queue, ready or under way, in order; `None` if there is no such queue.
    pub fn messages(&self, queue: Queue) -> Option<Vec<Item>> {
        let line = self.queues.iter().find(|line| line.name == queue)?;
        Some(line.entries.iter().map(|entry| entry.item).collect())
    }

    fn has(&self, guard: Guard) -> bool {
        self.settings.lacks != Some(guard)
    }

    fn serve(&mut self, from: Peer, request: Request, out: &mut Effects) {
        match request {
            Request::Publish { declare, exchange, key, item, persistent, mandatory, receipt } => {
                self.declare(declare);
                let declared = self.exchanges.iter().any(|&(other, _)| other == exchange);
                if !declared && exchange != Exchange::Default {
                    return self.close_channel(from, Some(Reply::NotFound), out);
                }
                let routed = self.publish(exchange, key, item, persistent, receipt, out);
                let returned = !routed && mandatory && self.has(Guard::ReturnsUnroutable);
                match (receipt, returned) {
                    (Receipt::Confirm, false) => out.reply(from, Reply::Confirmed),
                    (Receipt::Confirm, true) => out.reply(from, Reply::ReturnedAndConfirmed),
                    (_, true) => out.reply(from, Reply::Returned),
                    (_, false) => {}
                }
                if receipt == Receipt::CloseOk {
                    out.reply(from, Reply::CloseOk);
                }
            }
            Request::Consume { declare, queue, auto_ack, prefetch } => {
                self.declare(declare);
                if !self.queues.iter().any(|line| line.name == queue) {
                    return self.close_channel(from, Some(Reply::NotFound), out);
                }
                out.reply(from, Reply::ConsumeOk);
                self.consume(from, queue, auto_ack, prefetch);
            }
            Request::Ack { tag } => {
                self.settle(from, tag, out, |broker, line, place| {
                    if broker.has(Guard::AckRemoves) {
                        broker.queues[line].entries.remove(place);
                    }
                });
            }
            Request::Nack { tag, requeue } => {
                self.settle(from, tag, out, |broker, line, place| {
                    if requeue {
                        broker.requeue(line, place, true);
                    } else {
                        let entry = broker.queues[line].entries.remove(place);
                        broker.dead_letter(entry);
                    }
                });
            }
        }
        self.dispatch(out);
    }

    fn declare(&mut self, declare: Declare) {
        if let Some(exchange) = declare.exchange
            && let Err(place) = self.exchanges.binary_search_by_key(&exchange, |&(name, _)| name)
        {
            self.exchanges.insert(place, (exchange, declare.durable));
        }
        let Some(name) = declare.queue else { return };
        if let Err(place) = self.queues.binary_search_by_key(&name, |line| line.name) {
            let line = Line { name, durable: declare.durable, entries: Vec::new() };
            self.queues.insert(place, line);
        }
        if let Some(exchange) = declare.exchange.filter(|_| declare.bind)
            && let Err(place) = self.bindings.binary_search(&(exchange, name))
        {
            self.bindings.insert(place, (exchange, name));
        }
    }

    /// Puts a message into all queues that it is routed to; false if there is none.
    fn publish(
        &mut self,
        exchange: Exchange,
        key: Queue,
        item: Item,
        persistent: bool,
        receipt: Receipt,
        out: &mut Effects,
    ) -> bool {
        let awaited = receipt == Receipt::Confirm && self.has(Guard::SyncsBeforeConfirm);
        let unsynced = |line: &Line| line.entries.iter().any(|entry| !entry.synced);
        let syncs_anyway = self.queues.iter().any(unsynced);
        let entry =
            Entry { item, persistent, synced: awaited, returns: 0, standing: Standing::Ready };
        let Broker { bindings, queues, .. } = self;
        let mut routed = false;
        for line in queues {
            let bound = bindings.contains(&(exchange, line.name));
            if match exchange {
                Exchange::Default => line.name == key,
                Exchange::Tasks => bound && line.name == key,
                Exchange::Events => bound,
            } {
                line.entries.push(entry);
                routed = true;
            }
        }
        if routed && !awaited && !syncs_anyway {
            out.arm(Timer::Sync, self.settings.sync_every);
        }
        routed
    }

    fn consume(&mut self, peer: Peer, queue: Queue, auto_ack: bool, prefetch: u8) {
        let taken = |slot| self.consumers.iter().any(|consumer| consumer.slot == slot);
        let slot = (0..=u8::MAX).find(|&slot| !taken(slot)).expect("fewer than 256 consumers");
        self.consumers.push(Consumer { peer, queue, auto_ack, prefetch, next_tag: 1, slot });
    }

    /// Does something with the delivery of this tag. An unknown tag closes the channel; what comes
    /// on a channel that is closed already is ignored.
    fn settle(
        &mut self,
        peer: Peer,
        tag: u32,
        out: &mut Effects,
        end: impl FnOnce(&mut Self, usize, usize),
    ) {
        let Some(consumer) = self.consumers.iter().find(|consumer| consumer.peer == peer) else {
            return;
        };
        let (queue, slot) = (consumer.queue, consumer.slot);
        let line = self.queues.iter().position(|line| line.name == queue);
        let line = line.expect("a queue is there as long as it has consumers");
        let Some(place) = self.queues[line].delivery(peer, tag) else {
            return self.close_channel(peer, Some(Reply::PreconditionFailed), out);
        };
        end(self, line, place);
        match self.settings.ack_timeout {
            Some(timeout) if self.outstanding(peer) > 0 => {
                out.arm(Timer::Deadline(slot), timeout);
            }
            Some(_) => out.disarm(Timer::Deadline(slot)),
            None => {}
        }
    }

    fn outstanding(&self, peer: Peer) -> usize {
        self.queues.iter().map(|line| line.outstanding(peer)).sum()
    }

    /// Ends a channel; what was delivered on it comes back.
    fn close_channel(&mut self, peer: Peer, why: Option<Reply>, out: &mut Effects) {
        for consumer in self.consumers.extract_if(.., |consumer| consumer.peer == peer) {
            out.disarm(Timer::Deadline(consumer.slot));
        }
        if why.is_some() || self.has(Guard::RequeuesOnClose) {
            for line in 0..self.queues.len() {
                while let Some(place) = self.queues[line].first_of(peer) {
                    self.requeue(line, place, false);
                }
            }
        }
        if let Some(why) = why {
            out.reply(peer, why);
        }
        self.dispatch(out);
    }

    fn requeue(&mut self, line: usize, place: usize, nacked: bool) {
        let Settings { kind, delivery_limit, .. } = self.settings;
        if let Some(entry) = self.queues[line].put_back(place, kind, delivery_limit, nacked) {
            self.dead_letter(entry);
        }
    }

    /// Moves a message to the dead letters, if there is a queue for them.
    fn dead_letter(&mut self, entry: Entry) {
        if let Some(dead) = self.queues.iter_mut().find(|line| line.name == Queue::Dead) {
            dead.entries.push(Entry { standing: Standing::Ready, returns: 0, ..entry });
        }
    }

    /// Pushes what can be pushed, to consumers in turn.
    fn dispatch(&mut self, out: &mut Effects) {
        while let Some((line, turn)) = self.next_delivery() {
            let mut consumer = self.consumers.remove(turn);
            let Consumer { peer, next_tag: tag, slot, .. } = consumer;
            let first = self.queues[line].outstanding(peer) == 0;
            let place = self.queues[line].first_ready().expect("there is something to deliver");
            let entry = &mut self.queues[line].entries[place];
            let (item, redelivered) = (entry.item, entry.returns > 0);
            entry.standing = Standing::Unacked { peer, tag };
            if consumer.auto_ack || !self.has(Guard::KeepsUntilAck) {
                self.queues[line].entries.remove(place);
            } else if let Some(timeout) = self.settings.ack_timeout.filter(|_| first) {
                out.arm(Timer::Deadline(slot), timeout);
            }
            out.reply(peer, Reply::Deliver { item, tag, redelivered });
            consumer.next_tag += 1;
            self.consumers.push(consumer);
        }
    }

    /// A queue with a message that is ready, and the consumer whose turn it is.
    fn next_delivery(&self) -> Option<(usize, usize)> {
        self.queues.iter().enumerate().find_map(|(number, line)| {
            line.first_ready()?;
            let turn = self.consumers.iter().position(|consumer| {
                let free = usize::from(consumer.prefetch) > line.outstanding(consumer.peer);
                consumer.queue == line.name && (consumer.prefetch == 0 || free)
            })?;
            Some((number, turn))
        })
    }

    fn disconnected(&mut self, peer: Peer, out: &mut Effects) {
        self.close_channel(peer, None, out);
        let own = Queue::Own(peer.node);
        // A queue that is somebody's own ends with the connection; its consumer may have reconnected.
        if !self.consumers.iter().any(|consumer| consumer.queue == own) {
            self.queues.retain(|line| line.name != own);
            self.bindings.retain(|&(_, queue)| queue != own);
        }
    }

    fn ack_is_late(&mut self, slot: u8, out: &mut Effects) {
        let late = self.consumers.iter().find(|consumer| consumer.slot == slot);
        if let Some(peer) = late.map(|consumer| consumer.peer)
            && self.outstanding(peer) > 0
            && self.has(Guard::TimesOutAcks)
        {
            self.close_channel(peer, Some(Reply::PreconditionFailed), out);
        }
    }
}

impl Process for Broker {
    fn step(&mut self, event: Event, out: &mut Effects) {
        match event {
            Event::Deliver { from, message: Message::Broker(request) } => {
                self.serve(from, request, out);
            }
            Event::Fire(Timer::Sync) => {
                let entries = self.queues.iter_mut().flat_map(|line| &mut line.entries);
                entries.for_each(|entry| entry.synced = true);
            }
            Event::Fire(Timer::Deadline(slot)) => self.ack_is_late(slot, out),
            Event::Disconnected(peer) => self.disconnected(peer, out),
            _ => {}
        }
        self.consumers.sort_by_key(|consumer| consumer.queue);
    }

    fn crashed(&self) -> Self {
        let kind = self.settings.kind;
        let queues: Vec<Line> =
            self.queues.iter().filter_map(|line| line.after_restart(kind)).collect();
        let exchanges: Vec<(Exchange, bool)> =
            self.exchanges.iter().copied().filter(|&(_, durable)| durable).collect();
        let kept = |&(exchange, queue): &(Exchange, Queue)| {
            exchanges.iter().any(|&(name, _)| name == exchange)
                && queues.iter().any(|line| line.name == queue)
        };
        let bindings = self.bindings.iter().copied().filter(kept).collect();
        Broker { settings: self.settings, exchanges, bindings, queues, consumers: Vec::new() }
    }

    fn permute(&mut self, permutation: &Permutation) -> bool {
        for (_, queue) in &mut self.bindings {
            queue.permute(permutation);
        }
        self.bindings.sort_unstable();
        for line in &mut self.queues {
            line.permute(permutation);
        }
        self.queues.sort_by_key(|line| line.name);
        for consumer in &mut self.consumers {
            consumer.peer.permute(permutation);
            consumer.queue.permute(permutation);
        }
        self.consumers.sort_by_key(|consumer| consumer.queue);
        true
    }
}
