//! A part of a state that most steps leave alone: shared between states, and hashed once.

use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::Arc;

use crate::search::Fingerprinter;

/// A value that states share until one of them changes it. Its hash is that of its fingerprint.
#[derive(Clone, Debug)]
pub(super) struct Shared<T>(Arc<Keyed<T>>);

#[derive(Clone, Debug)]
struct Keyed<T> {
    fingerprint: u64,
    value: T,
}

impl<T: Clone + Hash> Shared<T> {
    pub fn new(value: T) -> Self {
        Shared(Arc::new(Keyed { fingerprint: Fingerprinter::of(&value), value }))
    }

    /// The fingerprint of the value.
    pub fn fingerprint(&self) -> u64 {
        self.0.fingerprint
    }

    /// Changes this state's copy.
    pub fn change<R>(&mut self, change: impl FnOnce(&mut T) -> R) -> R {
        let keyed = Arc::make_mut(&mut self.0);
        let result = change(&mut keyed.value);
        keyed.fingerprint = Fingerprinter::of(&keyed.value);
        result
    }
}

impl<T> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0.value
    }
}

impl<T: PartialEq> PartialEq for Shared<T> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0.value == other.0.value
    }
}

impl<T: Eq> Eq for Shared<T> {}

impl<T> Hash for Shared<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0.fingerprint);
    }
}
