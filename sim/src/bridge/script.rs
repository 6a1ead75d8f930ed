//! The network between stations that act out a script: it carries nothing by itself. What has been
//! sent stands in line until the script says what becomes of it.

use std::collections::{BTreeMap, VecDeque};

use contend_model::ident::NodeId;
use contend_model::world::{Link, Towards};

use crate::connection::{Content, Flight, Order, Packet};

/// What stands in line.
#[derive(Clone, Copy, Debug)]
pub enum Waiting {
    /// What a station has sent.
    Packet(Packet, Order),
    /// The end of a connection that broke on the way.
    Break,
    /// Something sent or held back on a broken connection: nobody will see it.
    Dust,
}

impl Waiting {
    /// Whether this is the end of a connection.
    pub fn is_end(&self) -> bool {
        match self {
            Waiting::Packet(packet, _) => packet.content == Content::End,
            Waiting::Break => true,
            Waiting::Dust => false,
        }
    }
}

/// The network. Connections have the stations' numbers.
#[derive(Debug, Default)]
pub struct Lines {
    lines: BTreeMap<Link, VecDeque<Waiting>>,
    late: Vec<(Link, Waiting)>,
    /// Connections that broke on the way, in this direction.
    broken: Vec<Link>,
    /// When the client opened each connection.
    opened: BTreeMap<Link, u64>,
    /// How many copies of requests have been made.
    copies: u16,
}

/// The other direction of the same connection.
pub fn towards(link: Link, towards: Towards) -> Link {
    Link { towards, ..link }
}

impl Lines {
    /// Takes in what a station has sent. `closing` says that the client has closed its end by
    /// itself: what is late on the way to it will not be read.
    pub fn send(&mut self, flight: &Flight, closing: bool) {
        let link = flight.packet.link;
        let end = flight.packet.content == Content::End;
        self.opened.insert(towards(link, Towards::Service), flight.packet.opened);
        if end && closing && link.towards == Towards::Service {
            let reply = towards(link, Towards::Client);
            self.late.retain(|(late, _)| *late != reply);
        }
        let broken = self.broken.contains(&link);
        let line = self.line(link);
        if !broken {
            line.push_back(Waiting::Packet(flight.packet, flight.order));
        } else if !end && !line.iter().any(Waiting::is_end) {
            // What is sent behind the end of a broken connection is lost at once.
            line.push_back(Waiting::Dust);
        }
    }

    fn line(&mut self, link: Link) -> &mut VecDeque<Waiting> {
        self.lines.entry(link).or_default()
    }

    /// How much stands in line.
    pub fn in_line(&self, link: &Link) -> usize {
        self.lines.get(link).map_or(0, VecDeque::len)
    }

    /// The first in line.
    pub fn first(&self, link: &Link) -> Option<Waiting> {
        self.lines.get(link)?.front().copied()
    }

    /// The last in line.
    pub fn last(&self, link: &Link) -> Option<Waiting> {
        self.lines.get(link)?.back().copied()
    }

    /// Takes out the first in line.
    pub fn take(&mut self, link: &Link) -> Option<Waiting> {
        self.lines.get_mut(link)?.pop_front()
    }

    /// Puts the end of a connection at the end of the line.
    pub fn put_break(&mut self, link: Link) {
        self.line(link).push_back(Waiting::Break);
    }

    /// Holds back the first in line.
    pub fn hold_back(&mut self, link: &Link) -> Option<()> {
        let waiting = self.take(link)?;
        self.late.push((*link, waiting));
        Some(())
    }

    /// Takes out what was held back: the how many-th of it.
    pub fn take_late(&mut self, number: usize) -> Option<(Link, Waiting)> {
        (number < self.late.len()).then(|| self.late.remove(number))
    }

    /// What was held back on this line will not be read.
    pub fn bury(&mut self, link: Link) {
        let of_this = self.late.iter_mut().filter(|(late, _)| *late == link);
        of_this.for_each(|(_, waiting)| *waiting = Waiting::Dust);
    }

    /// The connection breaks: what travels is lost, and both ends will see its end.
    pub fn break_connection(&mut self, link: Link) {
        for direction in [Towards::Service, Towards::Client] {
            let link = towards(link, direction);
            *self.line(link) = [Waiting::Break].into();
            self.broken.push(link);
        }
    }

    /// Everything on its way to a node.
    pub fn take_all_towards(&mut self, node: NodeId) -> Vec<Waiting> {
        let towards = |link: &&Link| link.receiver() == node && link.towards == Towards::Service;
        let links: Vec<Link> = self.lines.keys().filter(towards).copied().collect();
        links.iter().flat_map(|link| std::mem::take(self.line(*link))).collect()
    }

    /// When the connection was opened.
    pub fn opened(&self, link: Link) -> u64 {
        self.opened.get(&towards(link, Towards::Service)).copied().unwrap_or(0)
    }

    /// The number of the connection on which the next copy of a request travels. Stations count
    /// up, so there is no danger that they meet.
    pub fn number_of_copy(&mut self) -> u16 {
        self.copies += 1;
        u16::MAX - self.copies
    }

    /// Puts a copy of a request in line, followed by the end of its connection.
    pub fn put_copy(&mut self, packet: Packet, order: Order) {
        let end = Packet { content: Content::End, ..packet };
        self.opened.insert(packet.link, packet.opened);
        let line = self.line(packet.link);
        line.extend([Waiting::Packet(packet, order), Waiting::Packet(end, order)]);
    }
}
