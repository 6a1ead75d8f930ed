//! What statements do, each alone or against another transaction, as PostgreSQL and MySQL document it.
//! Pages are those of postgresql.org/docs/17, unless another site is named.

use contend_impls::service::table::{Counts, Settings};
use contend_model::message::table::{
    Count, FREE, Filter, HELD, IfLocked, Insert, Key, OnConflict, Request, Set, Statement, Table,
};
use expect_test::expect;

use super::database::{
    A, B, C, claim, delete, enqueue, for_update, insert, lease, lock_row, read, talk, value_to,
};
use Request::{Commit, Rollback};

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
fn an_item_that_is_unique_is_inserted_once_and_the_sequence_moves_on() {
    // /sql-insert.html, "ON CONFLICT Clause": without a target, all unique indexes count; and
    // /functions-sequence.html: a number that was drawn is not given back.
    let once = |number| match enqueue(number) {
        Statement::Insert(insert) => {
            Statement::Insert(Insert { on_conflict: OnConflict::Nothing, ..insert })
        }
        other => other,
    };
    let unique = Settings { unique_items: true, ..Settings::POSTGRES };
    let set = |number| Set { number, ..Set::default() };
    let change = |number| Statement::update(Table::Jobs, set(number), Filter::default());
    let above = Filter { above: Some(1), ..Filter::default() };
    talk(unique)
        .ask(A, once(0))
        .ask(B, once(0))
        .ask(A, once(1))
        .ask(C, Statement::read(Table::Jobs, above))
        .ask(C, change(Count::To(3)))
        .ask(C, change(Count::Cycle(3)))
        .ask(C, Statement::read(Table::Jobs, above))
        .check(expect![[r#"
            A: INSERT INTO jobs (id, item) VALUES (DEFAULT, itemA1) ON CONFLICT DO NOTH ... → (1, itemA1, 0, 0)
            B: INSERT INTO jobs (id, item) VALUES (DEFAULT, itemA1) ON CONFLICT DO NOTH ... → no row
            A: INSERT INTO jobs (id, item) VALUES (DEFAULT, itemA2) ON CONFLICT DO NOTH ... → (3, itemA2, 0, 0)
            C: SELECT * FROM jobs WHERE id > 1 ORDER BY id LIMIT 1 → (3, itemA2, 0, 0)
            C: UPDATE jobs SET attempt = 3 → 2 rows
            C: UPDATE jobs SET attempt = jobs.attempt % 3 + 1 → 2 rows
            C: SELECT * FROM jobs WHERE id > 1 ORDER BY id LIMIT 1 → (3, itemA2, 0, 1)
        "#]]);
}
