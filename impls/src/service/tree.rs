//! ZooKeeper: sessions that the server ends, ephemeral and sequential nodes, one-shot watches.
//!
//! Sources: zookeeper.apache.org, "ZooKeeper Programmer's Guide" (sections on sessions, watches,
//! ephemeral nodes, sequence nodes and version numbers) and "ZooKeeper Internals" (the leader
//! decides when a session expires; what is acknowledged is in the log of a majority, so a restart
//! loses nothing and a failover has nothing to lose). One process stands for the ensemble. Reads
//! are answered from the newest state: a lagging follower is not modelled.

mod sessions;
mod watches;
mod znodes;

use contend_model::history::Fact;
use contend_model::ident::{NodeId, Peer};
use contend_model::message::Message;
use contend_model::message::tree::{Change, Path, Reply, Request, Session};
use contend_model::process::{Effects, Event, Process};
use contend_model::symmetry::{Permutation, Symmetric};
use contend_model::time::Span;
use contend_model::timer::Timer;

use sessions::Sessions;
use watches::{Kind, Watches};
pub use znodes::{Znode, Znodes};

/// A check that the server makes. Tests take one away to see whether the suite notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Guard {
    /// A node is created only where there is none.
    CreateIsExclusive,
    /// A sequential node comes after those that were created before it.
    SequenceCounts,
    /// A session that is silent for its timeout ends.
    SessionsExpire,
    /// Ephemeral nodes end with their session.
    EphemeralsEnd,
    /// Every sign of life of a session puts its end off.
    HeartbeatsCount,
    /// Watches fire.
    WatchesFire,
    /// A session that moves to another connection is served on that one alone.
    SessionsMove,
    /// What was acknowledged survives a crash.
    SyncsBeforeReply,
}

/// How a server is set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// After how long a silence a session ends.
    pub session_timeout: Span,
    /// The nodes that exist from the start.
    pub roots: &'static [&'static str],
    /// The check that this server has forgotten.
    pub lacks: Option<Guard>,
}

/// Settings are the same in all states of a world.
impl std::hash::Hash for Settings {
    fn hash<H: std::hash::Hasher>(&self, _: &mut H) {}
}

/// The server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Tree {
    settings: Settings,
    nodes: Znodes,
    sessions: Sessions,
    watches: Watches,
    /// It has crashed and does not run yet: nobody decides that a session is over.
    down: bool,
}

impl Tree {
    /// A server that nobody has connected to yet.
    pub fn new(settings: Settings) -> Self {
        Tree {
            nodes: Znodes::with(settings.roots),
            sessions: Sessions::default(),
            watches: Watches::default(),
            down: false,
            settings,
        }
    }

    /// The nodes as clients see them.
    pub fn nodes(&self) -> &Znodes {
        &self.nodes
    }

    fn has(&self, guard: Guard) -> bool {
        self.settings.lacks != Some(guard)
    }

    fn serve(&mut self, peer: Peer, request: Request, out: &mut Effects) {
        if let Request::Connect(wanted) = request {
            let reply = self.connect(peer, wanted, out);
            out.reply(peer, reply);
            return;
        }
        // What arrives on a connection that serves no session is not heard, as if it were closed.
        let Some(session) = self.session_on(peer) else { return };
        let owned = self.sessions.runs(session);
        let reply = self.execute(peer, session, request, out);
        if self.has(Guard::HeartbeatsCount) || !owned {
            self.touch(session, out);
        }
        out.reply(peer, reply);
    }

    fn session_on(&self, peer: Peer) -> Option<Session> {
        let served = self.sessions.on(peer);
        if self.has(Guard::SessionsMove) {
            return served;
        }
        served.or_else(|| self.sessions.any_of(peer.node))
    }

    fn connect(&mut self, peer: Peer, wanted: Option<Session>, out: &mut Effects) -> Reply {
        self.detach(peer);
        // Whether it was resumed must be known before a new one is opened, which may get its number.
        let resumed = wanted.filter(|&session| self.sessions.lives(session));
        let session = resumed.unwrap_or_else(|| self.sessions.open(peer.node));
        if let Some(old) = self.sessions.attach(session, peer) {
            self.watches.forget(old);
            out.reply(old, Reply::Closed);
        }
        self.touch(session, out);
        if wanted.is_some() && resumed.is_none() {
            return Reply::Renewed(session);
        }
        Reply::Connected(session)
    }

    /// The session's timeout starts anew. It runs only while the session owns or watches something:
    /// the end of any other session changes nothing, and it may be put off until there is something
    /// to end.
    fn touch(&mut self, session: Session, out: &mut Effects) {
        if !self.sessions.lives(session) {
            return;
        }
        let watches = self.sessions.peer(session).is_some_and(|peer| self.watches.any_of(peer));
        if watches || self.nodes.any_of(session) {
            self.sessions.set_runs(session, true);
            out.arm(end_of(session), self.settings.session_timeout);
        } else if self.sessions.runs(session) {
            self.sessions.set_runs(session, false);
            out.disarm(end_of(session));
        }
    }

    /// The connection is gone; its session goes on.
    fn detach(&mut self, peer: Peer) {
        self.sessions.detach(peer);
        self.watches.forget(peer);
    }

