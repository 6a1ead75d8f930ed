//! A run as a sequence of the explored world's actions.
//!
//! Stations see connections from one end; the explored world sees both ends at once. Here both
//! ends are put together again from what the stations did, in the order of time, and each turn is
//! said in the explored world's words. Loss and lateness come to light when something else
//! arrives in place of what was first in line, and are written down then.

use std::collections::{BTreeMap, VecDeque};

use contend_model::ident::NodeId;
use contend_model::node::{Command, Stimulus};
use contend_model::world::{Action, Link, Towards};

use crate::connection::{Content, Flight, Order, Part};
use crate::grid::NEVER;
use crate::station::{Cause, Turn};

/// One action of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// When, in nanoseconds of virtual time.
    pub at: u64,
    /// What. Connections have the numbers that the stations give them, which count up; the
    /// explored world uses numbers again.
    pub action: Action,
    /// What the action brought about, which may be nothing that the node saw.
    pub brings: Brings,
}

/// What an action brings to a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Brings {
    /// Whatever the action says.
    Itself,
    /// A message.
    Message,
    /// The end of a connection. The explored world leaves out ends that mean nothing to their
    /// service, so there it may have been dropped already; then its step changed nothing.
    End,
    /// A copy, on the connection of this number.
    Copy(u16),
}

/// What stands in line on one direction of a connection.
#[derive(Clone, Copy, Debug)]
struct Packet {
    /// Which flight it is, once that is known.
    order: Option<Order>,
    end: bool,
    lost: bool,
}

const END: Packet = Packet { order: None, end: true, lost: false };

/// A connection with both its ends.
#[derive(Clone, Debug)]
struct Connection {
    client_open: bool,
    service_open: bool,
    /// It is lost, and the client does not know yet.
    broken: bool,
    to_service: VecDeque<Packet>,
    to_client: VecDeque<Packet>,
}

impl Connection {
    fn queue(&mut self, towards: Towards) -> &mut VecDeque<Packet> {
        match towards {
            Towards::Service => &mut self.to_service,
            Towards::Client => &mut self.to_client,
        }
    }
}

type Key = (NodeId, NodeId, u16);

fn key(link: &Link) -> Key {
    (link.client, link.service, link.connection)
}

fn towards(link: Link, towards: Towards) -> Link {
    Link { towards, ..link }
}

/// Writes a run down as actions.
#[derive(Debug, Default)]
pub struct Scribe {
    connections: BTreeMap<Key, Connection>,
    late: Vec<(Link, Order)>,
    down: Vec<NodeId>,
    taken: Vec<Taken>,
    now: u64,
}

impl Scribe {
    /// Begins a run.
    pub fn clear(&mut self) {
        *self = Scribe::default();
    }

    /// The actions so far.
    pub fn taken(&self) -> &[Taken] {
        &self.taken
    }

    /// To be told of each turn, in the order of time.
    pub fn note(&mut self, now: u64, node: NodeId, turn: &Turn) {
        self.now = now;
        match turn.cause {
            Cause::Start | Cause::Timing => {}
            Cause::Packet(link, order) => self.arrive(link, order, turn.stimulus),
            Cause::Fire(timer) => self.write(Action::Fire(node, timer)),
            Cause::Restart => {
                self.down.retain(|down| *down != node);
                self.write(Action::Restart(node));
            }
            Cause::Crash { .. } => {
                self.down.push(node);
                self.sever(node);
                self.write(Action::Crash(node));
            }
            Cause::Disconnect(link) => {
                self.disconnect(link);
                self.find_broken(link);
            }
            Cause::Break(link) => self.disconnect(link),
            Cause::Broken(link) => self.find_broken(link),
            Cause::FailOver => {
                self.sever(node);
                self.write(Action::FailOver(node));
            }
            Cause::Misuse => self.write(Action::Misuse(node)),
            Cause::Cancel => self.write(Action::Cancel(node)),
        }
        for command in &turn.commands {
            if let Command::Reset(service) = *command {
                self.give_up(node, service);
            }
        }
        // A client that does not know yet that its connection is lost has not closed it.
        let closes = !matches!(turn.cause, Cause::Break(_));
        let mut last = None;
        for flight in &turn.flights {
            self.send(flight, last, closes);
            last = Some(flight);
        }
        self.forget_closed();
    }

    fn write(&mut self, action: Action) {
        self.bring(action, Brings::Itself);
    }

