//! The log against a reference that is too simple to be wrong: lists, a set of names that were seen,
//! and one member's name. What is asked, and what becomes of the broker, is drawn by proptest.

use std::collections::BTreeMap;

use contend_impls::service::log::{Guard, Log, Settings};
use contend_model::ident::{Item, NodeId, Peer, Token};
use contend_model::message::Message;
use contend_model::message::log::{Acks, Reply, Request, Reset, Sequence};
use contend_model::process::{Effect, Effects, Event, Process};
use contend_model::time::{Range, Span};
use contend_model::timer::Timer;
use proptest::prelude::*;

use super::reference::{conversations, notices_each};

const CLIENTS: u8 = 3;
const PARTITIONS: u8 = 2;
const SESSION: Timer = Timer::Deadline(0);

/// What happens next.
#[derive(Clone, Copy, Debug)]
enum Move {
    Ask(u8, Request),
    Replicate,
    SessionEnds,
    Restart,
    FailOver,
}

#[derive(Clone, Debug, Default)]
struct List {
    records: Vec<(Item, Option<Sequence>)>,
    /// How many of them the replica has; all, if there is none.
    replicated: usize,
    committed: Option<u32>,
}

/// The reference.
#[derive(Clone, Debug, Default)]
struct Lists {
    lists: [List; PARTITIONS as usize],
    owner: Option<Token>,
    has_replica: bool,
    /// Who waits for the replica, oldest first.
    waiting: Vec<(u8, Reply)>,
}

impl Lists {
    fn ask(&mut self, client: u8, request: Request) -> Vec<(u8, Reply)> {
        let reply = match request {
            Request::Produce { partition, item, acks, sequence } => {
                let reply = self.lists[usize::from(partition)].append(item, sequence);
                if !self.has_replica {
                    self.replicate();
                }
                let list = &self.lists;
                let behind = list.iter().any(|list| list.replicated < list.records.len());
                match acks {
                    Acks::None => return Vec::new(),
                    Acks::All if behind => {
                        self.waiting.push((client, reply));
                        return Vec::new();
                    }
                    Acks::Leader | Acks::All => reply,
                }
            }
            Request::Fetch { partition, offset } => {
                let list = &self.lists[usize::from(partition)];
                match list.records[..list.replicated].get(offset as usize) {
                    Some(&(item, _)) => Reply::Record { item, end: list.replicated as u32 },
                    None if offset as usize > list.records.len() => {
                        Reply::OutOfRange { end: list.records.len() as u32 }
                    }
                    None => Reply::NoRecord,
                }
            }
            Request::ListOffsets(reset) => {
                Reply::Assigned([0, 1].map(|number: usize| Some(self.lists[number].reset(reset))))
            }
            Request::Join { member, reset } => {
                if self.owner.is_none() {
                    self.owner = Some(member);
                }
                let start = |list: &List| list.committed.unwrap_or(list.reset(reset));
                let own = self.owner == Some(member);
                Reply::Assigned([0, 1].map(|number: usize| own.then(|| start(&self.lists[number]))))
            }
            Request::Heartbeat { member } if self.owner == Some(member) => Reply::Alive,
            Request::Commit { member, partition, offset } if self.owner == Some(member) => {
                self.lists[usize::from(partition)].committed = Some(offset);
                Reply::Committed
            }
            Request::Heartbeat { .. } | Request::Commit { .. } => Reply::Fenced,
            Request::Leave { member } => {
                self.owner = self.owner.filter(|&owner| owner != member);
                Reply::Left
            }
        };
        vec![(client, reply)]
    }

    fn replicate(&mut self) -> Vec<(u8, Reply)> {
        for list in &mut self.lists {
            list.replicated = list.records.len();
        }
        std::mem::take(&mut self.waiting)
    }

    fn fail_over(&mut self) {
        for list in &mut self.lists {
            list.records.truncate(list.replicated);
        }
        self.has_replica = false;
        self.waiting.clear();
    }
}

impl List {
    fn append(&mut self, item: Item, sequence: Option<Sequence>) -> Reply {
        if let Some(Sequence { producer, number }) = sequence {
            let own = |record: &&(Item, Option<Sequence>)| {
                record.1.is_some_and(|other| other.producer == producer)
            };
            let next = self.records.iter().filter(own).count() as u32;
            if number > next {
                return Reply::OutOfOrder;
            }
            if number < next {
                return Reply::Appended;
            }
        }
        self.records.push((item, sequence));
        Reply::Appended
    }

    fn reset(&self, reset: Reset) -> u32 {
        match reset {
            Reset::Earliest => 0,
            Reset::Latest => self.replicated as u32,
        }
    }
}

/// The broker and its timers.
struct Broker {
    log: Log,
    timers: BTreeMap<Timer, Range>,
}

impl Broker {
    fn new(replicated: bool, lacks: Option<Guard>) -> Self {
        let replica = replicated.then_some(Range::exactly(Span::ms(5)));
        let settings = Settings { partitions: PARTITIONS, session: Span::ms(10), replica, lacks };
        let mut broker = Broker { log: Log::new(settings), timers: BTreeMap::new() };
        broker.step(Event::Start { incarnation: 0 });
        broker
    }

