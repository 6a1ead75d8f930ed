//! Transactions: begin, commit, roll back.

use contend_model::history::Fact;
use contend_model::ident::Peer;
use contend_model::message::table::{Error, Filter, Isolation, Reply, Table};
use contend_model::process::Effects;
use contend_model::symmetry::{Permutation, Symmetric};

use super::rows::{Entry, Image, Version};
use super::{Database, Guard};

/// A transaction that a session has begun. A statement outside of one needs no such record.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Transaction {
    pub peer: Peer,
    isolation: Isolation,
    /// A statement has failed, and all was rolled back; the session has yet to take notice.
    pub failed: bool,
    /// Serializable: what was committed when the first statement began.
    snapshot: Option<Vec<Version>>,
    /// Serializable: what was asked so far.
    reads: Vec<(Table, Filter)>,
    /// Serializable: what others have committed since, before and after.
    since: Vec<(Table, Image)>,
    /// Serializable: what was read is not, or no longer, what is committed.
    overtaken: bool,
}

impl Transaction {
    /// Versions that the transaction keeps for itself.
    pub fn images(&self) -> impl Iterator<Item = &Image> {
        let seen = self.snapshot.iter().flatten().map(|version| &version.image);
        seen.chain(self.since.iter().map(|(_, image)| image))
    }

    /// Versions that the transaction keeps for itself, to be changed.
    pub fn images_mut(&mut self) -> impl Iterator<Item = &mut Image> {
        let seen = self.snapshot.iter_mut().flatten().map(|version| &mut version.image);
        seen.chain(self.since.iter_mut().map(|(_, image)| image))
    }

    /// Names of the rows in its snapshot.
    pub fn ids(&self) -> impl Iterator<Item = u8> {
        self.snapshot.iter().flatten().map(|version| version.id)
    }

    fn in_snapshot(&self, id: u8) -> Option<Option<Image>> {
        let snapshot = self.snapshot.as_ref()?;
        Some(snapshot.iter().find(|version| version.id == id).map(|version| version.image))
    }

    /// Another transaction has committed this.
    fn is_told_of(&mut self, table: Table, image: Image) {
        if self.snapshot.is_some() {
            self.overtaken |= self.reads.iter().any(|(of, f)| *of == table && image.matches(f));
            self.since.push((table, image));
        }
    }
}

impl Database {
    pub(super) fn transaction(&self, peer: Peer) -> Option<&Transaction> {
        self.transactions.iter().find(|transaction| transaction.peer == peer)
    }

    /// `BEGIN`; within a transaction it is a warning.
    pub(super) fn begin(&mut self, peer: Peer, isolation: Isolation) {
        if self.transaction(peer).is_some() {
            return;
        }
        let transaction = Transaction {
            peer,
            isolation,
            failed: false,
            snapshot: None,
            reads: Vec::new(),
            since: Vec::new(),
            overtaken: false,
        };
        let place = self.transactions.partition_point(|other| other.peer < peer);
        self.transactions.insert(place, transaction);
    }

    /// A statement of a serializable transaction looks at rows.
    pub(super) fn look(&mut self, peer: Peer, table: Table, filter: Filter) {
        let committed = self.rows.committed();
        let own = self.transactions.iter_mut().find(|transaction| transaction.peer == peer);
        if let Some(own) = own
            && own.isolation == Isolation::Serializable
        {
            own.snapshot.get_or_insert(committed);
            own.overtaken |= own.since.iter().any(|(of, i)| *of == table && i.matches(&filter));
            if !own.reads.contains(&(table, filter)) {
                own.reads.push((table, filter));
            }
        }
    }

    /// What the session sees of a row.
    pub(super) fn seen(&self, peer: Peer, entry: &Entry) -> Option<Image> {
        let own = entry.lock == Some(peer) && entry.pending.is_some();
        let in_snapshot = self.transaction(peer).and_then(|own| own.in_snapshot(entry.id));
        match in_snapshot {
            Some(image) if !own => image,
            _ => entry.seen_by(peer),
        }
    }

    /// Whether a serializable transaction is about to change what has been changed since it began.
    pub(super) fn is_outdated(&self, peer: Peer, entry: &Entry) -> bool {
        let in_snapshot = self.transaction(peer).and_then(|own| own.in_snapshot(entry.id));
        in_snapshot.is_some_and(|image| image != entry.committed)
    }

