//! The model of etcd against a reference that is too simple to be wrong: the keys that exist, when which
//! lease ends, and a list of all that was ever deleted, from which watches are answered; with time as a
//! plain number. Which number a lease gets is the server's to say.

use std::collections::BTreeMap;

use contend_impls::service::kv::{Guard, Kv, Settings};
use contend_model::ident::{NodeId, Peer};
use contend_model::message::Message;
use contend_model::message::kv::{Key, Lease, Reply, Request};
use contend_model::time::Span;
use proptest::prelude::*;

use super::reference::{conversations, notices_each};
use super::service::Stepped;

const TIME_TO_LIVE: u32 = 10;
const CLIENTS: u8 = 3;
const PREFIXES: [&str; 2] = ["lock/", "other/"];

#[derive(Clone, Copy, Debug)]
enum Move {
    /// A client asks for something, about a lease or a key that there was or is.
    Ask {
        client: u8,
        what: What,
        /// Which lease, the newest first.
        lease: usize,
        prefix: usize,
        /// Which of the keys that were created, the newest first; or how many revisions ago.
        back: usize,
    },
    /// The connection of a client ends; it goes on with another.
    End(u8),
    Pass(u32),
    /// The server is down for so long.
    Crash(u32),
}

#[derive(Clone, Copy, Debug)]
enum What {
    Grant,
    KeepAlive,
    Revoke,
    CreateOrGet,
    LastBefore,
    Get,
    Delete,
    Watch,
}

#[derive(Default)]
struct Reference {
    now: u32,
    /// When each lease that lives ends.
    leases: BTreeMap<Lease, u32>,
    /// Every key that was created, at the revision that is its place here, from 1; and whether it is gone.
    created: Vec<(Key, bool)>,
    /// Who waits for the deletion of which creation, in the order in which they asked.
    watches: Vec<(Peer, u32)>,
}

type Answers = Vec<(Peer, Reply)>;

impl Reference {
    /// All keys that exist and their revisions, the oldest first.
    fn existing(&self) -> impl Iterator<Item = (Key, u32)> {
        let numbered = self.created.iter().zip(1..);
        numbered.filter(|((_, gone), _)| !gone).map(|(&(key, _), revision)| (key, revision))
    }

    fn revision_of(&self, wanted: Key) -> Option<u32> {
        self.existing().find(|&(key, _)| key == wanted).map(|(_, revision)| revision)
    }

    /// What a `LeaseGrant` was answered with; that it is not a lease that lives is all there is to it.
    fn was_granted(&mut self, client: NodeId, answers: &Answers) -> Result<(), TestCaseError> {
        let of_client = self.leases.keys().filter(|lease| lease.client == client).count();
        match answers[..] {
            // The numbers of a client that keeps all its leases alive run out.
            [] => prop_assert_eq!(of_client, 4),
            [(_, Reply::Granted(lease))] => {
                prop_assert_eq!(lease.client, client);
                let lived = self.leases.insert(lease, self.now + TIME_TO_LIVE);
                prop_assert_eq!(lived, None, "{} lives and is granted again", lease);
            }
            _ => prop_assert!(false, "not an answer to LeaseGrant: {:?}", answers),
        }
        Ok(())
    }

    fn ask(&mut self, from: Peer, request: Request) -> Answers {
        let mut answers = Vec::new();
        let of_prefix = |wanted| move |&(key, _): &(Key, u32)| key.prefix == wanted;
        let found = |it: Option<(Key, u32)>| it.map_or(Reply::Nothing, |(k, r)| Reply::Found(k, r));
        let reply = match request {
            Request::Grant => panic!("the server chooses the number"),
            Request::KeepAlive(lease) => match self.leases.get_mut(&lease) {
                Some(ends) => {
                    *ends = self.now + TIME_TO_LIVE;
                    Reply::KeptAlive
                }
                None => Reply::LeaseNotFound,
            },
            Request::Revoke(lease) if self.leases.contains_key(&lease) => {
                self.end(lease, &mut answers);
                Reply::Revoked
            }
            Request::Revoke(_) => Reply::LeaseNotFound,
            Request::CreateOrGet(key) => match self.revision_of(key) {
                None if !self.leases.contains_key(&key.lease) => Reply::LeaseNotFound,
                own => {
                    if own.is_none() {
                        self.created.push((key, false));
                    }
                    let own = own.unwrap_or(self.created.len() as u32);
                    let first = self.existing().find(of_prefix(key.prefix)).expect("its own");
                    Reply::Created { own, first: first.1 }
                }
            },
            Request::LastBefore { prefix, revision } => {
                let before = self.existing().filter(|&(_, created)| created < revision);
                found(before.filter(of_prefix(prefix)).last())
            }
            Request::Get(key) => found(self.existing().find(|&(other, _)| other == key)),
            Request::Delete(key) => {
                let revision = self.revision_of(key);
                revision.into_iter().for_each(|revision| self.delete(revision, &mut answers));
                Reply::Deleted(u8::from(revision.is_some()))
            }
            Request::Watch { key, created } => {
                answers.push((from, Reply::Watching));
                if self.created[created as usize - 1].1 {
                    answers.push((from, Reply::Gone(key)));
                } else if !self.watches.contains(&(from, created)) {
                    self.watches.push((from, created));
                }
                return answers;
            }
        };
        answers.push((from, reply));
        answers
    }

    fn delete(&mut self, revision: u32, answers: &mut Answers) {
        let (key, gone) = &mut self.created[revision as usize - 1];
        *gone = true;
        let told = self.watches.extract_if(.., |&mut (_, created)| created == revision);
        answers.extend(told.map(|(peer, _)| (peer, Reply::Gone(*key))));
    }

