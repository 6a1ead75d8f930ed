//! The SQL server against references that are too simple to be wrong: a list of rows for statements
//! that run alone, and the same list for serializable transactions, which must be as if they had run
//! one after the other in the order of their commits. What is random is drawn by proptest.

use std::collections::BTreeMap;

use contend_impls::service::table::{Database, Settings};
use contend_model::ident::{NodeId, Peer, Token};
use contend_model::message::Message;
use contend_model::message::table::{
    Count, Error, FREE, Filter, HELD, IfLocked, Insert, Isolation, Key, Lease, OnConflict, Reply,
    Request, Row, Set, Standing, Statement, Table,
};
use contend_model::process::{Effect, Effects, Event, Process};
use contend_model::time::Span;
use contend_model::timer::Timer;
use proptest::prelude::*;

const CLIENTS: u8 = 3;
const KEYS: u32 = 2;
const LEASE: Span = Span::ms(10);

/// A server and its clock.
struct Server {
    database: Database,
    now: u64,
    timers: BTreeMap<Timer, u64>,
}

impl Server {
    fn new() -> Self {
        let database = Database::new(Settings::POSTGRES);
        Server { database, now: 0, timers: BTreeMap::new() }
    }

    fn ask(&mut self, client: u8, request: Request) -> Vec<(u8, Reply)> {
        let from = peer(client);
        self.step(Event::Deliver { from, message: Message::Table(request) })
    }

    fn pass(&mut self, ms: u32) {
        self.now += u64::from(Span::ms(ms).as_us());
        while let Some((&timer, _)) = self.timers.iter().find(|(_, due)| **due <= self.now) {
            self.timers.remove(&timer);
            assert!(self.step(Event::Fire(timer)).is_empty(), "time answers nobody");
        }
    }

    fn step(&mut self, event: Event) -> Vec<(u8, Reply)> {
        let mut out = Effects::default();
        self.database.step(event, &mut out);
        let mut answers = Vec::new();
        for &effect in out.as_slice() {
            match effect {
                Effect::Reply(to, Message::TableReply(reply)) => {
                    answers.push((to.node.client().expect("a client") as u8, reply));
                }
                Effect::Arm(timer, range) => {
                    self.timers.insert(timer, self.now + u64::from(range.most.as_us()));
                }
                Effect::Disarm(timer) => {
                    self.timers.remove(&timer);
                }
                _ => {}
            }
        }
        answers
    }
}

/// A row and the moment at which its lease ends.
type Kept = (Row, Option<u64>);

/// The reference: rows in order of their keys, and the time.
#[derive(Clone, Debug, Default)]
struct List {
    rows: BTreeMap<u32, Kept>,
    now: u64,
}

impl List {
    fn shown(&self, (row, until): Kept) -> Row {
        Row { leased: until.is_some_and(|until| until > self.now), ..row }
    }

    fn all(&self) -> Vec<Row> {
        self.rows.values().map(|&kept| self.shown(kept)).collect()
    }

    fn matches(&self, &(row, until): &Kept, filter: &Filter) -> bool {
        let ended = until.is_some_and(|until| until <= self.now);
        let stands = match filter.standing {
            Standing::Any => true,
            Standing::Lasts => until.is_some() && !ended,
            Standing::Ended => ended,
            Standing::Free => row.owner.is_none() || ended,
            Standing::Claimable => row.value == FREE || row.value == HELD && ended,
        };
        stands
            && filter.key.is_none_or(|key| key == row.key)
            && filter.owner.is_none_or(|owner| Some(owner) == row.owner)
            && filter.value.is_none_or(|value| value == row.value)
            && filter.number.is_none_or(|number| number == row.number)
    }

    fn found(&self, filter: &Filter) -> Vec<u32> {
        let matching = self.rows.iter().filter(|(_, kept)| self.matches(kept, filter));
        matching.map(|(&key, _)| key).collect()
    }

    fn set(&mut self, key: u32, set: &Set) {
        let now = self.now;
        let (row, until) = self.rows.get_mut(&key).expect("the row was found");
        row.owner = set.owner.unwrap_or(row.owner);
        row.value = set.value.unwrap_or(row.value);
        row.number += u32::from(set.number == Count::Next);
        match set.lease {
            Lease::Keep => {}
            Lease::For(span) => *until = Some(now + u64::from(span.as_us())),
            Lease::End => *until = Some(now),
        }
    }

