//! Sorted sets against a reference that is too simple to be wrong: a map from member to score, in plain
//! microseconds. Of members of one score any may come first.

use std::cell::Cell;
use std::collections::BTreeMap;

use contend_impls::service::store::{Durability, Settings};
use contend_model::ident::{Item, NodeId, Peer, Token};
use contend_model::message::store::{Command, Key, Reply, SortedSetCommand, Value, When};
use contend_model::time::Span;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::stepped_store::SteppedStore;

const KEY: Key = Key::named("queue");
const CLIENT: Peer = Peer { node: NodeId::Client(0), connection: 0 };
const ITEMS: u16 = 4;

#[derive(Default)]
struct Reference {
    now: u64,
    scores: BTreeMap<Item, u64>,
    once: Vec<Item>,
    receipts: BTreeMap<Item, Token>,
    /// When the whole set ends, by `PEXPIRE`.
    end: Option<u64>,
}

impl Reference {
    fn pass(&mut self, span: Span) {
        self.now += u64::from(span.as_us());
        if self.end.is_some_and(|end| end <= self.now) {
            self.delete();
        }
    }

    fn delete(&mut self) -> bool {
        self.end = None;
        !std::mem::take(&mut self.scores).is_empty()
    }

    fn score(&mut self, item: Item, after: Span) -> bool {
        self.scores.insert(item, self.now + u64::from(after.as_us())).is_none()
    }

    fn remove(&mut self, item: Item) -> bool {
        let there = self.scores.remove(&item).is_some();
        if self.scores.is_empty() {
            self.end = None;
        }
        there
    }

    /// The lowest score that is due, and whose it may be.
    fn first(&self) -> Vec<Item> {
        let due = self.scores.values().copied().filter(|&score| score <= self.now);
        let lowest = due.min();
        let of_lowest = self.scores.iter().filter(|&(_, &score)| Some(score) == lowest);
        of_lowest.map(|(&item, _)| item).collect()
    }

    /// Whether the reply is right; what it says is believed where there is a choice.
    fn agrees(&mut self, command: Command, reply: Reply) -> bool {
        let count = |count: bool| reply == Reply::Int(u32::from(count));
        let command = match command {
            Command::Del(_) => {
                let there = self.delete();
                return count(there);
            }
            Command::Pexpire(_, span) => {
                let there = !self.scores.is_empty();
                self.end = there.then(|| self.now + u64::from(span.as_us()));
                return count(there);
            }
            Command::SortedSet(command) => command,
            other => panic!("the reference does not know {other}"),
        };
        match command {
            SortedSetCommand::Add { item, when, after, .. } => {
                let there = self.scores.contains_key(&item);
                let writes = match when {
                    When::Always => true,
                    When::Absent => !there,
                    When::Present => there,
                };
                count(writes && self.score(item, after))
            }
            SortedSetCommand::AddOnce { item, after, .. } => {
                let new = !self.once.contains(&item);
                if new {
                    self.once.push(item);
                    self.score(item, after);
                }
                count(new)
            }
            SortedSetCommand::FirstDue(_) => self.is_first(reply).is_ok(),
            SortedSetCommand::Remove(_, item) => {
                let there = self.remove(item);
                count(there)
            }
            SortedSetCommand::Receive { receipt, visibility, .. } => match self.is_first(reply) {
                Ok(Some(item)) => {
                    self.score(item, visibility);
                    if let Some(receipt) = receipt {
                        self.receipts.insert(item, receipt);
                    }
                    true
                }
                other => other.is_ok(),
            },
            SortedSetCommand::Settle { item, receipt, .. } => {
                let own = self.receipts.get(&item) == Some(&receipt);
                if own {
                    self.receipts.remove(&item);
                }
                count(own && self.remove(item))
            }
            SortedSetCommand::GiveBack { item, receipt, .. } => {
                let own = self.receipts.get(&item) == Some(&receipt);
                if own {
                    self.receipts.remove(&item);
                    self.score(item, Span::ZERO);
                }
                count(own)
            }
        }
    }

    fn is_first(&self, reply: Reply) -> Result<Option<Item>, ()> {
        let first = self.first();
        match reply {
            Reply::Nil if first.is_empty() => Ok(None),
            Reply::Value(Value::Item(item)) if first.contains(&item) => Ok(Some(item)),
            _ => Err(()),
        }
    }

