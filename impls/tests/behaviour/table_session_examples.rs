//! What transactions, sessions and crashes do, as PostgreSQL documents it. Pages are those of
//! postgresql.org/docs/17.

use contend_impls::service::table::{Durability, Settings};
use contend_model::message::table::{
    DONE, FREE, Filter, HELD, Isolation, Key, Request, Statement, Table, Until,
};
use contend_model::time::Span;
use expect_test::expect;

use super::database::{A, B, C, claim, enqueue, lease, lock_row, read, talk, value_to};
use Isolation::Serializable;
use Request::{Commit, Rollback};

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
