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

/// A grant with its token.
#[derive(Clone, Copy)]
struct Grant {
    called: u64,
    returned: u64,
    fence: u64,
    client: u32,
    place: usize,
}

/// Grants with a token no larger than that of a grant which had returned when they were called; each
/// with the grant that had the largest.
pub(super) fn went_back(history: &[Operation]) -> Vec<Violation> {
    let grants = history.iter().enumerate().filter_map(|(place, operation)| {
        let Operation { client, called, returned, action } = *operation;
        match action {
            Action::Acquire { fence: Some(fence) } if returned != NEVER => {
                Some(Grant { called, returned, fence, client, place })
            }
            _ => None,
        }
    });
    let mut by_call: Vec<Grant> = grants.collect();
    let mut by_return = by_call.clone();
    by_call.sort_by_key(|grant| grant.called);
    by_return.sort_by_key(|grant| grant.returned);
    let mut returned = by_return.into_iter().peekable();
    let mut newest: Option<Grant> = None;
    let mut violations = Vec::new();
    for grant in by_call {
        while let Some(earlier) = returned.next_if(|earlier| earlier.returned < grant.called) {
            if newest.is_none_or(|newest| earlier.fence > newest.fence) {
                newest = Some(earlier);
            }
        }
        // A holder that acquires again may be told the token that it has.
        let again = |newest: &Grant| newest.fence == grant.fence && newest.client == grant.client;
        if let Some(earlier) = newest.filter(|newest| newest.fence >= grant.fence && !again(newest))
        {
            let (earlier, later) = (earlier.place, grant.place);
            violations.push(Violation::FenceWentBack { earlier, later });
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
