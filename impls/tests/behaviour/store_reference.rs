//! The store against a reference that is too simple to be wrong: a map with deadlines in plain
//! integers, lists as double-ended queues, scripts spelt out as the commands they consist of.
//! A long file, since the reference answers every command that is asked.

use std::cell::Cell;
use std::collections::{BTreeMap, VecDeque};

use contend_impls::service::store::{Durability, Keyspace, Settings};
use contend_model::ident::{Item, NodeId, Peer, Token};
use contend_model::message::store::{
    Command, End, Expiry, Key, LEASE, ONCE, Reply, Script, Value, When,
};
use contend_model::time::{Range, Span};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::stepped_store::{Answer, SteppedStore};

const CLIENTS: u8 = 4;
const STRINGS: [Key; 3] = [Key::named("lock"), Key::named("fence"), Key::named("name")];
const QUEUE: Key = Key::named("queue");
const PROCESSING: Key = Key::named("processing");
const LISTS: [Key; 2] = [QUEUE, PROCESSING];

#[derive(Clone, Debug, PartialEq)]
enum Content {
    Text(Value),
    List(VecDeque<Value>),
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Keys {
    /// What each key holds, and when it ends, in microseconds.
    entries: BTreeMap<Key, (Content, Option<u64>)>,
}

/// The reference: keys, the time, and who waits, in order of arrival.
#[derive(Default)]
struct Reference {
    keys: Keys,
    now: u64,
    waiting: Vec<(Peer, Command)>,
}

impl Reference {
    fn pass(&mut self, span: Span) {
        self.now += u64::from(span.as_us());
        self.keys.purge(self.now);
    }

    fn ask(&mut self, from: Peer, command: Command) -> Vec<Answer> {
        let mut answers = Vec::new();
        match self.keys.run(command, self.now) {
            Some(reply) => answers.push((from, reply)),
            None => self.waiting.push((from, command)),
        }
        let serve_first = |reference: &mut Reference| {
            (0..reference.waiting.len()).find_map(|place| {
                let (peer, command) = reference.waiting[place];
                let reply = reference.keys.run(command, reference.now)?;
                reference.waiting.remove(place);
                Some((peer, reply))
            })
        };
        while let Some(answer) = serve_first(self) {
            answers.push(answer);
        }
        answers
    }

    fn waits(&self, peer: Peer) -> bool {
        self.waiting.iter().any(|&(waiter, _)| waiter == peer)
    }

    fn forget(&mut self, peer: Peer) {
        self.waiting.retain(|&(waiter, _)| waiter != peer);
    }
}

impl Keys {
    fn purge(&mut self, now: u64) {
        self.entries.retain(|_, (_, deadline)| deadline.is_none_or(|deadline| now < deadline));
    }

