//! Sorted sets against what Redis documents. The pages are those of redis.io/docs/latest. Scores are
//! moments: so long from now on the server's clock.

use contend_impls::service::store::{Durability, Settings};
use contend_model::ident::{Item, NodeId, Peer, Token};
use contend_model::message::store::SortedSetCommand::{
    Add, AddOnce, FirstDue, GiveBack, Receive, Remove, Settle,
};
use contend_model::message::store::{Command, End, Key, Reply, SortedSetCommand, Value, When};
use contend_model::time::Span;

use super::stepped_store::SteppedStore;

const KEY: Key = Key::named("queue");
const VISIBILITY: Span = Span::ms(10);
const SETTINGS: Settings = Settings { durability: Durability::Always, replica: None, lacks: None };
const CLIENT: Peer = Peer { node: NodeId::Client(0), connection: 0 };

struct Conversation(SteppedStore);

impl Conversation {
    fn new() -> Self {
        Conversation(SteppedStore::new(SETTINGS))
    }

    fn ask(&mut self, command: Command) -> Reply {
        match self.0.ask(CLIENT, command)[..] {
            [(to, reply)] if to == CLIENT => reply,
            ref others => panic!("{command} was answered by {others:?}"),
        }
    }

    fn about(&mut self, command: SortedSetCommand) -> Reply {
        self.ask(Command::SortedSet(command))
    }

    fn add(&mut self, number: u16, when: When, ms: u32) -> Reply {
        self.about(Add { key: KEY, item: item(number), when, after: Span::ms(ms) })
    }

    fn first(&mut self) -> Reply {
        self.about(FirstDue(KEY))
    }

    fn receive(&mut self, receipt: Option<Token>) -> Reply {
        self.about(Receive { key: KEY, receipt, visibility: VISIBILITY })
    }

    fn pass(&mut self, ms: u32) {
        assert!(self.0.pass(Span::ms(ms)).is_empty(), "time answers nobody");
    }
}

fn item(number: u16) -> Item {
    Item { producer: NodeId::Client(0), number }
}

fn token(client: u8) -> Token {
    Token { client: NodeId::Client(client), incarnation: 0, serial: 0 }
}

fn is(number: u16) -> Reply {
    Reply::Value(Value::Item(item(number)))
}

#[test]
fn a_range_up_to_now_has_the_lowest_score_first() {
    // /commands/zrangebyscore: from low to high scores, both ends included, LIMIT offset count.
    let mut redis = Conversation::new();
    redis.add(0, When::Always, 3);
    redis.add(1, When::Always, 1);
    assert_eq!(redis.first(), Reply::Nil);
    redis.pass(1);
    assert_eq!(redis.first(), is(1));
    redis.pass(2);
    assert_eq!(redis.first(), is(1));
    redis.about(Remove(KEY, item(1)));
    assert_eq!(redis.first(), is(0));
}

#[test]
fn what_was_added_earlier_with_the_same_delay_comes_first() {
    // /commands/zadd, "Sorted sets 101": the score is the first key of the order. TIME has microseconds,
    // so that what one clock tells later is larger.
    let mut redis = Conversation::new();
    for number in [2, 0, 1] {
        redis.add(number, When::Always, 5);
    }
    redis.pass(5);
    for number in [2, 0, 1] {
        assert_eq!(redis.first(), is(number));
        redis.about(Remove(KEY, item(number)));
    }
}

#[test]
fn adding_counts_new_members_and_gives_old_ones_another_score() {
    // /commands/zadd: the number of added elements, not including those whose score was updated.
    let mut redis = Conversation::new();
    assert_eq!(redis.add(0, When::Always, 1), Reply::Int(1));
    assert_eq!(redis.add(0, When::Always, 5), Reply::Int(0));
    redis.pass(4);
    assert_eq!(redis.first(), Reply::Nil);
    redis.pass(1);
    assert_eq!(redis.first(), is(0));
    assert_eq!(redis.about(Remove(KEY, item(0))), Reply::Int(1));
    assert_eq!(redis.first(), Reply::Nil);
}

#[test]
fn nx_never_updates_and_xx_never_adds() {
    // /commands/zadd, "ZADD options".
    let mut redis = Conversation::new();
    assert_eq!(redis.add(0, When::Present, 0), Reply::Int(0));
    assert_eq!(redis.ask(Command::Exists(KEY)), Reply::Int(0));
    assert_eq!(redis.add(0, When::Absent, 5), Reply::Int(1));
    assert_eq!(redis.add(0, When::Absent, 0), Reply::Int(0));
    assert_eq!(redis.first(), Reply::Nil);
    assert_eq!(redis.add(0, When::Present, 0), Reply::Int(0));
    assert_eq!(redis.first(), is(0));
}

#[test]
fn removing_counts_what_was_there_and_the_last_member_takes_the_set_along() {
    // /commands/zrem: the number of members removed; /commands/del for what an empty set is.
    let mut redis = Conversation::new();
    assert_eq!(redis.about(Remove(KEY, item(0))), Reply::Int(0));
    redis.add(0, When::Always, 0);
    redis.add(1, When::Always, 5);
    assert_eq!(redis.about(Remove(KEY, item(0))), Reply::Int(1));
    assert_eq!(redis.about(Remove(KEY, item(0))), Reply::Int(0));
    assert_eq!(redis.ask(Command::Exists(KEY)), Reply::Int(1));
    assert_eq!(redis.about(Remove(KEY, item(1))), Reply::Int(1));
    assert_eq!(redis.ask(Command::Exists(KEY)), Reply::Int(0));
}

