//! A ZooKeeper client library's handle: it keeps a session, connects when there is something to
//! ask, reconnects, and sends heartbeats. What it tells its user is what a real one tells: an
//! answer, a connection loss (nobody knows whether the request took effect), the end of the session.
//!
//! Source: "ZooKeeper Programmer's Guide", section "ZooKeeper Sessions". After the end of a session
//! it opens a new one by itself and sends there what was waiting, as kazoo does; the Java library
//! would fail every request until its user makes a new handle. Heartbeats are sent after
//! a third of the timeout, as the real library does, and only while the user wants the session to
//! live; who owns nothing lets it end.
//!
//! Where servers lag behind, a handshake also says what the client has seen (`ConnectRequest`, lastZxidSeen),
//! so that no server shows it less.

use contend_model::algorithm::Timing;
use contend_model::ident::BACKEND;
use contend_model::message::Message;
use contend_model::message::tree::{Change, Ordered, Path, Reply, Request, Session};
use contend_model::process::{Effects, Event};
use contend_model::symmetry::{Permutation, Symmetric};
use contend_model::time::Range;
use contend_model::timer::Timer;

/// What the user hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// Nothing that concerns the user.
    Nothing,
    /// The request has this answer.
    Answer(Reply),
    /// `ConnectionLoss`: the request may have taken effect or not. On this connection it never will
    /// once the session has been resumed on another.
    ConnectionLoss,
    /// `SessionExpired`: its ephemeral nodes are gone, and a request that was under way never took
    /// effect. What was waiting for a connection is asked in a new session instead, and the user
    /// hears nothing.
    Expired,
    /// `Disconnected`, while no request was under way; the session may live.
    Disconnected,
    /// Connected again in the same session, while no request was waiting. All watches are gone.
    Reconnected,
    /// A watch has fired.
    Watched(Path, Change),
}

/// What the handle waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Link {
    /// Nothing: there is no connection.
    Closed,
    /// A pause before it connects again.
    Pausing,
    /// The answer to its handshake.
    Connecting,
    /// Nothing: connected.
    Idle,
    /// The answer to a heartbeat.
    Pinging,
    /// The answer to the user's request.
    Asking,
}

/// A handle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handle {
    timing: Timing,
    session: Option<Session>,
    link: Link,
    /// What the user asks as soon as that is possible.
    queued: Option<Request>,
    /// The user wants the session to live.
    kept: bool,
    /// The servers lag behind, so a handshake says what the client has seen.
    followers: bool,
    /// What has had no answer, if servers that lag behind need to know.
    unheard: Option<Ordered>,
}

impl std::hash::Hash for Handle {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        (self.session, self.link, self.queued, self.kept, self.unheard).hash(state);
    }
}

impl Handle {
    /// A handle that has not connected yet.
    pub fn new(timing: Timing) -> Self {
        Handle {
            timing,
            session: None,
            link: Link::Closed,
            queued: None,
            kept: false,
            followers: false,
            unheard: None,
        }
    }

    /// The same for servers that lag behind.
    pub fn to_followers(timing: Timing) -> Self {
        Handle { followers: true, ..Handle::new(timing) }
    }

    /// A handle of the next life: the session before is forgotten, and lives on until it is silent
    /// for too long.
    pub fn afresh(&self) -> Self {
        Handle { followers: self.followers, ..Handle::new(self.timing) }
    }

    /// Forgets the session while this life goes on, as if the handle had never connected.
    pub fn abandon(&mut self, out: &mut Effects) {
        out.disarm(Timer::Renew);
        out.disarm(Timer::Poll);
        *self = self.afresh();
    }

    /// Asks, once connected.
    pub fn ask(&mut self, request: Request, out: &mut Effects) {
        match self.link {
            Link::Idle => self.send(request, out),
            Link::Closed => {
                self.queued = Some(request);
                self.connect(out);
            }
            Link::Pausing | Link::Connecting | Link::Pinging => self.queued = Some(request),
            Link::Asking => panic!("a request is under way already"),
        }
    }

    /// Connects again, if there is no connection, to learn what has become of the session.
    pub fn resume(&mut self, out: &mut Effects) {
        if self.link == Link::Closed {
            self.connect(out);
        }
    }

    /// Says whether the session is to be kept alive between requests.
    pub fn keep(&mut self, kept: bool, out: &mut Effects) {
        self.kept = kept;
        match (kept, self.link) {
            (true, Link::Idle) => self.rest(out),
            (false, Link::Idle) => out.disarm(Timer::Renew),
            (false, Link::Pausing) if self.queued.is_none() => {
                out.disarm(Timer::Poll);
                self.link = Link::Closed;
            }
            _ => {}
        }
    }