    /// `None` if the command has to wait.
    fn run(&mut self, command: Command, now: u64) -> Option<Reply> {
        Some(match command {
            Command::Set { key, value, when, expiry } => {
                let exists = self.entries.contains_key(&key);
                if (when == When::Absent && exists) || (when == When::Present && !exists) {
                    return Some(Reply::Nil);
                }
                let old = self.entries.get(&key).and_then(|&(_, deadline)| deadline);
                let deadline = match expiry {
                    Expiry::Never => None,
                    Expiry::Keep => old,
                    Expiry::After(span) => Some(now + u64::from(span.as_us())),
                };
                self.entries.insert(key, (Content::Text(value), deadline));
                Reply::Ok
            }
            Command::Get(key) => match self.entries.get(&key) {
                None => Reply::Nil,
                Some((Content::Text(value), _)) => Reply::Value(*value),
                Some((Content::List(_), _)) => Reply::Error,
            },
            Command::Exists(key) => Reply::Int(self.entries.contains_key(&key).into()),
            Command::Del(key) => Reply::Int(self.entries.remove(&key).is_some().into()),
            Command::Pexpire(key, span) => match self.entries.get_mut(&key) {
                None => Reply::Int(0),
                Some((_, deadline)) => {
                    *deadline = Some(now + u64::from(span.as_us()));
                    Reply::Int(1)
                }
            },
            Command::Incr(key) => {
                let zero = (Content::Text(Value::Number(0)), None);
                match &mut self.entries.entry(key).or_insert(zero).0 {
                    Content::Text(Value::Number(number)) => {
                        *number += 1;
                        Reply::Int(*number)
                    }
                    _ => Reply::Error,
                }
            }
            Command::Push(end, key, value) => self.push(end, key, value),
            Command::Pop(end, key) => match self.pop(end, key) {
                Ok(element) => element.map_or(Reply::Nil, Reply::Value),
                Err(reply) => reply,
            },
            Command::BlockingPop(end, key) => match self.pop(end, key) {
                Ok(element) => Reply::Pair(key, element?),
                Err(reply) => reply,
            },
            Command::Move { from, to, take, put } => match self.shift(from, to, take, put) {
                Ok(element) => element.map_or(Reply::Nil, Reply::Value),
                Err(reply) => reply,
            },
            Command::BlockingMove { from, to, take, put } => {
                match self.shift(from, to, take, put) {
                    Ok(element) => Reply::Value(element?),
                    Err(reply) => reply,
                }
            }
            Command::Lrem(key, value) => match self.list(key) {
                Err(reply) => reply,
                Ok(mut elements) => {
                    let place = elements.iter().position(|&element| element == value);
                    if let Some(place) = place {
                        elements.remove(place);
                        self.put_list(key, elements);
                    }
                    Reply::Int(place.is_some().into())
                }
            },
            Command::Llen(key) => match self.list(key) {
                Ok(elements) => Reply::Int(elements.len() as u32),
                Err(reply) => reply,
            },
            Command::Script(script) => self.script(script, now),
            // Sorted sets have a reference of their own; streams have examples.
            Command::SortedSet(_) | Command::Stream(_) => {
                panic!("the reference does not know {command}")
            }
        })
    }

    /// The elements; an absent list is an empty one, and a string is none.
    fn list(&self, key: Key) -> Result<VecDeque<Value>, Reply> {
        match self.entries.get(&key) {
            None => Ok(VecDeque::new()),
            Some((Content::List(elements), _)) => Ok(elements.clone()),
            Some((Content::Text(_), _)) => Err(Reply::Error),
        }
    }

    /// An empty list is an absent one; what is in a list does not change when it ends.
    fn put_list(&mut self, key: Key, elements: VecDeque<Value>) {
        if elements.is_empty() {
            self.entries.remove(&key);
        } else {
            let deadline = self.entries.get(&key).and_then(|&(_, deadline)| deadline);
            self.entries.insert(key, (Content::List(elements), deadline));
        }
    }

    fn push(&mut self, end: End, key: Key, value: Value) -> Reply {
        let Ok(mut elements) = self.list(key) else { return Reply::Error };
        match end {
            End::Left => elements.push_front(value),
            End::Right => elements.push_back(value),
        }
        let length = elements.len();
        self.put_list(key, elements);
        Reply::Int(length as u32)
    }

    fn pop(&mut self, end: End, key: Key) -> Result<Option<Value>, Reply> {
        let mut elements = self.list(key)?;
        let element = match end {
            End::Left => elements.pop_front(),
            End::Right => elements.pop_back(),
        };
        if element.is_some() {
            self.put_list(key, elements);
        }
        Ok(element)
    }

    fn shift(&mut self, from: Key, to: Key, take: End, put: End) -> Result<Option<Value>, Reply> {
        // An absent source is said before a destination of the wrong type.
        if self.list(from)?.is_empty() {
            return Ok(None);
        }
        self.list(to)?;
        let element = self.pop(take, from)?;
        element.map(|element| self.push(put, to, element));
        Ok(element)
    }

