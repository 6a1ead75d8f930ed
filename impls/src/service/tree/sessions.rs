//! Sessions: who has one, which connection serves it, which timer ends it.

use contend_model::ident::{NodeId, Peer};
use contend_model::message::tree::Session;
use contend_model::symmetry::{Permutation, Symmetric};

/// A session that lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Record {
    session: Session,
    /// The connection that serves it, unless its client is away.
    peer: Option<Peer>,
    /// Whether the timer that ends it runs.
    runs: bool,
}

/// The sessions that live, in the order of their names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Sessions {
    records: Vec<Record>,
}

impl Sessions {
    /// All that live.
    pub fn iter(&self) -> impl Iterator<Item = Session> {
        self.records.iter().map(|record| record.session)
    }

    /// Whether it lives.
    pub fn lives(&self, session: Session) -> bool {
        self.iter().any(|other| other == session)
    }

    /// The session that this connection serves.
    pub fn on(&self, peer: Peer) -> Option<Session> {
        self.find(|record| record.peer == Some(peer)).map(|record| record.session)
    }

    /// Some session of this client.
    pub fn any_of(&self, client: NodeId) -> Option<Session> {
        self.find(|record| record.session.client == client).map(|record| record.session)
    }

    /// The connection that serves the session.
    pub fn peer(&self, session: Session) -> Option<Peer> {
        self.find(|record| record.session == session).and_then(|record| record.peer)
    }

    /// Whether the session's timer runs.
    pub fn runs(&self, session: Session) -> bool {
        self.find(|record| record.session == session).is_some_and(|record| record.runs)
    }

    /// Notes whether the session's timer runs.
    pub fn set_runs(&mut self, session: Session, runs: bool) {
        let record = self.records.iter_mut().find(|record| record.session == session);
        if let Some(record) = record {
            record.runs = runs;
        }
    }

    /// A new session. Its number is the lowest that no living session of the client has: a server
    /// that runs for ever never gives one twice, but who remembers a session that is over learns
    /// so before it has another.
    pub fn open(&mut self, client: NodeId) -> Session {
        let number = (0..=u8::MAX)
            .find(|&number| !self.lives(Session { client, number }))
            .expect("a client has at most 256 sessions at once");
        let session = Session { client, number };
        self.records.push(Record { session, peer: None, runs: false });
        self.records.sort_unstable();
        session
    }

    /// Lets the connection serve the session; gives the connection that did before.
    pub fn attach(&mut self, session: Session, peer: Peer) -> Option<Peer> {
        let record = self.records.iter_mut().find(|record| record.session == session)?;
        record.peer.replace(peer).filter(|&old| old != peer)
    }

    /// The connection serves no session any more.
    pub fn detach(&mut self, peer: Peer) {
        for record in &mut self.records {
            record.peer = record.peer.filter(|&other| other != peer);
        }
    }

    /// No connection serves any session.
    pub fn detach_all(&mut self) {
        for record in &mut self.records {
            record.peer = None;
        }
    }

    /// The session is over.
    pub fn remove(&mut self, session: Session) {
        self.records.retain(|record| record.session != session);
    }

    fn find(&self, test: impl Fn(&Record) -> bool) -> Option<&Record> {
        self.records.iter().find(|record| test(record))
    }
}

impl Symmetric for Sessions {
    fn permute(&mut self, permutation: &Permutation) {
        for record in &mut self.records {
            record.session.permute(permutation);
            record.peer.permute(permutation);
        }
        self.records.sort_unstable();
    }
}