    fn bring(&mut self, action: Action, brings: Brings) {
        self.taken.push(Taken { at: self.now, action, brings });
    }

    /// A packet has been sent.
    fn send(&mut self, flight: &Flight, last: Option<&Flight>, closes: bool) {
        let link = flight.packet.link;
        let order = Some(flight.order);
        let lost = flight.arrives == NEVER;
        match (link.towards, flight.packet.content, flight.order.part()) {
            (Towards::Service, Content::Message(_), Part::Original) => {
                let packet = Packet { order, end: false, lost };
                self.connection(&link, true).to_service.push_back(packet);
            }
            (Towards::Service, _, Part::Copy) => {
                let original = last.expect("a copy follows its original");
                self.bring_forward(original.packet.link, original.order);
                self.bring(Action::Repeat(original.packet.link), Brings::Copy(link.connection));
                let packet = Packet { order, end: false, lost: false };
                self.connection(&link, false).to_service.extend([packet, END]);
            }
            (Towards::Client, Content::Message(_), _) => {
                let packet = Packet { order, end: false, lost };
                if let Some(connection) = self.connections.get_mut(&key(&link))
                    && connection.client_open
                    && connection.service_open
                {
                    connection.to_client.push_back(packet);
                }
            }
            (_, Content::End, _) | (_, _, Part::EndOfCopy) => {
                let Some(connection) = self.connections.get_mut(&key(&link)) else { return };
                if link.towards == Towards::Service && connection.client_open && closes {
                    self.close(&link);
                }
                let Some(connection) = self.connections.get_mut(&key(&link)) else { return };
                let queue = connection.queue(link.towards);
                if let Some(end) = queue.iter_mut().find(|packet| packet.end) {
                    end.order = end.order.or(order);
                }
            }
        }
    }

    fn connection(&mut self, link: &Link, client_open: bool) -> &mut Connection {
        self.connections.entry(key(link)).or_insert_with(|| Connection {
            client_open,
            service_open: true,
            broken: false,
            to_service: VecDeque::new(),
            to_client: VecDeque::new(),
        })
    }

    /// The client closes its end.
    fn close(&mut self, link: &Link) {
        let Some(connection) = self.connections.get_mut(&key(link)) else { return };
        connection.client_open = false;
        connection.broken = false;
        connection.to_client.clear();
        connection.to_service.push_back(END);
        let replies = towards(*link, Towards::Client);
        self.late.retain(|(late, _)| *late != replies);
    }

    /// A client gives up on a service. If its connection was lost already, no word of it travels.
    fn give_up(&mut self, client: NodeId, service: NodeId) {
        let same = |known: &&Key| (known.0, known.1) == (client, service);
        let broken: Vec<Key> = self
            .connections
            .iter()
            .filter(|(known, connection)| same(known) && connection.broken)
            .map(|(known, _)| *known)
            .collect();
        for (client, service, connection) in broken {
            self.close(&Link { client, service, connection, towards: Towards::Service });
        }
    }

    fn sever(&mut self, node: NodeId) {
        let keys: Vec<Key> = self.connections.keys().copied().collect();
        for (client, service, number) in keys {
            let connection = self.connections.get_mut(&(client, service, number));
            let connection = connection.expect("nothing is forgotten meanwhile");
            if client == node && connection.client_open {
                let towards = Towards::Service;
                self.close(&Link { client, service, connection: number, towards });
            } else if service == node {
                connection.to_service.clear();
                if connection.service_open && connection.client_open {
                    connection.to_client.push_back(END);
                }
                connection.service_open = false;
            }
        }
    }

    /// A connection is lost.
    fn disconnect(&mut self, link: Link) {
        let connection = self.connections.get_mut(&key(&link)).expect("the client uses it");
        connection.broken = true;
        // If the service does not take part any more, it has crashed and said so.
        if connection.service_open {
            connection.to_service = [END].into();
            connection.to_client = [END].into();
            let Link { client, service, connection, .. } = link;
            self.write(Action::Disconnect { client, service, connection });
        }
    }

    /// A client comes to know that its connection is lost.
    fn find_broken(&mut self, link: Link) {
        while self.front(&link).is_some_and(|packet| !packet.end) {
            self.take_front(&link);
            self.write(Action::Lose(link));
        }
        self.take_front(&link);
        self.bring(Action::Deliver(link), Brings::End);
        self.end_at_client(&link);
    }

