//! The vocabulary of a shared file system: calls that go to the server, as POSIX has them, and what
//! NFS makes of them. Sources: open(2), symlink(2), link(2), rename(2), unlink(2), flock(2), nfs(5) of the Linux
//! manual pages; RFC 1813 (NFS version 3), section 3.3.8, for the verifier of an exclusive create.
//!
//! A file is a short list of lines. A listing is read entry by entry, since messages are small.

use std::fmt;

use crate::ident::{Item, Token};
use crate::message::Message;
use crate::symmetry::{Permutation, Symmetric};

/// The last part of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Name {
    /// A constant.
    Text(&'static str),
    /// A sequence number.
    Number(u32),
    /// A name that nobody else uses.
    Token(Token),
    /// A name about one item.
    Item(Item),
    /// `item.token`: what somebody has claimed.
    Claim(Item, Token),
}

/// Where a file is. Directories that are named here exist from the beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path {
    /// The directory; empty for the root.
    pub directory: &'static str,
    /// The name in it.
    pub name: Name,
}

impl Path {
    /// A file in the root directory.
    pub const fn named(name: &'static str) -> Self {
        Path { directory: "", name: Name::Text(name) }
    }

    /// A file in a directory.
    pub const fn within(directory: &'static str, name: Name) -> Self {
        Path { directory, name }
    }
}

/// A line of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Line {
    /// A value that its client alone knows.
    Token(Token),
    /// A unit of work.
    Item(Item),
    /// A number, such as an offset.
    Number(u32),
}

/// A file itself, whatever it is called and whether it has a name at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Inode {
    /// Its number, which another file may get when this one is no more.
    pub number: u8,
    /// What tells it from earlier files of this number, so that their handles are stale: the
    /// verifier of the exclusive create that made it, if one did.
    pub generation: Option<Token>,
}

/// A call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Request {
    /// `stat` → `Attributes` or `NoEntry`. May be answered from the caller's own cache, which
    /// `revalidate` (the `open` and `fstat` of close-to-open consistency) bypasses.
    Stat {
        /// Of which file.
        path: Path,
        /// Whether the server itself is asked.
        revalidate: bool,
    },
    /// `open(O_CREAT|O_TRUNC)` and `close` → `Opened`: the file exists and is empty.
    Create(Path),
    /// `open(O_CREAT|O_EXCL)` and `close` → `Opened`, or `Exists`. If the file exists, was created
    /// by this very verifier and not yet written to, this is a retransmission, and succeeds.
    CreateExclusive {
        /// What to create.
        path: Path,
        /// What tells a retransmission from another's create.
        verifier: Token,
    },
    /// `symlink` → `Done` or `Exists`: a link that is there together with what it says, and that
    /// `Read` (`readlink`) reads.
    Symlink {
        /// What it says.
        target: Token,
        /// What to create.
        path: Path,
    },
    /// `open(O_CREAT)` → `Opened`: the file stays open until `Close` or the end of the connection.
    Open(Path),
    /// `close` → `Done`, or `BadFile`. Its lock goes with it.
    Close(Inode),
    /// `flock(LOCK_EX)` → `Locked`; without `wait` (`LOCK_NB`) perhaps `WouldBlock`.
    Flock {
        /// Which open file.
        file: Inode,
        /// Whether to wait until the lock is free.
        wait: bool,
    },
    /// `flock(LOCK_UN)` → `Done`, or `BadFile`.
    Funlock(Inode),
    /// `mkdir` → `Done` or `Exists`.
    Mkdir(Path),
    /// `rmdir` → `Done`, `NoEntry`, or `WrongType` for a file.
    Rmdir(Path),
    /// `link` → `Done`, `Exists`, or `NoEntry`.
    Link {
        /// The name that exists.
        from: Path,
        /// The new one.
        to: Path,
    },
    /// `rename` → `Done` or `NoEntry`. Replaces what was there.
    Rename {
        /// The old name.
        from: Path,
        /// The new one.
        to: Path,
    },
    /// `unlink` → `Done`, `NoEntry`, or `WrongType` for a directory. Whoever asks.
    Unlink(Path),
    /// `pread` of one line → `Line`, `EndOfFile`, or `NoEntry`.
    Read {
        /// Which file.
        path: Path,
        /// The number of the line, from 0.
        at: u32,
    },
    /// `ftruncate` and `write`, by file handle → `Done`, or `Stale` if the file is no more. Makes
    /// the file young again.
    Write {
        /// Which file.
        file: Inode,
        /// All that is in it afterwards.
        line: Line,
    },
    /// `open(O_CREAT|O_TRUNC)`, `write`, `close` → `Done`.
    Put {
        /// Which file.
        path: Path,
        /// All that is in it afterwards.
        line: Line,
    },
    /// `open(O_CREAT|O_APPEND)`, `write`, `close` → `Done`.
    Append {
        /// Which file.
        path: Path,
        /// What to add to it.
        line: Line,
    },
    /// `readdir`, one entry → `Entry` or `NoEntry`: the first name in the directory after this one.
    Next {
        /// Which directory.
        directory: &'static str,
        /// The entry that was read last.
        after: Option<Name>,
    },
    /// `fsync` of files and directory → `Done`: what was done so far survives a crash.
    Fsync,
}

