//! What the arrival of a packet means to its receiver, if it means anything.

use contend_model::ident::Peer;
use contend_model::world::Towards;

use super::{Running, Station};
use crate::connection::{Accepted, Content, Dialled, Flight, Line, Packet, find};

impl Station {
    /// Takes in a packet as far as the connection is concerned, and says from whom it is if the node
    /// is to hear of it.
    pub(super) fn arrive(
        &mut self,
        now: u64,
        packet: &Packet,
        flights: &mut Vec<Flight>,
    ) -> Option<Peer> {
        match packet.link.towards {
            Towards::Service => self.arrive_at_service(now, packet, flights),
            Towards::Client => self.arrive_at_client(now, packet, flights),
        }
    }

    fn arrive_at_service(
        &mut self,
        now: u64,
        packet: &Packet,
        flights: &mut Vec<Flight>,
    ) -> Option<Peer> {
        let number = packet.link.connection;
        let client = self.index(packet.link.client);
        let from = Peer { node: packet.link.client, connection: number };
        // What was on its way when the service stopped has gone with it.
        let takes_part = self.running == Running::Up && packet.sent >= self.severed;
        match packet.content {
            Content::Message(_) => {
                if packet.sent < self.cuts[client] {
                    return None;
                }
                let open = packet.opened >= self.severed;
                let known = &mut self.known[client];
                if find(known, number).is_none() {
                    let opened = packet.opened;
                    let line = Line::default();
                    known.push(Accepted { number, opened, open, told: false, line });
                }
                let accepted = find(known, number).expect("known by now");
                if accepted.open && takes_part {
                    return Some(from);
                }
                self.refuse(now, client, number, flights);
                None
            }
            Content::End => {
                let known = &mut self.known[client];
                let place = known.iter().position(|accepted| accepted.number == number);
                let open = match place {
                    Some(place) => known.swap_remove(place).open,
                    None => packet.opened >= self.severed,
                };
                (open && takes_part).then_some(from)
            }
        }
    }

    fn arrive_at_client(
        &mut self,
        now: u64,
        packet: &Packet,
        flights: &mut Vec<Flight>,
    ) -> Option<Peer> {
        let number = packet.link.connection;
        let service = self.index(packet.link.service);
        let from = Peer { node: packet.link.service, connection: number };
        let listens = |dialled: &Dialled| dialled.number == number && !dialled.broken;
        self.dials[service].current.filter(listens)?;
        if matches!(packet.content, Content::End) {
            self.close(now, service, flights);
        }
        Some(from)
    }
}
