//! Fencing tokens, where they are given out and where they are checked.

use super::{Action, Moment, Operation, Violation, sorted};
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
    fence: u64,
    client: u32,
    place: usize,
}

impl Grant {
    /// What a place of the history grants, if it grants a token.
    fn at(history: &[Operation], place: usize) -> Option<Self> {
        let Operation { client, returned, action, .. } = history[place];
        match action {
            Action::Acquire { fence: Some(fence) } if returned != NEVER => {
                Some(Grant { fence, client, place })
            }
            _ => None,
        }
    }
}

/// Grants with a token no larger than that of a grant which had returned when they were called; each
/// with the grant that had the largest.
pub(super) fn went_back(history: &[Operation], by_call: &[Moment]) -> Vec<Violation> {
    let grants = (0..history.len()).filter_map(|place| Grant::at(history, place));
    let by_return = sorted(grants.map(|grant| (history[grant.place].returned, grant.place)));
    let mut by_return = by_return.into_iter().peekable();
    let mut newest: Option<Grant> = None;
    let mut violations = Vec::new();
    for &(called, place) in by_call {
        let Some(grant) = Grant::at(history, place) else { continue };
        while let Some((_, place)) = by_return.next_if(|&(returned, _)| returned < called) {
            let earlier = Grant::at(history, place)
                .filter(|earlier| newest.is_none_or(|newest| earlier.fence > newest.fence));
            newest = earlier.or(newest);
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
