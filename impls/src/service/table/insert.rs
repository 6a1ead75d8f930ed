//! `INSERT`: keys are unique among rows that are committed and rows that may yet be.

use contend_model::ident::Peer;
use contend_model::message::table::{Error, Insert, Key, OnConflict, Pick, Reply, Table};
use contend_model::process::Effects;

use super::rows::{Entry, Expiry, Image};
use super::run::{Change, Obstacle, Progress, Stop, Waiting, Work};
use super::{Database, Guard};

impl Database {
    pub(super) fn insert(
        &mut self,
        peer: Peer,
        insert: &Insert,
        out: &mut Effects,
    ) -> Progress<Reply> {
        let key = match insert.key {
            Some(key) => key,
            None => Key::Number(self.draw(insert.table)),
        };
        if let Some(taken) = self.taken(peer, insert, key)? {
            return self.conflict(peer, insert, taken, out);
        }
        let lease = match insert.lease {
            Some(span) => Expiry::Until(self.deadline(span, out)),
            None => Expiry::Never,
        };
        let image = Image::inserted(insert, key, lease, Some(peer.node));
        let waited_for = self.waiting.iter().flat_map(Waiting::targets);
        let seen = self.transactions.iter().flat_map(|transaction| transaction.ids());
        let in_use: Vec<u8> = waited_for.chain(seen).collect();
        self.rows.insert(insert.table, image, peer, &in_use);
        let row = Some(image.row());
        Ok(if insert.returning { Reply::Row(row) } else { Reply::Count(1) })
    }

    /// The row that has the key already, or, where items are unique, the item. Whoever finds one that
    /// another transaction is inserting, changing or deleting waits until it is known what becomes of
    /// it.
    fn taken(&self, peer: Peer, insert: &Insert, key: Key) -> Progress<Option<Entry>> {
        let table = insert.table;
        let item = insert.item.filter(|_| self.settings.unique_items);
        let keyed = table != Table::Locks || self.settings.primary_key;
        if !keyed || !self.has(Guard::UniqueKey) {
            return Ok(None);
        }
        let equal =
            |image: Image| image.key == key || item.is_some_and(|item| image.item == Some(item));
        let same = |image: Option<Image>| image.is_some_and(equal);
        let concerned = |entry: &&Entry| {
            entry.table == table && (same(entry.committed) || same(entry.pending.flatten()))
        };
        for entry in self.rows.entries().filter(concerned) {
            let undecided = entry.pending.is_some() && entry.locked_against(peer).is_some();
            if undecided && self.has(Guard::SeesUncommittedKeys) {
                return Err(Stop::Waits(Obstacle::Row(entry.id)));
            }
            if same(entry.seen_by(peer)) {
                return Ok(Some(*entry));
            }
        }
        Ok(None)
    }

    fn conflict(
        &mut self,
        peer: Peer,
        insert: &Insert,
        taken: Entry,
        out: &mut Effects,
    ) -> Progress<Reply> {
        let mut work = Work { targets: vec![taken.id], ..Work::default() };
        match insert.on_conflict {
            OnConflict::Fail => return Err(Stop::Fails(Error::UniqueViolation)),
            OnConflict::Nothing => {}
            OnConflict::Update(set, filter) => {
                self.change(peer, &mut work, &filter, (Change::Update(set), Pick::All), out)?;
            }
        }
        Ok(if insert.returning { Reply::Row(work.row) } else { Reply::Count(work.affected) })
    }
}