    fn run(&mut self, statement: &Statement) -> Reply {
        match statement {
            Statement::Select { filter, .. } => {
                let first = self.found(filter).first().map(|key| self.shown(self.rows[key]));
                Reply::Row(first)
            }
            Statement::Update { set, filter, .. } => {
                let found = self.found(filter);
                found.iter().for_each(|&key| self.set(key, set));
                Reply::Count(found.len() as u8)
            }
            Statement::Delete { filter, .. } => {
                let found = self.found(filter);
                self.rows.retain(|key, _| !found.contains(key));
                Reply::Count(found.len() as u8)
            }
            Statement::Insert(insert) => self.insert(insert),
            other => panic!("the reference does not know {other}"),
        }
    }

    fn insert(&mut self, insert: &Insert) -> Reply {
        let Some(Key::Number(number)) = insert.key else { panic!("keys are numbers here") };
        let taken = self.rows.contains_key(&number);
        match insert.on_conflict {
            OnConflict::Fail if taken => return Reply::Error(Error::UniqueViolation),
            OnConflict::Nothing if taken => return Reply::Count(0),
            OnConflict::Update(set, filter) if taken => {
                let meets = self.matches(&self.rows[&number], &filter);
                if meets {
                    self.set(number, &set);
                }
                return Reply::Count(meets.into());
            }
            _ => {}
        }
        let key = Key::Number(number);
        let Insert { item, owner, value, number: count, .. } = *insert;
        let row = Row { key, item, owner, value, number: count, leased: false };
        let until = insert.lease.map(|span| self.now + u64::from(span.as_us()));
        self.rows.insert(number, (row, until));
        Reply::Count(1)
    }
}

fn peer(client: u8) -> Peer {
    Peer { node: NodeId::Client(client), connection: 0 }
}

fn token(client: u8) -> Token {
    Token { client: NodeId::Client(client), incarnation: 0, serial: 1 }
}

fn keys() -> impl Strategy<Value = Key> {
    (1..=KEYS).prop_map(Key::Number)
}

fn filters() -> impl Strategy<Value = Filter> {
    let standing = prop_oneof![
        4 => Just(Standing::Any),
        1 => Just(Standing::Lasts),
        1 => Just(Standing::Ended),
        1 => Just(Standing::Free),
        1 => Just(Standing::Claimable),
    ];
    let owner = prop::option::weighted(0.2, (0..CLIENTS).prop_map(token));
    let value = prop::option::weighted(0.3, FREE..=HELD);
    let number = prop::option::weighted(0.2, 0..3u32);
    (prop::option::weighted(0.7, keys()), owner, value, number, standing).prop_map(
        |(key, owner, value, number, standing)| Filter {
            key,
            above: None,
            item: None,
            owner,
            value,
            number,
            standing,
        },
    )
}

fn sets() -> impl Strategy<Value = Set> {
    let owner = prop::option::of(prop::option::of((0..CLIENTS).prop_map(token)));
    let value = prop::option::of(FREE..=HELD);
    let number = prop_oneof![Just(Count::Keep), Just(Count::Next)];
    let lease = prop_oneof![Just(Lease::Keep), Just(Lease::For(LEASE)), Just(Lease::End)];
    (owner, value, number, lease).prop_map(|(owner, value, number, lease)| Set {
        owner,
        value,
        number,
        lease,
    })
}

fn statements() -> impl Strategy<Value = Statement> {
    let table = Table::Locks;
    let conflict = prop_oneof![
        Just(OnConflict::Fail),
        Just(OnConflict::Nothing),
        (sets(), filters()).prop_map(|(set, filter)| OnConflict::Update(set, filter)),
    ];
    let insert = (keys(), prop::option::of((0..CLIENTS).prop_map(token)), any::<bool>(), conflict);
    let insert = insert.prop_map(move |(key, owner, leased, on_conflict)| {
        Statement::Insert(Insert {
            table,
            key: Some(key),
            item: None,
            owner,
            value: HELD,
            number: 0,
            lease: leased.then_some(LEASE),
            on_conflict,
            returning: false,
        })
    });
    let lock = prop::option::of(Just(IfLocked::Wait));
    prop_oneof![
        3 => insert,
        2 => (filters(), lock).prop_map(move |(filter, for_update)| Statement::Select {
            table, filter, for_update,
        }),
        3 => (sets(), filters()).prop_map(move |(set, filter)| Statement::update(table, set, filter)),
        1 => filters().prop_map(move |filter| Statement::Delete { table, filter }),
    ]
}

/// What one client does next; whoever waits does nothing.
#[derive(Clone, Copy, Debug)]
enum Move {
    Run(Statement),
    Commit,
    Rollback,
    HangUp,
}

