//! What is still owed to the callers of a queue while its backend is down, and how long it takes afterwards
//! until no more is owed than before.

use serde::{Deserialize, Serialize};

use crate::measure::{WaitSummary, WaitingTimes};

/// What outages of the backend did to the callers of a queue, over all runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OutageSummary {
    /// How often the backend was down and came back.
    pub outages: u64,
    /// Items that were acknowledged to their producer while the backend was down: somebody else's promise.
    pub acknowledged_while_down: u64,
    /// Items, of which none was delivered yet, whose producers had called or been answered by the time the
    /// backend was back: the mean of the outages.
    pub owed_afterwards: Option<f64>,
    /// From the moment at which the backend was back until no more was owed than when it went down.
    pub drain_ms: WaitSummary,
    /// Outages after which as little was never owed again until the end of the run.
    pub undrained: u64,
}

/// The same while it is gathered.
#[derive(Clone, Debug)]
pub(super) struct Outages {
    outages: u64,
    acknowledged: u64,
    owed: u64,
    drains: WaitingTimes,
    undrained: u64,
}

impl Outages {
    pub fn new() -> Self {
        let (outages, acknowledged, owed, undrained) = (0, 0, 0, 0);
        Outages { outages, acknowledged, owed, drains: WaitingTimes::new(), undrained }
    }

    pub fn merge(&mut self, other: &Outages) {
        self.outages += other.outages;
        self.acknowledged += other.acknowledged;
        self.owed += other.owed;
        self.drains.merge(&other.drains);
        self.undrained += other.undrained;
    }

    pub fn summary(&self) -> OutageSummary {
        OutageSummary {
            outages: self.outages,
            acknowledged_while_down: self.acknowledged,
            owed_afterwards: super::units::per(self.owed.into(), self.outages.into()),
            drain_ms: self.drains.summary(),
            undrained: self.undrained,
        }
    }
}

/// What is owed in one run: items that a producer has called for, from the call to the first delivery, or
/// to the answer that it failed or that nobody knows, or to the end of the producer that waits for one.
#[derive(Debug, Default)]
pub(super) struct Debt {
    owed: u64,
    /// Services that are down.
    down: u32,
    /// What was owed when the outage began that is not drained yet.
    before: Option<u64>,
    /// When the backend was back. Nanoseconds.
    back_at: u64,
}

impl Debt {
    /// Somebody has called for an item to be enqueued.
    pub fn rises(&mut self) {
        self.owed += 1;
    }

    /// An item was delivered, or will not be for this call.
    pub fn falls(&mut self, at: u64, outages: &mut Outages) {
        self.owed = self.owed.checked_sub(1).expect("what falls has risen");
        self.settle(at, outages);
    }

    /// The producer was told that its item is in the queue.
    pub fn acknowledged(&self, outages: &mut Outages) {
        outages.acknowledged += u64::from(self.down > 0);
    }

    /// A service is down.
    pub fn crashes(&mut self) {
        self.before.get_or_insert(self.owed);
        self.down += 1;
    }

    /// It is back.
    pub fn restarts(&mut self, at: u64, outages: &mut Outages) {
        self.down = self.down.saturating_sub(1);
        if self.down == 0 {
            outages.outages += 1;
            outages.owed += self.owed;
            self.back_at = at;
            self.settle(at, outages);
        }
    }

    fn settle(&mut self, at: u64, outages: &mut Outages) {
        if self.down == 0 && self.before.is_some_and(|before| self.owed <= before) {
            self.before = None;
            outages.drains.record((at - self.back_at) / super::units::NS_PER_US);
        }
    }

    /// The run is over.
    pub fn conclude(&self, outages: &mut Outages) {
        outages.undrained += u64::from(self.down == 0 && self.before.is_some());
    }
}
