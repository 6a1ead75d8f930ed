//! The log against what Kafka documents, event in and effects out. The sections are those of
//! kafka.apache.org/documentation.

use contend_impls::service::log::{Log, Settings};
use contend_model::ident::{Item, NodeId, Peer, Token};
use contend_model::message::Message;
use contend_model::message::log::{Acks, Reply, Request, Reset, Sequence};
use contend_model::process::{Effect, Effects, Event, Process};
use contend_model::time::{Range, Span};
use contend_model::timer::Timer;

const SESSION: Timer = Timer::Deadline(0);
const ALONE: Settings =
    Settings { partitions: 2, session: Span::ms(10), replica: None, lacks: None };
const REPLICATED: Settings = Settings { replica: Some(Range::exactly(Span::ms(5))), ..ALONE };

/// A broker, and what it did last.
struct Broker(Log);

impl Broker {
    fn new(settings: Settings) -> Self {
        let mut broker = Broker(Log::new(settings));
        broker.step(Event::Start { incarnation: 0 });
        broker
    }

    fn step(&mut self, event: Event) -> Vec<Effect> {
        let mut out = Effects::default();
        self.0.step(event, &mut out);
        out.as_slice().to_vec()
    }

    /// The replies to a request, each with who gets it.
    fn ask(&mut self, client: u8, request: Request) -> Vec<(NodeId, Reply)> {
        let from = Peer { node: NodeId::Client(client), connection: 0 };
        replies(&self.step(Event::Deliver { from, message: request.into() }))
    }

    /// The one reply, which goes to who has asked.
    fn answer(&mut self, client: u8, request: Request) -> Reply {
        match self.ask(client, request)[..] {
            [(to, reply)] if to == NodeId::Client(client) => reply,
            ref others => panic!("{request} was answered by {others:?}"),
        }
    }

    fn fire(&mut self, timer: Timer) -> Vec<(NodeId, Reply)> {
        replies(&self.step(Event::Fire(timer)))
    }

    fn fail_over(&mut self) {
        self.0 = self.0.failed_over().expect("there is a replica");
        self.step(Event::Start { incarnation: 1 });
    }
}

fn replies(effects: &[Effect]) -> Vec<(NodeId, Reply)> {
    let reply = |effect: &Effect| match *effect {
        Effect::Reply(to, Message::LogReply(reply)) => Some((to.node, reply)),
        _ => None,
    };
    effects.iter().filter_map(reply).collect()
}

fn item(number: u16) -> Item {
    Item { producer: NodeId::Client(0), number }
}

fn member(client: u8, serial: u16) -> Token {
    Token { client: NodeId::Client(client), incarnation: 0, serial }
}

fn produce(number: u16, acks: Acks) -> Request {
    Request::Produce { partition: 0, item: item(number), acks, sequence: None }
}

fn produce_once(number: u16, sequence: u32) -> Request {
    let sequence = Some(Sequence { producer: member(0, 0), number: sequence });
    Request::Produce { partition: 0, item: item(number), acks: Acks::Leader, sequence }
}

fn fetch(offset: u32) -> Request {
    Request::Fetch { partition: 0, offset }
}

fn join(client: u8, serial: u16) -> Request {
    Request::Join { member: member(client, serial), reset: Reset::Earliest }
}

fn commit(client: u8, offset: u32) -> Request {
    Request::Commit { member: member(client, 0), partition: 0, offset }
}

const NOTHING: Reply = Reply::Assigned([None; 2]);

#[test]
fn records_are_read_from_any_offset_in_the_order_of_the_partition() {
    // "Consumer Position": the position is the consumer's, and reading takes nothing away.
    let mut broker = Broker::new(ALONE);
    assert_eq!(broker.answer(0, produce(0, Acks::Leader)), Reply::Appended);
    assert_eq!(broker.answer(0, produce(1, Acks::Leader)), Reply::Appended);
    for _ in 0..2 {
        assert_eq!(broker.answer(1, fetch(0)), Reply::Record { item: item(0), end: 2 });
        assert_eq!(broker.answer(1, fetch(1)), Reply::Record { item: item(1), end: 2 });
    }
    assert_eq!(broker.answer(1, fetch(2)), Reply::NoRecord);
    assert_eq!(broker.answer(1, fetch(3)), Reply::OutOfRange { end: 2 });
    let other = Request::Fetch { partition: 1, offset: 0 };
    assert_eq!(broker.answer(1, other), Reply::NoRecord);
}