    /// Lets the handle react to an event, and says what it means to the user.
    pub fn hear(&mut self, event: Event, out: &mut Effects) -> Heard {
        match event {
            Event::Deliver { message: Message::TreeReply(reply), .. } => self.hears(reply, out),
            Event::Disconnected(_) => self.disconnected(out),
            Event::Fire(Timer::Renew) if self.link == Link::Idle && self.kept => {
                out.call(BACKEND, Request::Ping);
                self.link = Link::Pinging;
                Heard::Nothing
            }
            Event::Fire(Timer::Poll) if self.link == Link::Pausing => {
                self.link = Link::Closed;
                if self.kept || self.queued.is_some() {
                    self.connect(out);
                }
                Heard::Nothing
            }
            _ => Heard::Nothing,
        }
    }

    fn hears(&mut self, reply: Reply, out: &mut Effects) -> Heard {
        match (reply, self.link) {
            (Reply::Watched(path, change), _) => Heard::Watched(path, change),
            (Reply::Closed, _) => {
                out.hang_up(BACKEND);
                match self.link {
                    // The answer to the handshake was lost.
                    Link::Connecting => self.disconnected(out),
                    _ => self.cut(out),
                }
            }
            (Reply::Expired, Link::Connecting | Link::Closed | Link::Pausing) => Heard::Nothing,
            (Reply::Expired, _) => self.expired(out),
            (Reply::Connected(session), Link::Connecting) => {
                let resumed = self.session.replace(session).is_some();
                self.unheard = None;
                let waited = self.queued.is_some();
                self.rest(out);
                if resumed && !waited { Heard::Reconnected } else { Heard::Nothing }
            }
            (Reply::Renewed(session), Link::Connecting) => {
                self.session = Some(session);
                self.unheard = None;
                let waited = self.queued.is_some();
                self.rest(out);
                if waited { Heard::Nothing } else { Heard::Expired }
            }
            (Reply::Pong, Link::Pinging) => {
                self.rest(out);
                Heard::Nothing
            }
            (reply, Link::Asking) => {
                self.unheard = None;
                if reply == Reply::SessionClosed {
                    self.session = None;
                    self.link = Link::Closed;
                } else {
                    self.rest(out);
                }
                Heard::Answer(reply)
            }
            _ => Heard::Nothing,
        }
    }

    /// Nothing is under way on the connection: what is queued can be asked.
    fn rest(&mut self, out: &mut Effects) {
        self.link = Link::Idle;
        if let Some(request) = self.queued.take() {
            self.send(request, out);
        } else if self.kept {
            out.arm(Timer::Renew, self.timing.lease.divided_by(3));
        }
    }

    fn send(&mut self, request: Request, out: &mut Effects) {
        out.disarm(Timer::Renew);
        out.call(BACKEND, request);
        self.link = Link::Asking;
        self.unheard = request.ordered().filter(|_| self.followers);
    }

    fn connect(&mut self, out: &mut Effects) {
        out.call(
            BACKEND,
            match (self.session, self.unheard) {
                (Some(session), Some(unheard)) => Request::Reconnect(session, unheard),
                (session, _) => Request::Connect(session),
            },
        );
        self.link = Link::Connecting;
    }

    /// The connection is lost. A session that is to be kept is resumed on another at once.
    fn disconnected(&mut self, out: &mut Effects) -> Heard {
        let before = self.link;
        let heard = self.cut(out);
        if before == Link::Connecting {
            // The server is not there; it is asked again after a while.
            out.arm(Timer::Poll, Range::exactly(self.timing.retry.most));
            self.link = Link::Pausing;
        } else if self.link == Link::Closed && self.kept {
            self.connect(out);
        }
        heard
    }

    fn expired(&mut self, out: &mut Effects) -> Heard {
        self.session = None;
        self.unheard = None;
        self.link = Link::Closed;
        out.disarm(Timer::Renew);
        if self.queued.is_some() {
            self.connect(out);
            return Heard::Nothing;
        }
        Heard::Expired
    }

    fn cut(&mut self, out: &mut Effects) -> Heard {
        let before = std::mem::replace(&mut self.link, Link::Closed);
        out.disarm(Timer::Renew);
        match before {
            Link::Closed | Link::Pausing => {
                self.link = before;
                Heard::Nothing
            }
            Link::Asking => Heard::ConnectionLoss,
            // The request that waits for the connection fails with it.
            Link::Connecting if self.queued.take().is_some() => Heard::ConnectionLoss,
            Link::Connecting => Heard::Nothing,
            Link::Pinging if self.queued.is_some() => {
                self.connect(out);
                Heard::Nothing
            }
            Link::Idle | Link::Pinging => Heard::Disconnected,
        }
    }
}

impl Symmetric for Handle {
    fn permute(&mut self, permutation: &Permutation) {
        self.session.permute(permutation);
        self.queued.permute(permutation);
    }
}
