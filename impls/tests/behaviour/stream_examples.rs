//! Streams against what Redis documents. The pages are those of redis.io/docs/latest.

use contend_impls::service::store::{Durability, Settings};
use contend_model::ident::{Item, NodeId, Peer};
use contend_model::message::store::{Command, End, Key, Reply, StreamCommand, Value};
use contend_model::time::Span;

use super::stepped_store::SteppedStore;

const STREAM: Key = Key::named("stream");
const MIN_IDLE: Span = Span::ms(10);
const SETTINGS: Settings = Settings { durability: Durability::Always, replica: None, lacks: None };

struct Conversation(SteppedStore);

impl Conversation {
    fn new() -> Self {
        Conversation(SteppedStore::new(SETTINGS))
    }

    fn ask(&mut self, client: u8, command: Command) -> Reply {
        let peer = Peer { node: NodeId::Client(client), connection: 0 };
        match self.0.ask(peer, command)[..] {
            [(to, reply)] if to == peer => reply,
            ref others => panic!("{command} was answered by {others:?}"),
        }
    }

    fn add(&mut self, number: u16) -> Reply {
        self.ask(0, Command::Stream(StreamCommand::Add(STREAM, item(number))))
    }

    fn read(&mut self, client: u8) -> Reply {
        let consumer = NodeId::Client(client);
        let read = StreamCommand::Read { key: STREAM, consumer, min_idle: MIN_IDLE };
        self.ask(client, Command::Stream(read))
    }

    fn claim(&mut self, client: u8) -> Reply {
        let consumer = NodeId::Client(client);
        let claim = StreamCommand::AutoClaim { key: STREAM, consumer, min_idle: MIN_IDLE };
        self.ask(client, Command::Stream(claim))
    }

    fn ack(&mut self, client: u8, entry: u32) -> Reply {
        self.ask(client, Command::Stream(StreamCommand::Ack(STREAM, entry)))
    }

    fn pass(&mut self, ms: u32) {
        assert!(self.0.pass(Span::ms(ms)).is_empty(), "time answers nobody");
    }
}

fn item(number: u16) -> Item {
    Item { producer: NodeId::Client(0), number }
}

#[test]
fn every_entry_goes_to_one_consumer_of_the_group_in_the_order_of_adding() {
    // /commands/xreadgroup, the special ID >: entries that were never delivered to another consumer.
    let mut redis = Conversation::new();
    redis.add(0);
    redis.add(1);
    assert_eq!(redis.read(1), Reply::Entry(0, item(0)));
    assert_eq!(redis.read(2), Reply::Entry(1, item(1)));
    assert_eq!(redis.read(1), Reply::Nil);
}

#[test]
fn an_entry_that_was_added_twice_is_two_entries() {
    // /commands/xadd: every call appends an entry with an ID of its own.
    let mut redis = Conversation::new();
    assert_eq!(redis.add(0), Reply::Entry(0, item(0)));
    assert_eq!(redis.add(0), Reply::Entry(1, item(0)));
    let once = Command::Stream(StreamCommand::AddOnce(STREAM, item(1)));
    assert_eq!(redis.ask(0, once), Reply::Int(1));
    assert_eq!(redis.ask(0, once), Reply::Int(0));
}

#[test]
fn an_acknowledged_entry_is_pending_no_more() {
    // /commands/xack: the number of entries that were acknowledged; those that are not pending, or
    // no longer, do not count.
    let mut redis = Conversation::new();
    redis.add(0);
    assert_eq!(redis.ack(1, 0), Reply::Int(0));
    redis.read(1);
    assert_eq!(redis.ack(1, 0), Reply::Int(1));
    assert_eq!(redis.ack(1, 0), Reply::Int(0));
    redis.pass(10);
    assert_eq!(redis.claim(2), Reply::Nil);
}

#[test]
fn what_is_pending_for_long_enough_is_claimed_and_that_ends_its_idleness() {
    // /commands/xautoclaim: only entries that are idle for long enough are claimed, and claiming
    // resets the idle time, so that only one consumer succeeds.
    let mut redis = Conversation::new();
    redis.add(0);
    redis.read(1);
    redis.pass(9);
    assert_eq!(redis.claim(2), Reply::Nil);
    redis.pass(1);
    assert_eq!(redis.claim(2), Reply::Entry(0, item(0)));
    assert_eq!(redis.claim(1), Reply::Nil);
    redis.pass(10);
    assert_eq!(redis.claim(1), Reply::Entry(0, item(0)));
}

#[test]
fn an_entry_that_was_claimed_can_be_acknowledged_by_the_consumer_that_had_it_before() {
    // /commands/xack names a group and no consumer.
    let mut redis = Conversation::new();
    redis.add(0);
    redis.read(1);
    redis.pass(10);
    redis.claim(2);
    assert_eq!(redis.ack(1, 0), Reply::Int(1));
    assert_eq!(redis.ack(2, 0), Reply::Int(0));
}

#[test]
fn what_is_pending_outlives_a_crash_and_its_idle_time_goes_on() {
    // /develop/data-types/streams, "Persistence, replication and message safety": the state of
    // groups is persisted like any other key.
    let mut redis = Conversation::new();
    redis.add(0);
    redis.read(1);
    redis.pass(5);
    redis.0.crash(Span::ms(4));
    assert_eq!(redis.claim(2), Reply::Nil);
    redis.pass(1);
    assert_eq!(redis.claim(2), Reply::Entry(0, item(0)));
}

#[test]
fn a_stream_is_neither_a_list_nor_a_string() {
    // /commands/lpush, /commands/get and the stream commands: WRONGTYPE.
    let mut redis = Conversation::new();
    redis.add(0);
    let value = Value::Item(item(1));
    assert_eq!(redis.ask(1, Command::Get(STREAM)), Reply::Error);
    assert_eq!(redis.ask(1, Command::Push(End::Left, STREAM, value)), Reply::Error);
    assert_eq!(redis.ask(1, Command::Pop(End::Left, STREAM)), Reply::Error);
    redis.ask(1, Command::Del(STREAM));
    redis.ask(1, Command::Push(End::Left, STREAM, value));
    assert_eq!(redis.read(1), Reply::Error);
}
