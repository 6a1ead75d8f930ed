//! The lock server against a reference that is too simple to be wrong: who holds until when, who
//! waits, what is over; with time as a plain number.

use std::collections::BTreeSet;

use contend_impls::service::lock_server::{Guard, LockServer, Settings};
use contend_model::ident::{NodeId, Peer, Token};
use contend_model::message::Message;
use contend_model::message::lock_server::{Reply, Request};
use contend_model::time::Span;
use proptest::prelude::*;

use super::reference::{conversations, notices_each};
use super::service::Stepped;

const LEASE: u32 = 10;
const DELAY: u32 = 3;
const CLIENTS: u8 = 3;

#[derive(Clone, Copy, Debug)]
enum Move {
    /// A client asks under the number of its present request, or under the next one.
    Acquire {
        client: u8,
        anew: bool,
    },
    /// A client names a grant, which may be its own or not, the newest or an older one.
    Release {
        client: u8,
        back: u32,
    },
    Renew {
        client: u8,
        back: u32,
    },
    Cancel(u8),
    /// All connections of a client end; it goes on with another.
    End(u8),
    Pass(u32),
    Crash,
}

#[derive(Default)]
struct Reference {
    /// Whether who renews is told that somebody waits.
    recalls: bool,
    now: u32,
    fence: u32,
    /// Who holds, under which fence, until when.
    grant: Option<(Token, u32, u32)>,
    /// Nobody may be granted the lock before this moment.
    free_from: u32,
    /// Who waits, and where it listens.
    line: Vec<(Token, Option<Peer>)>,
    /// Every request that was ever heard of.
    heard: BTreeSet<Token>,
}

impl Reference {
    fn ask(&mut self, from: Peer, request: Request) -> Vec<(Peer, Reply)> {
        let mut answers = Vec::new();
        let own = |grant: Option<(Token, u32, u32)>, client: NodeId, fence: u32| {
            grant.is_some_and(|(token, current, _)| (token.client, current) == (client, fence))
        };
        match request {
            Request::Acquire(token) => {
                let newer = |other: &Token| other.client == token.client && *other > token;
                if let Some((holder, fence, until)) = &mut self.grant
                    && *holder == token
                {
                    *until = self.now + LEASE;
                    answers.push((from, Reply::Granted { fence: *fence }));
                } else if let Some(waiter) = self.line.iter_mut().find(|(other, _)| *other == token)
                {
                    waiter.1 = Some(from);
                } else if self.heard.contains(&token) || self.heard.iter().any(newer) {
                    answers.push((from, Reply::Over));
                } else {
                    self.line.retain(|(other, _)| other.client != token.client);
                    self.line.push((token, Some(from)));
                    self.heard.insert(token);
                }
            }
            Request::Renew { client, fence } if own(self.grant, client, fence) => {
                self.grant = self.grant.map(|(token, fence, _)| (token, fence, self.now + LEASE));
                answers
                    .push((from, Reply::Renewed { wanted: self.recalls && !self.line.is_empty() }));
            }
            Request::Release { client, fence } if own(self.grant, client, fence) => {
                self.grant = None;
                answers.push((from, Reply::Released));
            }
            Request::Cancel(token) => {
                self.grant = self.grant.filter(|&(holder, ..)| holder != token);
                self.line.retain(|&(waiter, _)| waiter != token);
                self.heard.insert(token);
                answers.push((from, Reply::Cancelled));
            }
            _ => answers.push((from, Reply::NotHeld)),
        }
        answers.extend(self.grant_next());
        answers
    }

    fn grant_next(&mut self) -> Option<(Peer, Reply)> {
        if self.grant.is_some() || self.now < self.free_from {
            return None;
        }
        let place = self.line.iter().position(|(_, listens)| listens.is_some())?;
        let (token, listens) = self.line.remove(place);
        self.fence += 1;
        self.grant = Some((token, self.fence, self.now + LEASE));
        listens.map(|peer| (peer, Reply::Granted { fence: self.fence }))
    }

    /// One millisecond passes.
    fn tick(&mut self) -> Vec<(Peer, Reply)> {
        self.now += 1;
        if let Some((_, _, until)) = self.grant
            && until <= self.now
        {
            self.grant = None;
            self.free_from = self.now + DELAY;
        }
        self.grant_next().into_iter().collect()
    }