/// What `stat` tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Attributes {
    /// Which file it is.
    pub inode: Inode,
    /// How many names it has (`st_nlink`).
    pub links: u8,
    /// Whether it was last written to (`st_mtime`, by the server's clock) longer ago than the age
    /// that the file system was told to watch for.
    pub old: bool,
}

/// An answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reply {
    /// Success.
    Done,
    /// Success; this is the file.
    Opened(Inode),
    /// What `stat` tells.
    Attributes(Attributes),
    /// A line of a file.
    Line(Line),
    /// The file has no such line.
    EndOfFile,
    /// A name in a directory.
    Entry(Name),
    /// The lock is the caller's.
    Locked,
    /// `EEXIST`.
    Exists,
    /// `ENOENT`.
    NoEntry,
    /// `EISDIR`, `ENOTDIR`.
    WrongType,
    /// `EWOULDBLOCK`.
    WouldBlock,
    /// `EBADF`: the caller has no such open file on this connection.
    BadFile,
    /// `ESTALE`: the file is no more.
    Stale,
}

impl From<Request> for Message {
    fn from(request: Request) -> Self {
        Message::Files(request)
    }
}

impl From<Reply> for Message {
    fn from(reply: Reply) -> Self {
        Message::FilesReply(reply)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Name::Text(text) => f.write_str(text),
            Name::Number(number) => number.fmt(f),
            Name::Token(token) => token.fmt(f),
            Name::Item(item) => item.fmt(f),
            Name::Claim(item, token) => write!(f, "{item}.{token}"),
        }
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.directory, self.name)
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Line::Token(token) => token.fmt(f),
            Line::Item(item) => item.fmt(f),
            Line::Number(number) => number.fmt(f),
        }
    }
}

