//! Rows, each with its committed version and at most one that is not committed yet.

use contend_model::ident::{Item, Peer, Token};
use contend_model::message::table::{
    Count, FREE, Filter, HELD, Insert, Key, Lease, Row, Set, Standing, Table,
};
use contend_model::symmetry::{Permutation, Symmetric};

use super::Grantee;

/// The lease of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Expiry {
    /// `NULL`.
    Never,
    /// Until the timer of this number fires.
    Until(u8),
    /// A moment that has passed.
    Ended,
}

/// What is in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Image {
    pub key: Key,
    pub item: Option<Item>,
    pub owner: Option<Token>,
    pub value: u8,
    pub number: u32,
    pub lease: Expiry,
    pub grantee: Grantee,
}

/// A committed version: of which row of which table, and what is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Version {
    pub table: Table,
    pub id: u8,
    pub image: Image,
}

/// A row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Entry {
    pub table: Table,
    /// Names the row for as long as it or anything that waits for it is there.
    pub id: u8,
    /// `None` if it has been inserted and not committed.
    pub committed: Option<Image>,
    /// What the transaction that has locked it will make of it: `Some(None)` if it deletes it.
    pub pending: Option<Option<Image>>,
    /// The session that has locked it.
    pub lock: Option<Peer>,
}

/// All rows, ordered by table and then by id.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Rows {
    entries: Vec<Entry>,
}

impl Image {
    /// What is inserted.
    pub fn inserted(insert: &Insert, key: Key, lease: Expiry, grantee: Grantee) -> Self {
        let Insert { item, owner, value, number, .. } = *insert;
        Image { key, item, owner, value, number, lease, grantee }
    }

    /// What `SET` makes of it; `lease` is what it makes of the lease.
    pub fn changed(self, set: &Set, lease: Expiry, by: Grantee) -> Self {
        let owner = set.owner.unwrap_or(self.owner);
        let value = set.value.unwrap_or(self.value);
        let number = match set.number {
            Count::Keep => self.number,
            Count::Next => self.number + 1,
            Count::Cycle(most) => self.number % most + 1,
            Count::To(number) => number,
        };
        let grantee = if matches!(set.owner, Some(Some(_))) || set.value == Some(HELD) {
            by
        } else if set.owner == Some(None) || set.value == Some(FREE) || set.lease == Lease::End {
            None
        } else {
            self.grantee
        };
        let after = Image { owner, value, number, lease, ..self };
        // A row that is left as it was is no new grant.
        if after == self { self } else { Image { grantee, ..after } }
    }

    /// Whether all of the condition holds.
    pub fn matches(&self, filter: &Filter) -> bool {
        filter.key.is_none_or(|key| key == self.key)
            && filter.above.is_none_or(|bound| self.key > Key::Number(bound))
            && filter.item.is_none_or(|item| Some(item) == self.item)
            && filter.owner.is_none_or(|owner| Some(owner) == self.owner)
            && filter.value.is_none_or(|value| value == self.value)
            && filter.number.is_none_or(|number| number == self.number)
            && self.stands(filter.standing)
    }

    /// A comparison with `NULL` is not true.
    fn stands(&self, standing: Standing) -> bool {
        let ended = self.lease == Expiry::Ended;
        match standing {
            Standing::Any => true,
            Standing::Lasts => matches!(self.lease, Expiry::Until(_)),
            Standing::Ended => ended,
            Standing::Free => self.owner.is_none() || ended,
            Standing::Claimable => self.value == FREE || self.value == HELD && ended,
        }
    }

    /// The row as it is answered.
    pub fn row(&self) -> Row {
        let Image { key, item, owner, value, number, lease, .. } = *self;
        Row { key, item, owner, value, number, leased: matches!(lease, Expiry::Until(_)) }
    }

    /// The timer that ends the lease.
    pub fn deadline(&self) -> Option<u8> {
        match self.lease {
            Expiry::Until(deadline) => Some(deadline),
            Expiry::Never | Expiry::Ended => None,
        }
    }

    /// The deadline has passed: the lease that it belongs to ends, or, in a server that forgets to,
    /// lasts for ever.
    pub fn expire(&mut self, deadline: u8, ends: bool) {
        if self.lease == Expiry::Until(deadline) && ends {
            self.lease = Expiry::Ended;
            self.grantee = None;
        } else if self.lease == Expiry::Until(deadline) {
            self.lease = Expiry::Never;
        }
    }
}