#[test]
fn without_acks_nobody_is_answered() {
    // "Producer Configs", acks=0: the producer will not wait for any acknowledgement.
    let mut broker = Broker::new(ALONE);
    assert_eq!(broker.ask(0, produce(0, Acks::None)), []);
    assert_eq!(broker.answer(1, fetch(0)), Reply::Record { item: item(0), end: 1 });
}

#[test]
fn with_acks_1_the_leader_answers_for_itself_and_a_failover_loses_the_record() {
    // "Producer Configs", acks=1: if the leader fails right after it has acknowledged and before
    // the followers have replicated, the record is lost.
    let mut broker = Broker::new(REPLICATED);
    assert_eq!(broker.answer(0, produce(0, Acks::Leader)), Reply::Appended);
    broker.fail_over();
    assert_eq!(broker.answer(1, fetch(0)), Reply::NoRecord);
    assert_eq!(broker.answer(1, fetch(1)), Reply::OutOfRange { end: 0 });
}

#[test]
fn with_acks_all_the_answer_waits_for_the_replica_and_the_record_survives() {
    // "Producer Configs", acks=all: the record is not lost while an in-sync replica remains alive.
    let mut broker = Broker::new(REPLICATED);
    assert_eq!(broker.ask(0, produce(0, Acks::All)), []);
    assert_eq!(broker.fire(Timer::Replicate), [(NodeId::Client(0), Reply::Appended)]);
    broker.fail_over();
    assert_eq!(broker.answer(1, fetch(0)), Reply::Record { item: item(0), end: 1 });
    // Of the brokers that are left, none lags behind.
    assert_eq!(broker.answer(0, produce(1, Acks::All)), Reply::Appended);
}

#[test]
fn consumers_see_only_what_the_replica_has() {
    // "Replication": only committed messages are ever given out to the consumer.
    let mut broker = Broker::new(REPLICATED);
    broker.ask(0, produce(0, Acks::Leader));
    assert_eq!(broker.answer(1, fetch(0)), Reply::NoRecord);
    broker.fire(Timer::Replicate);
    assert_eq!(broker.answer(1, fetch(0)), Reply::Record { item: item(0), end: 1 });
}

#[test]
fn a_record_that_is_sent_again_is_in_the_log_once() {
    // "Message Delivery Semantics": the broker deduplicates by producer id and sequence number.
    let mut broker = Broker::new(ALONE);
    for sent in [0, 0, 1, 0] {
        let request = produce_once(sent, sent.into());
        assert_eq!(broker.answer(0, request), Reply::Appended);
    }
    assert_eq!(broker.answer(1, fetch(1)), Reply::Record { item: item(1), end: 2 });
    assert_eq!(broker.answer(0, produce_once(3, 3)), Reply::OutOfOrder);
}

#[test]
fn the_new_leader_knows_the_sequence_numbers_of_what_it_has() {
    // KIP-98, "Idempotent Producer Guarantees": the numbers are in the log, so that any broker that
    // takes over the leadership knows whether a message is a duplicate.
    let mut broker = Broker::new(REPLICATED);
    broker.ask(0, produce_once(0, 0));
    broker.fire(Timer::Replicate);
    broker.ask(0, produce_once(1, 1));
    broker.fail_over();
    broker.ask(0, produce_once(0, 0));
    assert_eq!(broker.answer(1, fetch(0)), Reply::Record { item: item(0), end: 1 });
    // What was lost is missing, and is sent again.
    assert_eq!(broker.answer(0, produce_once(1, 1)), Reply::Appended);
}