    /// Nobody listens any more, and what runs on the server's clock starts anew.
    fn crash(&mut self) {
        self.line.iter_mut().for_each(|(_, listens)| *listens = None);
        self.grant = self.grant.map(|(token, fence, _)| (token, fence, self.now + LEASE));
        if self.now < self.free_from {
            self.free_from = self.now + DELAY;
        }
    }
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let client = 0..CLIENTS;
    let one = prop_oneof![
        6 => (client.clone(), any::<bool>()).prop_map(|(client, anew)| Move::Acquire { client, anew }),
        5 => (client.clone(), 0..3u32).prop_map(|(client, back)| Move::Release { client, back }),
        2 => (client.clone(), 0..3u32).prop_map(|(client, back)| Move::Renew { client, back }),
        1 => client.clone().prop_map(Move::Cancel),
        1 => client.prop_map(Move::End),
        3 => (1..12u32).prop_map(Move::Pass),
        1 => Just(Move::Crash),
    ];
    prop::collection::vec(one, 0..60)
}

fn replies(messages: Vec<(Peer, Message)>) -> Vec<(Peer, Reply)> {
    messages
        .into_iter()
        .map(|(peer, message)| match message {
            Message::LockServerReply(reply) => (peer, reply),
            other => panic!("not an answer of a lock server: {other}"),
        })
        .collect()
}

/// Lets both hear the same; they are to say the same.
fn agrees(recalls: bool, lacks: Option<Guard>, moves: Vec<Move>) -> Result<(), TestCaseError> {
    let (lease, lock_delay) = (Span::ms(LEASE), Span::ms(DELAY));
    let settings = Settings { lease, lock_delay, recalls, lacks };
    let mut server = Stepped::new(LockServer::new(settings));
    let mut reference = Reference { recalls, ..Reference::default() };
    let mut serials = [0u16; CLIENTS as usize];
    let mut connections = [0u16; CLIENTS as usize];
    for step in moves {
        let (client, request) = match step {
            Move::Acquire { client, anew } => {
                serials[usize::from(client)] += u16::from(anew);
                (client, None)
            }
            Move::Release { client, back } | Move::Renew { client, back } => {
                let fence = reference.fence.saturating_sub(back);
                let of = NodeId::Client(client);
                let request = match step {
                    Move::Release { .. } => Request::Release { client: of, fence },
                    _ => Request::Renew { client: of, fence },
                };
                (client, Some(request))
            }
            Move::Cancel(client) => (client, None),
            Move::End(client) => {
                let node = NodeId::Client(client);
                let peer = Peer { node, connection: connections[usize::from(client)] };
                connections[usize::from(client)] += 1;
                for waiter in &mut reference.line {
                    waiter.1 = waiter.1.filter(|&other| other != peer);
                }
                prop_assert!(server.end(peer).is_empty());
                continue;
            }
            Move::Pass(span) => {
                for _ in 0..span {
                    let expected = reference.tick();
                    prop_assert_eq!(replies(server.pass(Span::ms(1))), expected);
                }
                continue;
            }
            Move::Crash => {
                reference.crash();
                connections.iter_mut().for_each(|connection| *connection += 1);
                prop_assert!(server.crash(Span::ZERO).is_empty());
                continue;
            }
        };
        let node = NodeId::Client(client);
        let peer = Peer { node, connection: connections[usize::from(client)] };
        let serial = serials[usize::from(client)];
        let token = Token { client: node, incarnation: 0, serial };
        let request = request.unwrap_or(match step {
            Move::Cancel(_) => Request::Cancel(token),
            _ => Request::Acquire(token),
        });
        let expected = reference.ask(peer, request);
        prop_assert_eq!(replies(server.ask(peer, request)), expected, "{}", server.log());
    }
    Ok(())
}

proptest! {
    #![proptest_config(conversations(2_000))]

    #[test]
    fn any_conversation_is_answered_as_the_reference_answers_it(moves in moves(), recalls in any::<bool>()) {
        agrees(recalls, None, moves)?;
    }
}

#[test]
fn the_reference_notices_every_check_that_is_missing() {
    let guards = [
        Guard::GrantsOneAtATime,
        Guard::Expiry,
        Guard::ComparesOnRelease,
        Guard::ComparesOnRenewal,
        Guard::FenceCounts,
        Guard::SyncsBeforeReply,
        Guard::WaitsAfterRestart,
        Guard::LockDelay,
        Guard::AcquireProlongs,
        Guard::TellsWhoWaits,
    ];
    notices_each(&guards, &moves(), |guard, moves| agrees(true, Some(guard), moves));
}
