//! The judges of locks.
//!
//! Mutual exclusion, fencing, ownership, re-entrancy, fairness and consistency, as one fold: they
//! share the notion of who believes that it holds.

use super::Bits;
use crate::history::{Fact, What};
use crate::ident::{Hold, NodeId};
use crate::op::{Notice, Op, Outcome};
use crate::property::{Properties, Property};
use crate::symmetry::{Permutation, Symmetric};

/// What the judges know of one client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Seat {
    /// It believes that it holds.
    holds: bool,
    /// It has acquired a second time inside its hold.
    nested: bool,
    /// The inner of its two holds has been released.
    unnested: bool,
    /// An acquisition is wanted and not yet obtained.
    wants: bool,
    /// Its acquisition has been refused at least once, so it counts as waiting.
    waits: bool,
    /// Those who were waiting already when it began to want the lock.
    elders_waiting: Bits,
    /// The last of its holds after which the resource took another client's write.
    closed: u16,
}

/// The judges of a lock.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LockMonitor {
    seats: Vec<Seat>,
    /// Whose write the resource took last.
    writer: Option<Hold>,
    /// A backend has told at least once whose grant it ended or prolonged.
    disposals: bool,
}

impl LockMonitor {
    /// Judges for this many clients.
    pub fn new(clients: usize) -> Self {
        assert!(clients <= Bits::CAPACITY, "a lock's monitor follows at most 64 clients");
        LockMonitor { seats: vec![Seat::default(); clients], writer: None, disposals: false }
    }

    /// Who believes that it holds.
    pub fn holders(&self) -> Bits {
        self.select(|seat| seat.holds)
    }

    /// Who wants the lock and has been refused at least once.
    pub fn waiters(&self) -> Bits {
        self.select(|seat| seat.waits)
    }

    /// Takes in one entry of the history and names the properties that it violates.
    pub fn observe(&mut self, node: NodeId, what: &What) -> Properties {
        let mut violated = Properties::NONE;
        match (node.client(), what) {
            (Some(client), What::Invoke(Op::Acquire)) => self.wants(client),
            (Some(client), What::Return(Op::Acquire | Op::Cancel, outcome)) => match outcome {
                Outcome::Acquired { .. } => violated = self.acquired(client),
                _ if self.seats[client].holds => violated.insert(Property::Reentrancy),
                Outcome::Cancelled => self.stops_waiting(client),
                _ => self.seats[client].waits = true,
            },
            (Some(client), What::Invoke(Op::Release)) => self.releases(client),
            (Some(client), What::Return(Op::Release, _)) => {
                let seat = &mut self.seats[client];
                seat.unnested |= seat.nested;
            }
            (None, What::Fact(Fact::Disposed { by, of })) => {
                self.disposals = true;
                if by != of {
                    violated.insert(Property::Ownership);
                }
            }
            (Some(client), What::Notify(Notice::Lost)) => self.stops_holding(client),
            (Some(client), What::Crashed) => {
                self.stops_holding(client);
                self.stops_waiting(client);
            }
            (None, What::Fact(Fact::Accepted(hold))) => violated = self.accepted(*hold),
            _ => {}
        }
        violated
    }

    /// Whether a backend has told at least once whose grant it ended or prolonged.
    pub fn disposals(&self) -> bool {
        self.disposals
    }

    /// Who has acquired a second time inside its hold.
    pub fn nested(&self) -> Bits {
        self.select(|seat| seat.nested)
    }

    fn select(&self, test: impl Fn(&Seat) -> bool) -> Bits {
        let mut chosen = Bits::EMPTY;
        for (number, seat) in self.seats.iter().enumerate() {
            if test(seat) {
                chosen.insert(number);
            }
        }
        chosen
    }

    fn wants(&mut self, client: usize) {
        if self.seats[client].holds {
            return;
        }
        let waiting = self.select(|seat| seat.waits);
        let seat = &mut self.seats[client];
        if !seat.wants {
            seat.wants = true;
            seat.elders_waiting = waiting;
        }
    }

    fn acquired(&mut self, client: usize) -> Properties {
        let mut violated = Properties::NONE;
        if self.seats[client].holds {
            self.seats[client].nested = true;
            return violated;
        }
        let mut others = self.holders();
        others.remove(client);
        if !others.is_empty() {
            violated.insert(Property::MutualExclusion);
        }
        // Somebody whose inner release has been confirmed still holds by the outer one.
        if others.iter().any(|other| self.seats[other].unnested) {
            violated.insert(Property::Reentrancy);
        }
        let waiting = self.select(|seat| seat.waits);
        if !self.seats[client].elders_waiting.and(waiting).is_empty() {
            violated.insert(Property::Fairness);
        }
        self.stops_waiting(client);
        let seat = &mut self.seats[client];
        seat.holds = true;
        seat.nested = false;
        seat.unnested = false;
        violated
    }

    fn releases(&mut self, client: usize) {
        let seat = &self.seats[client];
        if !seat.nested || seat.unnested {
            self.stops_holding(client);
        }
    }

    fn stops_holding(&mut self, client: usize) {
        let seat = &mut self.seats[client];
        seat.holds = false;
        seat.nested = false;
        seat.unnested = false;
    }

    fn stops_waiting(&mut self, client: usize) {
        for seat in &mut self.seats {
            seat.elders_waiting.remove(client);
        }
        let seat = &mut self.seats[client];
        seat.wants = false;
        seat.waits = false;
        seat.elders_waiting = Bits::EMPTY;
    }

    fn accepted(&mut self, hold: Hold) -> Properties {
        let mut violated = Properties::NONE;
        let client = hold.client.client().expect("clients hold locks");
        if self.seats[client].closed >= hold.number {
            violated.insert(Property::Fencing);
        }
        if let Some(last) = self.writer.filter(|&last| last != hold) {
            let seat = &mut self.seats[last.client.client().expect("clients hold locks")];
            seat.closed = seat.closed.max(last.number);
        }
        self.writer = Some(hold);
        let mut others = self.holders();
        others.remove(client);
        if !self.seats[client].holds && !others.is_empty() {
            violated.insert(Property::Consistency);
        }
        violated
    }
}

impl Symmetric for LockMonitor {
    fn permute(&mut self, permutation: &Permutation) {
        let image = |number: usize| usize::from(permutation.image()[number]);
        let old = self.seats.clone();
        for (number, mut seat) in old.into_iter().enumerate() {
            seat.elders_waiting = seat.elders_waiting.map(image);
            self.seats[image(number)] = seat;
        }
        self.writer.permute(permutation);
    }
}
