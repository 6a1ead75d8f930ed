//! Sorted sets whose scores are moments on the server's clock: members that are due, and members that
//! will be.
//!
//! Sources: redis.io/docs/latest/commands, ZADD, ZRANGEBYSCORE, ZREM. Members of one score are in
//! lexicographical order there. Here they are in the order in which they got it: scores are
//! microseconds of one clock, as `TIME` tells them, so that no two commands are expected to give the
//! same; and an order by name would tell clients apart.
//!
//! No score is kept, for there is no absolute time. A deadline runs for each member that is not due
//! yet; those that are stand in the order of their scores, which is the order in which they fell due. Of
//! two deadlines on one clock the one that was set first and is not longer passes first, whichever
//! timer fires first.

use contend_model::ident::{Item, Token};
use contend_model::message::store::{Key, ONCE, RECEIPT, Reply, SortedSetCommand, Value, When};
use contend_model::process::Effects;
use contend_model::symmetry::{Permutation, Symmetric};
use contend_model::time::Span;

use super::{Guard, Store};

/// A sorted set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct SortedSet {
    /// The lowest score first.
    due: Vec<Item>,
    /// In the order in which they got their scores.
    later: Vec<Later>,
}

/// A member that is not due yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Later {
    item: Item,
    /// How long it was from being due when it got its score.
    after: Span,
    /// The timer that ends when it is due.
    deadline: u8,
}

impl SortedSet {
    /// The members that are due, the lowest score first.
    pub fn due(&self) -> &[Item] {
        &self.due
    }

    /// The members that are not due yet, in the order in which they got their scores.
    pub fn later(&self) -> impl DoubleEndedIterator<Item = Item> {
        self.later.iter().map(|later| later.item)
    }

    /// Whether the item is a member.
    pub fn contains(&self, item: Item) -> bool {
        self.due.contains(&item) || self.later().any(|other| other == item)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.due.is_empty() && self.later.is_empty()
    }

    /// All deadlines in use.
    pub(super) fn deadlines(&self) -> impl Iterator<Item = u8> {
        self.later.iter().map(|later| later.deadline)
    }

    /// The member of this deadline is due, and so is all that has a lower score.
    pub(super) fn expire(&mut self, deadline: u8) {
        let Some(place) = self.later.iter().position(|later| later.deadline == deadline) else {
            return;
        };
        let longest = self.later[place].after;
        let mut number = 0;
        let is_lower = |later: &mut Later| {
            number += 1;
            number <= place + 1 && later.after <= longest
        };
        self.due.extend(self.later.extract_if(.., is_lower).map(|later| later.item));
    }

    fn deadline(&self, item: Item) -> Option<u8> {
        self.later.iter().find(|later| later.item == item).map(|later| later.deadline)
    }

    /// Whether it was there.
    fn remove(&mut self, item: Item) -> bool {
        let before = self.due.len() + self.later.len();
        self.due.retain(|&other| other != item);
        self.later.retain(|later| later.item != item);
        self.due.len() + self.later.len() < before
    }
}

impl Store {
    pub(super) fn run_on_sorted_set(
        &mut self,
        command: SortedSetCommand,
        out: &mut Effects,
    ) -> Reply {
        let key = command.key();
        if self.live.contains(key) && self.live.sorted_set(key).is_none() {
            return Reply::Error;
        }
        match command {
            SortedSetCommand::Add { item, when, after, .. } => {
                let there = self.live.sorted_set(key).is_some_and(|set| set.contains(item));
                let writes = match when {
                    When::Always => true,
                    When::Absent => !there,
                    When::Present => there,
                };
                if writes {
                    self.score(key, item, after, out);
                }
                Reply::Int(u32::from(writes && !there))
            }
            SortedSetCommand::AddOnce { item, after, .. } => {
                let once = Key::of(ONCE, item);
                if self.live.contains(once) && self.has(Guard::PushIsIdempotent) {
                    return Reply::Int(0);
                }
                self.live.put(once, Value::Number(1), None, None);
                self.score(key, item, after, out);
                Reply::Int(1)
            }
            SortedSetCommand::FirstDue(_) => {
                self.first_due(key).map_or(Reply::Nil, |item| Reply::Value(Value::Item(item)))
            }
            SortedSetCommand::Remove(_, item) => {
                Reply::Int(u32::from(self.live.change_sorted_set(key, |set| set.remove(item))))
            }
            SortedSetCommand::Receive { receipt, visibility, .. } => {
                self.receive(key, receipt, visibility, out)
            }
            SortedSetCommand::Settle { item, receipt, .. } => {
                let own = self.is_last(item, receipt);
                if !own && self.has(Guard::SettleComparesReceipt) {
                    return Reply::Int(0);
                }
                if !self.has(Guard::SettleRemoves) {
                    return Reply::Int(1);
                }
                self.live.remove(Key::of(RECEIPT, item));
                Reply::Int(u32::from(self.live.change_sorted_set(key, |set| set.remove(item))))
            }
            SortedSetCommand::GiveBack { item, receipt, .. } => {
                let own = self.is_last(item, receipt);
                if !own && self.has(Guard::GiveBackComparesReceipt) {
                    return Reply::Int(0);
                }
                self.live.remove(Key::of(RECEIPT, item));
                self.score(key, item, Span::ZERO, out);
                Reply::Int(1)
            }
        }
    }

    /// Whether this is the receipt of the item's last delivery.
    fn is_last(&self, item: Item, receipt: Token) -> bool {
        self.live.holds(Key::of(RECEIPT, item), Value::Token(receipt))
    }

    fn score(&mut self, key: Key, item: Item, after: Span, out: &mut Effects) {
        let own = self.live.sorted_set(key).and_then(|set| set.deadline(item));
        let deadline = (after > Span::ZERO).then(|| self.deadline_after(own, after, out));
        self.live.change_sorted_set(key, |set| {
            set.remove(item);
            match deadline {
                Some(deadline) => set.later.push(Later { item, after, deadline }),
                None => set.due.push(item),
            }
        });
    }

    fn first_due(&self, key: Key) -> Option<Item> {
        let set = self.live.sorted_set(key)?;
        let first = match self.has(Guard::RangeIsOrdered) {
            true => set.due.first(),
            false => set.due.last(),
        };
        let any = || set.later().next().filter(|_| !self.has(Guard::RangeEndsNow));
        first.copied().or_else(any)
    }

    fn receive(
        &mut self,
        key: Key,
        receipt: Option<Token>,
        visibility: Span,
        out: &mut Effects,
    ) -> Reply {
        let Some(item) = self.first_due(key) else { return Reply::Nil };
        if self.has(Guard::ReceiveHides) {
            self.score(key, item, visibility, out);
        }
        if let Some(receipt) = receipt {
            self.live.put(Key::of(RECEIPT, item), Value::Token(receipt), None, None);
        }
        Reply::Value(Value::Item(item))
    }
}

impl Symmetric for SortedSet {
    fn permute(&mut self, permutation: &Permutation) {
        self.due.permute(permutation);
        for later in &mut self.later {
            later.item.permute(permutation);
        }
    }
}
