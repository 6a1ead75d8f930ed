//! What the clients of a world are there for: the same in all its states, so not worth hashing.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use crate::algorithm::Role;

/// The clients' roles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Roles(Arc<[Role]>);

impl Roles {
    pub fn new(roles: &[Role]) -> Self {
        Roles(roles.into())
    }

    pub fn of(&self, client: usize) -> Role {
        self.0[client]
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// How many producers there are before this client, who is one.
    pub fn producer(&self, client: usize) -> usize {
        self.0[..client].iter().filter(|&&role| role == Role::Producer).count()
    }

    /// The clients that produce, in order.
    pub fn producers(&self) -> Vec<usize> {
        (0..self.0.len()).filter(|&client| self.0[client] == Role::Producer).collect()
    }
}

impl Hash for Roles {
    fn hash<H: Hasher>(&self, _: &mut H) {}
}
