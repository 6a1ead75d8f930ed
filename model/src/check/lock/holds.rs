//! Who held when.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;

use super::{Action, Moment, Operation, Violation};
use crate::check::NEVER;
use crate::search::Fingerprinter;

/// A time in which a client believed that it holds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hold {
    pub from: u64,
    pub until: u64,
    /// The acquisition that began it.
    pub acquired: usize,
}

/// What each client holds, and how many times over.
type AllHeld = HashMap<u32, Option<(Hold, u32)>, BuildHasherDefault<Fingerprinter>>;

/// All holds, and what is wrong with what their clients did, who called in this order.
pub(super) fn of(history: &[Operation], by_call: &[Moment]) -> (Vec<Hold>, Vec<Violation>) {
    let (mut holds, mut violations) = (Vec::new(), Vec::new());
    let mut all_held = AllHeld::default();
    for &(_, place) in by_call {
        let Operation { client, called, returned, action } = history[place];
        let held = all_held.entry(client).or_default();
        match (action, &mut *held) {
            (Action::Acquire { .. }, Some((_, depth))) if returned != NEVER => *depth += 1,
            (Action::Acquire { .. }, None) if returned != NEVER => {
                *held = Some((Hold { from: returned, until: NEVER, acquired: place }, 1));
            }
            (Action::Refused, Some((hold, _))) => {
                let held_by = hold.acquired;
                violations.push(Violation::RefusedToItsHolder { held_by, refused: place });
            }
            (Action::Release, Some((_, depth))) if *depth > 1 => *depth -= 1,
            (Action::Release | Action::NotHeld | Action::Lost, Some((hold, _))) => {
                holds.push(Hold { until: called, ..*hold });
                *held = None;
            }
            (Action::Release, None) if returned != NEVER => {
                violations.push(Violation::NotTheOwner { release: place });
            }
            _ => {}
        }
    }
    holds.extend(all_held.into_values().flatten().map(|(hold, _)| hold));
    (holds, violations)
}

/// Each hold that begins while another lasts, with the one of those that lasts longest.
pub(super) fn overlaps(mut holds: Vec<Hold>) -> Vec<Violation> {
    holds.retain(|hold| hold.from < hold.until);
    holds.sort_unstable_by_key(|hold| (hold.from, hold.acquired));
    let mut longest: Option<Hold> = None;
    let mut overlaps = Vec::new();
    for hold in holds {
        if let Some(first) = longest.filter(|longest| hold.from < longest.until) {
            overlaps.push(Violation::Overlap { first: first.acquired, second: hold.acquired });
        }
        if longest.is_none_or(|longest| hold.until > longest.until) {
            longest = Some(hold);
        }
    }
    overlaps
}
