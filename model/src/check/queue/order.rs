//! No two values in the wrong order.

use super::values::{NOWHERE, Value, Values};
use super::{Operation, Violation};
use crate::check::NEVER;

/// Of the values whose enqueue had returned when a value's own was called, none may be wanted only
/// after that value was taken.
pub(super) fn check(_: &[Operation], values: &Values) -> Result<(), Violation> {
    let mut taken: Vec<&Value> = values.0.iter().filter(|value| value.taken != NEVER).collect();
    taken.sort_unstable_by_key(|value| value.offered);
    let mut earlier = values.0.iter().peekable();
    let mut last_wanted: Option<&Value> = None;
    for later in taken {
        while let Some(value) = earlier.next_if(|value| value.enqueued < later.offered) {
            if last_wanted.is_none_or(|last| value.wanted > last.wanted) {
                last_wanted = Some(value);
            }
        }
        if let Some(overdue) = last_wanted.filter(|value| value.wanted > later.taken) {
            return Err(Violation::OutOfOrder {
                earlier: overdue.enqueue as usize,
                later: later.enqueue as usize,
                taken: later.dequeue as usize,
                overdue: (overdue.dequeue != NOWHERE).then_some(overdue.dequeue as usize),
            });
        }
    }
    Ok(())
}
