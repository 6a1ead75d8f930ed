//! Orders (documents S000 §1, S003 §1.3): a payment is made once, however often it is tried.

use serde::{Deserialize, Serialize};

use super::effects::Effects;

/// Payments through a queue. An item is the payment of one order; it is made when the resource
/// applies the item's effect. What a resource recognises and does not apply again is not paid
/// again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Orders {
    /// Payments made, each counted once, in all runs.
    pub paid: u64,
    /// Payments made more than once.
    pub paid_twice: u64,
    /// Seeds in which that happened.
    pub paid_twice_seeds: u64,
    /// Payments that the queue had acknowledged and that nobody has made by the end of the run.
    pub never_paid: u64,
    /// Seeds in which that happened.
    pub never_paid_seeds: u64,
}

impl Orders {
    pub(super) fn add(&mut self, effects: &Effects) {
        let (again, missing) = (effects.applied_again(), effects.missing());
        self.paid += effects.applied();
        self.paid_twice += again;
        self.paid_twice_seeds += u64::from(again > 0);
        self.never_paid += missing;
        self.never_paid_seeds += u64::from(missing > 0);
    }

    pub(super) fn merge(&mut self, other: &Orders) {
        self.paid += other.paid;
        self.paid_twice += other.paid_twice;
        self.paid_twice_seeds += other.paid_twice_seeds;
        self.never_paid += other.never_paid;
        self.never_paid_seeds += other.never_paid_seeds;
    }
}