    fn front(&mut self, link: &Link) -> Option<Packet> {
        self.connections.get_mut(&key(link))?.queue(link.towards).front().copied()
    }

    fn take_front(&mut self, link: &Link) {
        if let Some(connection) = self.connections.get_mut(&key(link)) {
            connection.queue(link.towards).pop_front();
        }
    }

    fn end_at_client(&mut self, link: &Link) {
        let Some(connection) = self.connections.get_mut(&key(link)) else { return };
        connection.client_open = false;
        connection.broken = false;
        connection.to_client.clear();
        let told = connection.to_service.iter().any(|packet| packet.end);
        if connection.service_open && !told {
            connection.to_service.push_back(END);
        }
    }

    /// What stands before this packet in line is lost, or held back.
    fn bring_forward(&mut self, link: Link, order: Order) {
        while let Some(first) = self.front(&link).filter(|first| first.order != Some(order)) {
            assert!(!first.end, "nothing arrives after the end of a connection");
            self.take_front(&link);
            if first.lost {
                self.write(Action::Lose(link));
            } else {
                self.late.push((link, first.order.expect("only ends are nameless")));
                self.write(Action::HoldBack(link));
            }
        }
    }

    /// A packet has arrived, and the node saw this of it.
    fn arrive(&mut self, link: Link, order: Order, saw: Option<Stimulus>) {
        let Some(connection) = self.connections.get_mut(&key(&link)) else {
            assert!(saw.is_none(), "{link}: nothing travels there");
            return;
        };
        let broken = connection.broken;
        let queue = connection.queue(link.towards);
        let in_line = queue.iter().find(|packet| packet.order == Some(order)).copied();
        // Orders are told apart by receiver only.
        let late = self.late.iter().position(|late| *late == (link, order));
        let reads = self.reads(&link);
        match (in_line, late) {
            // It stays in line until the client comes to know that the connection is lost.
            _ if link.towards == Towards::Client && broken && saw.is_none() => {}
            (Some(packet), _) if packet.end => {
                self.bring_forward(link, order);
                self.take_front(&link);
                self.bring(Action::Deliver(link), Brings::End);
                self.end_arrives(&link);
                assert!(reads || saw.is_none(), "{link}: the end is no news");
            }
            (Some(_), _) if reads && saw.is_none() => {
                // It was on its way when its connection was lost.
                self.bring_forward(link, order);
                self.take_front(&link);
                self.write(Action::Lose(link));
            }
            (Some(_), _) => {
                self.bring_forward(link, order);
                self.take_front(&link);
                self.bring(Action::Deliver(link), Brings::Message);
                self.message_arrives(&link, reads, saw);
            }
            (None, Some(place)) if !reads || saw.is_some() => {
                self.late.remove(place);
                let place = u8::try_from(place).expect("fewer than 256 messages are late at once");
                self.bring(Action::DeliverLate(place), Brings::Message);
                self.message_arrives(&link, reads, saw);
            }
            (None, _) => assert!(
                saw.is_none(),
                "{link} at {}: {saw:?} arrives although it had been dropped",
                self.now
            ),
        }
    }

    /// Whether a message that arrives here now is read.
    fn reads(&self, link: &Link) -> bool {
        let connection = &self.connections[&key(link)];
        match link.towards {
            Towards::Service => connection.service_open && !self.down.contains(&link.service),
            Towards::Client => connection.client_open,
        }
    }

    fn end_arrives(&mut self, link: &Link) {
        match link.towards {
            Towards::Client => self.end_at_client(link),
            Towards::Service => {
                if let Some(connection) = self.connections.get_mut(&key(link)) {
                    connection.service_open = false;
                }
            }
        }
    }

    fn message_arrives(&mut self, link: &Link, reads: bool, saw: Option<Stimulus>) {
        assert_eq!(reads, saw.is_some(), "{link}: whether a message is read");
        let Some(connection) = self.connections.get_mut(&key(link)) else { return };
        if link.towards == Towards::Service && !reads {
            let known = connection.to_client.iter().any(|packet| packet.end);
            if connection.client_open && !known {
                connection.to_client.push_back(END);
            }
            connection.service_open = false;
        }
    }

    fn forget_closed(&mut self) {
        let late = &self.late;
        self.connections.retain(|&known, connection| {
            connection.client_open
                || connection.service_open
                || !connection.to_service.is_empty()
                || late.iter().any(|(link, _)| key(link) == known)
        });
    }
}
