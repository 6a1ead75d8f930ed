//! The tree itself.

use std::collections::BTreeMap;

use contend_model::ident::{NodeId, Token};
use contend_model::message::tree::{Mode, Path, Reply, Sequential, Session};
use contend_model::symmetry::{Permutation, Symmetric};

/// A node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Znode {
    /// What is in it.
    pub data: &'static str,
    /// How often its data has been set.
    pub version: u32,
    /// The session that it ends with, if it is ephemeral.
    pub session: Option<Session>,
    /// Who created it or set its data last, if anybody: for the judges; no request can read it.
    pub setter: Option<NodeId>,
    /// The highest number of a sequential node below it that was first in line when its creator
    /// looked.
    shown: u32,
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

    /// Creates a node, and says under which path.
    pub fn create(
        &mut self,
        path: &'static str,
        data: &'static str,
        mode: Mode,
        session: Session,
        exclusive: bool,
        counts: bool,
    ) -> Result<Path, Reply> {
        let path = match mode.sequential {
            None => Path::named(path),
            Some(guid) => {
                let number = if counts { self.next_number(path) } else { 0 };
                Path::below(path, Sequential { number, guid, session })
            }
        };
        if exclusive && self.nodes.contains_key(&path) {
            return Err(Reply::NodeExists);
        }
        if let Some(parent) = path.parent().filter(|&parent| parent != Path::named("/")) {
            let parent = self.nodes.get(&parent).ok_or(Reply::NoNode)?;
            if parent.session.is_some() {
                return Err(Reply::NoChildrenForEphemerals);
            }
        }
        let ends_with = mode.ephemeral.then_some(session);
        self.nodes.insert(path, Znode::new(data, ends_with, Some(session.client)));
        Ok(path)
    }

    /// The number of the next sequential node below a node: higher than any that is there, and than
    /// any that its creator has seen first in line. A server counts every creation, and so leaves
    /// gaps; but a number that is gone and that was never first is known to nobody whom it could
    /// mislead, so the next node may have it, and the count stays finite.
    fn next_number(&self, parent: &'static str) -> u32 {
        let shown = self.get(Path::named(parent)).map_or(0, |parent| parent.shown);
        self.children(parent).map(|child| child.number).fold(shown, u32::max) + 1
    }

    fn children(&self, parent: &'static str) -> impl Iterator<Item = Sequential> {
        let below = self.nodes.range(Path::named(parent)..);
        below
            .map(|(path, _)| path)
            .take_while(move |path| path.name == parent)
            .filter_map(|p| p.child)
    }

    /// The child with this GUID and session, and the one before it.
    pub fn find(
        &mut self,
        parent: &'static str,
        guid: Token,
        session: Session,
    ) -> (Option<Sequential>, Option<Sequential>) {
        let is_own = |child: &Sequential| child.guid == guid && child.session == session;
        let own = self.children(parent).find(is_own);
        let before = own.and_then(|own| self.children(parent).take_while(|&c| c < own).last());
        if let (Some(own), None) = (own, before)
            && let Some(parent) = self.nodes.get_mut(&Path::named(parent))
        {
            parent.shown = parent.shown.max(own.number);
        }
        (own, before)
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
        self.nodes.remove(&path);
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
        let gone = gone.map(|(&path, node)| (path, node.setter)).collect();
        self.nodes.retain(|_, node| !own(node));
        gone
    }
}

impl Znode {
    fn new(data: &'static str, session: Option<Session>, setter: Option<NodeId>) -> Self {
        Znode { data, version: 0, session, setter, shown: 0 }
    }
}

impl Symmetric for Znodes {
    fn permute(&mut self, permutation: &Permutation) {
        for (mut path, mut node) in std::mem::take(&mut self.nodes) {
            path.permute(permutation);
            node.session.permute(permutation);
            node.setter.permute(permutation);
            self.nodes.insert(path, node);
        }
    }
}
