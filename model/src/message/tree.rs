//! The vocabulary of ZooKeeper: what a client library says to a server, and what comes back.
//! Source: zookeeper.apache.org, "ZooKeeper Programmer's Guide" (data model, sessions, watches).

mod display;

use crate::ident::{NodeId, Token};
use crate::message::Message;
use crate::symmetry::{Permutation, Symmetric};

/// A session, as the server numbers it; id and password in one. A client's sessions that live at
/// the same time have different numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Session {
    /// Whose it is.
    pub client: NodeId,
    /// Which of that client's.
    pub number: u8,
}

/// A node that the server has named: a prefix that its client chose (a GUID and the session), and
/// a suffix that the server put after it. A real suffix is a count of all creations, by which recipes
/// sort. Here the server keeps the order of creation itself, and a suffix only tells nodes with the
/// same prefix apart: it comes back as soon as nobody can remember it, or waiters whose sessions end
/// again and again would count for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sequential {
    /// The suffix.
    pub suffix: u16,
    /// By which its creator finds it again.
    pub guid: Token,
    /// Under which it was created.
    pub session: Session,
}

/// The path of a node: a literal, or a literal and the sequential node below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path {
    /// Absolute, such as `/locks/n`.
    pub name: &'static str,
    /// The sequential node below it, if that is meant.
    pub child: Option<Sequential>,
}

impl Path {
    /// A literal path.
    pub const fn named(name: &'static str) -> Self {
        Path { name, child: None }
    }

    /// The path of a sequential node.
    pub const fn below(name: &'static str, child: Sequential) -> Self {
        Path { name, child: Some(child) }
    }

    /// The node above; `None` for the root.
    pub fn parent(self) -> Option<Path> {
        if self.child.is_some() {
            return Some(Path::named(self.name));
        }
        let slash = self.name.rfind('/')?;
        let above = if slash == 0 { "/" } else { &self.name[..slash] };
        (self.name != "/").then_some(Path::named(above))
    }
}

/// The mode in which a node is created.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Mode {
    /// It ends with its session.
    pub ephemeral: bool,
    /// The path names the parent; the node gets this GUID, the session and a suffix.
    pub sequential: Option<Token>,
}

impl Mode {
    /// Lives until it is deleted.
    pub const PERSISTENT: Mode = Mode { ephemeral: false, sequential: None };
    /// Ends with its session.
    pub const EPHEMERAL: Mode = Mode { ephemeral: true, sequential: None };
}

/// What is answered only after all that was committed before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ordered {
    /// `create`.
    Create,
    /// `delete`.
    Delete,
    /// `setData`.
    SetData,
    /// `sync`, though it writes nothing.
    Sync,
}

/// What a client sends. All but `Connect` belong to the session that the connection serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Request {
    /// The handshake of a connection: a new session, or one to be resumed.
    Connect(Option<Session>),
    /// The same of a client that has had no answer to this on its last connection. A real client names
    /// in each handshake the last transaction that an answer has told it of, by a number that
    /// only grows; where one thing is asked at a time, this says as much.
    Reconnect(Session, Ordered),
    /// The heartbeat.
    Ping,
    /// `sync(path)`: the server that answers reads has applied all that was committed before. Of the path
    /// it makes no use.
    Sync,
    /// Ends the session at once.
    Close,
    /// `create(path, data, mode)`.
    Create {
        /// Where; the parent, if sequential.
        path: &'static str,
        /// What is in it.
        data: &'static str,
        /// For how long, and by which name.
        mode: Mode,
    },
    /// `delete(path, version)`; any version if there is none.
    Delete(Path, Option<u32>),
    /// `setData(path, data, version)`.
    SetData {
        /// Where.
        path: &'static str,
        /// What.
        data: &'static str,
        /// Only if the node has this version.
        version: Option<u32>,
    },
    /// `exists(path, watch)`: watches a missing node as well.
    Exists {
        /// Which.
        path: Path,
        /// Whether to be told once of the next change.
        watch: bool,
    },
    /// `getData(path, watch)`.
    GetData {
        /// Which.
        path: Path,
        /// Whether to be told once of the next change.
        watch: bool,
    },
    /// `getChildren(path)`, and what recipes do with the list: sort it by suffix, find the node with
    /// one's GUID and session in it, and the one before that. Done where the list is, so that a
    /// message need not hold the list; what comes of it is the same.
    GetChildren {
        /// The parent.
        path: &'static str,
        /// Whose node is looked for.
        guid: Token,
        /// Whether to be told once when a child comes or goes.
        watch: bool,
    },
}

