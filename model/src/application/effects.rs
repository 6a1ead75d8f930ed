//! What became of items: which were acknowledged to their producers, and what reached the resource.

use std::collections::BTreeSet;

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
    /// The item of each effect that came about, in its order.
    applied: Vec<Item>,
    /// The same items, each once.
    applied_once: BTreeSet<Item>,
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
                    effects.applied.push(item);
                    effects.applied_once.insert(item);
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

    /// Every effect that came about: what the resource was asked for and had not known.
    pub fn applied(&self) -> &[Item] {
        &self.applied
    }

    /// The same items, each once.
    pub fn applied_once(&self) -> &BTreeSet<Item> {
        &self.applied_once
    }

    /// The items that were acknowledged to their producers. Whatever the same producer called for
    /// afterwards comes after it.
    pub fn acknowledged(&self) -> impl Iterator<Item = Item> {
        self.acknowledged.iter().copied()
    }

    /// Whether this item is one of them.
    pub fn is_acknowledged(&self, item: Item) -> bool {
        self.acknowledged.contains(&item)
    }

    /// Whether the run was cut off.
    pub fn cut_off(&self) -> bool {
        self.cut_off
    }

    /// The items that were acknowledged and had taken no effect by the end of the run, which comes
    /// when all is done, or when nothing has progressed for long after the last fault. In a run that
    /// was cut off any effect may come yet, and the judges do not condemn it either.
    pub fn missing(&self) -> impl Iterator<Item = Item> {
        let missing = |item: &Item| !self.cut_off && !self.applied_once.contains(item);
        self.acknowledged().filter(missing)
    }
}