    /// Each script as its documentation spells it out.
    fn script(&mut self, script: Script, now: u64) -> Reply {
        let mut call = |command| self.run(command, now).expect("scripts do not wait");
        match script {
            Script::CompareDelete(key, value) => match call(Command::Get(key)) {
                Reply::Value(found) if found == value => call(Command::Del(key)),
                Reply::Error => Reply::Error,
                _ => Reply::Int(0),
            },
            Script::CompareExpire(key, value, span) => match call(Command::Get(key)) {
                Reply::Value(found) if found == value => call(Command::Pexpire(key, span)),
                Reply::Error => Reply::Error,
                _ => Reply::Int(0),
            },
            Script::AcquireFenced { key, value, lease, fence } => {
                let held = call(Command::Get(key));
                if held == Reply::Error {
                    return Reply::Error;
                }
                if held == Reply::Value(value) {
                    call(Command::Pexpire(key, lease));
                    return match call(Command::Get(fence)) {
                        Reply::Value(Value::Number(number)) => Reply::Int(number),
                        other => other,
                    };
                }
                let (when, expiry) = (When::Absent, Expiry::After(lease));
                match call(Command::Set { key, value, when, expiry }) {
                    Reply::Ok => call(Command::Incr(fence)),
                    other => other,
                }
            }
            Script::TakeSlot { slots, blockers, value, lease } => {
                let blocked =
                    blockers.iter().any(|&key| call(Command::Exists(key)) == Reply::Int(1));
                let mut slots = slots.iter().enumerate();
                let free = slots.find(|&(_, &key)| call(Command::Exists(key)) == Reply::Int(0));
                let Some((place, &key)) = free.filter(|_| !blocked) else { return Reply::Nil };
                let expiry = lease.map_or(Expiry::Never, Expiry::After);
                call(Command::Set { key, value, when: When::Absent, expiry });
                Reply::Int(place as u32)
            }
            Script::LeaveSlot { slots, value } => {
                let own = |call: &mut dyn FnMut(Command) -> Reply, key| {
                    call(Command::Get(key)) == Reply::Value(value)
                };
                let mut left = 0;
                for &key in slots {
                    if own(&mut call, key) {
                        call(Command::Del(key));
                        left += 1;
                    }
                }
                Reply::Int(left)
            }
            Script::PushOnce { queue, item } => {
                let (key, value) = (Key::of(ONCE, item), Value::Number(1));
                let (when, expiry) = (When::Absent, Expiry::Never);
                if call(Command::Set { key, value, when, expiry }) == Reply::Nil {
                    return Reply::Int(0);
                }
                call(Command::Push(End::Left, queue, Value::Item(item)));
                Reply::Int(1)
            }
            Script::Claim { queue, processing, token, lease } => {
                let reply = call(Command::Pop(End::Right, queue));
                if let Reply::Value(value @ Value::Item(item)) = reply {
                    call(Command::Push(End::Left, processing, value));
                    let (key, value) = (Key::of(LEASE, item), Value::Token(token));
                    let (when, expiry) = (When::Always, Expiry::After(lease));
                    call(Command::Set { key, value, when, expiry });
                }
                reply
            }
            Script::Settle { processing, item, token } => {
                let lease = Key::of(LEASE, item);
                if call(Command::Get(lease)) != Reply::Value(Value::Token(token)) {
                    return Reply::Int(0);
                }
                call(Command::Del(lease));
                call(Command::Lrem(processing, Value::Item(item)))
            }
            Script::Reap { queue, processing } => {
                let claimed = self.list(processing).expect("a list");
                let leased = |value: &Value| match value {
                    Value::Item(item) => self.entries.contains_key(&Key::of(LEASE, *item)),
                    _ => true,
                };
                let (kept, reaped): (VecDeque<_>, VecDeque<_>) =
                    claimed.into_iter().partition(leased);
                let count = reaped.len() as u32;
                self.put_list(processing, kept);
                for value in reaped {
                    self.push(End::Right, queue, value);
                }
                Reply::Int(count)
            }
        }
    }

