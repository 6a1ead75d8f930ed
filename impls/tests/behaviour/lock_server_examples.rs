//! The two lock servers as conversations: `A>` is a request, `A<` an answer, `--` something that
//! happens, and what stands in brackets is what the judges are shown. With `UPDATE_EXPECT=1` the
//! answers are written anew. Chubby is Burrows, "The Chubby lock service", OSDI 2006.

use contend_impls::service::lock_server::flag::FlagServer;
use contend_impls::service::lock_server::{LockServer, Settings};
use contend_model::ident::{NodeId, Peer, Token};
use contend_model::message::lock_server::Request;
use contend_model::time::Span;
use expect_test::{Expect, expect};

use super::service::{A, B, C, Stepped};

fn server() -> Stepped<LockServer> {
    let (lease, lock_delay) = (Span::ms(10), Span::ms(2));
    Stepped::new(LockServer::new(Settings { lease, lock_delay, recalls: false, lacks: None }))
}

fn request(of: Peer, serial: u16) -> Token {
    Token { client: of.node, incarnation: 0, serial }
}

fn acquire(of: Peer, serial: u16) -> Request {
    Request::Acquire(request(of, serial))
}

fn release(client: NodeId, fence: u32) -> Request {
    Request::Release { client, fence }
}

fn check(log: &str, expected: Expect) {
    expected.assert_eq(log);
}

