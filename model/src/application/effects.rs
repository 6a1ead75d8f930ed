//! What became of items: which were acknowledged to their producers, and what reached the resource.

use std::collections::{BTreeMap, BTreeSet};

use crate::history::{Fact, Record, What};
use crate::ident::Item;
use crate::op::{Op, Outcome};

/// What one run did with its items.
#[derive(Default)]
pub(super) struct Effects {
    /// Items whose enqueuing was acknowledged.
    acknowledged: BTreeSet<Item>,
    /// The item of each effect that the resource was asked for, in its order.
    asked: Vec<Item>,
    /// How often each effect came about.
    applied: BTreeMap<Item, u64>,
    /// The run was cut off.
    cut_off: bool,
}

impl Effects {
    /// Of one run, which may have been cut off.
    pub fn of(history: &[Record], cut_off: bool) -> Self {
        let mut effects = Effects { cut_off, ..Effects::default() };
        for record in history {
            match record.what {
                What::Return(Op::Enqueue(item), Outcome::Enqueued) => {
                    effects.acknowledged.insert(item);
                }
                What::Fact(Fact::Applied(item)) => {
                    effects.asked.push(item);
                    *effects.applied.entry(item).or_default() += 1;
                }
                What::Fact(Fact::Repeated(item)) => effects.asked.push(item),
                _ => {}
            }
        }
        effects
    }

    /// Every effect that the resource was asked for, those included that it knew and left out.
    pub fn asked(&self) -> &[Item] {
        &self.asked
    }

    /// Whether the item was acknowledged to its producer. Whatever the same producer called for
    /// afterwards comes after it.
    pub fn acknowledged(&self, item: Item) -> bool {
        self.acknowledged.contains(&item)
    }

    /// How many items took effect.
    pub fn applied(&self) -> u64 {
        self.applied.len() as u64
    }

    /// How many items took effect more than once.
    pub fn applied_again(&self) -> u64 {
        self.applied.values().filter(|&&times| times > 1).count() as u64
    }

    /// How many items were acknowledged and had taken no effect by the end of the run, which
    /// comes when all is done, or when nothing has progressed for long after the last fault. In a
    /// run that was cut off any effect may come yet, and the judges do not condemn it either.
    pub fn missing(&self) -> u64 {
        if self.cut_off {
            return 0;
        }
        let missing = |item: &&Item| !self.applied.contains_key(item);
        self.acknowledged.iter().filter(missing).count() as u64
    }
}