    /// Whether a store shows the same under every key there may be.
    fn shown_by(&self, keyspace: &Keyspace) -> bool {
        let of_items = (0..3).flat_map(|n| [Key::of(LEASE, item(n)), Key::of(ONCE, item(n))]);
        STRINGS.into_iter().chain(LISTS).chain(of_items).all(|key| match self.entries.get(&key) {
            None => !keyspace.contains(key),
            Some((Content::Text(value), _)) => keyspace.holds(key, *value),
            Some((Content::List(elements), _)) => *elements == keyspace.list(key),
        })
    }
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Ask(u8, Command),
    Pass(Span),
    HangUp(u8),
    Crash(Span),
}

fn item(number: u16) -> Item {
    Item { producer: NodeId::Client(0), number }
}

fn spans() -> impl Strategy<Value = Span> {
    (1..=6_u32).prop_map(Span::ms)
}

fn ends() -> impl Strategy<Value = End> {
    prop_oneof![Just(End::Left), Just(End::Right)]
}

fn tokens() -> impl Strategy<Value = Token> {
    (0..2_u8).prop_map(|n| Token { client: NodeId::Client(n), incarnation: 0, serial: 1 })
}

fn string_commands(keys: &'static [Key]) -> impl Strategy<Value = Command> {
    let key = || proptest::sample::select(keys);
    let values = || {
        prop_oneof![
            3 => tokens().prop_map(Value::Token),
            1 => (0..9_u32).prop_map(Value::Number),
        ]
    };
    let when = prop_oneof![Just(When::Always), Just(When::Absent), Just(When::Present)];
    let expiry =
        prop_oneof![Just(Expiry::Never), Just(Expiry::Keep), spans().prop_map(Expiry::After)];
    prop_oneof![
        4 => (key(), values(), when, expiry)
            .prop_map(|(key, value, when, expiry)| Command::Set { key, value, when, expiry }),
        2 => key().prop_map(Command::Get),
        2 => key().prop_map(Command::Incr),
        1 => (key(), values())
            .prop_map(|(key, value)| Command::Script(Script::CompareDelete(key, value))),
        1 => (key(), values(), spans())
            .prop_map(|(key, value, span)| Command::Script(Script::CompareExpire(key, value, span))),
        2 => (values(), spans()).prop_map(|(value, lease)| {
            let (key, fence) = (STRINGS[0], STRINGS[1]);
            Command::Script(Script::AcquireFenced { key, value, lease, fence })
        }),
        1 => (values(), proptest::option::of(spans()), any::<bool>()).prop_map(
            |(value, lease, blocked)| {
                let blockers = if blocked { BLOCKERS } else { &[] };
                Command::Script(Script::TakeSlot { slots: SLOTS, blockers, value, lease })
            }
        ),
        1 => values().prop_map(|value| Command::Script(Script::LeaveSlot { slots: SLOTS, value })),
    ]
}

const SLOTS: &[Key] = &[Key::named("permit0"), Key::named("permit1")];
const BLOCKERS: &[Key] = &STRINGS;

fn list_commands(keys: &'static [Key]) -> impl Strategy<Value = Command> {
    let key = || proptest::sample::select(keys);
    let items = || (0..3_u16).prop_map(item);
    prop_oneof![
        4 => (ends(), key(), items())
            .prop_map(|(end, key, item)| Command::Push(end, key, Value::Item(item))),
        1 => (ends(), key()).prop_map(|(end, key)| Command::Pop(end, key)),
        4 => (ends(), key()).prop_map(|(end, key)| Command::BlockingPop(end, key)),
        1 => (key(), key(), ends(), ends())
            .prop_map(|(from, to, take, put)| Command::Move { from, to, take, put }),
        4 => (key(), key(), ends(), ends())
            .prop_map(|(from, to, take, put)| Command::BlockingMove { from, to, take, put }),
        1 => (key(), items()).prop_map(|(key, item)| Command::Lrem(key, Value::Item(item))),
        1 => key().prop_map(Command::Llen),
    ]
}

fn queue_scripts() -> impl Strategy<Value = Command> {
    let items = || (0..3_u16).prop_map(item);
    let (queue, processing) = (QUEUE, PROCESSING);
    prop_oneof![
        2 => items().prop_map(move |item| Script::PushOnce { queue, item }),
        2 => (tokens(), spans())
            .prop_map(move |(token, lease)| Script::Claim { queue, processing, token, lease }),
        1 => (items(), tokens())
            .prop_map(move |(item, token)| Script::Settle { processing, item, token }),
        1 => Just(Script::Reap { queue, processing }),
    ]
    .prop_map(Command::Script)
}

/// Commands for any key: those that every type takes.
fn any_commands(keys: Vec<Key>) -> impl Strategy<Value = Command> {
    let key = || proptest::sample::select(keys.clone());
    prop_oneof![
        key().prop_map(Command::Exists),
        key().prop_map(Command::Del),
        (key(), spans()).prop_map(|(key, span)| Command::Pexpire(key, span)),
    ]
}

fn steps(commands: impl Strategy<Value = Command>) -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        16 => (0..CLIENTS, commands).prop_map(|(client, command)| Step::Ask(client, command)),
        3 => spans().prop_map(Step::Pass),
        1 => (0..CLIENTS).prop_map(Step::HangUp),
        1 => spans().prop_map(Step::Crash),
    ];
    proptest::collection::vec(step, 1..60)
}

