//! Watches: who is to be told once of the next change of what. They belong to a connection and go
//! with it; a client library sets them anew when it has reconnected.

use contend_model::ident::Peer;
use contend_model::message::tree::{Change, Path};
use contend_model::symmetry::{Permutation, Symmetric};

/// What a watch looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Set by `exists` and `getData`: the node's coming, going and data.
    Data,
    /// Set by `getChildren`: the coming and going of its children, and its own going.
    Children,
}

/// A watch; the same one set twice fires once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Watch {
    peer: Peer,
    path: Path,
    kind: Kind,
}

/// All watches, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Watches {
    set: Vec<Watch>,
}

impl Watches {
    /// Sets a watch.
    pub fn set(&mut self, peer: Peer, path: Path, kind: Kind) {
        let watch = Watch { peer, path, kind };
        if let Err(place) = self.set.binary_search(&watch) {
            self.set.insert(place, watch);
        }
    }

    /// Whether this connection watches anything.
    pub fn any_of(&self, peer: Peer) -> bool {
        self.set.iter().any(|watch| watch.peer == peer)
    }

    /// The connection is gone.
    pub fn forget(&mut self, peer: Peer) {
        self.set.retain(|watch| watch.peer != peer);
    }

    /// Takes out the watches that this change of a node sets off, and says whom to tell what.
    pub fn fire(&mut self, path: Path, change: Change) -> Vec<(Peer, Path, Change)> {
        let mut told = self.take(path, change, |kind| kind == Kind::Data || ends(change));
        if matches!(change, Change::Created | Change::Deleted)
            && let Some(parent) = path.parent()
        {
            let of_children = |kind| kind == Kind::Children;
            told.extend(self.take(parent, Change::ChildrenChanged, of_children));
        }
        told
    }

    /// Takes out the watches of one connection that this change of a node sets off.
    pub fn fire_on(&mut self, peer: Peer, path: Path, change: Change) -> Vec<(Peer, Path, Change)> {
        let others = self.set.extract_if(.., |watch| watch.peer != peer).collect::<Vec<_>>();
        let told = self.fire(path, change);
        self.set.extend(others);
        self.set.sort_unstable();
        told
    }

    fn take(
        &mut self,
        path: Path,
        change: Change,
        concerned: impl Fn(Kind) -> bool,
    ) -> Vec<(Peer, Path, Change)> {
        let mut told: Vec<(Peer, Path, Change)> = Vec::new();
        self.set.retain(|watch| {
            let fires = watch.path == path && concerned(watch.kind);
            // Whoever watches a node in both ways is told once that it is gone.
            if fires && !told.iter().any(|&(peer, ..)| peer == watch.peer) {
                told.push((watch.peer, path, change));
            }
            !fires
        });
        told
    }
}

fn ends(change: Change) -> bool {
    change == Change::Deleted
}

impl Symmetric for Watches {
    fn permute(&mut self, permutation: &Permutation) {
        for watch in &mut self.set {
            watch.peer.permute(permutation);
            watch.path.permute(permutation);
        }
        self.set.sort_unstable();
    }
}
