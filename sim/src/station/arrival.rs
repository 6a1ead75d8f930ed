//! What the arrival of a packet means to its receiver, if it means anything.

use contend_model::ident::Peer;
use contend_model::node::Stimulus;
use contend_model::world::Towards;

use super::{Running, Station, Turn};
use crate::connection::{Accepted, Content, Line, Packet, find};

impl Station {
    /// Takes in a packet as far as the connection is concerned.
    pub(super) fn arrive(
        &mut self,
        now: u64,
        packet: &Packet,
        turn: &mut Turn,
    ) -> Option<Stimulus> {
        match packet.link.towards {
            Towards::Service => self.arrive_at_service(now, packet, turn),
            Towards::Client => self.arrive_at_client(now, packet, turn),
        }
    }

    fn arrive_at_service(
        &mut self,
        now: u64,
        packet: &Packet,
        turn: &mut Turn,
    ) -> Option<Stimulus> {
        let number = packet.link.connection;
        let client = self.index(packet.link.client);
        let from = Peer { node: packet.link.client, connection: number };
        // What was on its way when the service stopped has gone with it.
        let takes_part = self.running == Running::Up && packet.sent >= self.severed;
        match packet.content {
            Content::Message(message) => {
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
                    return Some(Stimulus::Deliver { from, message });
                }
                self.refuse(now, client, number, turn);
                None
            }
            Content::End => {
                let known = &mut self.known[client];
                let place = known.iter().position(|accepted| accepted.number == number);
                let open = match place {
                    Some(place) => known.swap_remove(place).open,
                    None => packet.opened >= self.severed,
                };
                (open && takes_part).then_some(Stimulus::Disconnected(from))
            }
        }
    }

    fn arrive_at_client(&mut self, now: u64, packet: &Packet, turn: &mut Turn) -> Option<Stimulus> {
        let number = packet.link.connection;
        let service = self.index(packet.link.service);
        let from = Peer { node: packet.link.service, connection: number };
        self.dials[service].current.filter(|dialled| dialled.number == number)?;
        match packet.content {
            Content::Message(message) => Some(Stimulus::Deliver { from, message }),
            Content::End => {
                self.close(now, service, turn);
                Some(Stimulus::Disconnected(from))
            }
        }
    }
}