#[test]
fn a_partition_has_one_member_until_it_leaves() {
    // "Consumer Groups": each partition is consumed by exactly one consumer of the group.
    let mut broker = Broker::new(ALONE);
    let all = Reply::Assigned([Some(0), Some(0)]);
    assert_eq!(broker.answer(1, join(1, 0)), all);
    assert_eq!(broker.answer(2, join(2, 0)), NOTHING);
    let leave = Request::Leave { member: member(1, 0) };
    assert_eq!(broker.answer(1, leave), Reply::Left);
    assert_eq!(broker.answer(2, join(2, 0)), all);
    assert_eq!(broker.answer(1, Request::Heartbeat { member: member(1, 0) }), Reply::Fenced);
}

#[test]
fn a_member_that_is_not_heard_of_loses_its_partitions_and_its_commits_are_refused() {
    // "Consumer Configs", session.timeout.ms: no heartbeat, and the group is rebalanced. A commit
    // of the old member is refused (protocol guide, UNKNOWN_MEMBER_ID).
    let mut broker = Broker::new(ALONE);
    broker.ask(1, join(1, 0));
    assert_eq!(broker.answer(1, commit(1, 1)), Reply::Committed);
    broker.fire(SESSION);
    assert_eq!(broker.answer(2, join(2, 0)), Reply::Assigned([Some(1), Some(0)]));
    assert_eq!(broker.answer(2, commit(2, 2)), Reply::Committed);
    assert_eq!(broker.answer(1, commit(1, 1)), Reply::Fenced);
    broker.fire(SESSION);
    assert_eq!(broker.answer(1, join(1, 1)), Reply::Assigned([Some(2), Some(0)]));
}

#[test]
fn an_older_commit_of_the_same_member_sets_the_offset_back() {
    // "Consumer Position": the committed offset is whatever was committed last. Nothing in
    // OffsetCommit of the protocol guide tells an older request from a newer one.
    let mut broker = Broker::new(ALONE);
    broker.ask(1, join(1, 0));
    assert_eq!(broker.answer(1, commit(1, 2)), Reply::Committed);
    assert_eq!(broker.answer(1, commit(1, 1)), Reply::Committed);
    assert_eq!(broker.answer(1, join(1, 0)), Reply::Assigned([Some(1), Some(0)]));
}

#[test]
fn a_group_that_has_committed_nothing_begins_where_it_is_told_to() {
    // "Consumer Configs", auto.offset.reset: what to do when there is no initial offset.
    let mut broker = Broker::new(ALONE);
    broker.ask(0, produce(0, Acks::Leader));
    let latest = Request::Join { member: member(1, 0), reset: Reset::Latest };
    assert_eq!(broker.answer(1, latest), Reply::Assigned([Some(1), Some(0)]));
    broker.ask(1, Request::Leave { member: member(1, 0) });
    assert_eq!(broker.answer(1, join(1, 1)), Reply::Assigned([Some(0), Some(0)]));
    let offsets = Request::ListOffsets(Reset::Latest);
    assert_eq!(broker.answer(2, offsets), Reply::Assigned([Some(1), Some(0)]));
}

#[test]
fn a_coordinator_that_restarts_gives_every_member_a_session_from_then_on() {
    // Group metadata is a log like any other; sessions are kept in memory.
    let mut broker = Broker::new(ALONE);
    broker.ask(1, join(1, 0));
    broker.ask(1, commit(1, 1));
    broker.0 = broker.0.crashed();
    assert_eq!(broker.fire(SESSION), []);
    let effects = broker.step(Event::Start { incarnation: 1 });
    assert_eq!(effects, [Effect::Arm(SESSION, Span::ms(10).into())]);
    assert_eq!(broker.answer(2, join(2, 0)), NOTHING);
    assert_eq!(broker.answer(1, Request::Heartbeat { member: member(1, 0) }), Reply::Alive);
}

#[test]
fn who_has_hung_up_is_not_answered() {
    let mut broker = Broker::new(REPLICATED);
    broker.ask(0, produce(0, Acks::All));
    broker.step(Event::Disconnected(Peer { node: NodeId::Client(0), connection: 0 }));
    assert_eq!(broker.fire(Timer::Replicate), []);
}