fn typed_commands() -> impl Strategy<Value = Command> {
    let of_items = (0..3).flat_map(|n| [Key::of(LEASE, item(n)), Key::of(ONCE, item(n))]);
    let every = STRINGS.into_iter().chain(LISTS).chain(of_items).collect();
    prop_oneof![
        3 => string_commands(&STRINGS),
        4 => list_commands(&LISTS),
        3 => queue_scripts(),
        2 => any_commands(every),
    ]
}

/// A store and the reference, side by side.
struct Pair {
    store: SteppedStore,
    reference: Reference,
    connections: [u16; CLIENTS as usize],
}

impl Pair {
    fn new(settings: Settings) -> Self {
        let (store, reference) = (SteppedStore::new(settings), Reference::default());
        Pair { store, reference, connections: [0; CLIENTS as usize] }
    }

    fn peer(&self, client: u8) -> Peer {
        Peer { node: NodeId::Client(client), connection: self.connections[usize::from(client)] }
    }

    fn hang_up(&mut self, client: u8) -> Vec<Answer> {
        let peer = self.peer(client);
        self.connections[usize::from(client)] += 1;
        self.reference.forget(peer);
        self.store.disconnect(peer)
    }

    /// What the store and what the reference answers.
    fn take(&mut self, step: Step) -> (Vec<Answer>, Vec<Answer>) {
        match step {
            Step::Ask(client, command) => {
                // A client that waits can only give up before it asks for something else.
                if self.reference.waits(self.peer(client)) {
                    assert_eq!(self.hang_up(client), []);
                }
                let peer = self.peer(client);
                (self.store.ask(peer, command), self.reference.ask(peer, command))
            }
            Step::Pass(span) => {
                self.reference.pass(span);
                (self.store.pass(span), Vec::new())
            }
            Step::HangUp(client) => (self.hang_up(client), Vec::new()),
            Step::Crash(down) => {
                self.reference.pass(down);
                self.reference.waiting.clear();
                self.connections.iter_mut().for_each(|connection| *connection += 1);
                (self.store.crash(down), Vec::new())
            }
        }
    }
}

fn settings(durability: Durability, replica: Option<Range>) -> Settings {
    Settings { durability, replica, lacks: None }
}

/// Runs cases and counts what happened in them, lest they be about nothing.
#[derive(Default)]
struct Seen {
    replies: Cell<u64>,
    /// Replies to clients that had waited for them.
    awaited: Cell<u64>,
    expired: Cell<u64>,
}

fn agree(steps: &[Step], seen: &Seen) -> Result<(), TestCaseError> {
    let mut pair = Pair::new(settings(Durability::Always, None));
    for (number, &step) in steps.iter().enumerate() {
        let keys = pair.reference.keys.entries.len();
        let (answers, expected) = pair.take(step);
        prop_assert_eq!(&answers, &expected, "at step {} of {:?}", number, steps);
        let shown = pair.reference.keys.shown_by(pair.store.store().keyspace());
        prop_assert!(shown, "after step {number} of {steps:?}: {:?}", pair.store.store());
        let asked = usize::from(matches!(step, Step::Ask(..)));
        seen.replies.set(seen.replies.get() + answers.len() as u64);
        seen.awaited.set(seen.awaited.get() + answers.len().saturating_sub(asked) as u64);
        let fewer = keys.saturating_sub(pair.reference.keys.entries.len());
        seen.expired.set(seen.expired.get() + (1 - asked as u64) * fewer as u64);
    }
    Ok(())
}

