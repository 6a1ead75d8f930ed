//! Fencing tokens, where they are given out and where they are checked.

use super::{Action, Operation, Violation};
use crate::check::NEVER;

/// A write that the protected resource has taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Write {
    /// When.
    pub at: u64,
    /// Under which token.
    pub fence: u64,
}

/// Grants with a token no larger than that of a grant which had returned when they were called; each
/// with the grant that had the largest.
pub(super) fn went_back(history: &[Operation]) -> Vec<Violation> {
    let grants = history.iter().enumerate().filter_map(|(place, operation)| {
        match (operation.action, operation.returned) {
            (Action::Acquire { .. }, NEVER) => None,
            (Action::Acquire { fence: Some(fence) }, _) => Some((operation, fence, place)),
            _ => None,
        }
    });
    let mut by_call: Vec<(&Operation, u64, usize)> = grants.collect();
    let mut by_return = by_call.clone();
    by_call.sort_by_key(|(operation, ..)| operation.called);
    by_return.sort_by_key(|(operation, ..)| operation.returned);
    let mut returned = by_return.into_iter().peekable();
    let mut newest: Option<(u64, usize, u32)> = None;
    let mut violations = Vec::new();
    for (operation, fence, place) in by_call {
        while let Some((earlier, other, at)) =
            returned.next_if(|(earlier, ..)| earlier.returned < operation.called)
        {
            if newest.is_none_or(|(newest, ..)| other > newest) {
                newest = Some((other, at, earlier.client));
            }
        }
        // A holder that acquires again may be told the token that it has.
        let again = |newest: u64, client: u32| newest == fence && client == operation.client;
        if let Some((_, earlier, _)) =
            newest.filter(|&(newest, _, client)| newest >= fence && !again(newest, client))
        {
            violations.push(Violation::FenceWentBack { earlier, later: place });
        }
    }
    violations
}

/// The first write that the resource took under an older token than one before, and that one, by their
/// places; the writes are in the order in which they were taken.
pub fn check_writes(writes: &[Write]) -> Option<[usize; 2]> {
    let mut newest = 0;
    for (place, write) in writes.iter().enumerate() {
        if write.fence < writes[newest].fence {
            return Some([newest, place]);
        }
        if write.fence > writes[newest].fence {
            newest = place;
        }
    }
    None
}
