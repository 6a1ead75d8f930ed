//! Fencing tokens, where they are given out and where they are checked.

use std::iter::Peekable;
use std::vec::IntoIter;

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
    /// What an operation grants, if it grants a token.
    fn of(place: usize, operation: Operation) -> Option<Self> {
        let Operation { client, returned, action, .. } = operation;
        match action {
            Action::Acquire { fence: Some(fence) } if returned != NEVER => {
                Some(Grant { fence, client, place })
            }
            _ => None,
        }
    }
}

/// All grants, as calls come to be known in their order.
pub(super) struct Fences<'a> {
    history: &'a [Operation],
    /// Those that have not returned yet, in the order in which they will.
    to_return: Peekable<IntoIter<Moment>>,
    /// The one with the largest token of those that have.
    newest: Option<Grant>,
}

impl<'a> Fences<'a> {
    /// Of a history of which no call is known yet.
    pub(super) fn of(history: &'a [Operation]) -> Self {
        let grants = history
            .iter()
            .zip(0..)
            .filter(|&(&operation, place)| Grant::of(place, operation).is_some());
        let by_return = sorted(grants.map(|(operation, place)| (operation.returned, place)));
        Fences { history, to_return: by_return.into_iter().peekable(), newest: None }
    }

    /// The next call: a grant with a token no larger than that of one which had returned when it was called;
    /// with the one that had the largest.
    pub(super) fn meet(&mut self, place: usize, operation: Operation) -> Option<Violation> {
        let grant = Grant::of(place, operation)?;
        let is_before = |&(returned, _): &Moment| returned < operation.called;
        while let Some((_, place)) = self.to_return.next_if(is_before) {
            let earlier = Grant::of(place, self.history[place])
                .filter(|earlier| self.newest.is_none_or(|newest| earlier.fence > newest.fence));
            self.newest = earlier.or(self.newest);
        }
        // A holder that acquires again may be told the token that it has.
        let again = |newest: &Grant| newest.fence == grant.fence && newest.client == grant.client;
        let earlier = self.newest.filter(|newest| newest.fence >= grant.fence && !again(newest))?;
        Some(Violation::FenceWentBack { earlier: earlier.place, later: grant.place })
    }
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