fn moves() -> impl Strategy<Value = Vec<(u8, Move)>> {
    let one = prop_oneof![
        8 => statements().prop_map(Move::Run),
        4 => Just(Move::Commit),
        1 => Just(Move::Rollback),
        1 => Just(Move::HangUp),
    ];
    prop::collection::vec((0..CLIENTS, one), 1..40)
}

/// A client's transaction as the test sees it.
#[derive(Clone, Debug, Default)]
struct Session {
    open: bool,
    asked: Option<Request>,
    done: Vec<(Statement, Reply)>,
}

/// Three sessions that interleave, and what they were answered.
struct Crowd {
    server: Server,
    isolation: Isolation,
    sessions: [Session; CLIENTS as usize],
    /// The statements of the transactions that have committed, in the order of their commits.
    committed: Vec<Vec<(Statement, Reply)>>,
}

impl Crowd {
    fn new(isolation: Isolation) -> Self {
        let (server, sessions) = (Server::new(), Default::default());
        Crowd { server, isolation, sessions, committed: Vec::new() }
    }

    fn take(&mut self, client: u8, next: Move) {
        let session = &mut self.sessions[usize::from(client)];
        if let Move::HangUp = next {
            *session = Session::default();
            let answers = self.server.step(Event::Disconnected(peer(client)));
            return self.note(&answers);
        }
        if session.asked.is_some() {
            return;
        }
        let request = match next {
            Move::Run(statement) if session.open => Request::Execute(statement),
            Move::Run(statement) => Request::Transact(self.isolation, statement),
            Move::Commit => Request::Commit,
            Move::Rollback | Move::HangUp => Request::Rollback,
        };
        session.open = true;
        session.asked = Some(request);
        let answers = self.server.ask(client, request);
        self.note(&answers);
    }

    fn note(&mut self, answers: &[(u8, Reply)]) {
        for &(client, reply) in answers {
            let session = &mut self.sessions[usize::from(client)];
            match session.asked.take().expect("only who has asked is answered, and once") {
                Request::Execute(statement) | Request::Transact(_, statement) => {
                    session.done.push((statement, reply));
                }
                request => {
                    let done = std::mem::take(&mut session.done);
                    session.open = false;
                    if request == Request::Commit && reply == Reply::Done {
                        self.committed.push(done);
                    }
                }
            }
        }
    }

    /// Everybody goes home; nobody may still be waiting for anybody.
    fn end(&mut self) {
        for client in 0..CLIENTS {
            self.take(client, Move::HangUp);
        }
        for session in &self.sessions {
            assert!(session.asked.is_none());
        }
        let all = Statement::update(Table::Locks, Set::default(), Filter::default());
        let rows = self.server.database.committed(Table::Locks).len() as u8;
        let answers = self.server.ask(0, Request::Execute(all));
        assert_eq!(answers, [(0, Reply::Count(rows))], "a lock has outlived its session");
    }
}

fn changes(statement: &Statement, reply: Reply) -> bool {
    let selects = matches!(statement, Statement::Select { .. });
    !selects && reply != Reply::Count(0)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn statements_that_run_alone_answer_as_a_list_of_rows_does(
        steps in prop::collection::vec((0..CLIENTS, statements(), 0..6u32), 1..40)
    ) {
        let mut server = Server::new();
        let mut list = List::default();
        for (client, statement, ms) in steps {
            let answers = server.ask(client, Request::Execute(statement));
            prop_assert_eq!(answers, [(client, list.run(&statement))], "{}", statement);
            prop_assert_eq!(server.database.committed(Table::Locks), list.all());
            server.pass(ms);
            list.now = server.now;
        }
    }

    #[test]
    fn serializable_transactions_are_as_if_they_ran_one_after_the_other(steps in moves()) {
        let mut crowd = Crowd::new(Isolation::Serializable);
        for (client, next) in steps {
            crowd.take(client, next);
        }
        crowd.end();
        let mut list = List::default();
        for transaction in &crowd.committed {
            // One that only reads has its place where it began, and changes nothing.
            if !transaction.iter().any(|(statement, reply)| changes(statement, *reply)) {
                continue;
            }
            for (statement, reply) in transaction {
                prop_assert_eq!(list.run(statement), *reply, "{}", statement);
            }
        }
        prop_assert_eq!(crowd.server.database.committed(Table::Locks), list.all());
    }

    #[test]
    fn sessions_that_end_leave_neither_locks_nor_waiters(steps in moves()) {
        let mut crowd = Crowd::new(Isolation::ReadCommitted);
        for (client, next) in steps {
            crowd.take(client, next);
        }
        crowd.end();
    }
}
