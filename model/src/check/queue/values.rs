//! What became of each value: its enqueue, and its dequeue, known or assigned.

use super::super::NEVER;
use super::{Action, Operation, Violation};

/// A place in the history that stands for none.
pub(super) const NOWHERE: u32 = u32::MAX;

/// A value that was enqueued for certain, because its enqueue has returned or somebody got it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Value {
    /// When its enqueue was called.
    pub offered: u64,
    /// When its enqueue returned.
    pub enqueued: u64,
    /// When its dequeue was called; [`NEVER`] if it was not dequeued.
    pub wanted: u64,
    /// When its dequeue returned.
    pub taken: u64,
    /// The place of its enqueue.
    pub enqueue: u32,
    /// The place of its dequeue, or of the dequeue of unknown outcome that may have got it.
    pub dequeue: u32,
}

/// All values, ordered by when their enqueues returned.
#[derive(Debug)]
pub(super) struct Values(pub Vec<Value>);

impl Values {
    /// Pairs enqueues with dequeues.
    pub fn of(history: &[Operation]) -> Result<Self, Violation> {
        let mut enqueues = Vec::with_capacity(history.len() / 2);
        let mut dequeues = Vec::with_capacity(history.len() / 2);
        let mut unknown = Vec::new();
        for (place, operation) in (0u32..).zip(history) {
            match operation.action {
                Action::Enqueue(value) => enqueues.push((value, place)),
                Action::Dequeue(value) => dequeues.push((value, place)),
                Action::DequeueUnknown => unknown.push((operation.called, place)),
                Action::Empty => {}
            }
        }
        enqueues.sort_unstable();
        dequeues.sort_unstable();
        if let Some([first, second]) = twins(&enqueues) {
            return Err(Violation::Reused { first, second });
        }
        if let Some([first, second]) = twins(&dequeues) {
            return Err(Violation::Duplicate { first, second });
        }
        let mut values = joined(history, &enqueues, &dequeues)?;
        values.sort_unstable_by_key(|value| value.enqueued);
        unknown.sort_unstable();
        let untaken = values.iter_mut().filter(|value| value.dequeue == NOWHERE);
        for (value, (called, place)) in untaken.zip(unknown) {
            value.wanted = called;
            value.dequeue = place;
        }
        Ok(Values(values))
    }
}

/// Two places with the same value.
fn twins(sorted: &[(u64, u32)]) -> Option<[usize; 2]> {
    let pair = sorted.windows(2).find(|pair| pair[0].0 == pair[1].0)?;
    Some([pair[0].1 as usize, pair[1].1 as usize])
}

fn joined(
    history: &[Operation],
    enqueues: &[(u64, u32)],
    dequeues: &[(u64, u32)],
) -> Result<Vec<Value>, Violation> {
    let mut values = Vec::with_capacity(enqueues.len());
    let mut rest = dequeues;
    for &(value, enqueue) in enqueues {
        let Operation { called: offered, returned: enqueued, .. } = history[enqueue as usize];
        if let Some(&(other, dequeue)) = rest.first().filter(|(other, _)| *other < value) {
            let _ = other;
            return Err(Violation::Phantom { dequeue: dequeue as usize, enqueue: None });
        }
        if let Some(&(_, dequeue)) = rest.first().filter(|(other, _)| *other == value) {
            rest = &rest[1..];
            let Operation { called: wanted, returned: taken, .. } = history[dequeue as usize];
            if taken < offered {
                let enqueue = Some(enqueue as usize);
                return Err(Violation::Phantom { dequeue: dequeue as usize, enqueue });
            }
            values.push(Value { offered, enqueued, wanted, taken, enqueue, dequeue });
        } else if enqueued != NEVER {
            let (wanted, taken, dequeue) = (NEVER, NEVER, NOWHERE);
            values.push(Value { offered, enqueued, wanted, taken, enqueue, dequeue });
        }
    }
    match rest.first() {
        Some(&(_, dequeue)) => Err(Violation::Phantom { dequeue: dequeue as usize, enqueue: None }),
        None => Ok(values),
    }
}
