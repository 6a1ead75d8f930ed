//! A part of a state that most steps leave alone: shared between states, and hashed once for each renaming
//! of clients.

use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::renaming::Renaming;
use crate::search::Fingerprinter;

/// A value that states share until one of them changes it. Its hash is that of its fingerprint.
#[derive(Clone, Debug)]
pub(super) struct Shared<T>(Arc<Keyed<T>>);

#[derive(Clone, Debug)]
struct Keyed<T> {
    value: T,
    /// Of the value under each renaming, by its number.
    fingerprints: [Fingerprint; RENAMINGS],
}

/// The renamings of three clients; under those of more a value is hashed whenever it is asked for.
const RENAMINGS: usize = 6;

/// A fingerprint, zero until it is asked for. A copy is made to be changed, so it has none.
#[derive(Debug, Default)]
struct Fingerprint(AtomicU64);

impl Clone for Fingerprint {
    fn clone(&self) -> Self {
        Fingerprint::default()
    }
}

impl Fingerprint {
    fn known_or(&self, find: impl FnOnce() -> u64) -> u64 {
        // Threads that find it at the same time find the same.
        match self.0.load(Ordering::Relaxed) {
            0 => {
                let found = find();
                self.0.store(found, Ordering::Relaxed);
                found
            }
            known => known,
        }
    }
}

impl<T: Clone + Hash> Shared<T> {
    pub fn new(value: T) -> Self {
        Shared(Arc::new(Keyed { value, fingerprints: Default::default() }))
    }

    /// The fingerprint of the value.
    pub fn fingerprint(&self) -> u64 {
        self.0.fingerprints[0].known_or(|| Fingerprinter::of(&self.0.value))
    }

    /// The fingerprint that the value has once it is renamed.
    pub fn renamed(&self, renaming: Renaming<'_>, rename: impl FnOnce(&mut T)) -> u64 {
        if renaming.number == 0 {
            return self.fingerprint();
        }
        let find = || {
            let mut copy = self.0.value.clone();
            rename(&mut copy);
            Fingerprinter::of(&copy)
        };
        match self.0.fingerprints.get(usize::from(renaming.number)) {
            Some(fingerprint) => fingerprint.known_or(find),
            None => find(),
        }
    }

    /// This state's copy, to be changed.
    pub fn edit(&mut self) -> &mut T {
        let keyed = Arc::make_mut(&mut self.0);
        keyed.fingerprints = Default::default();
        &mut keyed.value
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

impl<T: Clone + Hash> Hash for Shared<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.fingerprint());
    }
}