    fn execute(
        &mut self,
        peer: Peer,
        session: Session,
        request: Request,
        out: &mut Effects,
    ) -> Reply {
        match request {
            Request::Connect(_) | Request::Ping => Reply::Pong,
            Request::Close => self.close(peer, session, out),
            Request::Create { path, data, mode } => {
                let exclusive = self.has(Guard::CreateIsExclusive);
                let counts = self.has(Guard::SequenceCounts);
                match self.nodes.create(path, data, mode, session, exclusive, counts) {
                    Ok(created) => {
                        self.changed(created, Change::Created, out);
                        Reply::Created(created)
                    }
                    Err(refusal) => refusal,
                }
            }
            Request::Delete(path, version) => match self.nodes.delete(path, version) {
                Ok(creator) => {
                    note_disposal(session, creator, out);
                    self.changed(path, Change::Deleted, out);
                    Reply::Deleted
                }
                Err(refusal) => refusal,
            },
            Request::SetData { path, data, version } => {
                let path = Path::named(path);
                match self.nodes.set(path, data, version, session.client) {
                    Ok((version, before)) => {
                        note_disposal(session, before, out);
                        self.changed(path, Change::DataChanged, out);
                        Reply::Stat { version }
                    }
                    Err(refusal) => refusal,
                }
            }
            Request::Exists { path, watch } => {
                if watch {
                    self.watches.set(peer, path, Kind::Data);
                }
                let node = self.nodes.get(path);
                node.map_or(Reply::NoNode, |node| Reply::Stat { version: node.version })
            }
            Request::GetData { path, watch } => {
                let Some(&Znode { data, version, .. }) = self.nodes.get(path) else {
                    return Reply::NoNode;
                };
                if watch {
                    self.watches.set(peer, path, Kind::Data);
                }
                Reply::Data { data, version }
            }
            Request::GetChildren { path, guid, watch } => {
                if self.nodes.get(Path::named(path)).is_none() {
                    return Reply::NoNode;
                }
                if watch {
                    self.watches.set(peer, Path::named(path), Kind::Children);
                }
                let (own, before, rank) = self.nodes.find(path, guid, session);
                Reply::Children { own, before, rank }
            }
        }
    }

    /// Tells those who watch, before anybody hears of the change in any other way.
    fn changed(&mut self, path: Path, change: Change, out: &mut Effects) {
        for (peer, path, change) in self.watches.fire(path, change) {
            if self.has(Guard::WatchesFire) {
                out.reply(peer, Reply::Watched(path, change));
            }
        }
    }

    fn close(&mut self, peer: Peer, session: Session, out: &mut Effects) -> Reply {
        self.watches.forget(peer);
        out.disarm(end_of(session));
        self.end(session, true, out);
        Reply::SessionClosed
    }

    /// The leader decides that the session has been silent for too long.
    fn expire(&mut self, session: Session, out: &mut Effects) {
        if self.down || !self.has(Guard::SessionsExpire) || !self.sessions.lives(session) {
            return;
        }
        let peer = self.sessions.peer(session);
        if let Some(peer) = peer {
            self.watches.forget(peer);
        }
        self.end(session, false, out);
        if let Some(peer) = peer {
            out.reply(peer, Reply::Expired);
        }
    }

    /// All ephemeral nodes of the session end with it, at one moment.
    fn end(&mut self, session: Session, by_request: bool, out: &mut Effects) {
        self.sessions.remove(session);
        if !self.has(Guard::EphemeralsEnd) {
            return;
        }
        for (path, creator) in self.nodes.end(session) {
            if by_request {
                note_disposal(session, creator, out);
            }
            self.changed(path, Change::Deleted, out);
        }
    }

    /// After a restart every session has its whole timeout again.
    fn resume(&mut self, out: &mut Effects) {
        self.down = false;
        let sessions: Vec<Session> = self.sessions.iter().collect();
        sessions.into_iter().for_each(|session| self.touch(session, out));
    }
}

/// The timer that ends the session.
fn end_of(session: Session) -> Timer {
    Timer::DeadlineOf(session.client, session.number)
}

/// Whoever set the node last held by it, if anybody did.
fn note_disposal(session: Session, of: Option<NodeId>, out: &mut Effects) {
    if let Some(of) = of {
        out.note(Fact::Disposed { by: session.client, of });
    }
}

impl Process for Tree {
    fn step(&mut self, event: Event, out: &mut Effects) {
        match event {
            Event::Start { .. } => self.resume(out),
            Event::Deliver { from, message: Message::Tree(request) } => {
                self.serve(from, request, out);
            }
            Event::Fire(Timer::DeadlineOf(client, number)) => {
                self.expire(Session { client, number }, out);
            }
            // The session goes on, but nothing is told on a connection that is gone: the next one
            // may well have its number.
            Event::Disconnected(peer) => self.detach(peer),
            _ => {}
        }
    }

    fn crashed(&self) -> Self {
        if !self.has(Guard::SyncsBeforeReply) {
            return Tree { down: true, ..Tree::new(self.settings) };
        }
        let mut sessions = self.sessions.clone();
        sessions.detach_all();
        Tree { sessions, watches: Watches::default(), down: true, ..self.clone() }
    }

    fn permute(&mut self, permutation: &Permutation) -> bool {
        self.nodes.permute(permutation);
        self.sessions.permute(permutation);
        self.watches.permute(permutation);
        true
    }
}