#[test]
fn the_described_server_unlocks_for_anybody_and_forgets_when_it_restarts() {
    // The fourth document, section 3.2.
    let mut flag = Stepped::new(FlagServer::default());
    flag.ask(A, Request::Lock);
    flag.ask(B, Request::Lock);
    flag.ask(B, Request::Unlock);
    flag.ask(B, Request::Lock);
    flag.crash(Span::ms(1));
    flag.ask(C, Request::Lock);
    check(
        flag.log(),
        expect![[r#"
        A> LOCK
            A< LOCKED
        B> LOCK
            B< REFUSED
        B> UNLOCK
            (lets B dispose of A's lock)
        B> LOCK
            B< LOCKED
        -- crashes, and runs again after 1 ms
        C> LOCK
            C< LOCKED
    "#]],
    );
}

#[test]
fn waiters_are_served_in_order_of_arrival_each_with_a_higher_fence() {
    let mut server = server();
    server.ask(A, acquire(A, 1));
    server.ask(B, acquire(B, 1));
    server.ask(C, acquire(C, 1));
    server.ask(A, release(A.node, 1));
    server.ask(B, release(B.node, 2));
    check(
        server.log(),
        expect![[r#"
        A> ACQUIRE tokenA1
            A< GRANTED fence 1
        B> ACQUIRE tokenB1
        C> ACQUIRE tokenC1
        A> RELEASE A fence 1
            (disposes of A's own lock)
            A< RELEASED
            B< GRANTED fence 2
        B> RELEASE B fence 2
            (disposes of B's own lock)
            B< RELEASED
            C< GRANTED fence 3
    "#]],
    );
}

#[test]
fn a_request_that_is_repeated_counts_once() {
    // Repeated while it waits it keeps its place, while it holds it prolongs, afterwards it is over.
    let mut server = server();
    server.ask(A, acquire(A, 1));
    server.ask(B, acquire(B, 1));
    server.ask(C, acquire(C, 1));
    server.end(B);
    server.ask(Peer { connection: 1, ..B }, acquire(B, 1));
    server.pass(Span::ms(9));
    server.ask(A, acquire(A, 1));
    server.pass(Span::ms(9));
    server.ask(A, release(A.node, 1));
    server.ask(A, acquire(A, 1));
    check(
        server.log(),
        expect![[r#"
        A> ACQUIRE tokenA1
            A< GRANTED fence 1
        B> ACQUIRE tokenB1
        C> ACQUIRE tokenC1
        -- the connection to B ends
        B#1> ACQUIRE tokenB1
        -- 9 ms pass
        A> ACQUIRE tokenA1
            (disposes of A's own lock)
            A< GRANTED fence 1
        -- 9 ms pass
        A> RELEASE A fence 1
            (disposes of A's own lock)
            A< RELEASED
            B#1< GRANTED fence 2
        A> ACQUIRE tokenA1
            A< OVER
    "#]],
    );
}

#[test]
fn a_release_or_renewal_of_an_earlier_grant_does_nothing() {
    let mut server = server();
    server.ask(A, acquire(A, 1));
    server.ask(A, release(A.node, 1));
    server.ask(B, acquire(B, 1));
    server.ask(A, release(A.node, 1));
    server.ask(A, Request::Renew { client: A.node, fence: 1 });
    server.ask(A, release(A.node, 2));
    server.ask(B, Request::Renew { client: B.node, fence: 2 });
    check(
        server.log(),
        expect![[r#"
        A> ACQUIRE tokenA1
            A< GRANTED fence 1
        A> RELEASE A fence 1
            (disposes of A's own lock)
            A< RELEASED
        B> ACQUIRE tokenB1
            B< GRANTED fence 2
        A> RELEASE A fence 1
            A< NOT HELD
        A> RENEW A fence 1
            A< NOT HELD
        A> RELEASE A fence 2
            A< NOT HELD
        B> RENEW B fence 2
            (disposes of B's own lock)
            B< RENEWED
    "#]],
    );
}

#[test]
fn a_lease_that_ends_leaves_the_lock_to_nobody_for_the_lock_delay() {
    // Chubby, section 2.4: lock-delay.
    let mut server = server();
    server.ask(A, acquire(A, 1));
    server.ask(B, acquire(B, 1));
    server.pass(Span::ms(10));
    server.pass(Span::ms(1));
    server.pass(Span::ms(1));
    check(
        server.log(),
        expect![[r#"
        A> ACQUIRE tokenA1
            A< GRANTED fence 1
        B> ACQUIRE tokenB1
        -- 10 ms pass
        -- 1 ms pass
        -- 1 ms pass
            B< GRANTED fence 2
    "#]],
    );
}

#[test]
fn after_a_restart_a_grant_on_disk_counts_as_just_given() {
    // Chubby, section 2.9: a new master takes leases to be as long as they can be.
    let mut server = server();
    server.ask(A, acquire(A, 1));
    server.pass(Span::ms(9));
    server.crash(Span::ms(5));
    server.ask(B, acquire(B, 1));
    server.pass(Span::ms(9));
    server.ask(A, Request::Renew { client: A.node, fence: 1 });
    server.pass(Span::ms(9));
    server.pass(Span::ms(1));
    server.pass(Span::ms(2));
    check(
        server.log(),
        expect![[r#"
            A> ACQUIRE tokenA1
                A< GRANTED fence 1
            -- 9 ms pass
            -- crashes, and runs again after 5 ms
            B> ACQUIRE tokenB1
            -- 9 ms pass
            A> RENEW A fence 1
                (disposes of A's own lock)
                A< RENEWED
            -- 9 ms pass
            -- 1 ms pass
            -- 2 ms pass
                B< GRANTED fence 2
        "#]],
    );
}

#[test]
fn who_cancels_neither_waits_nor_holds_even_if_the_request_arrives_later() {
    let mut server = server();
    server.ask(A, acquire(A, 1));
    server.ask(B, acquire(B, 1));
    server.ask(B, Request::Cancel(request(B, 1)));
    server.ask(A, Request::Cancel(request(A, 1)));
    server.ask(C, Request::Cancel(request(C, 1)));
    server.ask(C, acquire(C, 1));
    server.ask(C, acquire(C, 2));
    check(
        server.log(),
        expect![[r#"
        A> ACQUIRE tokenA1
            A< GRANTED fence 1
        B> ACQUIRE tokenB1
        B> CANCEL tokenB1
            B< CANCELLED
        A> CANCEL tokenA1
            (disposes of A's own lock)
            A< CANCELLED
        C> CANCEL tokenC1
            C< CANCELLED
        C> ACQUIRE tokenC1
            C< OVER
        C> ACQUIRE tokenC2
            C< GRANTED fence 2
    "#]],
    );
}

#[test]
fn who_does_not_listen_is_passed_over_and_keeps_its_place() {
    let mut server = server();
    server.ask(A, acquire(A, 1));
    server.ask(B, acquire(B, 1));
    server.ask(C, acquire(C, 1));
    server.end(B);
    server.ask(A, release(A.node, 1));
    server.ask(A, acquire(A, 2));
    server.ask(Peer { connection: 1, ..B }, acquire(B, 1));
    server.ask(C, release(C.node, 2));
    check(
        server.log(),
        expect![[r#"
            A> ACQUIRE tokenA1
                A< GRANTED fence 1
            B> ACQUIRE tokenB1
            C> ACQUIRE tokenC1
            -- the connection to B ends
            A> RELEASE A fence 1
                (disposes of A's own lock)
                A< RELEASED
                C< GRANTED fence 2
            A> ACQUIRE tokenA2
            B#1> ACQUIRE tokenB1
            C> RELEASE C fence 2
                (disposes of C's own lock)
                C< RELEASED
                B#1< GRANTED fence 3
        "#]],
    );
}

#[test]
fn who_renews_is_told_that_somebody_waits_where_the_server_recalls() {
    let (lease, lock_delay) = (Span::ms(10), Span::ms(2));
    let settings = Settings { lease, lock_delay, recalls: true, lacks: None };
    let mut server = Stepped::new(LockServer::new(settings));
    let renew = Request::Renew { client: A.node, fence: 1 };
    server.ask(A, acquire(A, 1));
    server.ask(A, renew);
    server.ask(B, acquire(B, 1));
    server.ask(A, renew);
    server.ask(A, release(A.node, 1));
    check(
        server.log(),
        expect![[r#"
        A> ACQUIRE tokenA1
            A< GRANTED fence 1
        A> RENEW A fence 1
            (disposes of A's own lock)
            A< RENEWED
        B> ACQUIRE tokenB1
        A> RENEW A fence 1
            (disposes of A's own lock)
            A< RENEWED, wanted
        A> RELEASE A fence 1
            (disposes of A's own lock)
            A< RELEASED
            B< GRANTED fence 2
    "#]],
    );
}
