//! How a statement runs, waits for other transactions, and goes on.

use contend_model::history::Fact;
use contend_model::ident::Peer;
use contend_model::message::table::{
    Error, Filter, IfLocked, Insert, Key, Lease, Pick, Reply, Row, Set, Statement, Table,
};
use contend_model::process::Effects;
use contend_model::symmetry::{Permutation, Symmetric};

use super::rows::{Entry, Expiry, Image};
use super::{Counts, Database, Guard};

/// A statement that waits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Waiting {
    pub peer: Peer,
    statement: Statement,
    work: Work,
    obstacle: Obstacle,
}

/// How far a statement has come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Work {
    /// The rows that were to be changed or locked when it began, and are not yet.
    pub targets: Vec<u8>,
    pub affected: u8,
    pub row: Option<Row>,
    /// Whether it has waited for the first of them.
    pub waited: bool,
}

/// What a statement waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Obstacle {
    /// The lock of this row.
    Row(u8),
    /// An advisory lock.
    Advisory(u8),
}

/// What becomes of a row that a statement has locked.
#[derive(Clone, Copy)]
pub(super) enum Change {
    Lock,
    Update(Set),
    Delete,
}

/// Why a statement does not go on.
pub(super) enum Stop {
    Waits(Obstacle),
    Fails(Error),
}

pub(super) type Progress<T> = Result<T, Stop>;

impl Waiting {
    /// Names of the rows that it waits for, now or later.
    pub fn targets(&self) -> impl Iterator<Item = u8> {
        self.work.targets.iter().copied()
    }
}

impl Database {
    /// Runs a statement that has just arrived; `None` if it has to wait.
    pub(super) fn execute(
        &mut self,
        peer: Peer,
        statement: Statement,
        out: &mut Effects,
    ) -> Option<Reply> {
        if self.transaction(peer).is_some_and(|own| own.failed) {
            return Some(Reply::Error(Error::InFailedTransaction));
        }
        let mut work = Work::default();
        if let Statement::Insert(Insert { table, key: key @ Some(_), .. }) = statement {
            self.look(peer, table, Filter { key, ..Filter::default() });
        }
        if let Some((table, filter)) = reads(&statement) {
            self.look(peer, table, filter);
            work.targets = self.targets(peer, table, &filter);
        }
        let place = self.waiting.len();
        self.go_on(peer, statement, work, place, out)
    }

    /// Lets those go on for whom the way is free, first come first served.
    pub(super) fn resume_waiting(&mut self, out: &mut Effects) {
        let mut place = 0;
        while place < self.waiting.len() {
            let Waiting { peer, obstacle, .. } = self.waiting[place];
            if self.in_the_way(peer, obstacle).is_some() {
                place += 1;
                continue;
            }
            let Waiting { statement, mut work, .. } = self.waiting.remove(place);
            work.waited = true;
            match self.go_on(peer, statement, work, place, out) {
                Some(reply) => {
                    out.reply(peer, reply);
                    // What has ended may be what somebody before waits for.
                    place = 0;
                }
                None => place += 1,
            }
        }
    }

    fn go_on(
        &mut self,
        peer: Peer,
        statement: Statement,
        mut work: Work,
        place: usize,
        out: &mut Effects,
    ) -> Option<Reply> {
        match self.run(peer, &statement, &mut work, out) {
            Ok(reply) => {
                if self.transaction(peer).is_none() {
                    self.make_permanent(peer, out);
                }
                Some(reply)
            }
            Err(Stop::Fails(error)) => Some(self.fail(peer, error)),
            Err(Stop::Waits(obstacle)) if self.is_deadlock(peer, obstacle) => {
                Some(self.fail(peer, Error::DeadlockDetected))
            }
            Err(Stop::Waits(obstacle)) => {
                self.waiting.insert(place, Waiting { peer, statement, work, obstacle });
                None
            }
        }
    }

    fn in_the_way(&self, peer: Peer, obstacle: Obstacle) -> Option<Peer> {
        match obstacle {
            Obstacle::Row(id) => {
                let entry = self.rows.entries().find(|entry| entry.id == id)?;
                entry.locked_against(peer)
            }
            Obstacle::Advisory(key) => self.advisory.held_against(key, peer),
        }
    }

