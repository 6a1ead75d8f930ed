//! What the world may do next.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ident::NodeId;
use crate::symmetry::{Permutation, Symmetric};
use crate::timer::Timer;

/// One direction of one connection between a client and a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Link {
    /// The end that connected.
    pub client: NodeId,
    /// The end that was connected to.
    pub service: NodeId,
    /// Which of the connections between the two.
    pub connection: u16,
    /// Towards the service or towards the client.
    pub towards: Towards,
}

/// A direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Towards {
    /// Requests.
    Service,
    /// Replies.
    Client,
}

impl Link {
    /// Who receives what travels here.
    pub fn receiver(&self) -> NodeId {
        match self.towards {
            Towards::Service => self.service,
            Towards::Client => self.client,
        }
    }

    /// Who sends what travels here.
    pub fn sender(&self) -> NodeId {
        match self.towards {
            Towards::Service => self.client,
            Towards::Client => self.service,
        }
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}->{}", self.sender(), self.receiver())?;
        match self.connection {
            0 => Ok(()),
            number => write!(f, "#{number}"),
        }
    }
}

/// One step of the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// The first message in line arrives.
    Deliver(Link),
    /// A message that was held back arrives: the how many-th of them.
    DeliverLate(u8),
    /// A timer fires.
    Fire(NodeId, Timer),
    /// Time passes until something is due.
    Tick,
    /// A crashed node runs again.
    Restart(NodeId),
    /// Fault: the first message in line is lost.
    Lose(Link),
    /// Fault: the first message in line is held back, and may arrive at any later time.
    HoldBack(Link),
    /// Fault: the client library has sent the request twice; the first copy travels on an old
    /// connection, where nobody reads the reply.
    Repeat(Link),
    /// Fault: the connection is lost with all that travels on it; both ends come to know.
    Disconnect {
        /// The end that connected.
        client: NodeId,
        /// The end that was connected to.
        service: NodeId,
        /// Which of the connections between the two.
        connection: u16,
    },
    /// Fault: a node stops.
    Crash(NodeId),
    /// Fault: a service's replica takes over, without the writes that it has not received.
    FailOver(NodeId),
    /// Fault: a caller that does not hold calls release.
    Misuse(NodeId),
    /// A caller gives up waiting.
    Cancel(NodeId),
}

impl Action {
    /// Whether nobody can rely on it to happen: the way out of a trap may not need it. A crashed
    /// service is repaired in the end; a crashed client may never come back.
    pub fn is_unreliable(&self) -> bool {
        match self {
            Action::Deliver(_)
            | Action::DeliverLate(_)
            | Action::Fire(..)
            | Action::Tick
            | Action::Restart(NodeId::Service(_)) => false,
            Action::Lose(_)
            | Action::HoldBack(_)
            | Action::Repeat(_)
            | Action::Disconnect { .. }
            | Action::Crash(_)
            | Action::Restart(NodeId::Client(_))
            | Action::FailOver(_)
            | Action::Misuse(_)
            | Action::Cancel(_) => true,
        }
    }
}

impl Symmetric for Link {
    fn permute(&mut self, permutation: &Permutation) {
        self.client.permute(permutation);
    }
}
