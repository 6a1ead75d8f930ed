//! One queue of the broker: messages in order, those under way among them.

use contend_model::ident::{Item, Peer};
use contend_model::message::broker::Queue;
use contend_model::symmetry::{Permutation, Symmetric};

/// How a queue keeps its messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// On one node: what comes back goes to its original position.
    Classic,
    /// Replicated: what comes back waits, in the order of its return, before what was never
    /// delivered; all messages are on disk, and returns are counted.
    Quorum,
}

/// Where a message stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Standing {
    Ready,
    /// Delivered on this connection under this tag.
    Unacked {
        peer: Peer,
        tag: u32,
    },
}

/// A message in a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Entry {
    pub item: Item,
    pub persistent: bool,
    /// Whether it is on disk, as far as it is persistent.
    pub synced: bool,
    /// How often it came back. Nobody needs to tell numbers above the delivery limit apart.
    pub returns: u8,
    pub standing: Standing,
}

/// A queue and what is in it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Line {
    pub name: Queue,
    pub durable: bool,
    pub entries: Vec<Entry>,
}

impl Line {
    pub fn first_ready(&self) -> Option<usize> {
        self.entries.iter().position(|entry| entry.standing == Standing::Ready)
    }

    /// How many deliveries on this connection are unacknowledged.
    pub fn outstanding(&self, of: Peer) -> usize {
        let held =
            |entry: &&Entry| matches!(entry.standing, Standing::Unacked { peer, .. } if peer == of);
        self.entries.iter().filter(held).count()
    }

    /// The delivery with this tag on this connection.
    pub fn delivery(&self, peer: Peer, tag: u32) -> Option<usize> {
        self.entries.iter().position(|entry| entry.standing == Standing::Unacked { peer, tag })
    }

    /// The first delivery on this connection that is unacknowledged.
    pub fn first_of(&self, of: Peer) -> Option<usize> {
        self.entries.iter().position(
            |entry| matches!(entry.standing, Standing::Unacked { peer, .. } if peer == of),
        )
    }

    /// Puts a delivery back, that was handed back (`nacked`) or whose channel is gone. Gives the
    /// message instead if it came back more often than the limit allows.
    pub fn put_back(
        &mut self,
        place: usize,
        kind: Kind,
        limit: Option<u8>,
        nacked: bool,
    ) -> Option<Entry> {
        let entry = &mut self.entries[place];
        entry.standing = Standing::Ready;
        entry.returns = entry.returns.saturating_add(1).min(limit.map_or(1, |limit| limit + 1));
        if limit.is_some_and(|limit| entry.returns > limit) {
            return Some(self.entries.remove(place));
        }
        if kind == Kind::Quorum {
            let entry = self.entries.remove(place);
            // Without a limit it goes to the end, lest it keep the log from being cut off for ever
            // (rabbitmq.com/docs/quorum-queues#repeated-requeues).
            if nacked && limit.is_none() {
                self.entries.push(entry);
                return None;
            }
            let earlier = |entry: &Entry| entry.returns > 0 && entry.standing == Standing::Ready;
            let after = self.entries.iter().rposition(earlier);
            self.entries.insert(after.map_or(0, |last| last + 1), entry);
        }
        None
    }

    /// What a restart of the broker leaves of it, if it leaves anything.
    pub fn after_restart(&self, kind: Kind) -> Option<Line> {
        let kept = |entry: &&Entry| entry.synced && (entry.persistent || kind == Kind::Quorum);
        let returned = |entry: &Entry| match entry.standing {
            Standing::Ready => *entry,
            Standing::Unacked { .. } => {
                Entry { standing: Standing::Ready, returns: entry.returns.max(1), ..*entry }
            }
        };
        let entries = self.entries.iter().filter(kept).map(returned).collect();
        self.durable.then_some(Line { name: self.name, durable: true, entries })
    }
}

impl Symmetric for Line {
    fn permute(&mut self, permutation: &Permutation) {
        self.name.permute(permutation);
        for entry in &mut self.entries {
            entry.item.permute(permutation);
            if let Standing::Unacked { peer, .. } = &mut entry.standing {
                peer.permute(permutation);
            }
        }
    }
}