/// What happened to a watched node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Change {
    /// `NodeCreated`.
    Created,
    /// `NodeDeleted`.
    Deleted,
    /// `NodeDataChanged`.
    DataChanged,
    /// `NodeChildrenChanged`.
    ChildrenChanged,
}

/// What a server sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reply {
    /// The connection serves this session.
    Connected(Session),
    /// The session to be resumed is over (a timeout of zero, `SessionExpired` to the user), and here
    /// is a new one. A library asks for it in a handshake of its own; since nothing could come
    /// between that mattered to anybody, the two are one.
    Renewed(Session),
    /// The session that the connection served has expired; said unasked. A server closes the connection
    /// without a word, the library connects again at once and is told: three steps in one. Whoever
    /// is disconnected meanwhile learns it in its next handshake.
    Expired,
    /// The session is served on another connection now, so this one is closed. Nothing but a
    /// handshake is answered on it any more.
    Closed,
    /// The answer to a heartbeat.
    Pong,
    /// What is read from now on is not older than the question.
    Synced,
    /// The session has ended as its client wished.
    SessionClosed,
    /// Created, under this path.
    Created(Path),
    /// Deleted.
    Deleted,
    /// The node exists, or its data is set; its version.
    Stat {
        /// How often its data has been set.
        version: u32,
    },
    /// The node's data.
    Data {
        /// What is in it.
        data: &'static str,
        /// How often it has been set.
        version: u32,
    },
    /// What the sorted list of children shows.
    Children {
        /// The node that was looked for.
        own: Option<Sequential>,
        /// The node just before it.
        before: Option<Sequential>,
        /// If it is the first: the how many-th of the nodes that were, which orders them as their
        /// real suffixes would (and as their `czxid`).
        rank: u32,
    },
    /// `NodeExists`.
    NodeExists,
    /// `NoNode`: the node, or the parent of a node to be created, does not exist.
    NoNode,
    /// `BadVersion`.
    BadVersion,
    /// `NotEmpty`: a node with children is not deleted.
    NotEmpty,
    /// `NoChildrenForEphemerals`.
    NoChildrenForEphemerals,
    /// A watch has fired. Nobody asked, so this is the answer to nothing.
    Watched(Path, Change),
}

impl From<Request> for Message {
    fn from(request: Request) -> Self {
        Message::Tree(request)
    }
}

impl From<Reply> for Message {
    fn from(reply: Reply) -> Self {
        Message::TreeReply(reply)
    }
}

impl Request {
    /// Whether, and as what, it is answered in order with all that is committed.
    pub fn ordered(self) -> Option<Ordered> {
        match self {
            Request::Create { .. } => Some(Ordered::Create),
            Request::Delete(..) => Some(Ordered::Delete),
            Request::SetData { .. } => Some(Ordered::SetData),
            Request::Sync => Some(Ordered::Sync),
            _ => None,
        }
    }
}

impl Symmetric for Session {
    fn permute(&mut self, permutation: &Permutation) {
        self.client.permute(permutation);
    }
}

impl Symmetric for Sequential {
    fn permute(&mut self, permutation: &Permutation) {
        self.guid.permute(permutation);
        self.session.permute(permutation);
    }
}

impl Symmetric for Path {
    fn permute(&mut self, permutation: &Permutation) {
        self.child.permute(permutation);
    }
}

impl Symmetric for Request {
    fn permute(&mut self, permutation: &Permutation) {
        match self {
            Request::Connect(session) => session.permute(permutation),
            Request::Reconnect(session, _) => session.permute(permutation),
            Request::Create { mode, .. } => mode.sequential.permute(permutation),
            Request::Delete(path, _)
            | Request::Exists { path, .. }
            | Request::GetData { path, .. } => path.permute(permutation),
            Request::GetChildren { guid, .. } => guid.permute(permutation),
            Request::Ping | Request::Sync | Request::Close | Request::SetData { .. } => {}
        }
    }
}

impl Symmetric for Reply {
    fn permute(&mut self, permutation: &Permutation) {
        match self {
            Reply::Connected(session) | Reply::Renewed(session) => session.permute(permutation),
            Reply::Created(path) | Reply::Watched(path, _) => path.permute(permutation),
            Reply::Children { own, before, .. } => {
                own.permute(permutation);
                before.permute(permutation);
            }
            _ => {}
        }
    }
}
