//! The tree itself.

use std::collections::BTreeMap;

use contend_model::ident::{NodeId, Token};
use contend_model::message::tree::{Path, Reply, Sequential, Session};
use contend_model::symmetry::{Permutation, Symmetric};

use super::transaction::Transaction;

/// A node.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Znode {
    /// What is in it.
    pub data: &'static str,
    /// How often its data has been set.
    pub version: u32,
    /// The session that it ends with, if it is ephemeral.
    pub session: Option<Session>,
    /// Who created it or set its data last, if anybody: for the judges; no request can read it.
    pub setter: Option<NodeId>,
    /// The sequential nodes below it, in the order of their creation.
    line: Vec<Place>,
    /// How many of them have been first when their creator looked.
    firsts: u32,
}

/// A place in a line of sequential nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Place {
    node: Sequential,
    /// The suffix of the node that its creator was last told to be before it.
    told: u16,
    /// The how many-th it was to be first, once its creator has seen that; 0 before.
    rank: u32,
}

/// All nodes but the root, which always exists.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Znodes {
    nodes: BTreeMap<Path, Znode>,
}

impl Znodes {
    /// Nodes that exist from the start.
    pub fn with(roots: &[&'static str]) -> Self {
        let root = |name| (Path::named(name), Znode::new("", None, None));
        Znodes { nodes: roots.iter().map(|&name| root(name)).collect() }
    }

    /// The node at a path.
    pub fn get(&self, path: Path) -> Option<&Znode> {
        self.nodes.get(&path)
    }

    /// All nodes in the order of their paths.
    pub fn iter(&self) -> impl Iterator<Item = (&Path, &Znode)> {
        self.nodes.iter()
    }

    /// Creates a node that ends with the given session, if with any.
    pub fn create(
        &mut self,
        path: Path,
        data: &'static str,
        ends_with: Option<Session>,
        by: NodeId,
        exclusive: bool,
        counts: bool,
    ) -> Result<(), Reply> {
        if exclusive && self.nodes.contains_key(&path) {
            return Err(Reply::NodeExists);
        }
        if let Some(parent) = path.parent().filter(|&parent| parent != Path::named("/")) {
            let parent = self.nodes.get(&parent).ok_or(Reply::NoNode)?;
            if parent.session.is_some() {
                return Err(Reply::NoChildrenForEphemerals);
            }
        }
        self.insert(path, Znode::new(data, ends_with, Some(by)), counts);
        Ok(())
    }

    fn insert(&mut self, path: Path, node: Znode, counts: bool) {
        self.nodes.insert(path, node);
        if let (Some(node), Some(line)) = (path.child, self.line_mut(path.name)) {
            let end = if counts { line.len() } else { 0 };
            line.insert(end, Place { node, told: 0, rank: 0 });
        }
    }

    /// The lowest suffix from 1 that no node below this one has, that nobody in line has been told
    /// to wait for, and that is not shown anywhere else.
    pub fn free_suffix(&self, parent: &'static str, shown: impl Fn(u16) -> bool) -> u16 {
        let known = |suffix| {
            self.line(parent)
                .iter()
                .any(|place| place.node.suffix == suffix || place.told == suffix)
        };
        (1..).find(|&suffix| !known(suffix) && !shown(suffix)).expect("fewer than 65535 nodes wait")
    }

    fn line(&self, parent: &'static str) -> &[Place] {
        self.get(Path::named(parent)).map_or(&[], |parent| &parent.line)
    }

    fn line_mut(&mut self, parent: &'static str) -> Option<&mut Vec<Place>> {
        self.nodes.get_mut(&Path::named(parent)).map(|parent| &mut parent.line)
    }

    /// The sequential nodes below this one, in the order of their creation.
    pub fn children(&self, parent: &'static str) -> impl Iterator<Item = Sequential> {
        self.line(parent).iter().map(|place| place.node)
    }

    /// The child with this GUID and session, and the one before it.
    pub fn find(
        &self,
        parent: &'static str,
        guid: Token,
        session: Session,
    ) -> (Option<Sequential>, Option<Sequential>) {
        let line = self.line(parent);
        let is_own = |place: &Place| place.node.guid == guid && place.node.session == session;
        let Some(own) = line.iter().position(is_own) else { return (None, None) };
        let before = own.checked_sub(1).map(|before| line[before].node);
        (Some(line[own].node), before)
    }

    /// Notes what the creator of a node has been told of the line that it stands in. Gives the node's rank
    /// if it is the first.
    pub fn note_told(
        &mut self,
        parent: &'static str,
        own: Sequential,
        before: Option<Sequential>,
    ) -> u32 {
        let Some(parent) = self.nodes.get_mut(&Path::named(parent)) else { return 0 };
        let Some(place) = parent.line.iter_mut().find(|place| place.node == own) else { return 0 };
        place.told = before.map_or(0, |before| before.suffix);
        if before.is_none() && place.rank == 0 {
            parent.firsts += 1;
            place.rank = parent.firsts;
        }
        place.rank
    }

    /// Sets a node's data; gives its version, and who had set it before.
    pub fn set(
        &mut self,
        path: Path,
        data: &'static str,
        version: Option<u32>,
        by: NodeId,
    ) -> Result<(u32, Option<NodeId>), Reply> {
        let node = self.nodes.get_mut(&path).ok_or(Reply::NoNode)?;
        if version.is_some_and(|version| version != node.version) {
            return Err(Reply::BadVersion);
        }
        node.data = data;
        node.version += 1;
        let before = node.setter.replace(by);
        Ok((node.version, before))
    }

    /// Deletes a node; gives who had set it.
    pub fn delete(&mut self, path: Path, version: Option<u32>) -> Result<Option<NodeId>, Reply> {
        let node = self.nodes.get(&path).ok_or(Reply::NoNode)?;
        if version.is_some_and(|version| version != node.version) {
            return Err(Reply::BadVersion);
        }
        if self.nodes.keys().any(|other| other.parent() == Some(path)) {
            return Err(Reply::NotEmpty);
        }
        let setter = node.setter;
        self.remove(path);
        Ok(setter)
    }

    /// Whether any node ends with this session.
    pub fn any_of(&self, session: Session) -> bool {
        self.nodes.values().any(|node| node.session == Some(session))
    }

    /// Takes out all ephemeral nodes of a session; gives their paths and who had set them.
    pub fn end(&mut self, session: Session) -> Vec<(Path, Option<NodeId>)> {
        let own = |node: &Znode| node.session == Some(session);
        let gone = self.nodes.iter().filter(|(_, node)| own(node));
        let gone: Vec<_> = gone.map(|(&path, node)| (path, node.setter)).collect();
        gone.iter().for_each(|&(path, _)| self.remove(path));
        gone
    }

    /// The nodes as a server that follows has them: without what the leader alone keeps count of.
    pub fn as_shown(&self) -> Self {
        let shown = |node: &Znode| Znode {
            version: node.version,
            line: node.line.iter().map(|place| Place { told: 0, rank: 0, ..*place }).collect(),
            ..Znode::new(node.data, None, None)
        };
        Znodes { nodes: self.nodes.iter().map(|(&path, node)| (path, shown(node))).collect() }
    }

    /// Follows the leader.
    pub fn apply(&mut self, transaction: &Transaction) {
        match transaction {
            &Transaction::Create(path, data) => {
                self.insert(path, Znode::new(data, None, None), true);
            }
            &Transaction::SetData(path, data, version) => {
                if let Some(node) = self.nodes.get_mut(&path) {
                    (node.data, node.version) = (data, version);
                }
            }
            Transaction::Delete(paths) => paths.iter().for_each(|&path| self.remove(path)),
        }
    }

    fn remove(&mut self, path: Path) {
        self.nodes.remove(&path);
        if let (Some(node), Some(line)) = (path.child, self.line_mut(path.name)) {
            line.retain(|place| place.node != node);
        }
    }
}

impl Znode {
    fn new(data: &'static str, session: Option<Session>, setter: Option<NodeId>) -> Self {
        Znode { data, version: 0, session, setter, line: Vec::new(), firsts: 0 }
    }
}

impl Symmetric for Znodes {
    fn permute(&mut self, permutation: &Permutation) {
        for (mut path, mut node) in std::mem::take(&mut self.nodes) {
            path.permute(permutation);
            node.session.permute(permutation);
            node.setter.permute(permutation);
            node.line.iter_mut().for_each(|place| place.node.permute(permutation));
            self.nodes.insert(path, node);
        }
    }
}
