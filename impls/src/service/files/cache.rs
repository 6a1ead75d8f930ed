//! What clients' kernels remember of names: nfs(5), "Directory entry caching" and "Attribute
//! caching". Both that a file is there and that it is not may be remembered, until the attributes
//! of the directory that the client has cached expire; its own changes it sees at once.
//!
//! The caches are kept here, at the server, so that clients need not know of them.

use contend_model::ident::NodeId;
use contend_model::message::files::{Attributes, Path};
use contend_model::symmetry::{Permutation, Symmetric};

/// One client's cache.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Cache {
    client: NodeId,
    /// Which deadline empties it.
    slot: u8,
    /// In order of name.
    entries: Vec<(Path, Option<Attributes>)>,
}

/// The caches of all clients that have something in theirs, in order of name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Caches(Vec<Cache>);

impl Caches {
    /// What this client remembers of a name, if anything: perhaps that there was no such file.
    pub fn recall(&self, client: NodeId, path: Path) -> Option<Option<Attributes>> {
        let cache = self.0.iter().find(|cache| cache.client == client)?;
        cache.entries.iter().find(|(other, _)| *other == path).map(|&(_, known)| known)
    }

    /// The client remembers; gives the slot of a deadline that must be started, if its cache was
    /// empty.
    pub fn remember(
        &mut self,
        client: NodeId,
        path: Path,
        known: Option<Attributes>,
    ) -> Option<u8> {
        let (cache, started) = match self.0.binary_search_by_key(&client, |cache| cache.client) {
            Ok(place) => (&mut self.0[place], None),
            Err(place) => {
                let taken = |slot: &u8| self.0.iter().any(|cache| cache.slot == *slot);
                let slot = (0..).find(|slot| !taken(slot)).expect("fewer than 256 clients");
                self.0.insert(place, Cache { client, slot, entries: Vec::new() });
                (&mut self.0[place], Some(slot))
            }
        };
        match cache.entries.binary_search_by_key(&path, |&(path, _)| path) {
            Ok(place) => cache.entries[place].1 = known,
            Err(place) => cache.entries.insert(place, (path, known)),
        }
        started
    }

    /// The client has changed what this name stands for, and knows it.
    pub fn forget(&mut self, client: NodeId, path: Path) {
        if let Some(cache) = self.0.iter_mut().find(|cache| cache.client == client) {
            cache.entries.retain(|&(other, _)| other != path);
        }
    }

    /// The deadline of this slot has passed.
    pub fn expire(&mut self, slot: u8) {
        self.0.retain(|cache| cache.slot != slot);
    }
}

impl Symmetric for Caches {
    fn permute(&mut self, permutation: &Permutation) {
        for cache in &mut self.0 {
            cache.client.permute(permutation);
            for (path, known) in &mut cache.entries {
                path.permute(permutation);
                if let Some(attributes) = known {
                    attributes.inode.permute(permutation);
                }
            }
            cache.entries.sort_unstable_by_key(|&(path, _)| path);
        }
        self.0.sort_unstable_by_key(|cache| cache.client);
    }
}