fn runner(cases: u32) -> TestRunner {
    TestRunner::new(ProptestConfig { cases, failure_persistence: None, ..Default::default() })
}

#[test]
fn replies_are_the_references_whatever_is_asked_and_whoever_waits() {
    let seen = Seen::default();
    let result = runner(4_000).run(&steps(typed_commands()), |steps| agree(&steps, &seen));
    result.unwrap_or_else(|failure| panic!("{failure}"));
    let (replies, awaited, expired) = (seen.replies.get(), seen.awaited.get(), seen.expired.get());
    println!("{replies} replies, {awaited} of them waited for; {expired} keys expired");
    assert!(replies > 40_000 && awaited > 1_000 && expired > 1_000);
}

#[test]
fn replies_are_the_references_when_commands_meet_keys_of_another_type() {
    const MIXED: [Key; 3] = [STRINGS[0], STRINGS[1], QUEUE];
    let commands =
        prop_oneof![string_commands(&MIXED), list_commands(&MIXED), any_commands(MIXED.to_vec())];
    let result = runner(2_000).run(&steps(commands), |steps| agree(&steps, &Seen::default()));
    result.unwrap_or_else(|failure| panic!("{failure}"));
}

/// What is left is what there was at some moment not longer ago than `span`, deadlines included.
fn is_recent(
    mut store: SteppedStore,
    past: &[(u64, Keys)],
    mut now: u64,
    span: Span,
) -> Result<(), TestCaseError> {
    // What there was at the beginning of the window had been written before it.
    let window = now.checked_sub(u64::from(span.as_us()));
    let first = past.iter().rposition(|&(at, _)| window.is_some_and(|from| at <= from));
    let first = first.unwrap_or(0);
    let mut possible: Vec<Keys> = past[first..].iter().map(|(_, keys)| keys.clone()).collect();
    for _ in 0..8 {
        possible.iter_mut().for_each(|keys| keys.purge(now));
        possible.retain(|keys| keys.shown_by(store.store().keyspace()));
        prop_assert!(!possible.is_empty(), "nothing recent is like {:?}", store.store());
        store.pass(Span::ms(1));
        now += 1_000;
    }
    Ok(())
}

/// Runs the steps, and after each of them looks at what `disaster` would leave.
fn survives(
    steps: &[Step],
    settings: Settings,
    span: Span,
    losses: &Cell<u64>,
    disaster: impl Fn(&mut SteppedStore),
) -> Result<(), TestCaseError> {
    let mut pair = Pair::new(settings);
    let mut past = vec![(0, Keys::default())];
    for &step in steps.iter().filter(|step| !matches!(step, Step::Crash(_))) {
        pair.take(step);
        let now = pair.reference.now;
        past.push((now, pair.reference.keys.clone()));
        let mut left = pair.store.clone();
        disaster(&mut left);
        let lost = left.store().keyspace() != pair.store.store().keyspace();
        losses.set(losses.get() + u64::from(lost));
        is_recent(left, &past, now, span)?;
    }
    Ok(())
}

#[test]
fn a_crash_leaves_what_was_there_at_most_one_sync_ago() {
    let (span, losses) = (Span::ms(5), Cell::new(0));
    let settings = settings(Durability::Every(span), None);
    let result = runner(500).run(&steps(typed_commands()), |steps| {
        survives(&steps, settings, span, &losses, |store| {
            store.crash(Span::ZERO);
        })
    });
    result.unwrap_or_else(|failure| panic!("{failure}"));
    assert!(losses.get() > 1_000, "only {} crashes lost anything", losses.get());
}

#[test]
fn a_failover_leaves_what_was_there_at_most_one_lag_ago() {
    let (span, losses) = (Span::ms(3), Cell::new(0));
    let settings = settings(Durability::Always, Some(Range::exactly(span)));
    let result = runner(500).run(&steps(typed_commands()), |steps| {
        survives(&steps, settings, span, &losses, |store| {
            store.fail_over();
        })
    });
    result.unwrap_or_else(|failure| panic!("{failure}"));
    assert!(losses.get() > 1_000, "only {} failovers lost anything", losses.get());
}
