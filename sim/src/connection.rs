//! Connections as TCP has them, seen from one end: in order, or not at all; the end of one is seen
//! after what was sent before it. Two ends share nothing but what travels between them.
//!
//! A client's first request opens a connection; the numbers count up. A connection that the client
//! closes takes its requests to the service still, and then its end; what comes back is dropped. A
//! service that crashes tells the clients it knows, forgets, and answers whatever belongs to its
//! earlier life by the end of the connection.

use contend_model::ident::NodeId;
use contend_model::message::Message;
use contend_model::world::{Link, Towards};
use smallvec::SmallVec;

/// What travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Packet {
    /// On which connection, in which direction.
    pub link: Link,
    /// When it was sent, by the sender.
    pub sent: u64,
    /// When the client opened the connection; for replies, what the service was told of it.
    pub opened: u64,
    /// What it carries.
    pub content: Content,
}

/// A message, or the end of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Content {
    /// A message.
    Message(Message),
    /// The end.
    End,
}

/// A packet on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flight {
    /// When it arrives, on the receiver's grid; [`NEVER`](crate::grid::NEVER) if it is lost.
    pub arrives: u64,
    /// Its place among the packets that arrive at the same moment; no two packets of a run to
    /// one receiver have the same.
    pub order: Order,
    /// What travels.
    pub packet: Packet,
}

/// The order of packets that arrive at one node at the same moment: by sender, then by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Order(u64);

/// Which of the packets that come of one sending it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The packet itself.
    Original,
    /// The copy of a request that was sent twice.
    Copy,
    /// The end of the connection that the copy travels on.
    EndOfCopy,
}

impl Order {
    /// The place of a packet.
    pub fn new(sender_slot: u64, number: u32, part: Part) -> Self {
        Order(sender_slot << 34 | u64::from(number) << 2 | part as u64)
    }

    /// Which part of a sending it is.
    pub fn part(self) -> Part {
        match self.0 & 3 {
            0 => Part::Original,
            1 => Part::Copy,
            _ => Part::EndOfCopy,
        }
    }
}

/// How far what was sent on one direction of a connection has come.
#[derive(Clone, Copy, Debug, Default)]
pub struct Line {
    /// When the last packet arrives that keeps the order.
    ordered: u64,
    /// When the last of all packets arrives.
    last: u64,
}

impl Line {
    /// When a packet arrives that would by itself arrive at this time.
    #[inline]
    pub fn message(&mut self, arrives: u64, held_back: bool) -> u64 {
        let arrives = if held_back {
            arrives
        } else {
            self.ordered = self.ordered.max(arrives);
            self.ordered
        };
        self.last = self.last.max(arrives);
        arrives
    }

    /// When the end arrives: after everything.
    pub fn end(self, arrives: u64) -> u64 {
        arrives.max(self.last)
    }
}

/// A client's connections to one service.
#[derive(Clone, Copy, Debug, Default)]
pub struct Dial {
    /// The one in use.
    pub current: Option<Dialled>,
    /// The number of the next.
    next: u16,
}

/// A connection that the client has not closed.
#[derive(Clone, Copy, Debug)]
pub struct Dialled {
    /// Which it is.
    pub number: u16,
    /// Since when.
    pub opened: u64,
    /// What was sent on it.
    pub line: Line,
    /// It is lost, and the client does not know yet: what it sends is lost as well.
    pub broken: bool,
}

impl Dial {
    /// The number of a new connection.
    pub fn number(&mut self) -> u16 {
        let number = self.next;
        self.next = self.next.wrapping_add(1);
        number
    }

    /// The connection in use; a new one if there is none.
    #[inline]
    pub fn open(&mut self, now: u64) -> &mut Dialled {
        if self.current.is_none() {
            let number = self.number();
            let line = Line::default();
            self.current = Some(Dialled { number, opened: now, line, broken: false });
        }
        self.current.as_mut().expect("opened just now")
    }
}

/// What a service knows of one connection. It remembers each until it has seen its end.
#[derive(Clone, Copy, Debug)]
pub struct Accepted {
    /// Which it is.
    pub number: u16,
    /// Since when, by the client.
    pub opened: u64,
    /// Whether the service takes part in it.
    pub open: bool,
    /// Whether the client was told of its end.
    pub told: bool,
    /// What was sent on it.
    pub line: Line,
}

/// The connections that a service knows from one client: the one in use, and old ones of which
/// something still travels.
pub type Known = SmallVec<[Accepted; 1]>;

/// Finds a connection.
#[inline]
pub fn find(known: &mut Known, number: u16) -> Option<&mut Accepted> {
    known.iter_mut().find(|accepted| accepted.number == number)
}

/// A link from the point of view of one of its ends.
pub fn link(client: NodeId, service: NodeId, connection: u16, towards: Towards) -> Link {
    Link { client, service, connection, towards }
}
