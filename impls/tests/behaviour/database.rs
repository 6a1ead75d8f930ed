//! A SQL server on its own, stepped by hand, and the conversation with it: `A:` is a request of client
//! A, and what follows the arrow is the reply. A line that begins with an arrow is a reply to somebody
//! who has waited; `--` is something that happens. With `UPDATE_EXPECT=1` conversations are written anew.

use std::collections::BTreeMap;
use std::fmt::Write;

use contend_impls::service::table::{Database, Settings};
use contend_model::ident::{Item, NodeId, Peer, Token};
use contend_model::message::Message;
use contend_model::message::table::{
    Count, FREE, Filter, HELD, IfLocked, Insert, Isolation, Key, Lease, OnConflict, Pick, Request,
    Row, Set, Standing, Statement, Table,
};
use contend_model::process::{Effect, Effects, Event, Process};
use contend_model::time::Span;
use contend_model::timer::Timer;
use expect_test::Expect;

use Isolation::ReadCommitted;
use Request::Execute;

pub const A: usize = 0;
pub const B: usize = 1;
pub const C: usize = 2;

/// How much of a statement is shown.
const LONG: usize = 72;

/// A server, the time, and what was said.
pub struct Talk {
    server: Database,
    now: u64,
    timers: BTreeMap<Timer, u64>,
    /// The present connection of each client.
    connections: [u16; 3],
    text: String,
}

pub fn talk(settings: Settings) -> Talk {
    let server = Database::new(settings);
    Talk { server, now: 0, timers: BTreeMap::new(), connections: [0; 3], text: String::new() }
}

impl Talk {
    pub fn row(mut self, table: Table, key: Key, value: u8) -> Self {
        let row = Row { key, item: None, owner: None, value, number: 0, leased: false };
        self.server = self.server.with(table, row);
        self
    }

    pub fn lock(self) -> Self {
        self.row(Table::Locks, Key::Lock, FREE)
    }

    fn peer(&self, client: usize) -> Peer {
        Peer { node: NodeId::Client(client as u8), connection: self.connections[client] }
    }

    pub fn say(&mut self, client: usize, request: Request) -> &mut Self {
        let from = self.peer(client);
        let sql = request.to_string();
        let cut = if sql.len() > LONG { " ..." } else { "" };
        write!(self.text, "{}: {}{cut}", from.node, &sql[..sql.len().min(LONG)]).unwrap();
        self.step(Event::Deliver { from, message: Message::Table(request) }, Some(from));
        self
    }

    pub fn ask(&mut self, client: usize, statement: Statement) -> &mut Self {
        self.say(client, Execute(statement))
    }

    pub fn begin(&mut self, client: usize, statement: Statement) -> &mut Self {
        self.say(client, Request::Transact(ReadCommitted, statement))
    }

    pub fn hang_up(&mut self, client: usize) -> &mut Self {
        let peer = self.peer(client);
        self.connections[client] += 1;
        write!(self.text, "-- the server notices that {} is gone", peer.node).unwrap();
        self.step(Event::Disconnected(peer), None);
        self
    }

    pub fn crash(&mut self) -> &mut Self {
        self.server = self.server.crashed();
        self.timers.retain(|timer, _| timer.outlives_crash());
        self.text.push_str("-- the server crashes and runs again");
        self.step(Event::Start { incarnation: 1 }, None);
        self
    }

    pub fn pass(&mut self, ms: u32) -> &mut Self {
        self.now += u64::from(Span::ms(ms).as_us());
        writeln!(self.text, "-- {ms} ms pass").unwrap();
        while let Some((&timer, _)) = self.timers.iter().find(|(_, due)| **due <= self.now) {
            self.timers.remove(&timer);
            let before = self.text.len();
            self.step(Event::Fire(timer), None);
            assert_eq!(self.text.split_off(before), "\n", "nobody is answered by a timer");
        }
        self
    }

