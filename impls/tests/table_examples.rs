//! The SQL server against what PostgreSQL and MySQL document, as conversations: `A:` is a request of
//! client A, and what follows the arrow is the reply. A line that begins with an arrow is a reply to
//! somebody who has waited; `--` is something that happens. Pages of PostgreSQL are those of
//! postgresql.org/docs/17. With `UPDATE_EXPECT=1` the transcripts are written anew.

use std::collections::BTreeMap;
use std::fmt::Write;

use contend_impls::service::table::{Counts, Database, Durability, Settings};
use contend_model::ident::{Item, NodeId, Peer, Token};
use contend_model::message::Message;
use contend_model::message::table::{
    Count, DONE, FREE, Filter, HELD, IfLocked, Insert, Isolation, Key, Lease, OnConflict, Pick,
    Request, Row, Set, Standing, Statement, Table, Until,
};
use contend_model::process::{Effect, Effects, Event, Process};
use contend_model::time::Span;
use contend_model::timer::Timer;
use expect_test::{Expect, expect};

use Isolation::{ReadCommitted, Serializable};
use Request::{Commit, Execute, Rollback};

const A: usize = 0;
const B: usize = 1;
const C: usize = 2;

/// How much of a statement is shown.
const LONG: usize = 72;

/// A server, the time, and what was said.
struct Talk {
    server: Database,
    now: u64,
    timers: BTreeMap<Timer, u64>,
    /// The present connection of each client.
    connections: [u16; 3],
    text: String,
}

fn talk(settings: Settings) -> Talk {
    let server = Database::new(settings);
    Talk { server, now: 0, timers: BTreeMap::new(), connections: [0; 3], text: String::new() }
}

impl Talk {
    fn row(mut self, table: Table, key: Key, value: u8) -> Self {
        let row = Row { key, item: None, owner: None, value, number: 0, leased: false };
        self.server = self.server.with(table, row);
        self
    }

    fn lock(self) -> Self {
        self.row(Table::Locks, Key::Lock, FREE)
    }

    fn peer(&self, client: usize) -> Peer {
        Peer { node: NodeId::Client(client as u8), connection: self.connections[client] }
    }

    fn say(&mut self, client: usize, request: Request) -> &mut Self {
        let from = self.peer(client);
        let sql = request.to_string();
        let cut = if sql.len() > LONG { " ..." } else { "" };
        write!(self.text, "{}: {}{cut}", from.node, &sql[..sql.len().min(LONG)]).unwrap();
        self.step(Event::Deliver { from, message: Message::Table(request) }, Some(from));
        self
    }

    fn ask(&mut self, client: usize, statement: Statement) -> &mut Self {
        self.say(client, Execute(statement))
    }

    fn begin(&mut self, client: usize, statement: Statement) -> &mut Self {
        self.say(client, Request::Transact(ReadCommitted, statement))
    }

    fn hang_up(&mut self, client: usize) -> &mut Self {
        let peer = self.peer(client);
        self.connections[client] += 1;
        write!(self.text, "-- the server notices that {} is gone", peer.node).unwrap();
        self.step(Event::Disconnected(peer), None);
        self
    }

    fn crash(&mut self) -> &mut Self {
        self.server = self.server.crashed();
        self.timers.retain(|timer, _| timer.outlives_crash());
        self.text.push_str("-- the server crashes and runs again");
        self.step(Event::Start { incarnation: 1 }, None);
        self
    }

