//! A reference for the model of ZooKeeper that is too simple to be wrong: all states that the tree has ever
//! been in, one after the other; of every session a place in that list, from which it reads; and the time,
//! as a plain number. Which numbers sessions and sequential nodes get is the server's to say. A long file, since
//! it is one reference.

use std::collections::{BTreeMap, BTreeSet};

use contend_model::ident::Peer;
use contend_model::message::tree::{Change, Ordered, Path, Reply, Request, Sequential, Session};

pub const TIMEOUT: u32 = 12;
pub const LAG: u32 = 5;
/// How many transactions a server may lag behind.
const BEHIND: usize = 2;

/// A node; `born` orders nodes by their creation, and tells one from another that has its path later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Node {
    pub born: u32,
    pub data: &'static str,
    pub version: u32,
    pub ends_with: Option<Session>,
}

type State = BTreeMap<Path, Node>;

/// What a transaction has done, and the state that it has led to.
struct Entry {
    changes: Vec<(Path, Change)>,
    state: State,
}

/// A session that lives. Its places count entries of the history.
struct Live {
    peer: Option<Peer>,
    /// When it ends; nothing ends a session that had nothing to lose when it was last heard of.
    ends: Option<u32>,
    /// What its server has applied.
    applied: usize,
    /// When its server applies one entry more, if it lags.
    next: Option<u32>,
    /// What every server has applied that might take it over.
    floor: usize,
    /// What its client was told of by an answer that it has perhaps not heard, and what that was to.
    told: Option<(usize, Ordered)>,
}

/// What goes out to whom.
pub type Answers = Vec<(Peer, Reply)>;

/// A watch: the children of a node, or the node itself.
type Watch = (Peer, Path, bool);

pub struct Reference {
    /// Whether servers lag.
    lags: bool,
    now: u32,
    births: u32,
    history: Vec<Entry>,
    sessions: BTreeMap<Session, Live>,
    watches: BTreeSet<Watch>,
    /// The how many-th each node was to be first below its parent when its creator looked; and how many
    /// have been, by parent. Nodes by their births.
    ranks: BTreeMap<u32, u32>,
    firsts: BTreeMap<u32, u32>,
    /// What the creator of each node was last told to be just before it.
    told_before: BTreeMap<u32, Path>,
}

