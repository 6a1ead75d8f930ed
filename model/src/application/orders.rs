//! Orders (documents S000 §1, S003 §1.3): created, paid and shipped, or created and cancelled; and a
//! payment is made once, however often it is tried.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::effects::Effects;
use super::tally;
use crate::ident::{Item, NodeId};

/// Orders whose steps go through a queue. An item is a step of an order, and is taken when the
/// resource applies the item's effect. A producer is a customer who orders twice, over and over: the
/// first order of each pair is created, paid and shipped, the second is created and cancelled.
///
/// What a resource recognises and does not apply again is not taken again. Two ways to keep the
/// state of an order are worked out from the same run: one that takes whatever step it is asked for,
/// and one that refuses a step which the state does not allow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Orders {
    /// Payments made, each counted once, in all runs.
    pub paid: u64,
    /// Payments made more than once, if every step is taken.
    pub paid_twice: u64,
    /// Seeds in which that happened.
    pub paid_twice_seeds: u64,
    /// Payments that the queue had acknowledged and that nobody has made by the end of the run.
    pub never_paid: u64,
    /// Seeds in which that happened.
    pub never_paid_seeds: u64,
    /// Orders that took a step which their state does not allow, if every step is taken: shipped
    /// before they were paid, cancelled before they were created, or the same once more.
    pub out_of_step: u64,
    /// Seeds in which that happened.
    pub out_of_step_seeds: u64,
    /// Orders of which the queue had acknowledged every step and that were neither shipped nor
    /// cancelled by the end of the run, if steps that the state does not allow are refused.
    pub never_ended: u64,
    /// Seeds in which that happened.
    pub never_ended_seeds: u64,
}

/// What happens to an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Create,
    Pay,
    Ship,
    Cancel,
}

/// What an item is to its order.
const PAIR: [(u16, Step); 5] =
    [(0, Step::Create), (0, Step::Pay), (0, Step::Ship), (1, Step::Create), (1, Step::Cancel)];

/// Whose order, and the how many-th.
type Order = (NodeId, u16);

fn step_of(item: Item) -> (Order, Step) {
    let (pair, place) = (item.number / 5, usize::from(item.number % 5));
    let (of_pair, step) = PAIR[place];
    ((item.producer, 2 * pair + of_pair), step)
}

impl Step {
    /// The last step that an order must have taken before this one.
    fn after(self) -> Option<Step> {
        match self {
            Step::Create => None,
            Step::Pay | Step::Cancel => Some(Step::Create),
            Step::Ship => Some(Step::Pay),
        }
    }

    fn ends(self) -> bool {
        matches!(self, Step::Ship | Step::Cancel)
    }
}

/// The orders of which all steps were acknowledged, each of which is to come to its end.
fn placed(effects: &Effects) -> BTreeSet<Order> {
    let known: BTreeSet<(Order, Step)> = effects.acknowledged().map(step_of).collect();
    let before = |(order, step): (Order, Step)| Some((order, step.after()?));
    let whole = |&last: &(Order, Step)| {
        std::iter::successors(Some(last), |&step| before(step)).all(|step| known.contains(&step))
    };
    let ends = known.iter().copied().filter(|(_, step)| step.ends());
    ends.filter(whole).map(|(order, _)| order).collect()
}

impl Orders {
    pub(super) fn add(&mut self, effects: &Effects) {
        let mut payments: BTreeMap<Order, u64> = BTreeMap::new();
        // The last step of each order, if all are taken and if some are refused.
        let (mut open, mut guarded) = (BTreeMap::new(), BTreeMap::new());
        let mut out_of_step = BTreeSet::new();
        for (order, step) in effects.applied().iter().copied().map(step_of) {
            if step == Step::Pay {
                *payments.entry(order).or_default() += 1;
            }
            if open.insert(order, step) != step.after() {
                out_of_step.insert(order);
            }
            if guarded.get(&order).copied() == step.after() {
                guarded.insert(order, step);
            }
        }
        let unpaid = effects.missing().filter(|&item| step_of(item).1 == Step::Pay);
        let ended = |order| guarded.get(order).is_some_and(|step| step.ends());
        // In a run that was cut off any step may come yet.
        let placed = if effects.cut_off() { BTreeSet::new() } else { placed(effects) };

        let again = payments.values().filter(|&&times| times > 1);
        self.paid += payments.len() as u64;
        tally(&mut self.paid_twice, &mut self.paid_twice_seeds, again.count() as u64);
        tally(&mut self.never_paid, &mut self.never_paid_seeds, unpaid.count() as u64);
        tally(&mut self.out_of_step, &mut self.out_of_step_seeds, out_of_step.len() as u64);
        let never_ended = placed.iter().filter(|order| !ended(order));
        tally(&mut self.never_ended, &mut self.never_ended_seeds, never_ended.count() as u64);
    }

    pub(super) fn merge(&mut self, other: &Orders) {
        self.paid += other.paid;
        self.paid_twice += other.paid_twice;
        self.paid_twice_seeds += other.paid_twice_seeds;
        self.never_paid += other.never_paid;
        self.never_paid_seeds += other.never_paid_seeds;
        self.out_of_step += other.out_of_step;
        self.out_of_step_seeds += other.out_of_step_seeds;
        self.never_ended += other.never_ended;
        self.never_ended_seeds += other.never_ended_seeds;
    }
}
