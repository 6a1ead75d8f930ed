//! Task scheduling (documents S000 §1, S003 §1.3): each task runs, its effect comes about once,
//! and each producer's tasks run in their order.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::effects::Effects;
use super::tally;
use crate::ident::{Item, NodeId};

/// Work through a queue. An item is a task, and it has run when the resource was asked for its
/// effect.
///
/// Both ways to build the resource are worked out from the same run, whichever of them the
/// algorithm brought along: one that applies whatever it is asked for, and one that knows tasks by
/// an idempotency key and drops what it has applied before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tasks {
    /// Tasks that have run, each counted once, in all runs.
    pub ran: u64,
    /// Tasks that the queue had acknowledged and that have not run by the end of the run. No key
    /// helps against that.
    pub never_ran: u64,
    /// Seeds in which that happened.
    pub never_ran_seeds: u64,
    /// What becomes of effects if the resource applies whatever it is asked for.
    pub without_key: Effected,
    /// What becomes of effects if the resource drops those that it has applied before.
    pub with_key: Effected,
}

/// What became of effects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effected {
    /// Tasks whose effect came about more than once.
    pub applied_twice: u64,
    /// Seeds in which that happened.
    pub applied_twice_seeds: u64,
    /// Tasks whose effect came about after that of a later task of the same producer. Only tasks
    /// count whose enqueuing was acknowledged: of others nobody knows when they came in.
    pub out_of_order: u64,
    /// Seeds in which that happened.
    pub out_of_order_seeds: u64,
}

impl Tasks {
    pub(super) fn add(&mut self, effects: &Effects) {
        let missing = effects.missing().count() as u64;
        self.ran += effects.applied_once().len() as u64;
        tally(&mut self.never_ran, &mut self.never_ran_seeds, missing);
        self.without_key.add(effects, effects.asked());
        let mut known = BTreeSet::new();
        let kept: Vec<Item> =
            effects.asked().iter().copied().filter(|&item| known.insert(item)).collect();
        self.with_key.add(effects, &kept);
    }

    pub(super) fn merge(&mut self, other: &Tasks) {
        self.ran += other.ran;
        self.never_ran += other.never_ran;
        self.never_ran_seeds += other.never_ran_seeds;
        self.without_key.merge(&other.without_key);
        self.with_key.merge(&other.with_key);
    }
}

impl Effected {
    /// Takes in one run, of which these effects came about, in this order.
    fn add(&mut self, effects: &Effects, applied: &[Item]) {
        let mut once = BTreeSet::new();
        let (mut twice, mut late) = (BTreeSet::new(), BTreeSet::new());
        let mut newest: BTreeMap<NodeId, u16> = BTreeMap::new();
        for &item in applied {
            if !once.insert(item) {
                twice.insert(item);
            }
            let newest = newest.entry(item.producer).or_insert(item.number);
            if item.number < *newest && effects.is_acknowledged(item) {
                late.insert(item);
            }
            *newest = (*newest).max(item.number);
        }
        tally(&mut self.applied_twice, &mut self.applied_twice_seeds, twice.len() as u64);
        tally(&mut self.out_of_order, &mut self.out_of_order_seeds, late.len() as u64);
    }

    fn merge(&mut self, other: &Effected) {
        self.applied_twice += other.applied_twice;
        self.applied_twice_seeds += other.applied_twice_seeds;
        self.out_of_order += other.out_of_order;
        self.out_of_order_seeds += other.out_of_order_seeds;
    }
}
