//! Whether an action from elsewhere (a run on virtual time, a file) could happen in a state, and
//! what somebody who walks along with a world must see of it to find the same connections again.

use super::World;
use super::action::{Action, Link, Towards};
use super::scope::Reading;
use super::state::{Budget, Content, Running, State};
use crate::ident::{NodeId, RESOURCE};
use crate::property::Kind;

impl World {
    /// Whether the action can happen: what is no fault, if it is [possible](World::possible);
    /// faults, if they are well-formed. Exploration leaves some well-formed faults out because
    /// they make no difference, and has budgets; neither matters here.
    pub fn accepts(&self, state: &State, action: &Action) -> bool {
        match *action {
            // Exploration keeps some firings back in free time, only to keep the space small.
            Action::Fire(node, timer) if self.scope.reading == Reading::Free => {
                state.timers.iter().any(|armed| (armed.node, armed.timer) == (node, timer))
            }
            Action::Deliver(_)
            | Action::DeliverLate(_)
            | Action::Fire(..)
            | Action::Tick
            | Action::Restart(_) => {
                let mut possible = Vec::new();
                self.possible(state, &mut possible);
                possible.contains(action)
            }
            Action::Lose(link) | Action::HoldBack(link) => state.has_message(&link),
            Action::Repeat(link) => {
                let protects = self.card.kind == Kind::Lock && link.service == RESOURCE;
                let open = state.current(link.client, link.service) == Some(link.connection);
                link.towards == Towards::Service && !protects && open && state.has_message(&link)
            }
            Action::Disconnect { client, service, connection } => {
                let link = Link { client, service, connection, towards: Towards::Service };
                let index = state.connection(&link);
                index
                    .map(|index| &state.connections[index])
                    .is_some_and(|connection| connection.client_open && connection.service_open)
            }
            Action::Crash(node) => self.runs(state, node) && node != RESOURCE,
            Action::FailOver(node) => {
                let replica = |node| state.nodes[self.index(node)].has_replica();
                self.runs(state, node) && node != RESOURCE && replica(node)
            }
            Action::Misuse(node) => {
                let caller = |node| state.nodes[self.index(node)].caller();
                self.runs(state, node) && caller(node).is_some_and(|caller| caller.can_misuse())
            }
            Action::Cancel(node) => {
                let caller = |node| state.nodes[self.index(node)].caller();
                self.runs(state, node) && caller(node).is_some_and(|caller| caller.can_cancel())
            }
        }
    }

    fn runs(&self, state: &State, node: NodeId) -> bool {
        state.running.get(self.index(node)) == Some(&Running::Up)
    }
}

impl State {
    /// The number of the connection that the client would send its next request on, if it has one.
    pub fn current(&self, client: NodeId, service: NodeId) -> Option<u16> {
        self.connections
            .iter()
            .find(|c| c.client == client && c.service == service && c.client_open)
            .map(|c| c.number)
    }

    /// The numbers of all connections between the two of which something is known yet.
    pub fn numbers(&self, client: NodeId, service: NodeId) -> impl Iterator<Item = u16> {
        self.connections
            .iter()
            .filter(move |c| c.client == client && c.service == service)
            .map(|c| c.number)
    }

    /// How much stands in line on one direction of a connection, the end included.
    pub fn in_line(&self, link: &Link) -> usize {
        let index = self.connection(link);
        index.map_or(0, |index| self.connections[index].queue(link.towards).len())
    }

    /// Grants the world so many faults again.
    pub fn grant(&mut self, budget: Budget) {
        self.budget = budget;
    }

    fn has_message(&self, link: &Link) -> bool {
        let index = self.connection(link);
        let first = index.and_then(|index| self.connections[index].queue(link.towards).first());
        first.is_some_and(|packet| matches!(packet.content, Content::Message(_)))
    }
}