    fn is_shown_by(&self, store: &SteppedStore) -> bool {
        let shown = store.store().keyspace().sorted_set(KEY);
        let due: Vec<Item> = shown.map_or(Vec::new(), |set| set.due().to_vec());
        let later: Vec<Item> = shown.map_or(Vec::new(), |set| set.later().collect());
        let score = |item: &Item| self.scores.get(item).copied();
        due.len() + later.len() == self.scores.len()
            && due.is_sorted_by_key(score)
            && due.iter().all(|item| score(item).is_some_and(|score| score <= self.now))
            && later.iter().all(|item| score(item).is_some_and(|score| score > self.now))
    }
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Ask(Command),
    Pass(Span),
    Crash(Span),
}

fn items() -> impl Strategy<Value = Item> {
    (0..ITEMS).prop_map(|number| Item { producer: NodeId::Client(0), number })
}

fn receipts() -> impl Strategy<Value = Token> {
    (0..2_u8).prop_map(|n| Token { client: NodeId::Client(n), incarnation: 0, serial: 0 })
}

/// From no time at all to a few milliseconds.
fn spans() -> impl Strategy<Value = Span> {
    (0..=4_u32).prop_map(Span::ms)
}

fn commands() -> impl Strategy<Value = Command> {
    let when = prop_oneof![Just(When::Always), Just(When::Absent), Just(When::Present)];
    let key = KEY;
    let of_sets = prop_oneof![
        4 => (items(), when, spans())
            .prop_map(move |(item, when, after)| SortedSetCommand::Add { key, item, when, after }),
        2 => (items(), spans())
            .prop_map(move |(item, after)| SortedSetCommand::AddOnce { key, item, after }),
        2 => Just(SortedSetCommand::FirstDue(key)),
        1 => items().prop_map(move |item| SortedSetCommand::Remove(key, item)),
        4 => (proptest::option::of(receipts()), spans()).prop_map(
            move |(receipt, visibility)| SortedSetCommand::Receive { key, receipt, visibility }
        ),
        2 => (items(), receipts())
            .prop_map(move |(item, receipt)| SortedSetCommand::Settle { key, item, receipt }),
        2 => (items(), receipts())
            .prop_map(move |(item, receipt)| SortedSetCommand::GiveBack { key, item, receipt }),
    ];
    prop_oneof![
        30 => of_sets.prop_map(Command::SortedSet),
        1 => Just(Command::Del(key)),
        1 => spans().prop_map(move |span| Command::Pexpire(key, span + Span::ms(1))),
    ]
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        12 => commands().prop_map(Step::Ask),
        5 => spans().prop_map(Step::Pass),
        1 => spans().prop_map(Step::Crash),
    ];
    proptest::collection::vec(step, 1..60)
}

#[test]
fn replies_are_the_references_whatever_is_asked_and_whenever() {
    let (received, fell_due) = (Cell::new(0_u64), Cell::new(0_usize));
    let config = ProptestConfig { cases: 4_000, failure_persistence: None, ..Default::default() };
    let result = TestRunner::new(config).run(&steps(), |steps| {
        let settings = Settings { durability: Durability::Always, replica: None, lacks: None };
        let (mut store, mut reference) = (SteppedStore::new(settings), Reference::default());
        for (number, &step) in steps.iter().enumerate() {
            match step {
                Step::Ask(command) => {
                    let answers = store.ask(CLIENT, command);
                    let [(_, reply)] = answers[..] else { panic!("{command}: {answers:?}") };
                    let agreed = reference.agrees(command, reply);
                    prop_assert!(agreed, "{command} → {reply} at {number} of {steps:?}");
                    received.set(received.get() + u64::from(matches!(reply, Reply::Value(_))));
                }
                Step::Pass(span) | Step::Crash(span) => {
                    let before = reference.first().len();
                    reference.pass(span);
                    match step {
                        Step::Crash(_) => store.crash(span),
                        _ => store.pass(span),
                    };
                    let more = reference.first().len().saturating_sub(before);
                    fell_due.set(fell_due.get() + more);
                }
            }
            prop_assert!(
                reference.is_shown_by(&store),
                "after {number} of {steps:?}: {:?}",
                store.store()
            );
        }
        Ok(())
    });
    result.unwrap_or_else(|failure| panic!("{failure}"));
    println!("{} deliveries, {} times something fell due", received.get(), fell_due.get());
    assert!(received.get() > 10_000 && fell_due.get() > 3_000);
}
