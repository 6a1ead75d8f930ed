//! A shared file system, as NFS offers it: names, files, advisory locks, and clients whose kernels
//! remember for a while what they were told of a name.
//!
//! Sources: Linux manual pages open(2), symlink(2), link(2), rename(2), unlink(2), flock(2), nfs(5) ("Data and
//! metadata coherence"), exports(5) (`sync` and `async`); RFC 1813, section 3.3.8 (exclusive create);
//! RFC 8881, section 8.4.2 (after a restart no new lock is given for a while, since former holders
//! may not know yet).

mod cache;
mod calls;
mod open_files;
mod tree;

use contend_model::history::Fact;
use contend_model::ident::{NodeId, Peer};
use contend_model::message::Message;
use contend_model::message::files::{Inode, Path, Reply, Request};
use contend_model::process::{Effects, Event, Process};
use contend_model::symmetry::{Permutation, Symmetric};
use contend_model::time::{Range, Span};
use contend_model::timer::Timer;

use cache::Caches;
use open_files::OpenFiles;
use tree::Tree;

/// Deadlines below this number are the ages of files, by inode.
const CACHES: u8 = 128;
const GRACE: u8 = 255;

/// A check that the file system makes. Tests take one away to see whether the suite notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Guard {
    /// `O_EXCL` and `symlink` fail if the file exists.
    CreateIsExclusive,
    /// A file grows old.
    Ages,
    /// A lock is given to one open file at a time.
    LocksExclude,
    /// A lock ends with the connection.
    LocksEndWithConnection,
    /// After a restart no lock is given until former holders know that they have lost theirs.
    GracePeriod,
    /// With `sync`, what was acknowledged survives a crash.
    SyncsBeforeReply,
}

/// How a file system is set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How often what was done reaches the disk; `None` if before every reply (`sync`).
    pub sync_every: Option<Span>,
    /// How long clients remember what they were told of a name; `None` if not at all (`noac`,
    /// `lookupcache=none`).
    pub cache: Option<Span>,
    /// The age from which on `stat` calls a file old; `None` if nobody asks.
    pub age: Option<Span>,
    /// Whether the age is that of the last change (`st_ctime`), which a rename is too, not of the
    /// last write. Then only claims are watched, since nobody asks how old other files are.
    pub by_change: bool,
    /// How long no lock is given after a restart.
    pub grace: Span,
    /// The check that this file system has forgotten.
    pub lacks: Option<Guard>,
}

/// Settings are the same in all states of a world.
impl std::hash::Hash for Settings {
    fn hash<H: std::hash::Hasher>(&self, _: &mut H) {}
}

/// The file system.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Files {
    settings: Settings,
    live: Tree,
    /// What a crash would leave, unless everything is on disk before the reply.
    synced: Option<Tree>,
    syncing: bool,
    opened: OpenFiles,
    caches: Caches,
    /// After a restart, no lock is given until the deadline; `Some(false)` before the start.
    grace: Option<bool>,
    /// The files whose age is being watched, by number.
    watched: Vec<u8>,
}

impl Files {
    /// An empty file system.
    pub fn new(settings: Settings) -> Self {
        let lags = settings.sync_every.is_some() || settings.lacks == Some(Guard::SyncsBeforeReply);
        Files {
            settings,
            live: Tree::default(),
            synced: lags.then(Tree::default),
            syncing: false,
            opened: OpenFiles::default(),
            caches: Caches::default(),
            grace: None,
            watched: Vec::new(),
        }
    }

    /// The names and files as the server has them.
    pub fn tree(&self) -> &Tree {
        &self.live
    }

    fn has(&self, guard: Guard) -> bool {
        self.settings.lacks != Some(guard)
    }

    fn serve(&mut self, from: Peer, request: Request, out: &mut Effects) {
        if let Some(reply) = self.call(from, request, out) {
            out.reply(from, reply);
        }
        self.give_locks(out);
    }

    /// Gives locks that are free to those who wait, first come first served.
    fn give_locks(&mut self, out: &mut Effects) {
        if self.grace.is_some() {
            return;
        }
        let excludes = self.has(Guard::LocksExclude);
        let is_free = |opened: &OpenFiles, peer, inode| !excludes || !opened.is_taken(peer, inode);
        while let Some((peer, inode)) = self.opened.next(is_free) {
            self.opened.lock(peer, inode);
            out.reply(peer, Reply::Locked);
        }
    }