impl fmt::Display for Inode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "inode{}", self.number)
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Request::Stat { path, revalidate: false } => write!(f, "stat {path}"),
            Request::Stat { path, revalidate: true } => write!(f, "open, fstat {path}"),
            Request::Create(path) => write!(f, "open O_CREAT|O_TRUNC {path}"),
            Request::CreateExclusive { path, verifier } => {
                write!(f, "open O_CREAT|O_EXCL {path} verifier {verifier}")
            }
            Request::Symlink { target, path } => write!(f, "symlink {target} {path}"),
            Request::Open(path) => write!(f, "open O_CREAT {path}"),
            Request::Close(file) => write!(f, "close {file}"),
            Request::Flock { file, wait: true } => write!(f, "flock {file} LOCK_EX"),
            Request::Flock { file, wait: false } => write!(f, "flock {file} LOCK_EX|LOCK_NB"),
            Request::Funlock(file) => write!(f, "flock {file} LOCK_UN"),
            Request::Mkdir(path) => write!(f, "mkdir {path}"),
            Request::Rmdir(path) => write!(f, "rmdir {path}"),
            Request::Link { from, to } => write!(f, "link {from} {to}"),
            Request::Rename { from, to } => write!(f, "rename {from} {to}"),
            Request::Unlink(path) => write!(f, "unlink {path}"),
            Request::Read { path, at } => write!(f, "read {path} line {at}"),
            Request::Write { file, line } => write!(f, "write {file} {line}"),
            Request::Put { path, line } => write!(f, "put {path} {line}"),
            Request::Append { path, line } => write!(f, "append {path} {line}"),
            Request::Next { directory, after: None } => write!(f, "readdir {directory}/"),
            Request::Next { directory, after: Some(name) } => {
                write!(f, "readdir {directory}/ after {name}")
            }
            Request::Fsync => f.write_str("fsync"),
        }
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reply::Done => f.write_str("0"),
            Reply::Opened(inode) => inode.fmt(f),
            Reply::Attributes(Attributes { inode, links, old }) => {
                write!(f, "{inode} links {links}{}", if *old { " old" } else { "" })
            }
            Reply::Line(line) => line.fmt(f),
            Reply::EndOfFile => f.write_str("end of file"),
            Reply::Entry(name) => name.fmt(f),
            Reply::Locked => f.write_str("locked"),
            Reply::Exists => f.write_str("EEXIST"),
            Reply::NoEntry => f.write_str("ENOENT"),
            Reply::WrongType => f.write_str("EISDIR/ENOTDIR"),
            Reply::WouldBlock => f.write_str("EWOULDBLOCK"),
            Reply::BadFile => f.write_str("EBADF"),
            Reply::Stale => f.write_str("ESTALE"),
        }
    }
}

impl Symmetric for Name {
    fn permute(&mut self, permutation: &Permutation) {
        match self {
            Name::Token(token) => token.permute(permutation),
            Name::Item(item) => item.permute(permutation),
            Name::Claim(item, token) => {
                item.permute(permutation);
                token.permute(permutation);
            }
            Name::Text(_) | Name::Number(_) => {}
        }
    }
}

impl Symmetric for Path {
    fn permute(&mut self, permutation: &Permutation) {
        self.name.permute(permutation);
    }
}

impl Symmetric for Inode {
    fn permute(&mut self, permutation: &Permutation) {
        self.generation.permute(permutation);
    }
}

impl Symmetric for Line {
    fn permute(&mut self, permutation: &Permutation) {
        match self {
            Line::Token(token) => token.permute(permutation),
            Line::Item(item) => item.permute(permutation),
            Line::Number(_) => {}
        }
    }
}

impl Symmetric for Request {
    fn permute(&mut self, permutation: &Permutation) {
        match self {
            Request::Stat { path, .. }
            | Request::Create(path)
            | Request::Open(path)
            | Request::Mkdir(path)
            | Request::Rmdir(path)
            | Request::Unlink(path)
            | Request::Read { path, .. } => path.permute(permutation),
            Request::CreateExclusive { path, verifier: token }
            | Request::Symlink { path, target: token } => {
                path.permute(permutation);
                token.permute(permutation);
            }
            Request::Link { from, to } | Request::Rename { from, to } => {
                from.permute(permutation);
                to.permute(permutation);
            }
            Request::Write { file, line } => {
                file.permute(permutation);
                line.permute(permutation);
            }
            Request::Put { path, line } | Request::Append { path, line } => {
                path.permute(permutation);
                line.permute(permutation);
            }
            Request::Next { after, .. } => after.permute(permutation),
            Request::Close(file) | Request::Flock { file, .. } | Request::Funlock(file) => {
                file.permute(permutation);
            }
            Request::Fsync => {}
        }
    }
}

impl Symmetric for Reply {
    fn permute(&mut self, permutation: &Permutation) {
        match self {
            Reply::Line(line) => line.permute(permutation),
            Reply::Entry(name) => name.permute(permutation),
            Reply::Opened(inode) | Reply::Attributes(Attributes { inode, .. }) => {
                inode.permute(permutation);
            }
            _ => {}
        }
    }
}
