//! The model of ZooKeeper listens to conversations that proptest draws, and so does its reference.

use contend_impls::service::tree::{Guard, Settings, Tree};
use contend_model::ident::{NodeId, Peer, Token};
use contend_model::message::Message;
use contend_model::message::tree::{Mode, Ordered, Path, Reply, Request, Sequential, Session};
use contend_model::time::{Range, Span};
use proptest::prelude::*;

use super::reference::{conversations, notices_each};
use super::service::Stepped;
use super::tree_reference::{Answers, LAG, Reference, TIMEOUT};

const CLIENTS: u8 = 3;
const ROOTS: &[&str] = &["/locks"];
const NODE: &str = "/locks/n";
const DATA: [&str; 2] = ["x", "y"];
const ORDERED: [Ordered; 4] = [Ordered::Create, Ordered::Delete, Ordered::SetData, Ordered::Sync];

#[derive(Clone, Copy, Debug)]
enum Move {
    /// A client opens a connection, or sends another handshake on the one it has.
    Connect {
        client: u8,
        anew: bool,
        how: How,
    },
    /// A client asks on its connection, or is late and asks on the one before.
    Ask {
        client: u8,
        late: bool,
        question: Question,
    },
    /// The server learns that a client's connection has ended.
    End(u8),
    Pass(u32),
    /// The server is down for so long.
    Crash(u32),
}

#[derive(Clone, Copy, Debug)]
enum How {
    NewSession,
    Resumes,
    ResumesWithout(Ordered),
}

