//! The vocabulary of an AMQP broker, as RabbitMQ speaks it. What a client library sends in one go on
//! one channel (declarations, then a publish or a consume) is one message here; a connection carries
//! one channel. Source: the RabbitMQ documentation, "AMQP 0-9-1 Model Explained" and "Consumer
//! Acknowledgements and Publisher Confirms" (rabbitmq.com/docs/confirms).

use std::fmt;

use crate::ident::{Item, NodeId};
use crate::message::Message;
use crate::symmetry::{Permutation, Symmetric};

/// The exchanges that the algorithms name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Exchange {
    /// The nameless one, which is always there and routes to the queue that the key names.
    Default,
    /// `tasks`, of type direct: to the queues bound with this very key.
    Tasks,
    /// `events`, of type fanout: to all queues that are bound to it.
    Events,
}

/// The queues that the algorithms name. Their names serve as routing keys, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Queue {
    /// `tasks`.
    Tasks,
    /// `dead`, where what was delivered too often ends up.
    Dead,
    /// A client's exclusive queue; it is deleted with the connection that declared it.
    Own(NodeId),
}

/// What a client declares before it publishes or consumes. What is there already stays as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Declare {
    /// `exchange.declare`.
    pub exchange: Option<Exchange>,
    /// `queue.declare`.
    pub queue: Option<Queue>,
    /// `queue.bind` of the queue to the exchange, with the queue's name as the key.
    pub bind: bool,
    /// Whether exchange and queue outlive a restart of the broker.
    pub durable: bool,
}

/// What a publisher waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Receipt {
    /// Nothing: whoever has sent has published.
    None,
    /// The end of the connection in good order (`connection.close-ok`): the broker has read all.
    CloseOk,
    /// A publisher confirm (`confirm.select`): the broker has taken responsibility.
    Confirm,
}

/// A request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Request {
    /// `basic.publish`.
    Publish {
        /// Declared before, on the same channel.
        declare: Declare,
        /// Where to.
        exchange: Exchange,
        /// The routing key.
        key: Queue,
        /// The message; its id is the item's name.
        item: Item,
        /// Delivery mode 2: to be written to disk, if the queue is durable.
        persistent: bool,
        /// To be returned if no queue is bound for it.
        mandatory: bool,
        /// What comes back.
        receipt: Receipt,
    },
    /// `basic.consume` → `ConsumeOk`, and from then on a `Deliver` for each message.
    Consume {
        /// Declared before, on the same channel.
        declare: Declare,
        /// From which queue.
        queue: Queue,
        /// Whether a message counts as acknowledged once it is sent.
        auto_ack: bool,
        /// `basic.qos`: how many deliveries may be unacknowledged; 0 is no limit.
        prefetch: u8,
    },
    /// `basic.ack`, which nobody answers.
    Ack {
        /// The number of the delivery on this channel.
        tag: u32,
    },
    /// `basic.nack`, which nobody answers.
    Nack {
        /// The number of the delivery on this channel.
        tag: u32,
        /// Whether it goes back to its queue; otherwise it is dead-lettered or dropped.
        requeue: bool,
    },
}

/// An answer, or something that the broker says unasked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reply {
    /// `connection.close-ok`.
    CloseOk,
    /// `basic.ack` of a publish.
    Confirmed,
    /// `basic.return`: no queue is bound for the message.
    Returned,
    /// `basic.return`, then `basic.ack`, in one: the second cannot arrive without the first.
    ReturnedAndConfirmed,
    /// `basic.consume-ok`.
    ConsumeOk,
    /// `basic.deliver`.
    Deliver {
        /// The message.
        item: Item,
        /// The number of the delivery on this channel, from 1.
        tag: u32,
        /// Whether it may have been delivered before.
        redelivered: bool,
    },
    /// `channel.close` with 404: there is no such exchange or queue.
    NotFound,
    /// `channel.close` with 406: an unknown tag was acknowledged, or a delivery was not
    /// acknowledged in time.
    PreconditionFailed,
}

