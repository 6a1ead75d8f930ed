//! A flash sale (documents S000 §1, S003 §1.3): the stock is one number, and what was sold and
//! what is left must add up to what was there.

use serde::{Deserialize, Serialize};

use super::purchase::{self, Shop};
use super::tally;
use crate::history::Record;

/// A flash sale behind a lock. A hold reads the stock with its first write and, unless that was
/// nothing, sells a unit by writing back one less with its second.
///
/// If somebody else's write comes in between, it is lost: a unit is sold, or several, without the
/// stock becoming less. Whatever the stock does not know of will be sold once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inventory {
    /// Units in stock when a run begins.
    pub stock: u32,
    /// Units sold, in all runs.
    pub sold: u64,
    /// Units sold by which the stock has not become less, at the end of their runs. A run that
    /// sells out has sold that many more than there were.
    pub oversold: u64,
    /// Seeds in which that happened.
    pub oversold_seeds: u64,
}

/// One run's sale.
struct Sale {
    stock: u64,
    sold: u64,
}

impl Inventory {
    /// Nothing sold yet.
    pub fn new(stock: u32) -> Self {
        Inventory { stock, sold: 0, oversold: 0, oversold_seeds: 0 }
    }

    pub(super) fn add(&mut self, history: &[Record]) {
        let mut sale = Sale { stock: self.stock.into(), sold: 0 };
        purchase::serve(&mut sale, history);
        // Never negative: whoever sells writes one less than what it saw when no more were sold.
        let oversold = sale.sold + sale.stock - u64::from(self.stock);
        self.sold += sale.sold;
        tally(&mut self.oversold, &mut self.oversold_seeds, oversold);
    }

    pub(super) fn merge(&mut self, other: &Inventory) {
        self.sold += other.sold;
        self.oversold += other.oversold;
        self.oversold_seeds += other.oversold_seeds;
    }
}

impl Shop for Sale {
    fn look(&self) -> u64 {
        self.stock
    }

    fn buy(&mut self, seen: u64) {
        // Whoever saw that nothing was left buys nothing.
        if let Some(left) = seen.checked_sub(1) {
            self.stock = left;
            self.sold += 1;
        }
    }
}
