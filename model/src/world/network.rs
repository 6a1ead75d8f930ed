//! Connections as TCP has them: in order, or not at all; the end of one is seen after what was
//! sent before it; what comes back to a closed end is dropped, what comes to a service that knows
//! nothing of the connection is answered by its end.

use smallvec::smallvec;

use super::action::{Link, Towards};
use super::memo::Memo;
use super::shared::Shared;
use super::state::{Connection, Content, Packet, Packets, State};
use crate::ident::{NodeId, Peer};
use crate::message::Message;
use crate::node::Stimulus;
use crate::time::Span;

impl State {
    pub(super) fn connection(&self, link: &Link) -> Option<usize> {
        self.connections.iter().position(|connection| {
            connection.client == link.client
                && connection.service == link.service
                && connection.number == link.connection
        })
    }

    /// Puts a client's request on its current connection, or on a new one.
    pub(super) fn request(
        &mut self,
        from: NodeId,
        to: NodeId,
        message: Message,
        delay: Span,
        memo: &mut Memo,
    ) {
        let current = self
            .connections
            .iter()
            .position(|c| c.client == from && c.service == to && c.client_open);
        let index = current.unwrap_or_else(|| self.connect(from, to, true));
        // What is sent on a connection that is lost, before its client knows, is lost as well.
        if ends(&self.connections[index].to_service) {
            return;
        }
        let packet = Packet { content: Content::Message(message), left: delay };
        memo.put(&mut self.connections[index], Towards::Service, packet);
    }

    /// A new connection between the two, in its place.
    fn connect(&mut self, client: NodeId, service: NodeId, client_open: bool) -> usize {
        let number = (0..)
            .find(|&number| {
                let taken = |c: &Connection| (c.client, c.service, c.number);
                !self.connections.iter().any(|c| taken(c) == (client, service, number))
            })
            .expect("a free number");
        let connection = Connection {
            client,
            service,
            number,
            client_open,
            service_open: true,
            to_service: Packets::new(),
            to_client: Packets::new(),
        };
        let place = self.connections.partition_point(|c| c.key() < connection.key());
        self.connections.insert(place, Shared::new(connection));
        place
    }

    /// Puts a service's reply on the connection, unless either end of it is closed.
    pub(super) fn respond(
        &mut self,
        from: NodeId,
        to: Peer,
        message: Message,
        delay: Span,
        memo: &mut Memo,
    ) {
        let connection = self
            .connections
            .iter_mut()
            .find(|c| c.client == to.node && c.service == from && c.number == to.connection);
        let reads =
            |c: &&mut Shared<Connection>| c.client_open && c.service_open && !ends(&c.to_client);
        if let Some(connection) = connection.filter(reads) {
            let packet = Packet { content: Content::Message(message), left: delay };
            memo.put(connection, Towards::Client, packet);
        }
    }

    /// The client closes its end: replies under way are dropped, requests go on.
    pub(super) fn close(&mut self, client: NodeId, service: NodeId) {
        for index in 0..self.connections.len() {
            let connection = &self.connections[index];
            let concerned = connection.client == client && connection.service == service;
            if concerned && connection.client_open {
                self.close_client_end(index);
            }
        }
    }

    fn close_client_end(&mut self, index: usize) {
        let connection = self.connections[index].edit();
        connection.client_open = false;
        connection.to_client.clear();
        // Of a connection that is lost the service learns anyway.
        if !ends(&connection.to_service) {
            connection.to_service.push(end_after(&connection.to_service));
        }
        let link = connection.link(Towards::Client);
        self.late.retain(|(late, _)| *late != link);
    }

    /// Both ends of a lost connection will see its end; what travelled is lost.
    pub(super) fn disconnect(&mut self, link: &Link) {
        let Some(index) = self.connection(link) else { return };
        let end = Packet { content: Content::End, left: Span::ZERO };
        let connection = self.connections[index].edit();
        connection.to_service = smallvec![end];
        connection.to_client = smallvec![end];
    }

    /// A crashed client's connections end; a crashed service's too, and it remembers none.
    pub(super) fn sever(&mut self, node: NodeId) {
        for index in 0..self.connections.len() {
            let connection = &self.connections[index];
            if connection.client == node && connection.client_open {
                self.close_client_end(index);
            } else if connection.service == node {
                let connection = self.connections[index].edit();
                connection.to_service.clear();
                if connection.service_open && connection.client_open {
                    connection.to_client.push(end_after(&connection.to_client));
                }
                connection.service_open = false;
            }
        }
    }

    /// Sends a copy of the first request in line on a connection that nobody listens to.
    pub(super) fn repeat(&mut self, link: &Link) {
        let index = self.connection(link).expect("the message travels on a connection");
        let first = self.connections[index].to_service[0];
        let copy = self.connect(link.client, link.service, false);
        let end = Packet { content: Content::End, left: Span::ZERO };
        self.connections[copy].edit().to_service = smallvec![first, end];
    }

    /// What the arrival of this content means to its receiver, if it means anything.
    pub(super) fn arrive(
        &mut self,
        link: &Link,
        content: Content,
        receiver_runs: bool,
    ) -> Option<Stimulus> {
        let index = self.connection(link)?;
        let connection = &mut self.connections[index];
        let from = Peer { node: link.sender(), connection: link.connection };
        match (link.towards, content) {
            (Towards::Service, Content::Message(message)) => {
                if connection.service_open && receiver_runs {
                    return Some(Stimulus::Deliver { from, message });
                }
                let connection = connection.edit();
                if connection.client_open && !ends(&connection.to_client) {
                    connection.to_client.push(end_after(&connection.to_client));
                }
                connection.service_open = false;
                None
            }
            (Towards::Service, Content::End) => {
                let news = connection.service_open && receiver_runs;
                connection.edit().service_open = false;
                news.then_some(Stimulus::Disconnected(from))
            }
            (Towards::Client, Content::Message(message)) => {
                connection.client_open.then_some(Stimulus::Deliver { from, message })
            }
            (Towards::Client, Content::End) => {
                let connection = connection.edit();
                let news = connection.client_open;
                connection.client_open = false;
                connection.to_client.clear();
                // A service that still believes in the connection learns of its end as well.
                if connection.service_open && !ends(&connection.to_service) {
                    connection.to_service.push(end_after(&connection.to_service));
                }
                news.then_some(Stimulus::Disconnected(from))
            }
        }
    }

    /// Forgets connections that neither end nor any message knows of any more.
    pub(super) fn forget_closed(&mut self) {
        let late = &self.late;
        self.connections.retain(|connection| {
            let held_back = late.iter().any(|(link, _)| {
                link.client == connection.client
                    && link.service == connection.service
                    && link.connection == connection.number
            });
            connection.client_open
                || connection.service_open
                || held_back
                || !connection.to_service.is_empty()
        });
    }
}

/// Whether the end of the connection is on its way.
fn ends(queue: &[Packet]) -> bool {
    queue.iter().any(|packet| packet.content == Content::End)
}

/// The end of a connection, which takes as long as what travels before it, and no longer.
fn end_after(queue: &[Packet]) -> Packet {
    let left = queue.last().map_or(Span::ZERO, |last| last.left);
    Packet { content: Content::End, left }
}
