//! Open files and their advisory locks, as flock(2) has them: a lock belongs to an open file and is
//! about the file itself, not about its name. So who unlinks the file and creates it anew splits
//! the lockers in two; and a lock ends when the open file is closed, at the latest with the
//! connection.

use contend_model::ident::Peer;
use contend_model::message::files::Inode;
use contend_model::symmetry::{Permutation, Symmetric};

/// What is open and what is locked. None of it is on disk.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct OpenFiles {
    /// In order of connection.
    open: Vec<(Peer, Inode)>,
    /// Who has locked.
    held: Vec<(Inode, Peer)>,
    /// Who waits, in order of arrival.
    waiting: Vec<(Inode, Peer)>,
}

impl OpenFiles {
    /// The file stays open on this connection.
    pub fn open(&mut self, peer: Peer, inode: Inode) {
        if let Err(place) = self.open.binary_search(&(peer, inode)) {
            self.open.insert(place, (peer, inode));
        }
    }

    /// Whether the file is open on this connection.
    pub fn is_open_on(&self, peer: Peer, inode: Inode) -> bool {
        self.open.contains(&(peer, inode))
    }

    /// Whether anybody has the file open.
    pub fn is_open(&self, inode: Inode) -> bool {
        self.open.iter().any(|&(_, other)| other == inode)
    }

    /// Whether this open file has the lock.
    pub fn holds(&self, peer: Peer, inode: Inode) -> bool {
        self.held.contains(&(inode, peer))
    }

    /// Whether another open file has the lock.
    pub fn is_taken(&self, peer: Peer, inode: Inode) -> bool {
        self.held.iter().any(|&(other, holder)| other == inode && holder != peer)
    }

    /// Whether any file is locked.
    pub fn has_locks(&self) -> bool {
        !self.held.is_empty()
    }

    /// The open file has the lock.
    pub fn lock(&mut self, peer: Peer, inode: Inode) {
        if let Err(place) = self.held.binary_search(&(inode, peer)) {
            self.held.insert(place, (inode, peer));
        }
    }

    /// The open file waits for the lock.
    pub fn wait(&mut self, peer: Peer, inode: Inode) {
        if !self.waiting.contains(&(inode, peer)) {
            self.waiting.push((inode, peer));
        }
    }

    /// The open file neither has the lock nor waits for it.
    pub fn unlock(&mut self, peer: Peer, inode: Inode) {
        self.held.retain(|&held| held != (inode, peer));
        self.waiting.retain(|&waiting| waiting != (inode, peer));
    }

    /// The file is closed, and its lock goes with it.
    pub fn close(&mut self, peer: Peer, inode: Inode) {
        self.unlock(peer, inode);
        self.open.retain(|&open| open != (peer, inode));
    }

    /// All files of this connection are closed. Tells whether there were any.
    pub fn end(&mut self, peer: Peer) -> bool {
        let before = self.open.len();
        self.held.retain(|&(_, other)| other != peer);
        self.waiting.retain(|&(_, other)| other != peer);
        self.open.retain(|&(other, _)| other != peer);
        self.open.len() < before
    }

    /// Takes the first who waits for a lock that `is_free` says can be had.
    pub fn next(&mut self, is_free: impl Fn(&Self, Peer, Inode) -> bool) -> Option<(Peer, Inode)> {
        let mut waiting = self.waiting.iter();
        let place = waiting.position(|&(inode, peer)| is_free(self, peer, inode))?;
        let (inode, peer) = self.waiting.remove(place);
        Some((peer, inode))
    }
}

impl Symmetric for OpenFiles {
    fn permute(&mut self, permutation: &Permutation) {
        for (peer, inode) in &mut self.open {
            peer.permute(permutation);
            inode.permute(permutation);
        }
        for (inode, peer) in self.held.iter_mut().chain(&mut self.waiting) {
            inode.permute(permutation);
            peer.permute(permutation);
        }
        self.open.sort_unstable();
        self.held.sort_unstable();
    }
}
