//! What a station sends, and when each packet arrives.

use contend_model::ident::NodeId;
use contend_model::message::Message;
use contend_model::world::Towards;

use super::Station;
use crate::connection::{Content, Flight, Order, Packet, Part, find, link};
use crate::grid::{NEVER, on_grid, slot};

impl Station {
    /// Sends a request on the current connection, or on a new one.
    pub(super) fn request(
        &mut self,
        now: u64,
        to: NodeId,
        message: &Message,
        flights: &mut Vec<Flight>,
    ) {
        let index = self.index(to);
        let passage =
            self.wires[index].message(now, self.healed, Towards::Service, &mut self.happened);
        let receiver = slot(to);
        let dial = &mut self.dials[index];
        let dialled = dial.open(now);
        let passage = if dialled.broken { passage.lost() } else { passage };
        let arrives = passage.arrives.map(|time| {
            dialled.line.message(on_grid(time.max(now + 1), receiver), passage.held_back)
        });
        let packet = Packet {
            link: link(self.node.id, to, dialled.number, Towards::Service),
            sent: now,
            opened: dialled.opened,
            content: Content::Message(*message),
        };
        let order = |part| Order::new(self.slot, passage.number, part);
        flights.push(Flight {
            arrives: arrives.unwrap_or(NEVER),
            order: order(Part::Original),
            packet,
        });
        if let Some(time) = passage.copy {
            // The copy travels on a connection that the client library has given up already.
            let number = dial.number();
            let arrives = on_grid(time.max(now + 1), receiver);
            let link = link(self.node.id, to, number, Towards::Service);
            let packet = Packet { link, opened: now, ..packet };
            flights.push(Flight { arrives, order: order(Part::Copy), packet });
            let packet = Packet { content: Content::End, ..packet };
            flights.push(Flight { arrives, order: order(Part::EndOfCopy), packet });
        }
    }

    /// Answers on a connection, unless it has ended.
    pub(super) fn respond(
        &mut self,
        now: u64,
        to: NodeId,
        number: u16,
        message: &Message,
        flights: &mut Vec<Flight>,
    ) {
        let index = self.index(to);
        let Some(accepted) = find(&mut self.known[index], number).filter(|known| known.open) else {
            return;
        };
        // What keeps its place is lost or late only along with its connection.
        let passage = if message.keeps_its_place() {
            self.wires[index].end(now)
        } else {
            self.wires[index].message(now, self.healed, Towards::Client, &mut self.happened)
        };
        let arrives = passage.arrives.map(|time| {
            accepted.line.message(on_grid(time.max(now + 1), slot(to)), passage.held_back)
        });
        flights.push(Flight {
            arrives: arrives.unwrap_or(NEVER),
            order: Order::new(self.slot, passage.number, Part::Original),
            packet: Packet {
                link: link(to, self.node.id, number, Towards::Client),
                sent: now,
                opened: accepted.opened,
                content: Content::Message(*message),
            },
        });
    }

    /// Closes the current connection to a service; its end follows the requests.
    pub(super) fn close(&mut self, now: u64, service: usize, flights: &mut Vec<Flight>) {
        let Some(dialled) = self.dials[service].current.take() else { return };
        if dialled.broken {
            // Its end is on the way already.
            return;
        }
        let to = self.node_at(service);
        let passage = self.wires[service].end(now);
        let time = passage.arrives.unwrap_or(now).max(now + 1);
        flights.push(Flight {
            arrives: on_grid(dialled.line.end(time), slot(to)),
            order: Order::new(self.slot, passage.number, Part::Original),
            packet: Packet {
                link: link(self.node.id, to, dialled.number, Towards::Service),
                sent: now,
                opened: dialled.opened,
                content: Content::End,
            },
        });
    }

    /// Tells a client that a connection has ended, unless it was told.
    pub(super) fn refuse(
        &mut self,
        now: u64,
        client: usize,
        number: u16,
        flights: &mut Vec<Flight>,
    ) {
        let to = self.node_at(client);
        let Some(accepted) = find(&mut self.known[client], number) else { return };
        accepted.open = false;
        if accepted.told {
            return;
        }
        accepted.told = true;
        let passage = self.wires[client].end(now);
        let time = passage.arrives.unwrap_or(now).max(now + 1);
        flights.push(Flight {
            arrives: on_grid(accepted.line.end(time), slot(to)),
            order: Order::new(self.slot, passage.number, Part::Original),
            packet: Packet {
                link: link(to, self.node.id, number, Towards::Client),
                sent: now,
                opened: accepted.opened,
                content: Content::End,
            },
        });
    }

    /// A crash or a failover: connections end at both ends.
    pub(super) fn sever(&mut self, now: u64, flights: &mut Vec<Flight>) {
        for peer in 0..self.dials.len() {
            self.close(now, peer, flights);
            for place in 0..self.known[peer].len() {
                let accepted = self.known[peer][place];
                if accepted.open {
                    self.refuse(now, peer, accepted.number, flights);
                }
            }
        }
        self.severed = now;
    }

    pub(super) fn node_at(&self, index: usize) -> NodeId {
        match index.checked_sub(self.clients) {
            None => NodeId::Client(index as u8),
            Some(number) => NodeId::Service(number as u8),
        }
    }
}