impl Entry {
    /// What this session sees of the row under READ COMMITTED.
    pub fn seen_by(&self, peer: Peer) -> Option<Image> {
        match self.pending {
            Some(pending) if self.lock == Some(peer) => pending,
            _ => self.committed,
        }
    }

    /// Who else has locked the row, if somebody has.
    pub fn locked_against(&self, peer: Peer) -> Option<Peer> {
        self.lock.filter(|&holder| holder != peer)
    }
}

impl Rows {
    /// What a crash leaves.
    pub fn recovered(versions: &[Version]) -> Self {
        let entry = |&Version { table, id, image }: &Version| Entry {
            table,
            id,
            committed: Some(image),
            pending: None,
            lock: None,
        };
        Rows { entries: versions.iter().map(entry).collect() }
    }

    /// A committed row that nobody was granted.
    pub fn put(&mut self, table: Table, row: Row) {
        let Row { key, item, owner, value, number, leased } = row;
        let lease = if leased { Expiry::Ended } else { Expiry::Never };
        let image = Image { key, item, owner, value, number, lease, grantee: None };
        let id = self.entries.len() as u8;
        self.entries.push(Entry { table, id, committed: Some(image), pending: None, lock: None });
        self.entries.sort_unstable_by_key(|entry| (entry.table, entry.id));
    }

    /// All committed versions.
    pub fn committed(&self) -> Vec<Version> {
        let version = |&Entry { table, id, committed, .. }: &Entry| {
            committed.map(|image| Version { table, id, image })
        };
        self.entries.iter().filter_map(version).collect()
    }

    /// The committed rows of one table, in order of their keys.
    pub fn table(&self, table: Table) -> Vec<Row> {
        let chosen = self.entries.iter().filter(|entry| entry.table == table);
        let mut images: Vec<Image> = chosen.filter_map(|entry| entry.committed).collect();
        images.sort_by_key(|image| image.key);
        images.iter().map(Image::row).collect()
    }

    /// The rows, to be looked at.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }

    /// The row of this name.
    pub fn entry(&mut self, id: u8) -> Option<&mut Entry> {
        self.entries.iter_mut().find(|entry| entry.id == id)
    }

    /// A new row that is not committed; `taken` are names that must not be used again.
    pub fn insert(&mut self, table: Table, image: Image, by: Peer, taken: &[u8]) {
        let used = |id: &u8| taken.contains(id) || self.entries.iter().any(|e| e.id == *id);
        let id = (0..u8::MAX).find(|id| !used(id)).expect("fewer than 255 rows");
        let pending = Some(Some(image));
        let entry = Entry { table, id, committed: None, pending, lock: Some(by) };
        let place = self.entries.partition_point(|e| (e.table, e.id) < (table, id));
        self.entries.insert(place, entry);
    }

    /// Ends all locks of a session; what it was about to change comes about, or not.
    pub fn unlock(&mut self, peer: Peer, commits: bool) {
        for entry in self.entries.iter_mut().filter(|entry| entry.lock == Some(peer)) {
            entry.lock = None;
            if let Some(pending) = entry.pending.take()
                && commits
            {
                entry.committed = pending;
            }
        }
        self.entries.retain(|entry| entry.committed.is_some() || entry.lock.is_some());
    }

    /// Gives the rows new names, by what is in them: which of two equal histories led here does not
    /// matter. Only while nothing outside knows a row by its name.
    pub fn rename(&mut self) {
        let content = |e: &Entry| (e.table, e.committed, e.pending, e.lock);
        self.entries.sort_unstable_by_key(content);
        for (id, entry) in self.entries.iter_mut().enumerate() {
            entry.id = id as u8;
        }
    }

    /// Every version of every row.
    pub fn images(&self) -> impl Iterator<Item = &Image> {
        self.entries
            .iter()
            .flat_map(|entry| entry.committed.iter().chain(entry.pending.iter().flatten()))
    }

    /// Every version of every row, to be changed.
    pub fn images_mut(&mut self) -> impl Iterator<Item = &mut Image> {
        self.entries
            .iter_mut()
            .flat_map(|entry| entry.committed.iter_mut().chain(entry.pending.iter_mut().flatten()))
    }
}

impl Symmetric for Image {
    fn permute(&mut self, permutation: &Permutation) {
        self.item.permute(permutation);
        self.owner.permute(permutation);
        self.grantee.permute(permutation);
    }
}

impl Symmetric for Rows {
    fn permute(&mut self, permutation: &Permutation) {
        for image in self.images_mut() {
            image.permute(permutation);
        }
        for entry in &mut self.entries {
            entry.lock.permute(permutation);
        }
    }
}
