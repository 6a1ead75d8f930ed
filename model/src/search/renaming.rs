//! Symmetry: which state stands for those that differ from it by the names of clients alone.

use super::{Fingerprinter, Subject};

/// How a state is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Canonical {
    /// The fingerprint of the state that stands for it.
    pub fingerprint: u64,
    /// The number of the renaming that takes it there; 0 changes nothing.
    pub renaming: u8,
}

impl Canonical {
    /// A state that stands for itself.
    pub fn itself(state: &impl std::hash::Hash) -> Self {
        Canonical { fingerprint: Fingerprinter::of(state), renaming: 0 }
    }
}

/// What the renamings of a subject make of the numbers of questions, each of which is of one client.
pub(super) struct Renamings {
    /// For each renaming the new number of each question.
    images: Vec<[u8; QUESTIONS]>,
}

const QUESTIONS: usize = u8::BITS as usize;

impl Renamings {
    pub fn of<S: Subject>(subject: &S) -> Self {
        let image = |renaming| std::array::from_fn(|n| subject.renames(renaming, n as u8));
        Renamings { images: (0..subject.renamings()).map(image).collect() }
    }

    /// Two states have the same representative, to which `own` takes the one and `other` the other: the
    /// other's questions that are these questions of the one.
    #[inline]
    pub fn back(&self, own: u8, other: u8, questions: u8) -> u8 {
        if own == other {
            return questions;
        }
        let (own, other) = (&self.images[usize::from(own)], &self.images[usize::from(other)]);
        let holds = |number: u8| {
            own.iter().enumerate().any(|(n, &image)| image == number && questions >> n & 1 == 1)
        };
        (0..).zip(other).fold(0, |all, (n, &image)| all | u8::from(holds(image)) << n)
    }
}
