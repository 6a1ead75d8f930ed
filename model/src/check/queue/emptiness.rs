//! No dequeue finds a queue empty that was not.

use super::values::{Value, Values};
use super::{Action, Operation, Violation};

/// A stretch of time at each inner moment of which some value is in the queue.
struct Stretch {
    from: u64,
    until: u64,
}

/// A value is in the queue for certain after its enqueue has returned and before its dequeue is called.
/// A dequeue that finds nothing needs a moment at which no value is.
pub(super) fn check(history: &[Operation], values: &Values) -> Result<(), Violation> {
    if history.iter().all(|operation| operation.action != Action::Empty) {
        return Ok(());
    }
    let stretches = stretches(values);
    for (place, operation) in history.iter().enumerate() {
        if operation.action != Action::Empty {
            continue;
        }
        let next = stretches.partition_point(|stretch| stretch.from < operation.called);
        let covering = stretches[..next].last().filter(|last| operation.returned < last.until);
        if covering.is_some() {
            let covered_by = cover(values, operation);
            return Err(Violation::NeverEmpty { dequeue: place, covered_by });
        }
    }
    Ok(())
}

/// The union of the values' stretches. Two that only touch leave a moment between them.
fn stretches(values: &Values) -> Vec<Stretch> {
    let mut stretches: Vec<Stretch> = Vec::new();
    for value in values.0.iter().filter(|value| value.enqueued < value.wanted) {
        match stretches.last_mut().filter(|last| value.enqueued < last.until) {
            Some(last) => last.until = last.until.max(value.wanted),
            None => stretches.push(Stretch { from: value.enqueued, until: value.wanted }),
        }
    }
    stretches
}

/// As few values as cover the whole of the operation: always the one that lasts longest next.
fn cover(values: &Values, operation: &Operation) -> Vec<usize> {
    let mut chosen: Vec<usize> = Vec::new();
    let mut covered = operation.called;
    let mut rest = values.0.iter().peekable();
    let mut longest: Option<&Value> = None;
    loop {
        // The first must be there when the dequeue is called, each other one before the last goes.
        while let Some(value) = rest.next_if(|value| value.enqueued < covered) {
            if longest.is_none_or(|longest| value.wanted > longest.wanted) {
                longest = Some(value);
            }
        }
        let Some(value) = longest.filter(|value| value.wanted > covered) else { return chosen };
        chosen.push(value.enqueue as usize);
        covered = value.wanted;
        if covered > operation.returned {
            return chosen;
        }
    }
}
