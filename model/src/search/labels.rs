//! A set of up to 64 facts that hold in a state.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::{BitOr, BitOrAssign};

use super::StateId;

/// The facts, each a bit whose meaning the model gives it.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Labels(u64);

impl Labels {
    /// Nothing holds.
    pub const NONE: Labels = Labels(0);

    /// How many facts there can be.
    pub const MAX: u32 = u64::BITS;

    /// The fact numbered `index`, alone.
    ///
    /// # Panics
    /// If `index` is not below [`Labels::MAX`].
    pub const fn bit(index: u32) -> Labels {
        assert!(index < Labels::MAX, "a state carries at most 64 labels");
        Labels(1 << index)
    }

    /// The facts whose bits are set.
    pub const fn of_bits(bits: u64) -> Labels {
        Labels(bits)
    }

    /// These facts if the condition is met, and none otherwise.
    #[must_use]
    pub const fn when(self, condition: bool) -> Labels {
        if condition { self } else { Labels::NONE }
    }

    /// Whether the two have a fact in common.
    pub const fn intersects(self, other: Labels) -> bool {
        self.0 & other.0 != 0
    }

    /// Those of these facts that `other` lacks.
    #[must_use]
    pub const fn without(self, other: Labels) -> Labels {
        Labels(self.0 & !other.0)
    }

    /// Whether no fact holds.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The numbers of the facts, ascending.
    pub fn indices(self) -> impl Iterator<Item = u32> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let index = (rest != 0).then(|| rest.trailing_zeros())?;
            rest &= rest - 1;
            Some(index)
        })
    }
}

impl BitOr for Labels {
    type Output = Labels;

    fn bitor(self, other: Labels) -> Labels {
        Labels(self.0 | other.0)
    }
}

impl BitOrAssign for Labels {
    fn bitor_assign(&mut self, other: Labels) {
        self.0 |= other.0;
    }
}

impl fmt::Debug for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.indices()).finish()
    }
}

/// For each fact the first state in which it holds.
#[derive(Default)]
pub(super) struct Firsts {
    known: Labels,
    states: BTreeMap<u32, StateId>,
}

impl Firsts {
    #[inline]
    pub fn note(&mut self, labels: Labels, state: StateId) {
        let fresh = labels.without(self.known);
        if !fresh.is_empty() {
            self.states.extend(fresh.indices().map(|index| (index, state)));
            self.known |= fresh;
        }
    }

    /// Undoes what was noted of this state and the later ones.
    pub fn forget_from(&mut self, state: StateId) {
        self.states.retain(|_, first| *first < state);
        self.known = self.states.keys().fold(Labels::NONE, |known, &i| known | Labels::bit(i));
    }

    /// The first state in which one of these facts holds.
    pub fn of(&self, labels: Labels) -> Option<StateId> {
        labels.indices().filter_map(|index| self.states.get(&index)).min().copied()
    }
}