#[test]
fn what_was_added_once_is_not_added_again_even_after_it_was_removed() {
    // /commands/set, NX: the key of the item remembers it; the set itself would not.
    let mut redis = Conversation::new();
    let once = AddOnce { key: KEY, item: item(0), after: Span::ZERO };
    assert_eq!(redis.about(once), Reply::Int(1));
    redis.about(Remove(KEY, item(0)));
    assert_eq!(redis.about(once), Reply::Int(0));
    assert_eq!(redis.first(), Reply::Nil);
    assert_eq!(redis.add(0, When::Absent, 0), Reply::Int(1));
}

#[test]
fn what_is_received_is_nobody_elses_until_it_is_due_again() {
    // /develop/programmability/eval-intro: a script is atomic, so no two receive the same.
    let mut redis = Conversation::new();
    redis.add(0, When::Always, 0);
    redis.add(1, When::Always, 0);
    assert_eq!(redis.receive(None), is(0));
    assert_eq!(redis.receive(None), is(1));
    assert_eq!(redis.receive(None), Reply::Nil);
    redis.pass(9);
    assert_eq!(redis.receive(None), Reply::Nil);
    redis.pass(1);
    assert_eq!(redis.receive(None), is(0));
}

#[test]
fn only_the_receipt_of_the_last_delivery_settles() {
    // The Amazon SQS developer guide, "Queue and message identifiers": each receive has a receipt
    // handle of its own, and deleting takes the most recent one.
    let mut redis = Conversation::new();
    redis.add(0, When::Always, 0);
    let settle = |client| Settle { key: KEY, item: item(0), receipt: token(client) };
    assert_eq!(redis.receive(Some(token(1))), is(0));
    redis.pass(10);
    assert_eq!(redis.receive(Some(token(2))), is(0));
    assert_eq!(redis.about(settle(1)), Reply::Int(0));
    assert_eq!(redis.about(settle(2)), Reply::Int(1));
    assert_eq!(redis.about(settle(2)), Reply::Int(0));
    assert_eq!(redis.ask(Command::Exists(KEY)), Reply::Int(0));
}

#[test]
fn a_receipt_is_good_until_the_next_delivery_though_the_time_is_out() {
    let mut redis = Conversation::new();
    redis.add(0, When::Always, 0);
    redis.receive(Some(token(1)));
    redis.pass(20);
    let settle = Settle { key: KEY, item: item(0), receipt: token(1) };
    assert_eq!(redis.about(settle), Reply::Int(1));
}

#[test]
fn giving_back_makes_an_item_due_at_once_and_takes_its_receipt() {
    // The Amazon SQS developer guide, "Visibility timeout": a time-out of 0 ends it at once.
    let mut redis = Conversation::new();
    redis.add(0, When::Always, 0);
    redis.receive(Some(token(1)));
    let give_back = |client| GiveBack { key: KEY, item: item(0), receipt: token(client) };
    assert_eq!(redis.about(give_back(2)), Reply::Int(0));
    assert_eq!(redis.first(), Reply::Nil);
    assert_eq!(redis.about(give_back(1)), Reply::Int(1));
    assert_eq!(redis.about(give_back(1)), Reply::Int(0));
    assert_eq!(redis.receive(Some(token(2))), is(0));
}

#[test]
fn without_receipts_a_late_giving_back_puts_in_anew_what_was_settled() {
    // /commands/zadd: without XX a member that is not there is added.
    let mut redis = Conversation::new();
    redis.add(0, When::Always, 0);
    redis.receive(None);
    redis.about(Remove(KEY, item(0)));
    assert_eq!(redis.add(0, When::Always, 0), Reply::Int(1));
    assert_eq!(redis.receive(None), is(0));
}

#[test]
fn what_is_not_due_yet_outlives_a_crash_and_time_goes_on_meanwhile() {
    // /operate/oss_and_stack/management/persistence: scores are data like any other.
    let mut redis = Conversation::new();
    redis.add(0, When::Always, 10);
    redis.pass(5);
    redis.0.crash(Span::ms(4));
    assert_eq!(redis.first(), Reply::Nil);
    redis.pass(1);
    assert_eq!(redis.first(), is(0));
}

#[test]
fn a_sorted_set_is_neither_a_list_nor_a_string() {
    // /commands/get, /commands/lpush, and the commands of sorted sets: WRONGTYPE.
    let mut redis = Conversation::new();
    let value = Value::Item(item(1));
    redis.add(0, When::Always, 0);
    assert_eq!(redis.ask(Command::Get(KEY)), Reply::Error);
    assert_eq!(redis.ask(Command::Push(End::Left, KEY, value)), Reply::Error);
    assert_eq!(redis.ask(Command::Pop(End::Left, KEY)), Reply::Error);
    redis.ask(Command::Del(KEY));
    redis.ask(Command::Push(End::Left, KEY, value));
    assert_eq!(redis.add(0, When::Always, 0), Reply::Error);
    assert_eq!(redis.first(), Reply::Error);
    assert_eq!(redis.receive(None), Reply::Error);
}