    /// Whether whoever is in the way waits, directly or not, for this session. The one whose wait
    /// closes the circle is the victim; which one it is in life depends on timing.
    fn is_deadlock(&self, peer: Peer, obstacle: Obstacle) -> bool {
        let mut holder = self.in_the_way(peer, obstacle);
        for _ in 0..=self.waiting.len() {
            let Some(current) = holder else { return false };
            if current == peer {
                return true;
            }
            let waiting = self.waiting.iter().find(|waiting| waiting.peer == current);
            holder = waiting.and_then(|waiting| self.in_the_way(current, waiting.obstacle));
        }
        false
    }

    fn run(
        &mut self,
        peer: Peer,
        statement: &Statement,
        work: &mut Work,
        out: &mut Effects,
    ) -> Progress<Reply> {
        match *statement {
            Statement::Insert(Insert { key: Some(Key::Unquoted), .. }) => {
                Err(Stop::Fails(Error::UndefinedColumn))
            }
            _ if reads(statement).is_some_and(|(_, f)| f.key == Some(Key::Unquoted)) => {
                Err(Stop::Fails(Error::UndefinedColumn))
            }
            Statement::Insert(insert) => self.insert(peer, &insert, out),
            Statement::Select { for_update: None, .. } => {
                let first = work.targets.first().copied();
                let entry = self.rows.entries().find(|entry| Some(entry.id) == first);
                let image = entry.and_then(|entry| self.seen(peer, entry));
                Ok(Reply::Row(image.map(|image| image.row())))
            }
            Statement::Select { filter, for_update: Some(if_locked), .. } => {
                self.change(peer, work, &filter, (Change::Lock, Pick::First(if_locked)), out)?;
                Ok(Reply::Row(work.row))
            }
            Statement::Update { set, filter, pick, returning, .. } => {
                self.change(peer, work, &filter, (Change::Update(set), pick), out)?;
                Ok(if returning { Reply::Row(work.row) } else { Reply::Count(work.affected) })
            }
            Statement::Delete { filter, .. } => {
                self.change(peer, work, &filter, (Change::Delete, Pick::All), out)?;
                Ok(Reply::Count(work.affected))
            }
            Statement::NextVal(table) => Ok(Reply::Number(self.draw(table))),
            Statement::AdvisoryLock(key, until) => {
                if self.is_kept_out(peer, key) {
                    return Err(Stop::Waits(Obstacle::Advisory(key)));
                }
                self.advisory.take(key, peer, until);
                Ok(Reply::Done)
            }
            Statement::TryAdvisoryLock(key, until) => {
                let free = !self.is_kept_out(peer, key);
                if free {
                    self.advisory.take(key, peer, until);
                }
                Ok(Reply::Bool(free))
            }
            Statement::AdvisoryUnlock(key) => Ok(Reply::Bool(self.unlock(peer, key, out))),
        }
    }

    fn is_kept_out(&self, peer: Peer, key: u8) -> bool {
        self.has(Guard::AdvisoryExcludes) && self.advisory.held_against(key, peer).is_some()
    }

    fn unlock(&mut self, peer: Peer, key: u8, out: &mut Effects) -> bool {
        let by = peer.node;
        match self.advisory.release(key, peer, self.has(Guard::AdvisoryCounts)) {
            Some(free) => {
                if free {
                    out.note(Fact::Disposed { by, of: by });
                }
                true
            }
            None if self.has(Guard::UnlockNeedsHolder) => false,
            None => self.advisory.wrest(key).is_some_and(|holder| {
                out.note(Fact::Disposed { by, of: holder.node });
                true
            }),
        }
    }

    /// A number is drawn for good, whether or not the transaction commits.
    pub(super) fn draw(&mut self, table: Table) -> u32 {
        let drawn = &mut self.drawn[table as usize];
        *drawn += 1;
        *drawn
    }

