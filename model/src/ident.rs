//! Names of what takes part: nodes, connections, holds, items.

use std::fmt;
use std::hash::{Hash, Hasher};

use serde::{Deserialize, Serialize};

/// A participant. Clients and services are numbered apart, so that adding a client renames
/// nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum NodeId {
    /// A client of the algorithm: shown as `A`, `B`, ... `Z`, `A1`, ...
    Client(u8),
    /// A service; number 0 is the protected resource in every world.
    Service(u8),
}

/// Names are hashed more than anything else, so each counts as one number.
impl Hash for NodeId {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u16(self.code());
    }
}

/// The protected resource, whose writes show whether a lock protected anything.
pub const RESOURCE: NodeId = NodeId::Service(0);

/// The first service an algorithm brings along (its only one, for most).
pub const BACKEND: NodeId = NodeId::Service(1);

impl NodeId {
    /// A number of its own, which does not depend on how many others there are.
    #[inline]
    pub fn code(self) -> u16 {
        match self {
            NodeId::Client(number) => number.into(),
            NodeId::Service(number) => 0x100 | u16::from(number),
        }
    }

    /// The node and a number of something that belongs to it, as one number.
    #[inline]
    fn code_with(self, number: u16) -> u32 {
        u32::from(self.code()) << 16 | u32::from(number)
    }

    /// The client's number, if it is a client.
    pub fn client(self) -> Option<usize> {
        match self {
            NodeId::Client(number) => Some(usize::from(number)),
            NodeId::Service(_) => None,
        }
    }

    /// The service's number, if it is a service.
    pub fn service(self) -> Option<usize> {
        match self {
            NodeId::Service(number) => Some(usize::from(number)),
            NodeId::Client(_) => None,
        }
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            NodeId::Client(number) => {
                write!(f, "{}", char::from(b'A' + number % 26))?;
                if number >= 26 {
                    write!(f, "{}", number / 26)?;
                }
                Ok(())
            }
            RESOURCE => f.write_str("resource"),
            NodeId::Service(1) => f.write_str("server"),
            NodeId::Service(number) => write!(f, "server{number}"),
        }
    }
}

/// The far end of a connection, as a process sees it. A client that reconnects is a new peer to
/// the service, as it is in life: what was said on the old connection stays there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Peer {
    /// Who is at the far end.
    pub node: NodeId,
    /// Which of the connections between the two it is.
    pub connection: u16,
}

impl Hash for Peer {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u32(self.node.code_with(self.connection));
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.connection {
            0 => write!(f, "{}", self.node),
            number => write!(f, "{}#{number}", self.node),
        }
    }
}

/// A random value that a client draws for one acquisition, delivery or attempt. Nobody else ever
/// draws the same one: `incarnation` differs after a restart, `serial` within a life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Token {
    /// Who drew it.
    pub client: NodeId,
    /// In which of its lives.
    pub incarnation: u8,
    /// The how many-th in that life.
    pub serial: u16,
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "token{}{}", self.client, self.serial)?;
        match self.incarnation {
            0 => Ok(()),
            life => write!(f, "'{life}"),
        }
    }
}

/// One hold of a lock, numbered by the caller: the identity under which it writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Hold {
    /// Who holds.
    pub client: NodeId,
    /// The how many-th hold of that client, from 1, across restarts.
    pub number: u16,
}

impl Hash for Hold {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u32(self.client.code_with(self.number));
    }
}

impl fmt::Display for Hold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.client, self.number)
    }
}

/// One item of work put into a queue. Items are unique, so that a history can be judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Item {
    /// Who produced it.
    pub producer: NodeId,
    /// The how many-th of that producer, from 0.
    pub number: u16,
}

impl Hash for Item {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u32(self.producer.code_with(self.number));
    }
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "item{}{}", self.producer, self.number + 1)
    }
}
