//! What the leader commits, and all servers apply in the same order. Source: "ZooKeeper Internals",
//! section "Atomic Broadcast" (total order).

use contend_model::message::tree::{Change, Path};
use contend_model::symmetry::{Permutation, Symmetric};

/// A change of the tree, as servers that follow are told of it: with its outcome, so that nothing is left
/// to decide.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Transaction {
    /// A node with this data comes.
    Create(Path, &'static str),
    /// A node has this data, for the how many-th time.
    SetData(Path, &'static str, u32),
    /// These nodes go: one, or all ephemeral nodes of a session that has ended.
    Delete(Vec<Path>),
}

impl Transaction {
    /// What it does to which node.
    pub fn changes(&self) -> Vec<(Path, Change)> {
        match self {
            Transaction::Create(path, _) => vec![(*path, Change::Created)],
            Transaction::SetData(path, ..) => vec![(*path, Change::DataChanged)],
            Transaction::Delete(paths) => paths.iter().map(|&p| (p, Change::Deleted)).collect(),
        }
    }
}

impl Symmetric for Transaction {
    fn permute(&mut self, permutation: &Permutation) {
        match self {
            Transaction::Create(path, _) | Transaction::SetData(path, ..) => {
                path.permute(permutation);
            }
            Transaction::Delete(paths) => paths.permute(permutation),
        }
    }
}
