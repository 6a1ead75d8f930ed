//! ZooKeeper: sessions that the server ends, ephemeral and sequential nodes, one-shot watches.
//!
//! Sources: zookeeper.apache.org, "ZooKeeper Programmer's Guide" (sections on sessions, watches,
//! ephemeral nodes, sequence nodes and version numbers) and "ZooKeeper Internals" (the leader
//! decides when a session expires; what is acknowledged is in the log of a majority, so a restart
//! loses nothing and a failover has nothing to lose). One process stands for the ensemble. Reads
//! are answered from the newest state, or, if servers lag behind their leader (`Settings::lag`),
//! from what the session's server has applied (`view`). That a session is over its server knows at
//! once, though it learns of it like of any change; what others see of it is late.

mod following;
mod sessions;
mod settings;
mod transaction;
mod view;
mod watches;
mod znodes;

use std::borrow::Cow;

use contend_model::history::Fact;
use contend_model::ident::{NodeId, Peer};
use contend_model::message::Message;
use contend_model::message::tree::{Ordered, Path, Reply, Request, Sequential, Session};
use contend_model::process::{Effects, Event, Process};
use contend_model::symmetry::{Permutation, Symmetric};
use contend_model::timer::Timer;

use sessions::Sessions;
pub use settings::{Guard, Settings};
use transaction::Transaction;
use view::Views;
use watches::{Kind, Watches};
pub use znodes::{Znode, Znodes};

