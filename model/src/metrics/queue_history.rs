//! Whether what callers saw of a run could have come from one queue, first in, first out, to which every
//! operation happened at one moment between its call and its return.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::check::NEVER;
use crate::check::queue::{Action, Operation, Violation, check};
use crate::history::{Record, What};
use crate::ident::{Item, NodeId};
use crate::op::{Op, Outcome};

/// In how many runs the history is that of a queue, and of the others the first reason why not. An item
/// that is delivered again is taken twice, whoever may have wanted that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Linearizability {
    /// Runs whose history is linearizable.
    pub linearizable: u64,
    /// Runs in which an item was taken that nobody had put in by then.
    pub phantom: u64,
    /// Runs in which an item was taken twice.
    pub duplicate: u64,
    /// Runs in which a later item was taken and an earlier one not, or only afterwards.
    pub out_of_order: u64,
    /// Runs in which the queue was found empty although something was in it all the while.
    pub never_empty: u64,
}

impl Linearizability {
    /// Runs that were checked.
    pub fn runs(&self) -> u64 {
        self.linearizable + self.phantom + self.duplicate + self.out_of_order + self.never_empty
    }

    /// Checks the history of one run.
    pub fn add(&mut self, history: &[Record]) {
        let place = match check(&operations(history)) {
            Ok(()) => &mut self.linearizable,
            Err(Violation::Phantom { .. }) => &mut self.phantom,
            // No item is enqueued twice by its caller.
            Err(Violation::Duplicate { .. } | Violation::Reused { .. }) => &mut self.duplicate,
            Err(Violation::OutOfOrder { .. }) => &mut self.out_of_order,
            Err(Violation::NeverEmpty { .. }) => &mut self.never_empty,
        };
        *place += 1;
    }

    pub(super) fn merge(&mut self, other: &Linearizability) {
        self.linearizable += other.linearizable;
        self.phantom += other.phantom;
        self.duplicate += other.duplicate;
        self.out_of_order += other.out_of_order;
        self.never_empty += other.never_empty;
    }
}

/// The enqueues and dequeues of a history. One that was called and has not returned when its caller
/// crashed, or when the run ended, may have taken effect or not.
fn operations(history: &[Record]) -> Vec<Operation> {
    let mut operations = Vec::new();
    let mut under_way: BTreeMap<NodeId, (u64, Op)> = BTreeMap::new();
    for record in history {
        match record.what {
            What::Invoke(op @ (Op::Enqueue(_) | Op::Dequeue)) => {
                under_way.insert(record.node, (record.at, op));
            }
            What::Return(Op::Enqueue(_) | Op::Dequeue, outcome) => {
                if let Some((called, op)) = under_way.remove(&record.node) {
                    operations.extend(ended(called, record.at, op, outcome));
                }
            }
            What::Crashed => {
                let left = under_way.remove(&record.node);
                operations.extend(left.and_then(|(called, op)| unknown(called, op)));
            }
            _ => {}
        }
    }
    let left = under_way.into_values();
    operations.extend(left.filter_map(|(called, op)| unknown(called, op)));
    operations
}

fn ended(called: u64, returned: u64, op: Op, outcome: Outcome) -> Option<Operation> {
    let action = match (op, outcome) {
        (_, Outcome::Unknown) => return unknown(called, op),
        (Op::Enqueue(item), Outcome::Enqueued) => Action::Enqueue(value(item)),
        (_, Outcome::Delivered { item, .. }) => Action::Dequeue(value(item)),
        (_, Outcome::Empty) => Action::Empty,
        _ => return None,
    };
    Some(Operation { called, returned, action })
}

fn unknown(called: u64, op: Op) -> Option<Operation> {
    let action = match op {
        Op::Enqueue(item) => Action::Enqueue(value(item)),
        Op::Dequeue => Action::DequeueUnknown,
        _ => return None,
    };
    Some(Operation { called, returned: NEVER, action })
}

/// Items of different producers or numbers are different values.
fn value(item: Item) -> u64 {
    let producer = item.producer.client().map_or(0, |client| client as u64 + 1);
    producer << 32 | u64::from(item.number)
}