    /// The rows that the session sees and that match, in order of their keys.
    fn targets(&self, peer: Peer, table: Table, filter: &Filter) -> Vec<u8> {
        let chosen = self.rows.entries().filter(|entry| entry.table == table);
        let mut matching: Vec<(Key, u8)> = chosen
            .filter_map(|entry| self.seen(peer, entry).map(|image| (entry.id, image)))
            .filter(|(_, image)| image.matches(filter))
            .map(|(id, image)| (image.key, id))
            .collect();
        matching.sort_unstable();
        matching.into_iter().map(|(_, id)| id).collect()
    }

    /// Locks the rows one after the other, looks at each anew, and changes it.
    pub(super) fn change(
        &mut self,
        peer: Peer,
        work: &mut Work,
        filter: &Filter,
        (change, pick): (Change, Pick),
        out: &mut Effects,
    ) -> Progress<()> {
        let (if_locked, first_only) = match pick {
            Pick::All => (IfLocked::Wait, false),
            Pick::First(if_locked) => (if_locked, true),
        };
        while let Some(&id) = work.targets.first()
            && !(first_only && work.affected > 0)
        {
            let waited = std::mem::take(&mut work.waited);
            let entry = self.rows.entries().find(|entry| entry.id == id).copied();
            if let Some(entry) = entry {
                if entry.locked_against(peer).is_some() && self.has(Guard::LocksRows) {
                    match if_locked {
                        IfLocked::Wait => return Err(Stop::Waits(Obstacle::Row(id))),
                        IfLocked::NoWait => return Err(Stop::Fails(Error::LockNotAvailable)),
                        IfLocked::Skip => {
                            work.targets.remove(0);
                            continue;
                        }
                    }
                }
                if self.is_outdated(peer, &entry) {
                    return Err(Stop::Fails(Error::SerializationFailure));
                }
                let blind = waited && !self.has(Guard::RechecksAfterWait);
                if let Some(image) = entry.seen_by(peer)
                    && (blind || image.matches(filter))
                {
                    self.apply(peer, &entry, image, change, work, out);
                }
            }
            work.targets.remove(0);
        }
        work.targets.clear();
        Ok(())
    }

    fn apply(
        &mut self,
        peer: Peer,
        entry: &Entry,
        image: Image,
        change: Change,
        work: &mut Work,
        out: &mut Effects,
    ) {
        let pending = match change {
            Change::Lock => entry.pending,
            Change::Update(set) => {
                let lease = self.lease(peer, entry, set.lease, out);
                Some(Some(image.changed(&set, lease, Some(peer.node))))
            }
            Change::Delete => Some(None),
        };
        let own = self.rows.entry(entry.id).expect("the row is there");
        own.lock = Some(peer);
        own.pending = pending;
        let after = pending.flatten().unwrap_or(image);
        let same = after.row() == image.row() && after.lease == image.lease;
        let counts = match self.settings.counts {
            Counts::Changed if matches!(change, Change::Update(_)) => !same,
            Counts::Changed | Counts::Matched => true,
        };
        work.affected += u8::from(counts);
        work.row.get_or_insert(after.row());
    }

    /// What becomes of a row's lease. Outside of a transaction the old deadline is started anew, unless
    /// a version on disk has the same; within one it must go on until the transaction commits.
    fn lease(&mut self, peer: Peer, entry: &Entry, change: Lease, out: &mut Effects) -> Expiry {
        let old = entry.seen_by(peer).map_or(Expiry::Never, |image| image.lease);
        match (change, old) {
            (Lease::Keep, old) => old,
            (Lease::End, _) => Expiry::Ended,
            (Lease::For(span), Expiry::Until(own))
                if self.synced.is_none() && self.transactions.is_empty() =>
            {
                out.arm(contend_model::timer::Timer::Deadline(own), span);
                Expiry::Until(own)
            }
            (Lease::For(span), _) => Expiry::Until(self.deadline(span, out)),
        }
    }
}

/// Which rows a statement looks at.
fn reads(statement: &Statement) -> Option<(Table, Filter)> {
    match *statement {
        Statement::Select { table, filter, .. }
        | Statement::Update { table, filter, .. }
        | Statement::Delete { table, filter } => Some((table, filter)),
        _ => None,
    }
}

impl Symmetric for Waiting {
    fn permute(&mut self, permutation: &Permutation) {
        self.peer.permute(permutation);
        self.statement.permute(permutation);
        self.work.row.permute(permutation);
    }
}
