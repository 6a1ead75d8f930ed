//! Clients are alike: a state and the same state with the clients' names exchanged have the same
//! future, so the explorer needs only one of them.

use crate::ident::{Hold, Item, NodeId, Peer, Token};
use crate::timer::Timer;

/// A renaming of clients; services keep their names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permutation {
    image: Vec<u8>,
}

impl Permutation {
    /// The renaming that takes client `i` to `image[i]`.
    ///
    /// # Panics
    /// If `image` is not a permutation of `0..image.len()`.
    pub fn new(image: Vec<u8>) -> Self {
        let mut sorted = image.clone();
        sorted.sort_unstable();
        assert!(sorted.iter().enumerate().all(|(i, &c)| i == usize::from(c)), "not a permutation");
        Permutation { image }
    }

    /// All renamings of clients `0..roles.len()` that keep every client's role, the identity
    /// first.
    pub fn all_within<R: PartialEq>(roles: &[R]) -> Vec<Permutation> {
        let mut found = Vec::new();
        extend(&mut Vec::new(), roles, &mut found);
        found
    }

    /// The new name of a node.
    pub fn of(&self, node: NodeId) -> NodeId {
        match node {
            NodeId::Client(number) => match self.image.get(usize::from(number)) {
                Some(&image) => NodeId::Client(image),
                None => node,
            },
            NodeId::Service(_) => node,
        }
    }

    /// The clients' new numbers, by their old ones.
    pub fn image(&self) -> &[u8] {
        &self.image
    }
}

fn extend<R: PartialEq>(prefix: &mut Vec<u8>, roles: &[R], found: &mut Vec<Permutation>) {
    if prefix.len() == roles.len() {
        found.push(Permutation { image: prefix.clone() });
        return;
    }
    for (candidate, role) in roles.iter().enumerate() {
        let number = u8::try_from(candidate).expect("fewer than 256 clients");
        if !prefix.contains(&number) && *role == roles[prefix.len()] {
            prefix.push(number);
            extend(prefix, roles, found);
            prefix.pop();
        }
    }
}

/// A value that names clients somewhere inside.
pub trait Symmetric {
    /// Replaces every client's name by its new one. Containers that are sorted by name must be
    /// sorted again.
    fn permute(&mut self, permutation: &Permutation);
}

impl Symmetric for NodeId {
    fn permute(&mut self, permutation: &Permutation) {
        *self = permutation.of(*self);
    }
}

impl Symmetric for Peer {
    fn permute(&mut self, permutation: &Permutation) {
        self.node.permute(permutation);
    }
}

impl Symmetric for Token {
    fn permute(&mut self, permutation: &Permutation) {
        self.client.permute(permutation);
    }
}

impl Symmetric for Hold {
    fn permute(&mut self, permutation: &Permutation) {
        self.client.permute(permutation);
    }
}

impl Symmetric for Item {
    fn permute(&mut self, permutation: &Permutation) {
        self.producer.permute(permutation);
    }
}

impl Symmetric for Timer {
    fn permute(&mut self, permutation: &Permutation) {
        if let Timer::Answer(node) | Timer::DeadlineOf(node, _) | Timer::ReplicateTo(node, _) = self
        {
            node.permute(permutation);
        }
    }
}

impl<T: Symmetric> Symmetric for Option<T> {
    fn permute(&mut self, permutation: &Permutation) {
        if let Some(value) = self {
            value.permute(permutation);
        }
    }
}

impl<T: Symmetric> Symmetric for [T] {
    fn permute(&mut self, permutation: &Permutation) {
        for value in self {
            value.permute(permutation);
        }
    }
}
