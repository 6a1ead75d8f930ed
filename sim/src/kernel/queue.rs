//! What travels, ordered by when it arrives.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::connection::{Flight, Order};
use crate::grid::Moment;

/// What travels. The heap holds small entries; the packets stay where they are.
#[derive(Debug, Default)]
pub struct Queue {
    heap: BinaryHeap<Reverse<Entry>>,
    flights: Vec<Flight>,
    free: Vec<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    moment: Moment,
    order: Order,
    place: u32,
}

impl Queue {
    /// Forgets everything.
    pub fn clear(&mut self) {
        self.heap.clear();
        self.flights.clear();
        self.free.clear();
    }

    /// When the first packet arrives.
    #[inline]
    pub fn first(&self) -> Moment {
        self.heap.peek().map_or(Moment::NEVER, |entry| entry.0.moment)
    }

    /// Adds a packet.
    #[inline]
    pub fn put(&mut self, flight: &Flight) {
        let place = match self.free.pop() {
            Some(place) => {
                self.flights[place as usize] = *flight;
                place
            }
            None => {
                self.flights.push(*flight);
                u32::try_from(self.flights.len() - 1).expect("fewer than 2^32 packets travel")
            }
        };
        let moment = Moment::packet(flight.arrives);
        self.heap.push(Reverse(Entry { moment, order: flight.order, place }));
    }

    /// Takes the first packet; it stays where it is until the next is put.
    ///
    /// # Panics
    /// If there is none.
    #[inline]
    pub fn take(&mut self) -> &Flight {
        let Reverse(entry) = self.heap.pop().expect("a packet travels");
        self.free.push(entry.place);
        &self.flights[entry.place as usize]
    }
}
