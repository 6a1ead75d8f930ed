//! The explored world: all nodes of one algorithm, what travels between them, what is armed, and
//! the judges, as one value; and what can happen to it next.

mod accept;
mod action;
mod labels;
mod memo;
mod network;
mod renaming;
mod scope;
mod shared;
mod state;
mod step;
mod subject;
mod trace;

use std::sync::atomic::{AtomicU64, Ordering};

pub use action::{Action, Link, Towards};
pub use labels::Mark;
use memo::Memo;
use shared::Shared;
use smallvec::SmallVec;

pub use scope::{Reading, Scope};
pub use state::{Budget, Running, State};
pub use step::Step;
pub use subject::fingerprint;
pub use trace::LEGEND;

use crate::algorithm::{Algorithm, Card, Role, Service};
use crate::ident::NodeId;
use crate::monitor::Monitors;
use crate::node::{Node, Stimulus};
use crate::property::Kind;
use crate::symmetry::Permutation;

/// The world of one algorithm within one scope.
#[derive(Clone, Debug)]
pub struct World {
    /// Tells worlds apart within one process. Copies share it, for they take the same steps.
    id: u64,
    card: Card,
    scope: Scope,
    names: Vec<&'static str>,
    start: State,
    permutations: Vec<Permutation>,
}

impl World {
    /// Sets the stage: every node has started, nothing has been called yet.
    ///
    /// # Panics
    /// If the algorithm names no service: the protected resource comes first.
    pub fn new(algorithm: &dyn Algorithm, scope: Scope) -> Self {
        let card = algorithm.card();
        let services = algorithm.services(&scope.timing);
        assert!(!services.is_empty(), "{}: the resource is the first service", card.name);
        let names = services.iter().map(|service| service.name).collect();
        let nodes = cast(algorithm, &scope, services);
        let start = State {
            running: SmallVec::from_elem(Running::Up, nodes.len()),
            nodes: nodes.into_iter().map(Shared::new).collect(),
            connections: SmallVec::new(),
            late: Vec::new(),
            timers: SmallVec::new(),
            budget: scope.budget,
            monitors: Shared::new(judges(&card, &scope)),
            violated: Default::default(),
        };
        let permutations = renamings(card.kind, &scope.roles);
        let mut world = World { id: new_id(), card, scope, names, start, permutations };
        world.start_all();
        world.keep_only_sound_symmetry();
        world
    }

    fn start_all(&mut self) {
        let mut state = self.start.clone();
        for index in 0..state.nodes.len() {
            let mut memo = Memo::default();
            let commands = memo.handle(&mut state.nodes[index], Stimulus::Start);
            let id = state.nodes[index].id;
            self.obey(&mut state, id, &commands, &mut memo);
        }
        self.start = state;
    }

    /// Symmetry is used only if every process can be renamed.
    fn keep_only_sound_symmetry(&mut self) {
        let supported = self.permutations.iter().all(|p| self.start.permuted(p).is_some());
        if !supported {
            self.permutations.truncate(1);
        }
    }

    /// The same world explored without client symmetry.
    #[must_use]
    pub fn without_symmetry(mut self) -> Self {
        self.permutations.truncate(1);
        self
    }

    /// The same world in which each client has so many operations to do; the start is the same but for
    /// that.
    #[must_use]
    pub fn with_operations(mut self, operations: u16) -> Self {
        self.scope.duty.operations = operations;
        for index in 0..self.scope.roles.len() {
            self.start.nodes[index].edit().set_operations(operations);
        }
        self
    }

    /// The algorithm's card.
    pub fn card(&self) -> &Card {
        &self.card
    }

    /// What is explored.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// The state before anything was called.
    pub fn start(&self) -> &State {
        &self.start
    }

    /// What traces call a node.
    pub fn name(&self, node: NodeId) -> String {
        match node.service() {
            Some(number) => {
                self.names.get(number).map_or_else(|| node.to_string(), |n| (*n).into())
            }
            None => node.to_string(),
        }
    }

    /// All nodes, clients first.
    pub fn ids(&self) -> impl Iterator<Item = NodeId> {
        self.start.nodes.iter().map(|node| node.id)
    }

    fn index(&self, node: NodeId) -> usize {
        match node {
            NodeId::Client(number) => usize::from(number),
            NodeId::Service(number) => self.scope.roles.len() + usize::from(number),
        }
    }

    /// The renamings under which states are taken to be the same; the identity alone if the
    /// algorithm does not support symmetry.
    pub fn permutations(&self) -> &[Permutation] {
        &self.permutations
    }
}

/// Renamings that keep every client's role. Items are named after their producers, who keep their names.
fn renamings(kind: Kind, roles: &[Role]) -> Vec<Permutation> {
    let mut all = Permutation::all_within(roles);
    if kind == Kind::Queue {
        let keeps = |p: &Permutation, client: usize| usize::from(p.image()[client]) == client;
        let producers = |client: &usize| roles[*client] == Role::Producer;
        all.retain(|p| (0..roles.len()).filter(producers).all(|client| keeps(p, client)));
    }
    all
}

fn new_id() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

fn judges(card: &Card, scope: &Scope) -> Monitors {
    let monitors = Monitors::new(card, &scope.roles, scope.duty.operations);
    match scope.question {
        Some(question) => monitors.asked(question),
        None => monitors,
    }
}

fn cast(algorithm: &dyn Algorithm, scope: &Scope, services: Vec<Service>) -> Vec<Node> {
    let timeout = scope.timing.timeout;
    let clients = (0u8..).zip(&scope.roles).map(|(number, &role)| {
        let id = NodeId::Client(number);
        let process = algorithm.client(id, role, &scope.timing);
        Node::client(id, role, scope.duty, timeout, process)
    });
    let services = (0u8..)
        .zip(services)
        .map(|(number, service)| Node::service(NodeId::Service(number), service.process));
    clients.chain(services).collect()
}