    /// A file that stands for a lock loses its name: whoever created it holds no longer, unless the
    /// file was so old that it did not hold any more.
    fn note_disposal(&self, inode: Inode, by: NodeId, out: &mut Effects) {
        if let Some(file) = self.live.file(inode)
            && let Some(of) = file.creator.filter(|_| !file.old)
        {
            out.note(Fact::Disposed { by, of });
        }
    }

    /// Whether a file has this number, here or on disk.
    fn is_taken(&self, number: u8) -> bool {
        let trees = [Some(&self.live), self.synced.as_ref()];
        trees.into_iter().flatten().any(|tree| tree.numbered(number).is_some())
    }

    fn free_number(&self) -> u8 {
        let free = (0..CACHES).find(|&number| !self.is_taken(number));
        free.expect("a file system of this size has fewer than 128 files")
    }

    fn grow_young(&mut self, inode: Inode, out: &mut Effects) {
        let Some(age) = self.settings.age else { return };
        if let Some(file) = self.live.file_mut(inode) {
            file.old = false;
            out.arm(Timer::Deadline(inode.number), age);
            if let Err(place) = self.watched.binary_search(&inode.number) {
                self.watched.insert(place, inode.number);
            }
        }
    }

    /// A file has been renamed, to a claim or to something else.
    fn watch_claim(&mut self, inode: Inode, claim: bool, out: &mut Effects) {
        if claim {
            return self.grow_young(inode, out);
        }
        if let Some(file) = self.live.file_mut(inode) {
            file.old = false;
        }
        if self.watched.contains(&inode.number) {
            self.watched.retain(|&watched| watched != inode.number);
            out.disarm(Timer::Deadline(inode.number));
        }
    }

    fn changed(&mut self, by: NodeId, path: Path) {
        self.caches.forget(by, path);
    }

    /// Forgets what has no name and is not open, and brings disk and deadlines up to date.
    fn settle(&mut self, out: &mut Effects) {
        let opened = &self.opened;
        self.live.forget_nameless(|inode| opened.is_open(inode));
        if let (Some(synced), Some(span)) = (&self.synced, self.settings.sync_every)
            && !self.syncing
            && *synced != self.live
        {
            self.syncing = true;
            out.arm(Timer::Sync, Range::up_to(span));
        }
        let watched = std::mem::take(&mut self.watched);
        for number in watched {
            if self.is_taken(number) {
                self.watched.push(number);
            } else {
                out.disarm(Timer::Deadline(number));
            }
        }
    }

    fn deadline(&mut self, number: u8, out: &mut Effects) {
        match number {
            GRACE if self.grace == Some(true) => {
                self.grace = None;
                self.give_locks(out);
            }
            GRACE => {}
            CACHES.. => self.caches.expire(number - CACHES),
            _ => {
                self.watched.retain(|&watched| watched != number);
                let ages = self.has(Guard::Ages);
                for tree in [Some(&mut self.live), self.synced.as_mut()].into_iter().flatten() {
                    if let Some(inode) = tree.numbered(number)
                        && let Some(file) = tree.file_mut(inode)
                    {
                        file.old = ages;
                    }
                }
            }
        }
    }
}

impl Process for Files {
    fn step(&mut self, event: Event, out: &mut Effects) {
        match event {
            Event::Start { .. } if self.grace.is_some() => {
                self.grace = Some(true);
                out.arm(Timer::Deadline(GRACE), self.settings.grace);
            }
            Event::Deliver { from, message: Message::Files(request) } => {
                self.serve(from, request, out);
            }
            Event::Fire(Timer::Deadline(number)) => self.deadline(number, out),
            Event::Fire(Timer::Sync) => {
                self.syncing = false;
                self.synced = Some(self.live.clone());
            }
            Event::Disconnected(peer) if self.has(Guard::LocksEndWithConnection) => {
                self.opened.end(peer);
                self.give_locks(out);
            }
            _ => {}
        }
        self.settle(out);
    }

    fn crashed(&self) -> Self {
        let mut live = self.synced.clone().unwrap_or_else(|| self.live.clone());
        live.forget_nameless(|_| false);
        let had_locks = self.opened.has_locks() || self.grace.is_some();
        Files {
            settings: self.settings,
            synced: self.synced.as_ref().map(|_| live.clone()),
            live,
            syncing: false,
            opened: OpenFiles::default(),
            caches: self.caches.clone(),
            grace: (had_locks && self.has(Guard::GracePeriod)).then_some(false),
            watched: self.watched.clone(),
        }
    }

    fn permute(&mut self, permutation: &Permutation) -> bool {
        self.live.permute(permutation);
        if let Some(synced) = &mut self.synced {
            synced.permute(permutation);
        }
        self.opened.permute(permutation);
        self.caches.permute(permutation);
        true
    }
}