    /// `COMMIT`; without a transaction it is a warning.
    pub(super) fn commit(&mut self, peer: Peer, out: &mut Effects) -> Reply {
        let Some(own) = self.transaction(peer) else { return Reply::Done };
        let writes = |entry: &Entry| entry.lock == Some(peer) && entry.pending.is_some();
        let reply = if own.failed {
            Reply::RolledBack
        } else if own.overtaken
            && self.rows.entries().any(writes)
            && self.has(Guard::DetectsSerializationFailures)
        {
            self.undo(peer);
            Reply::Error(Error::SerializationFailure)
        } else {
            self.note_unlocking(peer, out);
            self.make_permanent(peer, out);
            Reply::Done
        };
        self.transactions.retain(|transaction| transaction.peer != peer);
        reply
    }

    /// `ROLLBACK`; without a transaction it is a warning.
    pub(super) fn roll_back(&mut self, peer: Peer, out: &mut Effects) -> Reply {
        if self.transaction(peer).is_some() {
            self.note_unlocking(peer, out);
            self.undo(peer);
            self.transactions.retain(|transaction| transaction.peer != peer);
        }
        Reply::RolledBack
    }

    /// Ends a transaction, or a statement that is one, for good.
    pub(super) fn make_permanent(&mut self, peer: Peer, out: &mut Effects) {
        self.note_disposals(peer, out);
        self.overtake_readers(peer);
        self.rows.unlock(peer, true);
        self.advisory.end_transaction(peer);
    }

    /// Undoes what the session's transaction did, and ends its locks.
    pub(super) fn undo(&mut self, peer: Peer) {
        self.rows.unlock(peer, !self.has(Guard::RollbackUndoes));
        self.advisory.end_transaction(peer);
    }

    /// A statement has failed: all is rolled back, and if there is a transaction, it is told so until
    /// it ends.
    pub(super) fn fail(&mut self, peer: Peer, error: Error) -> Reply {
        self.undo(peer);
        let own = self.transactions.iter_mut().find(|transaction| transaction.peer == peer);
        if let Some(own) = own {
            own.failed = true;
        }
        Reply::Error(error)
    }

    /// Serializable transactions that read what this one changes, as it was before, must not change
    /// anything after it. PostgreSQL lets some of them pass that fail here; its own check may also fail
    /// transactions that need not.
    fn overtake_readers(&mut self, peer: Peer) {
        let serializable =
            self.transaction(peer).is_some_and(|own| own.isolation == Isolation::Serializable);
        if !serializable {
            return;
        }
        let writes = |entry: &&Entry| entry.lock == Some(peer) && entry.pending.is_some();
        let written: Vec<Entry> = self.rows.entries().filter(writes).copied().collect();
        for other in self.transactions.iter_mut().filter(|other| other.peer != peer) {
            for entry in &written {
                let images = entry.committed.into_iter().chain(entry.pending.flatten());
                images.for_each(|image| other.is_told_of(entry.table, image));
            }
        }
    }

    /// A lock that is a locked row ends when its transaction does.
    fn note_unlocking(&self, peer: Peer, out: &mut Effects) {
        let is_lock = |entry: &Entry| {
            entry.table == Table::Locks && entry.lock == Some(peer) && entry.pending.is_none()
        };
        if self.rows.entries().any(is_lock) {
            out.note(Fact::Disposed { by: peer.node, of: peer.node });
        }
    }

    /// Tells the judges whose grants are ended or prolonged. A row that is given to somebody else is
    /// a grant of its own.
    fn note_disposals(&self, peer: Peer, out: &mut Effects) {
        let by = peer.node;
        for entry in self.rows.entries() {
            let (Some(old), Some(new)) = (entry.committed, entry.pending) else { continue };
            let Some(of) = old.grantee else { continue };
            if entry.table != Table::Locks || entry.lock != Some(peer) {
                continue;
            }
            let ends = new.is_none_or(|new| new.grantee.is_none());
            let prolongs = new.is_some_and(|new| {
                new.owner == old.owner && new.grantee == old.grantee && new.lease != old.lease
            });
            if ends || prolongs {
                out.note(Fact::Disposed { by, of });
            }
        }
    }
}

impl Symmetric for Transaction {
    fn permute(&mut self, permutation: &Permutation) {
        self.peer.permute(permutation);
        for image in self.images_mut() {
            image.permute(permutation);
        }
        for (_, filter) in &mut self.reads {
            filter.permute(permutation);
        }
    }
}
