//! The judges of locks.
//!
//! Mutual exclusion, fencing, ownership, re-entrancy and consistency, as one fold: they share the
//! notion of who believes that it holds. How often waiters are overtaken is counted beside it, where
//! that is asked for.

use super::roles::Roles;
use super::{Bits, Overtakings};
use crate::algorithm::Role;
use crate::discipline::{Discipline, Holders};
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
    /// The last of its holds after which the resource took another client's write.
    closed: u16,
}

/// The judges of a lock.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LockMonitor {
    discipline: Discipline,
    roles: Roles,
    seats: Vec<Seat>,
    /// Whose write the resource took last.
    writer: Option<Hold>,
    /// A backend has told at least once whose grant it ended or prolonged.
    disposals: bool,
    overtakings: Option<Overtakings>,
}

impl LockMonitor {
    /// Judges for these clients.
    pub fn new(discipline: Discipline, roles: &[Role]) -> Self {
        assert!(roles.len() <= Bits::CAPACITY, "a lock's monitor follows at most 64 clients");
        LockMonitor {
            discipline,
            roles: Roles::new(roles),
            seats: vec![Seat::default(); roles.len()],
            writer: None,
            disposals: false,
            overtakings: None,
        }
    }

    /// The same, and overtakings are counted.
    #[must_use]
    pub fn counting_overtakings(mut self) -> Self {
        self.overtakings = Some(Overtakings::new(self.seats.len()));
        self
    }

    /// The count of overtakings, if there is one.
    pub fn overtakings(&self) -> Option<&Overtakings> {
        self.overtakings.as_ref()
    }

    /// Time passes.
    pub fn time_passes(&mut self) {
        if let Some(overtakings) = &mut self.overtakings {
            overtakings.time_passes();
        }
    }

    /// Who believes that it holds.
    pub fn holders(&self) -> Bits {
        self.select(|seat| seat.holds)
    }

    /// Takes in one entry of the history and names the properties that it violates.
    pub fn observe(&mut self, node: NodeId, what: &What) -> Properties {
        let mut violated = Properties::NONE;
        if let (Some(client), Some(overtakings)) = (node.client(), &mut self.overtakings) {
            overtakings.observe(client, what);
        }
        match (node.client(), what) {
            (Some(client), What::Return(Op::Acquire | Op::Cancel, outcome)) => match outcome {
                Outcome::Acquired { .. } => violated = self.acquired(client),
                _ if self.seats[client].holds => violated.insert(Property::Reentrancy),
                _ => {}
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
            (Some(client), What::Notify(Notice::Lost) | What::Crashed) => {
                self.stops_holding(client);
            }
            (None, What::Fact(Fact::Read(hold)))
                if hold.client.client().is_some_and(|client| self.acts_without_holding(client)) =>
            {
                violated.insert(Property::Consistency);
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

    /// Whether this client may hold along with these.
    fn admits(&self, client: usize, holders: Bits) -> bool {
        let readers = holders.iter().filter(|&other| self.roles.of(other) == Role::Reader).count();
        let holders = Holders { readers, writers: holders.len() as usize - readers };
        self.discipline.admits(self.roles.of(client), holders)
    }

    /// Whether this client does not hold, and could not, because others do.
    fn acts_without_holding(&self, client: usize) -> bool {
        !self.seats[client].holds && !self.admits(client, self.holders())
    }

    fn acquired(&mut self, client: usize) -> Properties {
        let mut violated = Properties::NONE;
        if self.seats[client].holds {
            self.seats[client].nested = true;
            return violated;
        }
        let mut others = self.holders();
        others.remove(client);
        if !self.admits(client, others) {
            violated.insert(Property::MutualExclusion);
            // Somebody whose inner release has been confirmed still holds by the outer one.
            if others.iter().any(|other| self.seats[other].unnested) {
                violated.insert(Property::Reentrancy);
            }
        }
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
        if self.acts_without_holding(client) {
            violated.insert(Property::Consistency);
        }
        violated
    }
}

impl Symmetric for LockMonitor {
    fn permute(&mut self, permutation: &Permutation) {
        let image = |number: usize| usize::from(permutation.image()[number]);
        let old = self.seats.clone();
        for (number, seat) in old.into_iter().enumerate() {
            self.seats[image(number)] = seat;
        }
        if let Some(overtakings) = &mut self.overtakings {
            overtakings.permute(permutation);
        }
        self.writer.permute(permutation);
    }
}
