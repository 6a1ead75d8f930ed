//! The calls, one by one, as the manual pages have them.

use contend_model::history::Fact;
use contend_model::ident::{NodeId, Peer, Token};
use contend_model::message::files::{Inode, Line, Name, Path, Reply, Request};
use contend_model::process::Effects;
use contend_model::timer::Timer;

use super::tree::File;
use super::{CACHES, Files, Guard};

impl Files {
    /// Does one call; `None` if the caller has to wait.
    pub(super) fn call(
        &mut self,
        from: Peer,
        request: Request,
        out: &mut Effects,
    ) -> Option<Reply> {
        let by = from.node;
        Some(match request {
            Request::Stat { path, revalidate } => self.stat(path, revalidate, by, out),
            Request::Create(path) => self.create(path, by, out),
            Request::CreateExclusive { path, verifier } => {
                self.create_exclusive(path, verifier, by, out)
            }
            Request::Symlink { target, path } => self.symlink(target, path, by, out),
            Request::Open(path) => self.open(path, from),
            Request::Close(file) if self.opened.is_open_on(from, file) => {
                self.note_unlocking(from, file, out);
                self.opened.close(from, file);
                Reply::Done
            }
            Request::Funlock(file) if self.opened.is_open_on(from, file) => {
                self.note_unlocking(from, file, out);
                self.opened.unlock(from, file);
                Reply::Done
            }
            Request::Flock { file, wait } if self.opened.is_open_on(from, file) => {
                return self.flock(from, file, wait);
            }
            Request::Close(_) | Request::Funlock(_) | Request::Flock { .. } => Reply::BadFile,
            Request::Mkdir(path) => self.mkdir(path, by),
            Request::Rmdir(path) => self.remove(path, true, by, out),
            Request::Unlink(path) => self.remove(path, false, by, out),
            Request::Link { from, to } => self.link(from, to, by),
            Request::Rename { from, to } => self.rename(from, to, by, out),
            Request::Read { path, at } => self.read(path, at),
            Request::Write { file, line } => self.write(file, line, out),
            Request::Put { path, line } => self.put(path, line, by, out),
            Request::Append { path, line } => self.append(path, line, by, out),
            Request::Next { directory, after } => {
                self.live.next(directory, after).map_or(Reply::NoEntry, Reply::Entry)
            }
            Request::Fsync => {
                self.synced = self.synced.as_ref().map(|_| self.live.clone());
                Reply::Done
            }
        })
    }

    fn stat(&mut self, path: Path, revalidate: bool, by: NodeId, out: &mut Effects) -> Reply {
        let recalled = self.caches.recall(by, path).filter(|_| !revalidate);
        let attributes = recalled.unwrap_or_else(|| self.live.attributes(path));
        if let Some(span) = self.settings.cache
            && let Some(slot) = self.caches.remember(by, path, attributes)
        {
            out.arm(Timer::Deadline(CACHES + slot), span);
        }
        attributes.map_or(Reply::NoEntry, Reply::Attributes)
    }

    fn create(&mut self, path: Path, by: NodeId, out: &mut Effects) -> Reply {
        self.changed(by, path);
        let inode = match self.live.find(path) {
            Some(inode) => inode,
            None => self.make(path, File::default()),
        };
        let file = self.live.file_mut(inode).expect("it was found or made");
        if file.directory {
            return Reply::WrongType;
        }
        file.lines.clear();
        // What stands for a lock is in the root directory.
        file.creator = path.directory.is_empty().then_some(by);
        self.grow_young(inode, out);
        Reply::Opened(inode)
    }

    fn create_exclusive(
        &mut self,
        path: Path,
        verifier: Token,
        by: NodeId,
        out: &mut Effects,
    ) -> Reply {
        self.changed(by, path);
        if let Some(inode) = self.live.find(path) {
            let file = self.live.file(inode).expect("a name stands for a file");
            let again = file.verifier == Some(verifier);
            if again || !self.has(Guard::CreateIsExclusive) {
                return Reply::Opened(inode);
            }
            return Reply::Exists;
        }
        let file = File { verifier: Some(verifier), creator: Some(by), ..File::default() };
        let inode = self.make(path, file);
        self.grow_young(inode, out);
        Reply::Opened(inode)
    }

    fn symlink(&mut self, target: Token, path: Path, by: NodeId, out: &mut Effects) -> Reply {
        self.changed(by, path);
        if self.live.find(path).is_some() && self.has(Guard::CreateIsExclusive) {
            return Reply::Exists;
        }
        let lines = vec![Line::Token(target)];
        let inode = self.make(path, File { lines, creator: Some(by), ..File::default() });
        self.grow_young(inode, out);
        Reply::Done
    }

    fn make(&mut self, path: Path, file: File) -> Inode {
        let inode = Inode { number: self.free_number(), generation: file.verifier };
        self.live.insert(path, inode, file);
        inode
    }

