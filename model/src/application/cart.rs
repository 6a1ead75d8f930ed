//! A cart (documents S001 §5, S003 §1.3): each unit of an item goes to one user at most.

use serde::{Deserialize, Serialize};

use super::purchase::{self, Shop};
use super::tally;
use crate::history::Record;

/// A shelf of single units behind a lock. A hold is one user's purchase: with its first write it
/// finds the first unit that nobody has, with its second it takes that unit.
///
/// Each unit is a record of its own, unlike the one number of an
/// [`Inventory`](super::Inventory). So a write that comes late spoils one unit here, and there it
/// brings back into stock whatever was sold since: the same run may oversell more units than two
/// users share.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cart {
    /// Purchases, in all runs.
    pub sold: u64,
    /// Units that two users or more have bought.
    pub sold_to_two: u64,
    /// Seeds in which that happened.
    pub sold_to_two_seeds: u64,
}

/// One run's shelf.
#[derive(Default)]
struct Shelf {
    /// The buyers of each unit that is gone. The first unit that nobody has comes next, so there
    /// is never a gap.
    buyers: Vec<u64>,
}

impl Cart {
    pub(super) fn add(&mut self, history: &[Record]) {
        let mut shelf = Shelf::default();
        purchase::serve(&mut shelf, history);
        let shared = shelf.buyers.iter().filter(|&&buyers| buyers > 1).count() as u64;
        self.sold += shelf.buyers.iter().sum::<u64>();
        tally(&mut self.sold_to_two, &mut self.sold_to_two_seeds, shared);
    }

    pub(super) fn merge(&mut self, other: &Cart) {
        self.sold += other.sold;
        self.sold_to_two += other.sold_to_two;
        self.sold_to_two_seeds += other.sold_to_two_seeds;
    }
}

impl Shop for Shelf {
    fn look(&self) -> u64 {
        self.buyers.len() as u64
    }

    fn buy(&mut self, seen: u64) {
        match self.buyers.get_mut(seen as usize) {
            Some(buyers) => *buyers += 1,
            None => self.buyers.push(1),
        }
    }
}