    fn pass(&mut self, ms: u32) -> &mut Self {
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

    fn check(&self, expected: Expect) {
        expected.assert_eq(&self.text);
    }
}

fn token(client: u8) -> Token {
    Token { client: NodeId::Client(client), incarnation: 0, serial: 1 }
}

fn insert(key: Key, on_conflict: OnConflict) -> Statement {
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

fn lock_row() -> Statement {
    insert(Key::Lock, OnConflict::Fail)
}

fn value_to(value: u8, filter: Filter) -> Statement {
    Statement::update(Table::Locks, Set { value: Some(value), ..Set::default() }, filter)
}

fn read() -> Statement {
    Statement::read(Table::Locks, Filter::LOCK)
}

fn for_update(table: Table, filter: Filter, if_locked: IfLocked) -> Statement {
    Statement::Select { table, filter, for_update: Some(if_locked) }
}

fn delete() -> Statement {
    Statement::Delete { table: Table::Locks, filter: Filter::LOCK }
}

/// The acquisition of a lease of 10 ms.
fn lease(client: u8) -> Statement {
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

fn enqueue(number: u16) -> Statement {
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
fn claim(client: u8) -> Statement {
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

#[test]
fn a_key_that_is_taken_is_refused_and_a_table_without_a_key_takes_it_twice() {
    // /ddl-constraints.html, "Primary Keys".
    talk(Settings::POSTGRES).ask(A, lock_row()).ask(B, lock_row()).check(expect![[r#"
        A: INSERT INTO locks (name, acquired) VALUES ('lock', 1) → 1 row
        B: INSERT INTO locks (name, acquired) VALUES ('lock', 1) → ERROR 23505 duplicate key
    "#]]);
    let without = Settings { primary_key: false, ..Settings::POSTGRES };
    talk(without).ask(A, lock_row()).ask(B, lock_row()).ask(A, delete()).check(expect![[r#"
        A: INSERT INTO locks (name, acquired) VALUES ('lock', 1) → 1 row
        B: INSERT INTO locks (name, acquired) VALUES ('lock', 1) → 1 row
        A: DELETE FROM locks WHERE name = 'lock' → 2 rows
    "#]]);
}

#[test]
fn the_second_inserter_of_a_key_waits_for_the_first() {
    // /index-unique-checks.html: if the conflicting row is of a transaction in progress, the would-be
    // inserter waits to see whether it commits.
    talk(Settings::POSTGRES)
        .begin(A, lock_row())
        .begin(B, lock_row())
        .ask(C, read())
        .say(A, Commit)
        .say(B, Commit)
        .check(expect![[r#"
            A: BEGIN; INSERT INTO locks (name, acquired) VALUES ('lock', 1) → 1 row
            B: BEGIN; INSERT INTO locks (name, acquired) VALUES ('lock', 1) → waits
            C: SELECT * FROM locks WHERE name = 'lock' → no row
            A: COMMIT → done
            → B: ERROR 23505 duplicate key
            B: COMMIT → rolled back
        "#]]);
    talk(Settings::POSTGRES)
        .begin(A, lock_row())
        .begin(B, lock_row())
        .say(A, Rollback)
        .say(B, Commit)
        .check(expect![[r#"
            A: BEGIN; INSERT INTO locks (name, acquired) VALUES ('lock', 1) → 1 row
            B: BEGIN; INSERT INTO locks (name, acquired) VALUES ('lock', 1) → waits
            A: ROLLBACK → rolled back
            → B: 1 row
            B: COMMIT → done
        "#]]);
}

#[test]
fn on_conflict_do_nothing_inserts_nothing_though_the_row_is_not_visible_yet() {
    // /sql-insert.html, "ON CONFLICT Clause", and /transaction-iso.html on INSERT.
    talk(Settings::POSTGRES)
        .begin(A, lock_row())
        .ask(B, insert(Key::Lock, OnConflict::Nothing))
        .say(A, Commit)
        .check(expect![[r#"
            A: BEGIN; INSERT INTO locks (name, acquired) VALUES ('lock', 1) → 1 row
            B: INSERT INTO locks (name, acquired) VALUES ('lock', 1) ON CONFLICT DO NOT ... → waits
            A: COMMIT → done
            → B: 0 rows
        "#]]);
}

#[test]
fn on_conflict_do_update_takes_over_only_what_its_condition_holds_of() {
    // /sql-insert.html: with a WHERE, only rows for which it is true are updated, and RETURNING gives
    // only rows that were inserted or updated.
    talk(Settings::POSTGRES)
        .ask(A, lease(0))
        .ask(B, lease(1))
        .pass(9)
        .ask(B, lease(1))
        .pass(1)
        .ask(B, lease(1))
        .check(expect![[r#"
            A: INSERT INTO locks (name, owner, fence, expires_at) VALUES ('lock', token ... → ('lock', tokenA1, 0, 1, leased)
            B: INSERT INTO locks (name, owner, fence, expires_at) VALUES ('lock', token ... → no row
            -- 9 ms pass
            B: INSERT INTO locks (name, owner, fence, expires_at) VALUES ('lock', token ... → no row
            -- 1 ms pass
            B: INSERT INTO locks (name, owner, fence, expires_at) VALUES ('lock', token ... → ('lock', tokenB1, 0, 2, leased)
        "#]]);
}

#[test]
fn an_update_waits_for_the_row_and_looks_at_it_anew() {
    // /transaction-iso.html, "Read Committed Isolation Level": the WHERE clause is re-evaluated on the
    // updated version of the row.
    let free = Filter { value: Some(FREE), ..Filter::LOCK };
    talk(Settings::POSTGRES)
        .lock()
        .begin(A, value_to(HELD, free))
        .ask(B, value_to(HELD, free))
        .say(A, Commit)
        .check(expect![[r#"
            A: BEGIN; UPDATE locks SET acquired = 1 WHERE name = 'lock' AND acquired =  ... → 1 row
            B: UPDATE locks SET acquired = 1 WHERE name = 'lock' AND acquired = 0 → waits
            A: COMMIT → done
            → B: 0 rows
        "#]]);
    talk(Settings::POSTGRES)
        .lock()
        .begin(A, value_to(HELD, free))
        .ask(B, value_to(HELD, free))
        .say(A, Rollback)
        .check(expect![[r#"
            A: BEGIN; UPDATE locks SET acquired = 1 WHERE name = 'lock' AND acquired =  ... → 1 row
            B: UPDATE locks SET acquired = 1 WHERE name = 'lock' AND acquired = 0 → waits
            A: ROLLBACK → rolled back
            → B: 1 row
        "#]]);
}

#[test]
fn a_row_that_came_after_the_statement_began_is_not_found_by_it() {
    // The same page: statements find target rows that were committed as of their start. B waits for
    // a row that is deleted; that A has inserted another one does not matter to it.
    talk(Settings::POSTGRES)
        .lock()
        .begin(A, delete())
        .ask(A, lock_row())
        .ask(B, value_to(FREE, Filter::LOCK))
        .say(A, Commit)
        .ask(B, value_to(FREE, Filter::LOCK))
        .check(expect![[r#"
            A: BEGIN; DELETE FROM locks WHERE name = 'lock' → 1 row
            A: INSERT INTO locks (name, acquired) VALUES ('lock', 1) → 1 row
            B: UPDATE locks SET acquired = 0 WHERE name = 'lock' → waits
            A: COMMIT → done
            → B: 0 rows
            B: UPDATE locks SET acquired = 0 WHERE name = 'lock' → 1 row
        "#]]);
}

#[test]
fn readers_do_not_wait_and_see_what_was_committed() {
    // The same page: SELECT sees neither uncommitted data nor waits for it; a transaction sees its own.
    talk(Settings::POSTGRES)
        .lock()
        .begin(A, value_to(HELD, Filter::LOCK))
        .ask(A, read())
        .ask(B, read())
        .say(A, Commit)
        .ask(B, read())
        .check(expect![[r#"
            A: BEGIN; UPDATE locks SET acquired = 1 WHERE name = 'lock' → 1 row
            A: SELECT * FROM locks WHERE name = 'lock' → ('lock', 1, 0)
            B: SELECT * FROM locks WHERE name = 'lock' → ('lock', 0, 0)
            A: COMMIT → done
            B: SELECT * FROM locks WHERE name = 'lock' → ('lock', 1, 0)
        "#]]);
}

#[test]
fn for_update_waits_in_order_nowait_fails_and_skip_locked_passes_over() {
    // /sql-select.html, "The Locking Clause".
    let mut talk = talk(Settings::POSTGRES).row(Table::Jobs, Key::Number(1), FREE).row(
        Table::Jobs,
        Key::Number(2),
        FREE,
    );
    let first = |if_locked| for_update(Table::Jobs, Filter::default(), if_locked);
    talk.begin(A, first(IfLocked::Wait))
        .begin(B, first(IfLocked::NoWait))
        .say(B, Rollback)
        .begin(B, first(IfLocked::Skip))
        .begin(C, first(IfLocked::Skip))
        .ask(C, first(IfLocked::Wait))
        .say(B, Commit)
        .say(A, Commit)
        .check(expect![[r#"
            A: BEGIN; SELECT * FROM jobs ORDER BY id LIMIT 1 FOR UPDATE → (1, 0, 0)
            B: BEGIN; SELECT * FROM jobs ORDER BY id LIMIT 1 FOR UPDATE NOWAIT → ERROR 55P03 could not obtain lock
            B: ROLLBACK → rolled back
            B: BEGIN; SELECT * FROM jobs ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED → (2, 0, 0)
            C: BEGIN; SELECT * FROM jobs ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED → no row
            C: SELECT * FROM jobs ORDER BY id LIMIT 1 FOR UPDATE → waits
            B: COMMIT → done
            A: COMMIT → done
            → C: (1, 0, 0)
        "#]]);
}

#[test]
fn affected_rows_are_those_that_match_or_those_that_change() {
    // dev.mysql.com/doc/c-api/8.0/en/mysql-affected-rows.html: by default the rows actually changed;
    // with CLIENT_FOUND_ROWS, as always in PostgreSQL, the rows found.
    let set = || value_to(HELD, Filter::LOCK);
    talk(Settings::POSTGRES).lock().ask(A, set()).ask(B, set()).check(expect![[r#"
        A: UPDATE locks SET acquired = 1 WHERE name = 'lock' → 1 row
        B: UPDATE locks SET acquired = 1 WHERE name = 'lock' → 1 row
    "#]]);
    let mysql = Settings { counts: Counts::Changed, ..Settings::POSTGRES };
    talk(mysql).lock().ask(A, set()).ask(B, set()).check(expect![[r#"
        A: UPDATE locks SET acquired = 1 WHERE name = 'lock' → 1 row
        B: UPDATE locks SET acquired = 1 WHERE name = 'lock' → 0 rows
    "#]]);
    talk(mysql).lock().begin(A, set()).ask(B, set()).say(A, Commit).check(expect![[r#"
        A: BEGIN; UPDATE locks SET acquired = 1 WHERE name = 'lock' → 1 row
        B: UPDATE locks SET acquired = 1 WHERE name = 'lock' → waits
        A: COMMIT → done
        → B: 0 rows
    "#]]);
}

#[test]
fn of_two_serializable_transactions_that_both_find_nothing_one_fails() {
    // /transaction-iso.html, "Serializable Isolation Level"; the whole transaction is to be retried.
    let without = Settings { primary_key: false, ..Settings::POSTGRES };
    talk(without)
        .say(A, Request::Transact(Serializable, read()))
        .say(B, Request::Transact(Serializable, read()))
        .ask(A, lock_row())
        .ask(B, lock_row())
        .say(A, Commit)
        .ask(B, read())
        .say(B, Commit)
        .check(expect![[r#"
            A: BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT * FROM locks WHERE name = 'lo ... → no row
            B: BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT * FROM locks WHERE name = 'lo ... → no row
            A: INSERT INTO locks (name, acquired) VALUES ('lock', 1) → 1 row
            B: INSERT INTO locks (name, acquired) VALUES ('lock', 1) → 1 row
            A: COMMIT → done
            B: SELECT * FROM locks WHERE name = 'lock' → ('lock', 1, 0)
            B: COMMIT → ERROR 40001 could not serialize access
        "#]]);
}

#[test]
fn a_serializable_transaction_does_not_change_what_was_changed_since_it_began() {
    // The same page, as in "Repeatable Read Isolation Level": could not serialize access due to
    // concurrent update.
    talk(Settings::POSTGRES)
        .lock()
        .say(A, Request::Transact(Serializable, read()))
        .ask(B, value_to(HELD, Filter::LOCK))
        .ask(A, read())
        .ask(A, value_to(DONE, Filter::LOCK))
        .ask(A, read())
        .say(A, Commit)
        .ask(A, read())
        .check(expect![[r#"
            A: BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT * FROM locks WHERE name = 'lo ... → ('lock', 0, 0)
            B: UPDATE locks SET acquired = 1 WHERE name = 'lock' → 1 row
            A: SELECT * FROM locks WHERE name = 'lock' → ('lock', 0, 0)
            A: UPDATE locks SET acquired = 2 WHERE name = 'lock' → ERROR 40001 could not serialize access
            A: SELECT * FROM locks WHERE name = 'lock' → ERROR 25P02 transaction is aborted
            A: COMMIT → rolled back
            A: SELECT * FROM locks WHERE name = 'lock' → ('lock', 1, 0)
        "#]]);
}

#[test]
fn a_failed_statement_rolls_back_and_frees_locks_at_once() {
    // /tutorial-transactions.html and error 25P02: until ROLLBACK, everything is refused; locks of the
    // aborted transaction are gone already, as the one who waits can see.
    talk(Settings::POSTGRES)
        .lock()
        .begin(A, value_to(HELD, Filter::LOCK))
        .ask(B, value_to(DONE, Filter::LOCK))
        .ask(A, lock_row())
        .ask(A, read())
        .say(A, Commit)
        .ask(A, read())
        .check(expect![[r#"
            A: BEGIN; UPDATE locks SET acquired = 1 WHERE name = 'lock' → 1 row
            B: UPDATE locks SET acquired = 2 WHERE name = 'lock' → waits
            A: INSERT INTO locks (name, acquired) VALUES ('lock', 1) → ERROR 23505 duplicate key
            → B: 1 row
            A: SELECT * FROM locks WHERE name = 'lock' → ERROR 25P02 transaction is aborted
            A: COMMIT → rolled back
            A: SELECT * FROM locks WHERE name = 'lock' → ('lock', 2, 0)
        "#]]);
}

#[test]
fn a_circle_of_waiters_is_broken_by_a_victim() {
    // /explicit-locking.html, "Deadlocks": one of the transactions is aborted, the others go on.
    let row = |key| Filter { key: Some(key), ..Filter::default() };
    talk(Settings::POSTGRES)
        .lock()
        .row(Table::Locks, Key::Number(2), FREE)
        .begin(A, value_to(HELD, Filter::LOCK))
        .begin(B, value_to(HELD, row(Key::Number(2))))
        .ask(A, value_to(HELD, row(Key::Number(2))))
        .ask(B, value_to(HELD, Filter::LOCK))
        .say(B, Rollback)
        .say(A, Commit)
        .check(expect![[r#"
            A: BEGIN; UPDATE locks SET acquired = 1 WHERE name = 'lock' → 1 row
            B: BEGIN; UPDATE locks SET acquired = 1 WHERE name = 2 → 1 row
            A: UPDATE locks SET acquired = 1 WHERE name = 2 → waits
            B: UPDATE locks SET acquired = 1 WHERE name = 'lock' → ERROR 40P01 deadlock detected
            → A: 1 row
            B: ROLLBACK → rolled back
            A: COMMIT → done
        "#]]);
}

#[test]
fn sequences_leave_gaps_and_their_order_is_not_that_of_commits() {
    // /functions-sequence.html: nextval is never rolled back.
    talk(Settings::POSTGRES)
        .begin(A, enqueue(0))
        .begin(B, enqueue(1))
        .ask(C, enqueue(2))
        .ask(C, Statement::read(Table::Jobs, Filter::default()))
        .say(A, Rollback)
        .say(B, Commit)
        .ask(C, Statement::NextVal(Table::Jobs))
        .ask(C, Statement::read(Table::Jobs, Filter::default()))
        .check(expect![[r#"
            A: BEGIN; INSERT INTO jobs (id, item) VALUES (DEFAULT, itemA1) RETURNING * → (1, itemA1, 0, 0)
            B: BEGIN; INSERT INTO jobs (id, item) VALUES (DEFAULT, itemA2) RETURNING * → (2, itemA2, 0, 0)
            C: INSERT INTO jobs (id, item) VALUES (DEFAULT, itemA3) RETURNING * → (3, itemA3, 0, 0)
            C: SELECT * FROM jobs ORDER BY id LIMIT 1 → (3, itemA3, 0, 0)
            A: ROLLBACK → rolled back
            B: COMMIT → done
            C: SELECT nextval('jobs_id_seq') → 4
            C: SELECT * FROM jobs ORDER BY id LIMIT 1 → (2, itemA2, 0, 0)
        "#]]);
}

#[test]
fn jobs_are_claimed_by_one_worker_each_and_again_after_their_lease() {
    // /sql-select.html: SKIP LOCKED lets several consumers work on one queue-like table.
    talk(Settings::POSTGRES)
        .ask(A, enqueue(0))
        .ask(A, enqueue(1))
        .begin(B, claim(1))
        .ask(C, claim(2))
        .say(B, Commit)
        .ask(C, claim(2))
        .pass(10)
        .ask(C, claim(2))
        .check(expect![[r#"
            A: INSERT INTO jobs (id, item) VALUES (DEFAULT, itemA1) RETURNING * → (1, itemA1, 0, 0)
            A: INSERT INTO jobs (id, item) VALUES (DEFAULT, itemA2) RETURNING * → (2, itemA2, 0, 0)
            B: BEGIN; WITH c AS MATERIALIZED (SELECT id FROM jobs WHERE (state = 'ready ... → (1, itemA1, tokenB1, 1, 1, leased)
            C: WITH c AS MATERIALIZED (SELECT id FROM jobs WHERE (state = 'ready' OR st ... → (2, itemA2, tokenC1, 1, 1, leased)
            B: COMMIT → done
            C: WITH c AS MATERIALIZED (SELECT id FROM jobs WHERE (state = 'ready' OR st ... → no row
            -- 10 ms pass
            C: WITH c AS MATERIALIZED (SELECT id FROM jobs WHERE (state = 'ready' OR st ... → (1, itemA1, tokenC1, 1, 2, leased)
        "#]]);
}

#[test]
fn session_advisory_locks_are_counted_and_survive_a_rollback() {
    // /explicit-locking.html, "Advisory Locks".
    let lock = || Statement::AdvisoryLock(1, Until::SessionEnd);
    talk(Settings::POSTGRES)
        .ask(A, lock())
        .begin(A, lock())
        .ask(B, Statement::TryAdvisoryLock(1, Until::SessionEnd))
        .ask(B, lock())
        .say(A, Rollback)
        .ask(A, Statement::AdvisoryUnlock(1))
        .ask(C, Statement::AdvisoryUnlock(1))
        .ask(A, Statement::AdvisoryUnlock(1))
        .ask(A, Statement::AdvisoryUnlock(1))
        .check(expect![[r#"
            A: SELECT pg_advisory_lock(1) → done
            A: BEGIN; SELECT pg_advisory_lock(1) → done
            B: SELECT pg_try_advisory_lock(1) → false
            B: SELECT pg_advisory_lock(1) → waits
            A: ROLLBACK → rolled back
            A: SELECT pg_advisory_unlock(1) → true
            C: SELECT pg_advisory_unlock(1) → false
            A: SELECT pg_advisory_unlock(1) → true
            → B: done
            A: SELECT pg_advisory_unlock(1) → false
        "#]]);
}

#[test]
fn transaction_advisory_locks_end_with_the_transaction() {
    // The same page; there is no way to unlock them.
    let lock = || Statement::AdvisoryLock(1, Until::TransactionEnd);
    talk(Settings::POSTGRES)
        .begin(A, lock())
        .ask(B, lock())
        .ask(A, Statement::AdvisoryUnlock(1))
        .say(A, Commit)
        .ask(C, Statement::TryAdvisoryLock(1, Until::SessionEnd))
        .check(expect![[r#"
            A: BEGIN; SELECT pg_advisory_xact_lock(1) → done
            B: SELECT pg_advisory_xact_lock(1) → waits
            A: SELECT pg_advisory_unlock(1) → false
            A: COMMIT → done
            → B: done
            C: SELECT pg_try_advisory_lock(1) → true
        "#]]);
}

#[test]
fn a_session_ends_when_the_server_notices_and_not_before() {
    // /explicit-locking.html, "Advisory Locks": held until released or the session ends; open
    // transactions are rolled back.
    talk(Settings::POSTGRES)
        .lock()
        .begin(A, value_to(HELD, Filter::LOCK))
        .ask(A, Statement::AdvisoryLock(1, Until::SessionEnd))
        .ask(B, Statement::AdvisoryLock(1, Until::SessionEnd))
        .ask(C, value_to(HELD, Filter { value: Some(FREE), ..Filter::LOCK }))
        .hang_up(A)
        .check(expect![[r#"
            A: BEGIN; UPDATE locks SET acquired = 1 WHERE name = 'lock' → 1 row
            A: SELECT pg_advisory_lock(1) → done
            B: SELECT pg_advisory_lock(1) → waits
            C: UPDATE locks SET acquired = 1 WHERE name = 'lock' AND acquired = 0 → waits
            -- the server notices that A is gone
            → B: done
            → C: 1 row
        "#]]);
}

#[test]
fn a_waiter_that_is_cancelled_or_gone_is_passed_over() {
    // /protocol-flow.html, "Canceling Requests in Progress".
    let lock = || Statement::AdvisoryLock(1, Until::SessionEnd);
    talk(Settings::POSTGRES)
        .ask(A, lock())
        .ask(B, lock())
        .ask(C, lock())
        .hang_up(B)
        .say(C, Request::Cancel)
        .ask(A, Statement::AdvisoryUnlock(1))
        .ask(C, Statement::TryAdvisoryLock(1, Until::SessionEnd))
        .check(expect![[r#"
            A: SELECT pg_advisory_lock(1) → done
            B: SELECT pg_advisory_lock(1) → waits
            C: SELECT pg_advisory_lock(1) → waits
            -- the server notices that B is gone
            C: cancel the running statement → ERROR 57014 cancelled
            A: SELECT pg_advisory_unlock(1) → true
            C: SELECT pg_try_advisory_lock(1) → true
        "#]]);
}

#[test]
fn a_crash_keeps_what_was_committed_and_nothing_else() {
    // /wal-intro.html; sessions do not outlive the server, leases pass meanwhile.
    talk(Settings::POSTGRES)
        .ask(A, lease(0))
        .begin(B, enqueue(0))
        .ask(B, Statement::AdvisoryLock(1, Until::SessionEnd))
        .crash()
        .ask(C, Statement::TryAdvisoryLock(1, Until::SessionEnd))
        .ask(C, claim(2))
        .ask(C, read())
        .pass(10)
        .ask(C, read())
        .check(expect![[r#"
            A: INSERT INTO locks (name, owner, fence, expires_at) VALUES ('lock', token ... → ('lock', tokenA1, 0, 1, leased)
            B: BEGIN; INSERT INTO jobs (id, item) VALUES (DEFAULT, itemA1) RETURNING * → (1, itemA1, 0, 0)
            B: SELECT pg_advisory_lock(1) → done
            -- the server crashes and runs again
            C: SELECT pg_try_advisory_lock(1) → true
            C: WITH c AS MATERIALIZED (SELECT id FROM jobs WHERE (state = 'ready' OR st ... → no row
            C: SELECT * FROM locks WHERE name = 'lock' → ('lock', tokenA1, 0, 1, leased)
            -- 10 ms pass
            C: SELECT * FROM locks WHERE name = 'lock' → ('lock', tokenA1, 0, 1)
        "#]]);
}

#[test]
fn with_asynchronous_commit_a_crash_loses_the_latest() {
    // /wal-async-commit.html.
    let durability = Durability::Every(Span::ms(600));
    talk(Settings { durability, ..Settings::POSTGRES })
        .lock()
        .ask(A, value_to(HELD, Filter::LOCK))
        .pass(600)
        .ask(A, value_to(DONE, Filter::LOCK))
        .crash()
        .ask(A, read())
        .check(expect![[r#"
            A: UPDATE locks SET acquired = 1 WHERE name = 'lock' → 1 row
            -- 600 ms pass
            A: UPDATE locks SET acquired = 2 WHERE name = 'lock' → 1 row
            -- the server crashes and runs again
            A: SELECT * FROM locks WHERE name = 'lock' → ('lock', 1, 0)
        "#]]);
}