    fn open(&mut self, path: Path, from: Peer) -> Reply {
        self.changed(from.node, path);
        let inode = match self.live.find(path) {
            Some(inode) => inode,
            None => self.make(path, File::default()),
        };
        if self.live.file(inode).is_some_and(|file| file.directory) {
            return Reply::WrongType;
        }
        self.opened.open(from, inode);
        Reply::Opened(inode)
    }

    fn flock(&mut self, from: Peer, file: Inode, wait: bool) -> Option<Reply> {
        // Asking for the lock that the open file has is a conversion to the same lock.
        if self.opened.holds(from, file) {
            return Some(Reply::Locked);
        }
        let taken = self.opened.is_taken(from, file) && self.has(Guard::LocksExclude);
        if wait {
            self.opened.wait(from, file);
            return None;
        }
        if taken || self.grace.is_some() {
            return Some(Reply::WouldBlock);
        }
        self.opened.lock(from, file);
        Some(Reply::Locked)
    }

    fn note_unlocking(&self, from: Peer, file: Inode, out: &mut Effects) {
        if self.opened.holds(from, file) {
            out.note(Fact::Disposed { by: from.node, of: from.node });
        }
    }

    fn mkdir(&mut self, path: Path, by: NodeId) -> Reply {
        self.changed(by, path);
        if self.live.find(path).is_some() {
            return Reply::Exists;
        }
        self.make(path, File { directory: true, creator: Some(by), ..File::default() });
        Reply::Done
    }

    fn remove(&mut self, path: Path, directory: bool, by: NodeId, out: &mut Effects) -> Reply {
        self.changed(by, path);
        let Some(inode) = self.live.find(path) else { return Reply::NoEntry };
        if self.live.file(inode).is_some_and(|file| file.directory != directory) {
            return Reply::WrongType;
        }
        self.note_disposal(inode, by, out);
        self.live.unname(path);
        Reply::Done
    }

    fn link(&mut self, from: Path, to: Path, by: NodeId) -> Reply {
        self.changed(by, from);
        self.changed(by, to);
        let Some(inode) = self.live.find(from) else { return Reply::NoEntry };
        if self.live.find(to).is_some() {
            return Reply::Exists;
        }
        if self.live.file(inode).is_some_and(|file| file.directory) {
            return Reply::WrongType;
        }
        self.live.name(to, inode);
        Reply::Done
    }

    fn rename(&mut self, from: Path, to: Path, by: NodeId, out: &mut Effects) -> Reply {
        self.changed(by, from);
        self.changed(by, to);
        let Some(inode) = self.live.find(from) else { return Reply::NoEntry };
        match self.live.find(to) {
            // Two names of the same file: rename does nothing, and says that all is well.
            Some(replaced) if replaced == inode => return Reply::Done,
            Some(replaced) => {
                let is_directory = |inode| self.live.file(inode).is_some_and(|f| f.directory);
                if is_directory(replaced) != is_directory(inode) {
                    return Reply::WrongType;
                }
                self.note_disposal(replaced, by, out);
            }
            None => {}
        }
        self.note_disposal(inode, by, out);
        self.live.unname(from);
        self.live.name(to, inode);
        if self.settings.by_change {
            self.watch_claim(inode, matches!(to.name, Name::Claim(..)), out);
        }
        Reply::Done
    }

    fn read(&self, path: Path, at: u32) -> Reply {
        let Some(inode) = self.live.find(path) else { return Reply::NoEntry };
        let file = self.live.file(inode).expect("a name stands for a file");
        if file.directory {
            return Reply::WrongType;
        }
        file.lines.get(at as usize).map_or(Reply::EndOfFile, |&line| Reply::Line(line))
    }

    fn write(&mut self, inode: Inode, line: Line, out: &mut Effects) -> Reply {
        let Some(file) = self.live.file_mut(inode) else { return Reply::Stale };
        if file.directory {
            return Reply::WrongType;
        }
        file.lines = vec![line];
        file.verifier = None;
        self.grow_young(inode, out);
        Reply::Done
    }

    fn put(&mut self, path: Path, line: Line, by: NodeId, out: &mut Effects) -> Reply {
        self.changed(by, path);
        let inode = match self.live.find(path) {
            Some(inode) => inode,
            None => self.make(path, File::default()),
        };
        if !self.settings.by_change {
            return self.write(inode, line, out);
        }
        let file = self.live.file_mut(inode).expect("it was found or made");
        file.lines = vec![line];
        Reply::Done
    }

    fn append(&mut self, path: Path, line: Line, by: NodeId, out: &mut Effects) -> Reply {
        self.changed(by, path);
        let inode = match self.live.find(path) {
            Some(inode) => inode,
            None => self.make(path, File::default()),
        };
        let file = self.live.file_mut(inode).expect("it was found or made");
        if file.directory {
            return Reply::WrongType;
        }
        file.lines.push(line);
        self.grow_young(inode, out);
        Reply::Done
    }
}
