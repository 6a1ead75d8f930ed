//! What the stations call a connection and what the explored world calls it. Stations count up;
//! the world, whose states must come back, uses free numbers again.

use std::collections::BTreeMap;

use contend_model::ident::{NodeId, Peer};
use contend_model::node::{Command, Stimulus};
use contend_model::world::{Action, Link};

/// The names of connections in one world, given those in another.
#[derive(Clone, Debug, Default)]
pub struct Names {
    numbers: BTreeMap<(NodeId, NodeId, u16), u16>,
}

impl Names {
    /// From now on, this connection is meant by this number, and no other is.
    pub fn learn(&mut self, client: NodeId, service: NodeId, theirs: u16, ours: u16) {
        self.numbers.retain(|&(other_client, other_service, _), number| {
            (other_client, other_service, *number) != (client, service, ours)
        });
        self.numbers.insert((client, service, theirs), ours);
    }

    /// The number of a connection.
    pub fn number(&self, client: NodeId, service: NodeId, theirs: u16) -> Option<u16> {
        self.numbers.get(&(client, service, theirs)).copied()
    }

    /// A link in our numbers.
    pub fn link(&self, link: Link) -> Option<Link> {
        let connection = self.number(link.client, link.service, link.connection)?;
        Some(Link { connection, ..link })
    }

    /// An action in our numbers.
    pub fn action(&self, action: Action) -> Option<Action> {
        Some(match action {
            Action::Deliver(link) => Action::Deliver(self.link(link)?),
            Action::Lose(link) => Action::Lose(self.link(link)?),
            Action::HoldBack(link) => Action::HoldBack(self.link(link)?),
            Action::Repeat(link) => Action::Repeat(self.link(link)?),
            Action::Disconnect { client, service, connection } => {
                let connection = self.number(client, service, connection)?;
                Action::Disconnect { client, service, connection }
            }
            other => other,
        })
    }

    /// What a node saw, in our numbers.
    pub fn stimulus(&self, node: NodeId, stimulus: Stimulus) -> Option<Stimulus> {
        Some(match stimulus {
            Stimulus::Deliver { from, message } => {
                Stimulus::Deliver { from: self.peer(node, from)?, message }
            }
            Stimulus::Disconnected(from) => Stimulus::Disconnected(self.peer(node, from)?),
            other => other,
        })
    }

    /// What a node did, in our numbers.
    pub fn commands(&self, node: NodeId, commands: &[Command]) -> Option<Vec<Command>> {
        commands
            .iter()
            .map(|&command| match command {
                Command::Send { to, connection: Some(connection), message } => {
                    let peer = self.peer(node, Peer { node: to, connection })?;
                    Some(Command::Send { to, connection: Some(peer.connection), message })
                }
                other => Some(other),
            })
            .collect()
    }

    fn peer(&self, me: NodeId, peer: Peer) -> Option<Peer> {
        let (client, service) = match me {
            NodeId::Client(_) => (me, peer.node),
            NodeId::Service(_) => (peer.node, me),
        };
        let connection = self.number(client, service, peer.connection)?;
        Some(Peer { connection, ..peer })
    }
}
