//! Who held when.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;

use super::{Action, Operation, Violation};
use crate::check::NEVER;
use crate::search::Fingerprinter;

/// A time in which a client believed that it holds.
#[derive(Clone, Copy, Debug)]
struct Hold {
    from: u64,
    until: u64,
    /// The acquisition that began it.
    acquired: usize,
}

/// What each client holds, and how many times over.
type AllHeld = HashMap<u32, Option<(Hold, u32)>, BuildHasherDefault<Fingerprinter>>;

/// All holds, as calls come to be known in their order.
#[derive(Default)]
pub(super) struct Holds {
    over: Vec<Hold>,
    all_held: AllHeld,
}

impl Holds {
    /// The next call; what is wrong with it.
    pub(super) fn meet(&mut self, place: usize, operation: Operation) -> Option<Violation> {
        let Operation { client, called, returned, action } = operation;
        let held = self.all_held.entry(client).or_default();
        match (action, &mut *held) {
            (Action::Acquire { .. }, Some((_, depth))) if returned != NEVER => *depth += 1,
            (Action::Acquire { .. }, None) if returned != NEVER => {
                *held = Some((Hold { from: returned, until: NEVER, acquired: place }, 1));
            }
            (Action::Refused, Some((hold, _))) => {
                let held_by = hold.acquired;
                return Some(Violation::RefusedToItsHolder { held_by, refused: place });
            }
            (Action::Release, Some((_, depth))) if *depth > 1 => *depth -= 1,
            (Action::Release | Action::NotHeld | Action::Lost, Some((hold, _))) => {
                self.over.push(Hold { until: called, ..*hold });
                *held = None;
            }
            (Action::Release, None) if returned != NEVER => {
                return Some(Violation::NotTheOwner { release: place });
            }
            _ => {}
        }
        None
    }

    /// Each hold that begins while another lasts, with the one of those that lasts longest.
    pub(super) fn overlaps(self) -> Vec<Violation> {
        let mut holds = self.over;
        holds.extend(self.all_held.into_values().flatten().map(|(hold, _)| hold));
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
}
