//! What the search is told of a state: one bit a fact.

use super::World;
use super::state::{Running, State};
use crate::caller::Phase;
use crate::monitor::Monitors;
use crate::property::Property;
use crate::timer::Timer;

/// A fact about a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// The step that led here violated the property.
    Violated(Property),
    /// Something came about without which every verdict would be vacuous: the lock was obtained,
    /// the item's effect was applied.
    Reached,
    /// Somebody waits, where overtakings are counted.
    Contended,
    /// A holder has acquired a second time.
    Nested,
    /// A backend told whose grant it ended or prolonged.
    Disposed,
    /// Somebody gave up waiting.
    Cancelled,
    /// The work on an item was acknowledged.
    Settled,
    /// A consumer was told that there is nothing, or not told anything, and will ask again.
    FoundEmpty,
    /// This client, alive, wants the lock.
    Wants(usize),
    /// This client holds the lock.
    Holds(usize),
    /// Somebody who waits has been overtaken so often, or more.
    Overtaken(usize),
    /// This client, alive, holds and acquires again.
    Nests(usize),
    /// This client has acquired again and gives the inner hold back.
    Unnests(usize),
    /// This item's enqueuing was acknowledged.
    Enqueued(usize),
    /// This item was delivered.
    Delivered(usize),
    /// A consumer finished this item.
    Finished(usize),
    /// This item's effect was applied.
    Applied(usize),
}

/// How many clients or items can be told apart by marks.
const EACH: usize = 8;

impl Mark {
    /// The bit that stands for the mark.
    ///
    /// # Panics
    /// If the client or the item is not among the first eight: scopes are smaller.
    pub fn bit(self) -> u32 {
        let nth = |group: usize, number: usize| {
            assert!(number < EACH, "scopes have at most {EACH} clients and items");
            (24 + group * EACH + number) as u32
        };
        match self {
            Mark::Violated(property) => property.index(),
            Mark::Reached => 19,
            // No world has a lock and a queue.
            Mark::Contended | Mark::Settled => 20,
            Mark::Nested | Mark::FoundEmpty => 21,
            Mark::Cancelled => 22,
            Mark::Disposed => 23,
            Mark::Wants(client) => nth(0, client),
            Mark::Holds(client) => nth(1, client),
            Mark::Overtaken(times) => nth(2, times - 1),
            Mark::Nests(client) => nth(3, client),
            Mark::Unnests(client) => nth(4, client),
            Mark::Enqueued(item) => nth(0, item),
            Mark::Delivered(item) => nth(1, item),
            Mark::Finished(item) => nth(2, item),
            Mark::Applied(item) => nth(3, item),
        }
    }
}

impl World {
    /// All marks of a state, as bits.
    pub fn marks(&self, state: &State) -> u64 {
        let mut bits = u64::from(state.violated.bits());
        let mut mark = |mark: Mark| bits |= 1 << mark.bit();
        match &*state.monitors {
            Monitors::Lock(lock) => {
                if lock.disposals() {
                    mark(Mark::Disposed);
                }
                if !lock.nested().is_empty() {
                    mark(Mark::Nested);
                }
                if let Some(overtakings) = lock.overtakings() {
                    if overtakings.contended() {
                        mark(Mark::Contended);
                    }
                    for times in 1..=usize::from(overtakings.most()).min(EACH) {
                        mark(Mark::Overtaken(times));
                    }
                }
                for (number, node) in state.nodes.iter().take(self.scope.roles.len()).enumerate() {
                    let Some(caller) = node.caller() else { continue };
                    if state.running[number] != Running::Up {
                        continue;
                    }
                    if caller.waits() {
                        mark(Mark::Wants(number));
                    }
                    if caller.holds() {
                        mark(Mark::Holds(number));
                        mark(Mark::Reached);
                    }
                    match caller.phase() {
                        Phase::Cancelling => mark(Mark::Cancelled),
                        Phase::Nesting { .. } => mark(Mark::Nests(number)),
                        Phase::Unnesting { .. } => mark(Mark::Unnests(number)),
                        _ => {}
                    }
                }
            }
            Monitors::Queue(queue) => {
                queue.enqueued().iter().for_each(|item| mark(Mark::Enqueued(item)));
                queue.delivered().iter().for_each(|item| mark(Mark::Delivered(item)));
                queue.finished().iter().for_each(|item| mark(Mark::Finished(item)));
                queue.applied().iter().for_each(|item| mark(Mark::Applied(item)));
                if !queue.applied().is_empty() {
                    mark(Mark::Reached);
                }
                if !queue.done().is_empty() {
                    mark(Mark::Settled);
                }
                if state.timers.iter().any(|armed| armed.timer == Timer::Again) {
                    mark(Mark::FoundEmpty);
                }
            }
        }
        bits
    }
}
