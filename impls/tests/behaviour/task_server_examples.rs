//! What the task servers do: the fourth document's, step by step as its section 3.4 has it, and the
//! repaired one.

use contend_impls::service::task_server::prose::ProseServer;
use contend_impls::service::task_server::{Guard, Order, Settings, TaskServer};
use contend_model::message::task_server::Request;
use contend_model::time::Span;
use expect_test::expect;

use super::stepped::{A, B, C, Stepped, item};
use Request::{Complete, Fail, Fetch, Free};

const SETTINGS: Settings =
    Settings { lease: Span::ms(3), attempts: 2, order: Order::Fifo, lacks: None };

fn prose() -> Stepped<ProseServer> {
    Stepped::new(ProseServer::new(Span::ms(3)))
}

fn server(settings: Settings) -> Stepped<TaskServer> {
    Stepped::new(TaskServer::new(settings))
}

fn task(number: u16, urgent: bool) -> Request {
    Request::Send { item: item(number), urgent }
}

fn submit(number: u16, urgent: bool) -> Request {
    Request::Submit { item: item(number), urgent }
}

fn result(number: u16, success: bool) -> Request {
    Request::Result { item: item(number), success }
}

#[test]
fn urgent_tasks_go_first_however_long_others_have_waited() {
    prose().says(A, task(1, false)).says(A, task(2, true)).says(B, Free).says(C, Free).check(
        expect![[r#"
            A: TASK itemA1
            A: TASK itemA2 urgent
            B: FREE
              → B: TASK itemA2
            C: FREE
              → C: TASK itemA1
        "#]],
    );
}

#[test]
fn nothing_runs_out_before_a_result_has_come() {
    prose().says(A, task(1, false)).says(B, Free).leaves(B).says(C, Free).waits(0).check(expect![
        [r#"
            A: TASK itemA1
            B: FREE
              → B: TASK itemA1
            B is gone
            C: FREE
            time passes
        "#]
    ]);
}

#[test]
fn a_late_failure_revives_what_is_done() {
    prose()
        .says(A, task(1, false))
        .says(B, Free)
        .says(B, result(1, false))
        .says(C, Free)
        .waits(0)
        .says(B, Free)
        .says(C, result(1, true))
        .says(B, result(1, false))
        .says(C, Free)
        .check(expect![[r#"
            A: TASK itemA1
            B: FREE
              → B: TASK itemA1
            B: RESULT itemA1 failure
            C: FREE
              → C: TASK itemA1
            time passes
            B: FREE
              → B: TASK itemA1
            C: RESULT itemA1 success
            B: RESULT itemA1 failure
            C: FREE
              → C: TASK itemA1
        "#]]);
}

#[test]
fn a_task_that_is_submitted_twice_counts_once_even_when_it_is_done() {
    server(SETTINGS)
        .says(A, submit(1, false))
        .says(A, submit(1, false))
        .says(B, Fetch)
        .says(C, Fetch)
        .says(B, Complete { item: item(1), attempt: 1 })
        .says(A, submit(1, false))
        .says(B, Fetch)
        .check(expect![[r#"
            A: SUBMIT itemA1
              → A: ACCEPTED
            A: SUBMIT itemA1
              → A: ACCEPTED
            B: FETCH
              → B: ATTEMPT 1 at itemA1
            C: FETCH
              → C: NO TASK
            B: COMPLETE itemA1 attempt 1
              → B: RECORDED
            A: SUBMIT itemA1
              → A: ACCEPTED
            B: FETCH
              → B: NO TASK
        "#]]);
}

#[test]
fn a_lease_ends_an_attempt_and_its_results_count_no_more() {
    let late = |settings| {
        server(settings)
            .says(A, submit(1, false))
            .says(B, Fetch)
            .waits(0)
            .says(C, Fetch)
            .says(B, Fail { item: item(1), attempt: 1 })
            .says(B, Fetch)
    };
    late(SETTINGS).check(expect![[r#"
        A: SUBMIT itemA1
          → A: ACCEPTED
        B: FETCH
          → B: ATTEMPT 1 at itemA1
        time passes
        C: FETCH
          → C: ATTEMPT 2 at itemA1
        B: FAIL itemA1 attempt 1
          → B: STALE
        B: FETCH
          → B: NO TASK
    "#]]);
    // Without the comparison B is given what C still works on.
    let settings = Settings { attempts: 9, lacks: Some(Guard::ComparesAttempt), ..SETTINGS };
    late(settings).check(expect![[r#"
        A: SUBMIT itemA1
          → A: ACCEPTED
        B: FETCH
          → B: ATTEMPT 1 at itemA1
        time passes
        C: FETCH
          → C: ATTEMPT 2 at itemA1
        B: FAIL itemA1 attempt 1
          → B: RECORDED
        B: FETCH
          → B: ATTEMPT 3 at itemA1
    "#]]);
}

#[test]
fn a_restart_keeps_tasks_attempts_and_leases() {
    server(SETTINGS)
        .says(A, submit(1, false))
        .says(A, submit(2, false))
        .says(B, Fetch)
        .restarts()
        .says(C, Fetch)
        .says(C, Fetch)
        .says(B, Complete { item: item(1), attempt: 1 })
        .check(expect![[r#"
            A: SUBMIT itemA1
              → A: ACCEPTED
            A: SUBMIT itemA2
              → A: ACCEPTED
            B: FETCH
              → B: ATTEMPT 1 at itemA1
            the server restarts
            C: FETCH
              → C: ATTEMPT 1 at itemA2
            C: FETCH
              → C: NO TASK
            B: COMPLETE itemA1 attempt 1
              → B: RECORDED
        "#]]);
}

#[test]
fn a_task_that_fails_too_often_is_set_aside() {
    let stepped = server(SETTINGS)
        .says(A, submit(1, false))
        .says(B, Fetch)
        .says(B, Fail { item: item(1), attempt: 1 })
        .says(B, Fetch)
        .says(B, Fail { item: item(1), attempt: 2 })
        .says(B, Fetch);
    assert_eq!(stepped.process.set_aside().collect::<Vec<_>>(), [item(1)]);
    stepped.check(expect![[r#"
        A: SUBMIT itemA1
          → A: ACCEPTED
        B: FETCH
          → B: ATTEMPT 1 at itemA1
        B: FAIL itemA1 attempt 1
          → B: RECORDED
        B: FETCH
          → B: ATTEMPT 2 at itemA1
        B: FAIL itemA1 attempt 2
          → B: RECORDED
        B: FETCH
          → B: NO TASK
    "#]]);
}

#[test]
fn whoever_was_passed_over_once_goes_before_urgent_tasks() {
    let ageing = Settings { order: Order::AgeingPriority, ..SETTINGS };
    server(ageing)
        .says(A, submit(1, false))
        .says(A, submit(2, true))
        .says(A, submit(3, true))
        .says(B, Fetch)
        .says(B, Fetch)
        .says(B, Fetch)
        .check(expect![[r#"
            A: SUBMIT itemA1
              → A: ACCEPTED
            A: SUBMIT itemA2 urgent
              → A: ACCEPTED
            A: SUBMIT itemA3 urgent
              → A: ACCEPTED
            B: FETCH
              → B: ATTEMPT 1 at itemA2
            B: FETCH
              → B: ATTEMPT 1 at itemA1
            B: FETCH
              → B: ATTEMPT 1 at itemA3
        "#]]);
}
