//! Names and the files that they stand for.

use std::collections::BTreeMap;

use contend_model::ident::{NodeId, Token};
use contend_model::message::files::{Attributes, Inode, Line, Name, Path};
use contend_model::symmetry::{Permutation, Symmetric};

/// A file or a directory.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct File {
    /// What is in it.
    pub lines: Vec<Line>,
    /// Whether it is a directory.
    pub directory: bool,
    /// The verifier of the exclusive create, until the file is written to.
    pub verifier: Option<Token>,
    /// Whether it was written to longer ago than the age that is watched for.
    pub old: bool,
    /// Who created it, if it stands for a lock; the judges want to know, no call can read it.
    pub creator: Option<NodeId>,
}

/// All names, and all files that have one or are still open.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Tree {
    names: BTreeMap<Path, Inode>,
    files: BTreeMap<Inode, File>,
}

impl Tree {
    /// The file of this name.
    pub fn find(&self, path: Path) -> Option<Inode> {
        self.names.get(&path).copied()
    }

    /// The file itself.
    pub fn file(&self, inode: Inode) -> Option<&File> {
        self.files.get(&inode)
    }

    /// The file itself, to be changed.
    pub fn file_mut(&mut self, inode: Inode) -> Option<&mut File> {
        self.files.get_mut(&inode)
    }

    /// The file of this number, named or not.
    pub fn numbered(&self, number: u8) -> Option<Inode> {
        self.files.keys().copied().find(|inode| inode.number == number)
    }

    /// What `stat` tells.
    pub fn attributes(&self, path: Path) -> Option<Attributes> {
        let inode = self.find(path)?;
        let file = self.file(inode).expect("a name stands for a file");
        Some(Attributes { inode, links: self.links(inode), old: file.old })
    }

    /// How many names a file has.
    pub fn links(&self, inode: Inode) -> u8 {
        self.names.values().filter(|&&other| other == inode).count() as u8
    }

    /// The first name in a directory, or the first after this one.
    pub fn next(&self, directory: &str, after: Option<Name>) -> Option<Name> {
        self.names
            .keys()
            .filter(|path| path.directory == directory)
            .map(|path| path.name)
            .find(|&name| after.is_none_or(|after| name > after))
    }

    /// Puts a new file under a new name.
    pub fn insert(&mut self, path: Path, inode: Inode, file: File) {
        self.files.insert(inode, file);
        self.names.insert(path, inode);
    }

    /// Gives a file another name; what had that name loses it.
    pub fn name(&mut self, path: Path, inode: Inode) {
        self.names.insert(path, inode);
    }

    /// Takes a name away.
    pub fn unname(&mut self, path: Path) {
        self.names.remove(&path);
    }

    /// Forgets the files without a name, except those that are still open.
    pub fn forget_nameless(&mut self, is_open: impl Fn(Inode) -> bool) {
        let names = &self.names;
        self.files
            .retain(|&inode, _| is_open(inode) || names.values().any(|&other| other == inode));
    }
}

impl Symmetric for Tree {
    fn permute(&mut self, permutation: &Permutation) {
        for (mut path, mut inode) in std::mem::take(&mut self.names) {
            path.permute(permutation);
            inode.permute(permutation);
            self.names.insert(path, inode);
        }
        for (mut inode, mut file) in std::mem::take(&mut self.files) {
            inode.permute(permutation);
            file.lines.permute(permutation);
            file.verifier.permute(permutation);
            file.creator.permute(permutation);
            self.files.insert(inode, file);
        }
    }
}