impl Reference {
    pub fn new(roots: &[&'static str], lags: bool) -> Self {
        let root = |born| Node { born, data: "", version: 0, ends_with: None };
        let state: State =
            roots.iter().zip(1..).map(|(&name, born)| (Path::named(name), root(born))).collect();
        Reference {
            lags,
            now: 0,
            births: roots.len() as u32,
            history: vec![Entry { changes: Vec::new(), state }],
            sessions: BTreeMap::new(),
            watches: BTreeSet::new(),
            ranks: BTreeMap::new(),
            firsts: BTreeMap::new(),
            told_before: BTreeMap::new(),
        }
    }

    /// The newest state.
    pub fn newest(&self) -> &State {
        &self.history[self.end()].state
    }

    fn end(&self) -> usize {
        self.history.len() - 1
    }

    pub fn lives(&self, session: Session) -> bool {
        self.sessions.contains_key(&session)
    }

    /// Whether some session is shown this path, or will be, or waits for it.
    pub fn is_known(&self, path: Path) -> bool {
        let floors = self.sessions.values().map(|live| live.floor);
        let oldest = floors.min().unwrap_or(self.end());
        let is_shown = self.history[oldest..].iter().any(|entry| entry.state.contains_key(&path));
        let waits = |node: &Node| self.told_before.get(&node.born) == Some(&path);
        is_shown || self.newest().values().any(waits)
    }

    /// The session that is served on this connection.
    pub fn on(&self, peer: Peer) -> Option<Session> {
        let served = self.sessions.iter().find(|(_, live)| live.peer == Some(peer));
        served.map(|(&session, _)| session)
    }

    /// A handshake, answered with this session.
    pub fn connected(
        &mut self,
        peer: Peer,
        session: Session,
        unheard: Option<Ordered>,
        answers: &mut Answers,
    ) {
        self.disconnected(peer);
        let end = self.end();
        let live = self.sessions.entry(session).or_insert(Live {
            peer: None,
            ends: None,
            applied: end,
            next: None,
            floor: end,
            told: None,
        });
        // What its client has heard of, the next server shows as well.
        if let Some((told, to)) = live.told
            && unheard != Some(to)
        {
            live.floor = live.floor.max(told);
        }
        live.applied = live.floor;
        live.next = (live.applied < end).then_some(live.next.unwrap_or(self.now + LAG));
        if let Some(old) = live.peer.replace(peer) {
            self.watches.retain(|&(other, ..)| other != old);
            answers.push((old, Reply::Closed));
        }
        self.is_heard_of(session);
    }

    pub fn disconnected(&mut self, peer: Peer) {
        self.watches.retain(|&(other, ..)| other != peer);
        for live in self.sessions.values_mut() {
            live.peer = live.peer.filter(|&other| other != peer);
        }
    }

    fn is_heard_of(&mut self, session: Session) {
        let Some(live) = self.sessions.get(&session) else { return };
        let watches = self.watches.iter().any(|&(peer, ..)| Some(peer) == live.peer);
        let owns = self.newest().values().any(|node| node.ends_with == Some(session));
        let ends = (watches || owns).then_some(self.now + TIMEOUT);
        self.sessions.get_mut(&session).expect("it lives").ends = ends;
    }

    /// Something is asked on the session's connection: what was answered there its client has heard.
    pub fn asks(&mut self, session: Session) {
        let live = self.sessions.get_mut(&session).expect("it lives");
        (live.floor, live.told) = (live.applied, None);
    }

    /// A request of a session that lives and asks. The path of a sequential node is the one that the server says.
    pub fn answer(&mut self, session: Session, request: Request, named: Option<Path>) -> Answers {
        let peer = self.sessions[&session].peer.expect("it is connected");
        let mut answers = Vec::new();
        let reply = match request {
            Request::Ping => Reply::Pong,
            Request::Close => {
                self.watches.retain(|&(other, ..)| other != peer);
                self.finish(session, &mut answers);
                Reply::SessionClosed
            }
            Request::Exists { .. } | Request::GetData { .. } | Request::GetChildren { .. } => {
                self.read(peer, session, request)
            }
            _ => {
                let reply = match self.write(session, request, named) {
                    Ok((entry, reply)) => {
                        self.commit(entry, &mut answers);
                        reply
                    }
                    Err(reply) => reply,
                };
                let ordered = request.ordered().expect("it is a write or a sync");
                while self.lags(session) {
                    self.apply_next(session, &mut answers);
                }
                let end = self.end();
                let live = self.sessions.get_mut(&session).expect("it lives");
                (live.next, live.told) = (None, Some((end, ordered)));
                reply
            }
        };
        self.is_heard_of(session);
        answers.push((peer, reply));
        answers
    }

    /// What a write does to the newest state; `sync` does nothing.
    fn write(
        &mut self,
        session: Session,
        request: Request,
        named: Option<Path>,
    ) -> Result<(Entry, Reply), Reply> {
        let mut state = self.newest().clone();
        let has_version =
            |node: &Node, version: Option<u32>| version.is_none_or(|v| v == node.version);
        match request {
            Request::Create { path, data, mode } => {
                let path = match mode.sequential {
                    Some(guid) => {
                        named.unwrap_or(Path::below(path, Sequential { suffix: 0, guid, session }))
                    }
                    None => Path::named(path),
                };
                if state.contains_key(&path) {
                    return Err(Reply::NodeExists);
                }
                let parent = path.parent().expect("nobody creates the root");
                if parent != Path::named("/") {
                    let parent = state.get(&parent).ok_or(Reply::NoNode)?;
                    if parent.ends_with.is_some() {
                        return Err(Reply::NoChildrenForEphemerals);
                    }
                }
                self.births += 1;
                let ends_with = mode.ephemeral.then_some(session);
                state.insert(path, Node { born: self.births, data, version: 0, ends_with });
                Ok((Entry { changes: vec![(path, Change::Created)], state }, Reply::Created(path)))
            }
            Request::SetData { path, data, version } => {
                let path = Path::named(path);
                let node = state.get_mut(&path).ok_or(Reply::NoNode)?;
                if !has_version(node, version) {
                    return Err(Reply::BadVersion);
                }
                (node.data, node.version) = (data, node.version + 1);
                let version = node.version;
                Ok((
                    Entry { changes: vec![(path, Change::DataChanged)], state },
                    Reply::Stat { version },
                ))
            }
            Request::Delete(path, version) => {
                let node = state.get(&path).ok_or(Reply::NoNode)?;
                if !has_version(node, version) {
                    return Err(Reply::BadVersion);
                }
                if state.keys().any(|other| other.parent() == Some(path)) {
                    return Err(Reply::NotEmpty);
                }
                state.remove(&path);
                Ok((Entry { changes: vec![(path, Change::Deleted)], state }, Reply::Deleted))
            }
            _ => Err(Reply::Synced),
        }
    }

    /// Answers from what the session's server has applied.
    fn read(&mut self, peer: Peer, session: Session, request: Request) -> Reply {
        let applied = self.sessions[&session].applied;
        let state = &self.history[applied].state;
        match request {
            Request::Exists { path, watch } => {
                if watch {
                    self.watches.insert((peer, path, false));
                }
                let node = state.get(&path);
                node.map_or(Reply::NoNode, |node| Reply::Stat { version: node.version })
            }
            Request::GetData { path, watch } => {
                let Some(&Node { data, version, .. }) = state.get(&path) else {
                    return Reply::NoNode;
                };
                if watch {
                    self.watches.insert((peer, path, false));
                }
                Reply::Data { data, version }
            }
            Request::GetChildren { path, guid, watch } => {
                if !state.contains_key(&Path::named(path)) {
                    return Reply::NoNode;
                }
                let mut line: Vec<(u32, Sequential)> = state
                    .iter()
                    .filter(|(other, _)| other.name == path)
                    .filter_map(|(other, node)| Some((node.born, other.child?)))
                    .collect();
                line.sort_unstable();
                if watch {
                    self.watches.insert((peer, Path::named(path), true));
                }
                let own =
                    line.iter().position(|&(_, node)| (node.guid, node.session) == (guid, session));
                let Some(place) = own else {
                    return Reply::Children { own: None, before: None, rank: 0 };
                };
                let (born, own) = line[place];
                let before = place.checked_sub(1).map(|before| line[before].1);
                let rank = self.rank(path, born, before);
                Reply::Children { own: Some(own), before, rank }
            }
            other => panic!("{other} is no question"),
        }
    }

    /// The creator of a node is told what is before it; gives the node's rank.
    fn rank(&mut self, parent: &'static str, born: u32, before: Option<Sequential>) -> u32 {
        let newest = self.newest();
        let exists = newest.values().any(|node| node.born == born);
        let Some(parent_born) = newest.get(&Path::named(parent)).map(|node| node.born) else {
            return 0;
        };
        if !exists {
            return 0;
        }
        match before {
            Some(before) => {
                self.told_before.insert(born, Path::below(parent, before));
            }
            None => {
                self.told_before.remove(&born);
                self.ranks.entry(born).or_insert_with(|| {
                    let firsts = self.firsts.entry(parent_born).or_default();
                    *firsts += 1;
                    *firsts
                });
            }
        }
        self.ranks.get(&born).copied().unwrap_or(0)
    }

    /// The history is one entry longer.
    fn commit(&mut self, entry: Entry, answers: &mut Answers) {
        self.history.push(entry);
        let sessions: Vec<Session> = self.sessions.keys().copied().collect();
        if self.lags {
            for session in sessions {
                let (due, end) = (self.now + LAG, self.end());
                let live = self.sessions.get_mut(&session).expect("it lives");
                live.next.get_or_insert(due);
                if end - live.applied > BEHIND {
                    self.apply_next(session, answers);
                    self.show_everywhere(session);
                }
            }
            return;
        }
        for session in sessions {
            self.apply_next(session, answers);
            self.show_everywhere(session);
        }
    }

    fn lags(&self, session: Session) -> bool {
        self.sessions.get(&session).is_some_and(|live| live.applied < self.end())
    }

    /// Every server that could serve the session has applied what its own has.
    fn show_everywhere(&mut self, session: Session) {
        let live = self.sessions.get_mut(&session).expect("it lives");
        live.floor = live.applied;
    }

    /// The session's server applies one entry more: whoever watches on it is told.
    fn apply_next(&mut self, session: Session, answers: &mut Answers) {
        let live = self.sessions.get_mut(&session).expect("it lives");
        live.applied += 1;
        let Some(peer) = live.peer else { return };
        for &(path, change) in &self.history[live.applied].changes {
            let comes_or_goes = change != Change::DataChanged;
            let node = self.watches.remove(&(peer, path, false));
            let gone = change == Change::Deleted && self.watches.remove(&(peer, path, true));
            if node || gone {
                answers.push((peer, Reply::Watched(path, change)));
            }
            let parent = path.parent().expect("it is not the root");
            if comes_or_goes && self.watches.remove(&(peer, parent, true)) {
                answers.push((peer, Reply::Watched(parent, Change::ChildrenChanged)));
            }
        }
    }

    /// The session is over, and its ephemeral nodes go.
    fn finish(&mut self, session: Session, answers: &mut Answers) {
        self.sessions.remove(&session);
        let mut state = self.newest().clone();
        let gone = state.extract_if(.., |_, node| node.ends_with == Some(session));
        let changes: Vec<(Path, Change)> = gone.map(|(path, _)| (path, Change::Deleted)).collect();
        if !changes.is_empty() {
            self.commit(Entry { changes, state }, answers);
        }
    }

    /// One millisecond passes.
    pub fn tick(&mut self) -> Answers {
        self.now += 1;
        let mut answers = Vec::new();
        let sessions: Vec<Session> = self.sessions.keys().copied().collect();
        for &session in &sessions {
            let live = &self.sessions[&session];
            if live.ends.is_none_or(|ends| ends > self.now) {
                continue;
            }
            let peer = live.peer;
            self.watches.retain(|&(other, ..)| Some(other) != peer);
            self.finish(session, &mut answers);
            answers.extend(peer.map(|peer| (peer, Reply::Expired)));
        }
        for session in sessions {
            let next = self.sessions.get(&session).and_then(|live| live.next);
            if next.is_none_or(|next| next > self.now) {
                continue;
            }
            self.apply_next(session, &mut answers);
            self.show_everywhere(session);
            let next = self.lags(session).then_some(self.now + LAG);
            self.sessions.get_mut(&session).expect("it lives").next = next;
        }
        answers
    }

    /// Nobody is connected any more; sessions and lags have their whole time once it runs again.
    pub fn crash(&mut self, down: u32) {
        self.now += down;
        self.watches.clear();
        let sessions: Vec<Session> = self.sessions.keys().copied().collect();
        for session in sessions {
            let lags = self.lags(session);
            let live = self.sessions.get_mut(&session).expect("it lives");
            (live.peer, live.next) = (None, lags.then_some(self.now + LAG));
            self.is_heard_of(session);
        }
    }
}