/// The server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Tree {
    settings: Settings,
    nodes: Znodes,
    sessions: Sessions,
    watches: Watches,
    /// What sessions are shown that are not shown the newest state.
    views: Views,
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
            views: Views::default(),
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
        let handshake = match request {
            Request::Connect(wanted) => Some((wanted, None)),
            Request::Reconnect(session, unheard) => Some((Some(session), Some(unheard))),
            _ => None,
        };
        if let Some((wanted, unheard)) = handshake {
            let reply = self.connect(peer, wanted, unheard, out);
            out.reply(peer, reply);
            return;
        }
        // What arrives on a connection that serves no session is not heard, as if it were closed.
        let Some(session) = self.session_on(peer) else { return };
        self.views.heard(session);
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

    fn connect(
        &mut self,
        peer: Peer,
        wanted: Option<Session>,
        unheard: Option<Ordered>,
        out: &mut Effects,
    ) -> Reply {
        self.detach(peer);
        // Whether it was resumed must be known before a new one is opened, which may get its number.
        let resumed = wanted.filter(|&session| self.sessions.lives(session));
        let session = resumed.unwrap_or_else(|| self.sessions.open(peer.node));
        self.move_view(session, unheard, out);
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
            Request::Connect(_) | Request::Reconnect(..) | Request::Ping => Reply::Pong,
            Request::Sync => {
                if self.has(Guard::SyncCatchesUp) {
                    self.catch_up(session, Ordered::Sync, out);
                }
                Reply::Synced
            }
            Request::Close => self.close(peer, session, out),
            Request::Create { .. } | Request::Delete(..) | Request::SetData { .. } => {
                let before = self.shown_before();
                let ordered =
                    request.ordered().expect("what changes something has a place in the order");
                let (transaction, reply) = match self.write(session, request, out) {
                    Ok((transaction, reply)) => (Some(transaction), reply),
                    Err(refusal) => (None, refusal),
                };
                if let Some(transaction) = transaction {
                    self.commit(before, &transaction, out);
                }
                if self.has(Guard::OwnWritesShow) {
                    self.catch_up(session, ordered, out);
                }
                reply
            }
            Request::Exists { .. } | Request::GetData { .. } | Request::GetChildren { .. } => {
                self.read(peer, session, request)
            }
        }
    }

    /// The leader decides what becomes of a write.
    fn write(
        &mut self,
        session: Session,
        request: Request,
        out: &mut Effects,
    ) -> Result<(Transaction, Reply), Reply> {
        match request {
            Request::Create { path, data, mode } => {
                let path = match mode.sequential {
                    None => Path::named(path),
                    Some(guid) => {
                        let shown = |suffix| self.views.know(path, suffix);
                        let suffix = self.nodes.free_suffix(path, shown);
                        Path::below(path, Sequential { suffix, guid, session })
                    }
                };
                let ends_with = mode.ephemeral.then_some(session);
                let exclusive = self.has(Guard::CreateIsExclusive);
                let counts = self.has(Guard::SequenceCounts);
                self.nodes.create(path, data, ends_with, session.client, exclusive, counts)?;
                Ok((Transaction::Create(path, data), Reply::Created(path)))
            }
            Request::Delete(path, version) => {
                let creator = self.nodes.delete(path, version)?;
                note_disposal(session, creator, out);
                Ok((Transaction::Delete(vec![path]), Reply::Deleted))
            }
            Request::SetData { path, data, version } => {
                let path = Path::named(path);
                let (version, before) = self.nodes.set(path, data, version, session.client)?;
                note_disposal(session, before, out);
                Ok((Transaction::SetData(path, data, version), Reply::Stat { version }))
            }
            _ => unreachable!("{request} changes nothing"),
        }
    }

    /// The session's server answers from what it has applied.
    fn read(&mut self, peer: Peer, session: Session, request: Request) -> Reply {
        let nodes = match self.views.shown(session) {
            Some(shown) => Cow::Owned(shown),
            None => Cow::Borrowed(&self.nodes),
        };
        match request {
            Request::Exists { path, watch } => {
                if watch {
                    self.watches.set(peer, path, Kind::Data);
                }
                let node = nodes.get(path);
                node.map_or(Reply::NoNode, |node| Reply::Stat { version: node.version })
            }
            Request::GetData { path, watch } => {
                let Some(&Znode { data, version, .. }) = nodes.get(path) else {
                    return Reply::NoNode;
                };
                if watch {
                    self.watches.set(peer, path, Kind::Data);
                }
                Reply::Data { data, version }
            }
            Request::GetChildren { path, guid, watch } => {
                if nodes.get(Path::named(path)).is_none() {
                    return Reply::NoNode;
                }
                if watch {
                    self.watches.set(peer, Path::named(path), Kind::Children);
                }
                let (own, before) = nodes.find(path, guid, session);
                let rank = own.map_or(0, |own| self.nodes.note_told(path, own, before));
                Reply::Children { own, before, rank }
            }
            _ => unreachable!("{request} is no question"),
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
        if self.views.lags(session) {
            out.disarm(following::lag_of(session));
        }
        self.views.remove(session);
        if !self.has(Guard::EphemeralsEnd) {
            return;
        }
        let before = self.shown_before();
        let gone = self.nodes.end(session);
        if by_request {
            gone.iter().for_each(|&(_, creator)| note_disposal(session, creator, out));
        }
        if !gone.is_empty() {
            let paths = gone.into_iter().map(|(path, _)| path).collect();
            self.commit(before, &Transaction::Delete(paths), out);
        }
    }

    /// After a restart every session has its whole timeout again, and servers go on to catch up.
    fn resume(&mut self, out: &mut Effects) {
        self.down = false;
        let sessions: Vec<Session> = self.sessions.iter().collect();
        sessions.into_iter().for_each(|session| self.touch(session, out));
        self.views.lagging().for_each(|session| self.await_lag(session, out));
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
            Event::Fire(Timer::ReplicateTo(client, number)) => {
                self.replicate(Session { client, number }, out);
            }
            // The session goes on, but nothing is told on a connection that is gone: the next one
            // may well have its number.
            Event::Disconnected(peer) => self.detach(peer),
            _ => {}
        }
    }

    /// Its client sends heartbeats on the connection that serves it.
    fn keeps_alive(&self, timer: Timer) -> bool {
        let Timer::DeadlineOf(client, number) = timer else { return false };
        self.sessions.peer(Session { client, number }).is_some()
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
        self.views.permute(permutation);
        true
    }
}
