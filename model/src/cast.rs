//! Who takes part in a run, and what files and traces call them.

use crate::algorithm::Role;
use crate::ident::NodeId;

/// Everybody in a run: clients first, then services, each with a name of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cast {
    roles: Vec<Role>,
    names: Vec<String>,
}

impl Cast {
    /// Clients with these roles, and services with these names, the resource first. A service
    /// whose name is taken gets a number: `redis`, `redis2`, ...
    pub fn new<'a>(roles: Vec<Role>, services: impl IntoIterator<Item = &'a str>) -> Self {
        assert!(roles.len() <= 256, "clients are numbered by a byte");
        let mut names: Vec<String> =
            (0..roles.len()).map(|number| NodeId::Client(number as u8).to_string()).collect();
        for service in services {
            let numbered = |n: usize| if n == 1 { service.into() } else { format!("{service}{n}") };
            let name = (1..).map(numbered).find(|name| !names.contains(name));
            names.push(name.expect("there is always another number"));
        }
        Cast { roles, names }
    }

    /// The clients' roles, in order.
    pub fn roles(&self) -> &[Role] {
        &self.roles
    }

    /// How many clients there are.
    pub fn clients(&self) -> usize {
        self.roles.len()
    }

    /// How many services there are, the resource among them.
    pub fn services(&self) -> usize {
        self.names.len() - self.roles.len()
    }

    /// How many nodes there are.
    pub fn nodes(&self) -> usize {
        self.names.len()
    }

    /// All names, clients first.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The place of a node among all nodes.
    pub fn index(&self, node: NodeId) -> usize {
        match node {
            NodeId::Client(number) => usize::from(number),
            NodeId::Service(number) => self.roles.len() + usize::from(number),
        }
    }

    /// The node at this place.
    pub fn node(&self, index: usize) -> NodeId {
        match index.checked_sub(self.roles.len()) {
            None => NodeId::Client(index as u8),
            Some(number) => NodeId::Service(number as u8),
        }
    }

    /// What a node is called.
    pub fn name(&self, node: NodeId) -> &str {
        &self.names[self.index(node)]
    }

    /// The place of the node of this name.
    pub fn find(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|candidate| candidate == name)
    }
}