/// A request, but for what only the course of things says: nodes that the server has named by the how
/// many-th it was before the newest.
#[derive(Clone, Copy, Debug)]
enum Question {
    Plain(Request),
    Sequential { path: &'static str, guid: u8, ephemeral: bool },
    Children { path: &'static str, guid: u8, watch: bool },
    Delete(usize),
    Exists(usize, bool),
    GetData(usize, bool),
}

fn questions() -> impl Strategy<Value = Question> {
    let path = || {
        prop_oneof![
            6 => Just(NODE),
            2 => Just(ROOTS[0]),
            // Below a node that may be missing, or ephemeral.
            2 => Just("/locks/n/below"),
            // Without a parent.
            1 => Just("/other/n"),
        ]
    };
    let data = prop::sample::select(&DATA[..]);
    let version = || prop::option::of(0..2u32);
    let create = (path(), data.clone(), any::<bool>()).prop_map(|(path, data, ephemeral)| {
        Question::Plain(Request::Create { path, data, mode: Mode { ephemeral, sequential: None } })
    });
    let set = (path(), data, version()).prop_map(|(path, data, version)| {
        Question::Plain(Request::SetData { path, data, version })
    });
    let delete = (path(), version())
        .prop_map(|(path, version)| Question::Plain(Request::Delete(Path::named(path), version)));
    let exists = (path(), any::<bool>()).prop_map(|(path, watch)| {
        Question::Plain(Request::Exists { path: Path::named(path), watch })
    });
    let get = (path(), any::<bool>()).prop_map(|(path, watch)| {
        Question::Plain(Request::GetData { path: Path::named(path), watch })
    });
    let line = || (prop::sample::select(vec![ROOTS[0], NODE]), 0..2u8, any::<bool>());
    let sequential = line().prop_map(|(path, guid, persistent)| Question::Sequential {
        path,
        guid,
        ephemeral: !persistent,
    });
    let children = line().prop_map(|(path, guid, watch)| Question::Children { path, guid, watch });
    let one_of_line = || (0..4usize, any::<bool>());
    prop_oneof![
        4 => create,
        3 => set,
        2 => delete,
        3 => exists,
        3 => get,
        5 => sequential,
        6 => children,
        2 => (0..4usize).prop_map(Question::Delete),
        2 => one_of_line().prop_map(|(back, watch)| Question::Exists(back, watch)),
        1 => one_of_line().prop_map(|(back, watch)| Question::GetData(back, watch)),
        1 => Just(Question::Plain(Request::Ping)),
        2 => Just(Question::Plain(Request::Sync)),
        1 => Just(Question::Plain(Request::Close)),
    ]
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let client = 0..CLIENTS;
    let how = prop_oneof![
        2 => Just(How::NewSession),
        3 => Just(How::Resumes),
        3 => prop::sample::select(&ORDERED[..]).prop_map(How::ResumesWithout),
    ];
    let connect = (client.clone(), prop::bool::weighted(0.8), how);
    let ask = (client.clone(), prop::bool::weighted(0.05), questions());
    let one = prop_oneof![
        5 => connect.prop_map(|(client, anew, how)| Move::Connect { client, anew, how }),
        30 => ask.prop_map(|(client, late, question)| Move::Ask { client, late, question }),
        1 => client.prop_map(Move::End),
        4 => (1..9u32).prop_map(Move::Pass),
        1 => (0..20u32).prop_map(Move::Crash),
    ];
    prop::collection::vec(one, 0..80)
}

/// A client, as far as a conversation needs it.
#[derive(Clone, Copy)]
struct Client {
    node: NodeId,
    connection: u16,
    session: Option<Session>,
}

impl Client {
    fn peer(self, late: bool) -> Peer {
        Peer {
            node: self.node,
            connection: self.connection - u16::from(late && self.connection > 0),
        }
    }

    fn guid(self, serial: u8) -> Token {
        Token { client: self.node, incarnation: 0, serial: serial.into() }
    }
}

/// What was sent, by connection: between two of them there is no order.
fn sorted(mut answers: Answers) -> Answers {
    answers.sort_by_key(|&(peer, _)| peer);
    answers
}

fn replies(messages: Vec<(Peer, Message)>) -> Answers {
    let reply = |message| match message {
        Message::TreeReply(reply) => reply,
        other => panic!("not an answer of ZooKeeper: {other}"),
    };
    sorted(messages.into_iter().map(|(peer, message)| (peer, reply(message))).collect())
}

/// The session that a handshake was answered with.
fn opened(reply: Reply) -> Option<Session> {
    match reply {
        Reply::Connected(session) | Reply::Renewed(session) => Some(session),
        _ => None,
    }
}

/// Both, and what has come of the conversation so far.
struct Pair {
    server: Stepped<Tree>,
    reference: Reference,
    clients: Vec<Client>,
    /// The sequential nodes that the server has named, the newest first.
    named: Vec<Path>,
}

impl Pair {
    fn new(lags: bool, lacks: Option<Guard>) -> Self {
        let settings = Settings {
            session_timeout: Span::ms(TIMEOUT),
            roots: ROOTS,
            lag: lags.then_some(Range::exactly(Span::ms(LAG))),
            lacks,
        };
        let client = |number| Client { node: NodeId::Client(number), connection: 0, session: None };
        Pair {
            server: Stepped::new(Tree::new(settings)),
            reference: Reference::new(ROOTS, lags),
            clients: (0..CLIENTS).map(client).collect(),
            named: Vec::new(),
        }
    }

    fn takes(&mut self, step: Move) -> Result<(), TestCaseError> {
        match step {
            Move::Connect { client, anew, how } => self.connects(client, anew, how)?,
            Move::Ask { client, late, question } => self.asks(client, late, question)?,
            Move::End(client) => {
                let peer = self.clients[usize::from(client)].peer(false);
                self.reference.disconnected(peer);
                prop_assert!(self.server.end(peer).is_empty());
            }
            Move::Pass(span) => {
                for _ in 0..span {
                    let expected = sorted(self.reference.tick());
                    let answers = replies(self.server.pass(Span::ms(1)));
                    prop_assert_eq!(answers, expected, "{}", self.server.log());
                }
            }
            Move::Crash(down) => {
                self.reference.crash(down);
                self.clients.iter_mut().for_each(|client| client.connection += 1);
                prop_assert!(self.server.crash(Span::ms(down)).is_empty());
            }
        }
        let nodes = self.server.service().nodes().iter();
        let nodes = nodes.map(|(&path, node)| (path, node.data, node.version, node.session));
        let expected = self.reference.newest().iter();
        let expected =
            expected.map(|(&path, node)| (path, node.data, node.version, node.ends_with));
        prop_assert!(nodes.eq(expected), "{}", self.server.log());
        Ok(())
    }

    fn connects(&mut self, client: u8, anew: bool, how: How) -> Result<(), TestCaseError> {
        let client = &mut self.clients[usize::from(client)];
        client.connection += u16::from(anew);
        let peer = client.peer(false);
        let (request, unheard) = match (how, client.session) {
            (How::NewSession, _) | (_, None) => (Request::Connect(None), None),
            (How::Resumes, session) => (Request::Connect(session), None),
            (How::ResumesWithout(unheard), Some(session)) => {
                (Request::Reconnect(session, unheard), Some(unheard))
            }
        };
        let wanted = client.session.filter(|_| request != Request::Connect(None));
        let answers = replies(self.server.ask(peer, request));
        let resumed = wanted.filter(|&session| self.reference.lives(session));
        let session = resumed.or_else(|| answers.iter().find_map(|&(_, reply)| opened(reply)));
        let Some(session) = session.filter(|session| session.client == peer.node) else {
            return Err(TestCaseError::fail(format!("no session: {answers:?}")));
        };
        let taken = resumed.is_none() && self.reference.lives(session);
        prop_assert!(!taken, "{} is not new\n{}", session, self.server.log());
        let is_other = wanted.is_some() && resumed.is_none();
        let reply = if is_other { Reply::Renewed(session) } else { Reply::Connected(session) };
        client.session = Some(session);
        let mut expected = Vec::new();
        self.reference.connected(peer, session, unheard, &mut expected);
        expected.push((peer, reply));
        prop_assert_eq!(&answers, &sorted(expected), "{}", self.server.log());
        Ok(())
    }

    fn asks(&mut self, client: u8, late: bool, question: Question) -> Result<(), TestCaseError> {
        let client = self.clients[usize::from(client)];
        let peer = client.peer(late);
        let named = |back: usize| self.named.get(back).copied().unwrap_or(Path::named(NODE));
        let request = match question {
            Question::Plain(request) => request,
            Question::Sequential { path, guid, ephemeral } => {
                let sequential = Some(client.guid(guid));
                Request::Create { path, data: "", mode: Mode { ephemeral, sequential } }
            }
            Question::Children { path, guid, watch } => {
                Request::GetChildren { path, guid: client.guid(guid), watch }
            }
            Question::Delete(back) => Request::Delete(named(back), None),
            Question::Exists(back, watch) => Request::Exists { path: named(back), watch },
            Question::GetData(back, watch) => Request::GetData { path: named(back), watch },
        };
        let answers = replies(self.server.ask(peer, request));
        let Some(session) = self.reference.on(peer) else {
            prop_assert!(answers.is_empty(), "{}", self.server.log());
            return Ok(());
        };
        self.reference.asks(session);
        let name = answers.iter().find_map(|&(to, reply)| match (request, reply) {
            (
                Request::Create { path, mode: Mode { sequential: Some(guid), .. }, .. },
                Reply::Created(given),
            ) if to == peer && given.name == path => {
                let fits = |node: &Sequential| (node.guid, node.session) == (guid, session);
                given.child.filter(fits).map(|_| given)
            }
            _ => None,
        });
        if let Some(name) = name {
            prop_assert!(!self.reference.is_known(name), "{}", self.server.log());
            self.named.insert(0, name);
        }
        let expected = sorted(self.reference.answer(session, request, name));
        prop_assert_eq!(answers, expected, "{}", self.server.log());
        Ok(())
    }
}

/// Lets both hear the same; they are to say the same, and to have the same nodes.
fn agrees(lags: bool, lacks: Option<Guard>, moves: Vec<Move>) -> Result<(), TestCaseError> {
    let mut pair = Pair::new(lags, lacks);
    moves.into_iter().try_for_each(|step| pair.takes(step))
}

proptest! {
    #![proptest_config(conversations(10_000))]

    #[test]
    fn any_conversation_is_answered_as_the_reference_answers_it(moves in moves(), lags in any::<bool>()) {
        agrees(lags, None, moves)?;
    }
}

#[test]
fn the_reference_notices_every_check_that_is_missing() {
    let guards = [
        Guard::CreateIsExclusive,
        Guard::SequenceCounts,
        Guard::SessionsExpire,
        Guard::EphemeralsEnd,
        Guard::HeartbeatsCount,
        Guard::WatchesFire,
        Guard::SessionsMove,
        Guard::SyncsBeforeReply,
        Guard::OwnWritesShow,
        Guard::WatchesFollowTheView,
        Guard::SyncCatchesUp,
        Guard::SeenStaysSeen,
    ];
    notices_each(&guards, &moves(), |guard, moves| agrees(true, Some(guard), moves));
}