    fn end(&mut self, lease: Lease, answers: &mut Answers) {
        self.leases.remove(&lease);
        let mut attached: Vec<(Key, u32)> =
            self.existing().filter(|(key, _)| key.lease == lease).collect();
        attached.sort_unstable();
        attached.into_iter().for_each(|(_, revision)| self.delete(revision, answers));
    }

    /// One millisecond passes.
    fn tick(&mut self) -> Answers {
        self.now += 1;
        let over = self.leases.iter().filter(|&(_, &ends)| ends <= self.now);
        let over: Vec<Lease> = over.map(|(&lease, _)| lease).collect();
        let mut answers = Vec::new();
        over.into_iter().for_each(|lease| self.end(lease, &mut answers));
        answers
    }

    /// Nobody is connected any more, and who leads next gives every lease its whole time.
    fn crash(&mut self, down: u32) {
        self.now += down;
        self.watches.clear();
        self.leases.values_mut().for_each(|ends| *ends = self.now + TIME_TO_LIVE);
    }
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let client = 0..CLIENTS;
    let what = prop_oneof![
        3 => Just(What::Grant),
        2 => Just(What::KeepAlive),
        1 => Just(What::Revoke),
        6 => Just(What::CreateOrGet),
        2 => Just(What::LastBefore),
        1 => Just(What::Get),
        2 => Just(What::Delete),
        4 => Just(What::Watch),
    ];
    let ask = (client.clone(), what, 0..5usize, 0..PREFIXES.len(), 0..4usize);
    let one = prop_oneof![
        20 => ask.prop_map(|(client, what, lease, prefix, back)| {
            Move::Ask { client, what, lease, prefix, back }
        }),
        1 => client.prop_map(Move::End),
        3 => (1..9u32).prop_map(Move::Pass),
        1 => (0..12u32).prop_map(Move::Crash),
    ];
    prop::collection::vec(one, 0..80)
}

fn replies(messages: Vec<(Peer, Message)>) -> Answers {
    let reply = |message| match message {
        Message::KvReply(reply) => reply,
        other => panic!("not an answer of etcd: {other}"),
    };
    messages.into_iter().map(|(peer, message)| (peer, reply(message))).collect()
}

/// Lets both hear the same; they are to say the same.
fn agrees(lacks: Option<Guard>, moves: Vec<Move>) -> Result<(), TestCaseError> {
    let settings = Settings { time_to_live: Span::ms(TIME_TO_LIVE), lacks };
    let mut server = Stepped::new(Kv::new(settings));
    let mut reference = Reference::default();
    let mut connections = [0u16; CLIENTS as usize];
    // Newest first.
    let mut granted: Vec<Lease> = Vec::new();
    for step in moves {
        let (client, what, lease, prefix, back) = match step {
            Move::Ask { client, what, lease, prefix, back } => (client, what, lease, prefix, back),
            Move::End(client) => {
                let connection = &mut connections[usize::from(client)];
                let peer = Peer { node: NodeId::Client(client), connection: *connection };
                *connection += 1;
                reference.watches.retain(|&(other, _)| other != peer);
                prop_assert!(server.end(peer).is_empty());
                continue;
            }
            Move::Pass(span) => {
                for _ in 0..span {
                    let expected = reference.tick();
                    prop_assert_eq!(
                        replies(server.pass(Span::ms(1))),
                        expected,
                        "{}",
                        server.log()
                    );
                }
                continue;
            }
            Move::Crash(down) => {
                reference.crash(down);
                connections.iter_mut().for_each(|connection| *connection += 1);
                prop_assert!(server.crash(Span::ms(down)).is_empty());
                continue;
            }
        };
        let node = NodeId::Client(client);
        let peer = Peer { node, connection: connections[usize::from(client)] };
        if let What::Grant = what {
            let answers = replies(server.ask(peer, Request::Grant));
            reference.was_granted(node, &answers)?;
            if let [(_, Reply::Granted(lease))] = answers[..] {
                granted.insert(0, lease);
            }
            continue;
        }
        let Some(&lease) = granted.get(lease) else { continue };
        let key = Key { prefix: PREFIXES[prefix], lease };
        let revision = reference.created.len().saturating_sub(back);
        let request = match what {
            What::Grant => unreachable!("it was answered above"),
            What::KeepAlive => Request::KeepAlive(lease),
            What::Revoke => Request::Revoke(lease),
            What::CreateOrGet => Request::CreateOrGet(key),
            What::LastBefore => {
                Request::LastBefore { prefix: PREFIXES[prefix], revision: revision as u32 }
            }
            What::Get => Request::Get(key),
            What::Delete => Request::Delete(key),
            What::Watch => {
                let Some(place) = revision.checked_sub(1) else { continue };
                let (key, _) = reference.created[place];
                Request::Watch { key, created: revision as u32 }
            }
        };
        let expected = reference.ask(peer, request);
        prop_assert_eq!(replies(server.ask(peer, request)), expected, "{}", server.log());
    }
    Ok(())
}

proptest! {
    #![proptest_config(conversations(2_000))]

    #[test]
    fn any_conversation_is_answered_as_the_reference_answers_it(moves in moves()) {
        agrees(None, moves)?;
    }
}

#[test]
fn the_reference_notices_every_check_that_is_missing() {
    let guards = [
        Guard::TxnCompares,
        Guard::RevisionCounts,
        Guard::LeasesExpire,
        Guard::KeysEndWithLease,
        Guard::LeaseMustLive,
        Guard::KeepAliveCounts,
        Guard::WatchesFire,
        Guard::WatchesMissNothing,
        Guard::SyncsBeforeReply,
    ];
    notices_each(&guards, &moves(), |guard, moves| agrees(Some(guard), moves));
}
