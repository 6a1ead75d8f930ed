//! Everything that the future of an explored world depends on, and nothing else.

use std::hash::{Hash, Hasher};

use smallvec::SmallVec;

use super::action::{Link, Towards};
use super::shared::Shared;
use crate::ident::NodeId;
use crate::message::Message;
use crate::monitor::Monitors;
use crate::node::Node;
use crate::property::Properties;
use crate::symmetry::{Permutation, Symmetric};
use crate::time::Span;
use crate::timer::Timer;

/// A state of an explored world.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct State {
    /// Clients, then services.
    pub(super) nodes: SmallVec<[Shared<Node>; 6]>,
    /// Who runs, by the same index.
    pub(super) running: SmallVec<[Running; 8]>,
    /// What travels, ordered by client, service and number. Most steps leave most of it alone.
    pub(super) connections: SmallVec<[Shared<Connection>; 8]>,
    /// What was held back on its way.
    pub(super) late: Vec<(Link, Message)>,
    /// What is armed, ordered by node and timer.
    pub(super) timers: SmallVec<[Armed; 8]>,
    /// What the world may still do wrong.
    pub(super) budget: Budget,
    /// The judges.
    pub(super) monitors: Shared<Monitors>,
    /// What the last step violated.
    pub(super) violated: Properties,
}

/// Whether a node runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Running {
    /// It does.
    Up,
    /// It crashed and may come back.
    Down,
}

/// A connection: two directions, each first in, first out.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Connection {
    pub client: NodeId,
    pub service: NodeId,
    pub number: u16,
    /// The client has not closed its end.
    pub client_open: bool,
    /// The service has not seen the connection end.
    pub service_open: bool,
    pub to_service: Packets,
    pub to_client: Packets,
}

// What is plain data is copied as a whole: a derived `Clone` copies it element by element, and states are
// copied for each step of each search.
impl Clone for State {
    fn clone(&self) -> Self {
        State {
            nodes: self.nodes.clone(),
            running: SmallVec::from_slice(&self.running),
            connections: self.connections.clone(),
            late: self.late.clone(),
            timers: SmallVec::from_slice(&self.timers),
            budget: self.budget,
            monitors: self.monitors.clone(),
            violated: self.violated,
        }
    }
}

impl Clone for Connection {
    fn clone(&self) -> Self {
        Connection {
            to_service: SmallVec::from_slice(&self.to_service),
            to_client: SmallVec::from_slice(&self.to_client),
            ..*self
        }
    }
}

impl Connection {
    pub fn queue(&self, towards: Towards) -> &[Packet] {
        match towards {
            Towards::Service => &self.to_service,
            Towards::Client => &self.to_client,
        }
    }

    pub fn queue_mut(&mut self, towards: Towards) -> &mut Packets {
        match towards {
            Towards::Service => &mut self.to_service,
            Towards::Client => &mut self.to_client,
        }
    }

    pub fn link(&self, towards: Towards) -> Link {
        Link { client: self.client, service: self.service, connection: self.number, towards }
    }

    pub fn key(&self) -> (NodeId, NodeId, u16) {
        (self.client, self.service, self.number)
    }
}

impl Symmetric for Connection {
    fn permute(&mut self, permutation: &Permutation) {
        self.client.permute(permutation);
        for packet in self.to_service.iter_mut().chain(&mut self.to_client) {
            if let Content::Message(message) = &mut packet.content {
                message.permute(permutation);
            }
        }
    }
}

/// What travels in one direction, the first in line first. Mostly it is one message or none, and a
/// state that is copied without allocation is copied in half the time.
pub(super) type Packets = SmallVec<[Packet; 1]>;

/// What travels on a connection, and how long it may still take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Packet {
    pub content: Content,
    pub left: Span,
}

/// A message, or the end of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Content {
    Message(Message),
    End,
}

/// A timer that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Armed {
    pub node: NodeId,
    pub timer: Timer,
    pub least: Span,
    pub most: Span,
}

// Timers are hashed for every step of every search, one by one, and all of one fits in one word.
impl Hash for Armed {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Armed { node, timer, least, most } = *self;
        let who = u64::from(node.code()) << 32 | u64::from(timer.code());
        let when = u64::from(least.as_us()) << 32 | u64::from(most.as_us());
        state.write_u128(u128::from(who) << 64 | u128::from(when));
    }
}

impl Symmetric for Armed {
    fn permute(&mut self, permutation: &Permutation) {
        self.node.permute(permutation);
        self.timer.permute(permutation);
    }
}

/// How many faults of each kind the world may still commit.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    /// Messages lost, held back or repeated, and connections lost.
    pub network: u8,
    /// Crashes, of clients or of services.
    pub crashes: u8,
    /// Replicas that take over.
    pub failovers: u8,
    /// Calls of release by somebody who does not hold.
    pub misuses: u8,
    /// Waiters who give up.
    pub cancels: u8,
    /// Patience, a client's own reading of a lease, or the lease of an item that is worked on, that end
    /// too early; where time is punctual, any lease.
    pub early: u8,
}

impl State {
    /// The nodes, clients first.
    pub fn nodes(&self) -> impl ExactSizeIterator<Item = &Node> {
        self.nodes.iter().map(|node| &**node)
    }

    /// The judges' knowledge.
    pub fn monitors(&self) -> &Monitors {
        &self.monitors
    }

    /// What the step that led here violated.
    pub fn violated(&self) -> Properties {
        self.violated
    }

    /// About how many bytes the state holds, the heap included.
    pub(super) fn bytes(&self) -> usize {
        // A state shares its nodes and judges with many others, and all connections but one or two
        // with the state before it.
        const OWN_CONNECTIONS: usize = 2;
        size_of::<State>()
            + OWN_CONNECTIONS * size_of::<Connection>()
            + self.late.len() * size_of::<(Link, Message)>()
            + self.timers.len() * size_of::<Armed>()
    }

    /// Renames clients; `None` if a process does not know how.
    pub(super) fn permuted(&self, permutation: &Permutation) -> Option<State> {
        let mut state = self.clone();
        for (old, node) in self.nodes.iter().enumerate() {
            let new = match node.id.client() {
                Some(client) => usize::from(permutation.image()[client]),
                None => old,
            };
            let mut node = Node::clone(&**node);
            if !node.permute(permutation) {
                return None;
            }
            state.nodes[new] = Shared::new(node);
            state.running[new] = self.running[old];
        }
        for connection in &mut state.connections {
            connection.edit().permute(permutation);
        }
        for (link, message) in &mut state.late {
            link.permute(permutation);
            message.permute(permutation);
        }
        for armed in &mut state.timers {
            armed.permute(permutation);
        }
        state.monitors.edit().permute(permutation);
        // The orders that make equal worlds equal values.
        state.connections.sort_by_key(|connection| connection.key());
        state.timers.sort_unstable();
        Some(state)
    }

    /// Starts a timer, which must not be armed.
    pub(super) fn arm(&mut self, armed: Armed) {
        let place = self.timers.partition_point(|other| *other < armed);
        self.timers.insert(place, armed);
    }
}