    fn step(&mut self, event: Event) -> Vec<(u8, Reply)> {
        let mut out = Effects::default();
        self.log.step(event, &mut out);
        let mut replies = Vec::new();
        for &effect in out.as_slice() {
            match effect {
                Effect::Reply(to, Message::LogReply(reply)) => {
                    replies.push((to.node.client().expect("a client") as u8, reply));
                }
                Effect::Arm(timer, range) => {
                    self.timers.insert(timer, range);
                }
                Effect::Disarm(timer) => {
                    self.timers.remove(&timer);
                }
                other => panic!("a broker has no business with {other:?}"),
            }
        }
        replies
    }

    /// Has the timer fire, if it runs.
    fn fire(&mut self, timer: Timer) -> Option<Vec<(u8, Reply)>> {
        self.timers.remove(&timer)?;
        Some(self.step(Event::Fire(timer)))
    }

    fn resume(&mut self, log: Log) {
        self.log = log;
        self.timers.retain(|timer, _| timer.outlives_crash());
        self.step(Event::Start { incarnation: 1 });
    }
}

fn tokens() -> impl Strategy<Value = Token> {
    (0..CLIENTS, 0..2u16).prop_map(|(client, serial)| Token {
        client: NodeId::Client(client),
        incarnation: 0,
        serial,
    })
}

fn requests() -> impl Strategy<Value = Request> {
    let reset = || prop_oneof![Just(Reset::Earliest), Just(Reset::Latest)];
    let acks = prop_oneof![Just(Acks::None), Just(Acks::Leader), Just(Acks::All)];
    let sequence = prop::option::of((tokens(), 0..4u32));
    let produce = (0..PARTITIONS, 0..9u16, acks, sequence);
    prop_oneof![
        4 => produce.prop_map(|(partition, number, acks, sequence)| Request::Produce {
            partition,
            item: Item { producer: NodeId::Client(0), number },
            acks,
            sequence: sequence.map(|(producer, number)| Sequence { producer, number }),
        }),
        3 => (0..PARTITIONS, 0..5u32)
            .prop_map(|(partition, offset)| Request::Fetch { partition, offset }),
        1 => reset().prop_map(Request::ListOffsets),
        3 => (tokens(), reset()).prop_map(|(member, reset)| Request::Join { member, reset }),
        1 => tokens().prop_map(|member| Request::Heartbeat { member }),
        2 => (tokens(), 0..PARTITIONS, 0..5u32).prop_map(|(member, partition, offset)| {
            Request::Commit { member, partition, offset }
        }),
        1 => tokens().prop_map(|member| Request::Leave { member }),
    ]
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let one = prop_oneof![
        20 => (0..CLIENTS, requests()).prop_map(|(client, request)| Move::Ask(client, request)),
        4 => Just(Move::Replicate),
        2 => Just(Move::SessionEnds),
        1 => Just(Move::Restart),
        1 => Just(Move::FailOver),
    ];
    prop::collection::vec(one, 1..60)
}

/// Lets both hear the same; they are to say the same.
fn agrees(replicated: bool, lacks: Option<Guard>, moves: Vec<Move>) -> Result<(), TestCaseError> {
    let mut broker = Broker::new(replicated, lacks);
    let mut lists = Lists { has_replica: replicated, ..Lists::default() };
    for next in moves {
        match next {
            Move::Ask(client, request) => {
                let from = Peer { node: NodeId::Client(client), connection: 0 };
                let answers = broker.step(Event::Deliver { from, message: request.into() });
                prop_assert_eq!(answers, lists.ask(client, request), "{}", request);
            }
            Move::Replicate => match broker.fire(Timer::Replicate) {
                Some(answers) => prop_assert_eq!(answers, lists.replicate()),
                None => prop_assert!(lists.waiting.is_empty(), "somebody waits for nothing"),
            },
            Move::SessionEnds => {
                prop_assert_eq!(broker.timers.contains_key(&SESSION), lists.owner.is_some());
                broker.fire(SESSION);
                lists.owner = None;
            }
            Move::Restart => {
                broker.resume(broker.log.crashed());
                lists.waiting.clear();
            }
            Move::FailOver => {
                let replica = broker.log.failed_over();
                prop_assert_eq!(replica.is_some(), lists.has_replica);
                if let Some(replica) = replica {
                    broker.resume(replica);
                    lists.fail_over();
                }
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(conversations(1_000))]

    #[test]
    fn the_log_answers_as_lists_do(replicated: bool, moves in moves()) {
        agrees(replicated, None, moves)?;
    }
}

#[test]
fn the_lists_notice_every_check_that_is_missing() {
    let guards = [
        Guard::DropsRepeats,
        Guard::AwaitsReplica,
        Guard::HidesUnreplicated,
        Guard::AssignsToOne,
        Guard::SessionEnds,
        Guard::FencesCommits,
        Guard::FencesHeartbeats,
    ];
    notices_each(&guards, &moves(), |guard, moves| agrees(true, Some(guard), moves));
}