impl From<Request> for Message {
    fn from(request: Request) -> Self {
        Message::Broker(request)
    }
}

impl From<Reply> for Message {
    fn from(reply: Reply) -> Self {
        Message::BrokerReply(reply)
    }
}

impl fmt::Display for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Exchange::Default => "''",
            Exchange::Tasks => "tasks",
            Exchange::Events => "events",
        })
    }
}

impl fmt::Display for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Queue::Tasks => f.write_str("tasks"),
            Queue::Dead => f.write_str("dead"),
            Queue::Own(node) => write!(f, "amq.gen-{node}"),
        }
    }
}

impl fmt::Display for Declare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let durable = if self.durable { " durable" } else { "" };
        if let Some(exchange) = self.exchange {
            write!(f, "exchange.declare {exchange}{durable}; ")?;
        }
        if let Some(queue) = self.queue {
            write!(f, "queue.declare {queue}{durable}; ")?;
            if self.bind {
                f.write_str("queue.bind; ")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Request::Publish { declare, exchange, key, item, persistent, mandatory, receipt } => {
                write!(f, "{declare}")?;
                if receipt == Receipt::Confirm {
                    f.write_str("confirm.select; ")?;
                }
                write!(f, "basic.publish {exchange} {key} {item}")?;
                f.write_str(if persistent { " persistent" } else { "" })?;
                f.write_str(if mandatory { " mandatory" } else { "" })?;
                f.write_str(if receipt == Receipt::CloseOk { "; connection.close" } else { "" })
            }
            Request::Consume { declare, queue, auto_ack, prefetch } => {
                write!(f, "{declare}")?;
                if prefetch > 0 {
                    write!(f, "basic.qos {prefetch}; ")?;
                }
                let auto_ack = if auto_ack { " no-ack" } else { "" };
                write!(f, "basic.consume {queue}{auto_ack}")
            }
            Request::Ack { tag } => write!(f, "basic.ack {tag}"),
            Request::Nack { tag, requeue: true } => write!(f, "basic.nack {tag} requeue"),
            Request::Nack { tag, requeue: false } => write!(f, "basic.nack {tag}"),
        }
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Reply::CloseOk => f.write_str("connection.close-ok"),
            Reply::Confirmed => f.write_str("basic.ack"),
            Reply::Returned => f.write_str("basic.return 312 NO_ROUTE"),
            Reply::ReturnedAndConfirmed => f.write_str("basic.return 312 NO_ROUTE; basic.ack"),
            Reply::ConsumeOk => f.write_str("basic.consume-ok"),
            Reply::Deliver { item, tag, redelivered } => {
                let redelivered = if redelivered { " redelivered" } else { "" };
                write!(f, "basic.deliver {tag} {item}{redelivered}")
            }
            Reply::NotFound => f.write_str("channel.close 404 NOT_FOUND"),
            Reply::PreconditionFailed => f.write_str("channel.close 406 PRECONDITION_FAILED"),
        }
    }
}

impl Symmetric for Queue {
    fn permute(&mut self, permutation: &Permutation) {
        if let Queue::Own(node) = self {
            node.permute(permutation);
        }
    }
}

impl Symmetric for Request {
    fn permute(&mut self, permutation: &Permutation) {
        match self {
            Request::Publish { declare, key, item, .. } => {
                declare.queue.permute(permutation);
                key.permute(permutation);
                item.permute(permutation);
            }
            Request::Consume { declare, queue, .. } => {
                declare.queue.permute(permutation);
                queue.permute(permutation);
            }
            Request::Ack { .. } | Request::Nack { .. } => {}
        }
    }
}

impl Symmetric for Reply {
    fn permute(&mut self, permutation: &Permutation) {
        if let Reply::Deliver { item, .. } = self {
            item.permute(permutation);
        }
    }
}