    fn step(&mut self, event: Event, asker: Option<Peer>) {
        let mut out = Effects::default();
        self.server.step(event, &mut out);
        let (mut own, mut others) = (None, String::new());
        for &effect in out.as_slice() {
            match effect {
                Effect::Reply(to, Message::TableReply(reply)) if Some(to) == asker => {
                    own = Some(reply);
                }
                Effect::Reply(to, Message::TableReply(reply)) => {
                    writeln!(others, "→ {}: {reply}", to.node).unwrap();
                }
                Effect::Arm(timer, range) => {
                    self.timers.insert(timer, self.now + u64::from(range.most.as_us()));
                }
                Effect::Disarm(timer) => {
                    self.timers.remove(&timer);
                }
                // What judges are shown is no reply.
                Effect::Note(_) => {}
                other => panic!("a server has no business with {other:?}"),
            }
        }
        match (own, asker) {
            (Some(reply), _) => writeln!(self.text, " → {reply}").unwrap(),
            (None, Some(_)) => self.text.push_str(" → waits\n"),
            (None, None) => self.text.push('\n'),
        }
        self.text.push_str(&others);
    }

    pub fn check(&self, expected: Expect) {
        expected.assert_eq(&self.text);
    }
}

pub fn token(client: u8) -> Token {
    Token { client: NodeId::Client(client), incarnation: 0, serial: 1 }
}

pub fn insert(key: Key, on_conflict: OnConflict) -> Statement {
    let (item, owner, value, number, lease) = (None, None, HELD, 0, None);
    let (table, key) = (Table::Locks, Some(key));
    let returning = false;
    Statement::Insert(Insert {
        table,
        key,
        item,
        owner,
        value,
        number,
        lease,
        on_conflict,
        returning,
    })
}

pub fn lock_row() -> Statement {
    insert(Key::Lock, OnConflict::Fail)
}

pub fn value_to(value: u8, filter: Filter) -> Statement {
    Statement::update(Table::Locks, Set { value: Some(value), ..Set::default() }, filter)
}

pub fn read() -> Statement {
    Statement::read(Table::Locks, Filter::LOCK)
}

pub fn for_update(table: Table, filter: Filter, if_locked: IfLocked) -> Statement {
    Statement::Select { table, filter, for_update: Some(if_locked) }
}

pub fn delete() -> Statement {
    Statement::Delete { table: Table::Locks, filter: Filter::LOCK }
}

/// The acquisition of a lease of 10 ms.
pub fn lease(client: u8) -> Statement {
    let owner = Some(token(client));
    let lease = Span::ms(10);
    let set =
        Set { owner: Some(owner), number: Count::Next, lease: Lease::For(lease), ..Set::default() };
    let ended = Filter { standing: Standing::Ended, ..Filter::default() };
    Statement::Insert(Insert {
        table: Table::Locks,
        key: Some(Key::Lock),
        item: None,
        owner,
        value: FREE,
        number: 1,
        lease: Some(lease),
        on_conflict: OnConflict::Update(set, ended),
        returning: true,
    })
}

pub fn enqueue(number: u16) -> Statement {
    let item = Some(Item { producer: NodeId::Client(0), number });
    Statement::Insert(Insert {
        table: Table::Jobs,
        key: None,
        item,
        owner: None,
        value: FREE,
        number: 0,
        lease: None,
        on_conflict: OnConflict::Fail,
        returning: true,
    })
}

/// The claim of a job for 10 ms.
pub fn claim(client: u8) -> Statement {
    let set = Set {
        owner: Some(Some(token(client))),
        value: Some(HELD),
        number: Count::Next,
        lease: Lease::For(Span::ms(10)),
    };
    let filter = Filter { standing: Standing::Claimable, ..Filter::default() };
    let (table, pick, returning) = (Table::Jobs, Pick::First(IfLocked::Skip), true);
    Statement::Update { table, set, filter, pick, returning }
}
