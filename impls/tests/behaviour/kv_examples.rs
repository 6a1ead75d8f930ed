//! The model of etcd against what etcd documents, as conversations. The pages are those of
//! etcd.io/docs (learning/api, learning/api_guarantees). With `UPDATE_EXPECT=1` the answers are written
//! anew from the requests.

use super::conversation::Conversation;
use contend_impls::service::kv::{Kv, Settings};
use contend_model::ident::{NodeId, Peer};
use contend_model::message::kv::{Key, Lease, Request};
use contend_model::time::Span;
use expect_test::{Expect, expect};

fn server() -> Conversation<Kv> {
    Conversation::with(Kv::new(Settings { time_to_live: Span::ms(10), lacks: None }))
}

fn client(number: u8) -> Peer {
    Peer { node: NodeId::Client(number), connection: 0 }
}

fn lease(client: u8, number: u8) -> Lease {
    Lease { client: NodeId::Client(client), number }
}

fn key(client: u8) -> Key {
    Key { prefix: "lock/", lease: lease(client, 0) }
}

fn check(conversation: &Conversation<Kv>, expected: Expect) {
    expected.assert_eq(conversation.text());
}

#[test]
fn a_transaction_creates_a_key_once_and_names_the_first_of_its_prefix() {
    // learning/api, "Transaction": compares and operations happen at one revision.
    let mut server = server();
    for number in [0, 1] {
        server.ask(client(number), Request::Grant);
        server.ask(client(number), Request::CreateOrGet(key(number)));
        server.ask(client(number), Request::CreateOrGet(key(number)));
    }
    server.ask(client(1), Request::LastBefore { prefix: "lock/", revision: 2 });
    server.ask(client(0), Request::LastBefore { prefix: "lock/", revision: 1 });
    server.ask(client(0), Request::Delete(key(0)));
    server.ask(client(0), Request::CreateOrGet(key(0)));
    check(
        &server,
        expect![[r#"
        A> LeaseGrant → A: granted leaseA0
        A> Txn if create(lock/leaseA0)=0 then put else get; get first of lock/ → A: own revision 1, first 1
        A> Txn if create(lock/leaseA0)=0 then put else get; get first of lock/ → A: own revision 1, first 1
        B> LeaseGrant → B: granted leaseB0
        B> Txn if create(lock/leaseB0)=0 then put else get; get first of lock/ → B: own revision 2, first 1
        B> Txn if create(lock/leaseB0)=0 then put else get; get first of lock/ → B: own revision 2, first 1
        B> Range lock/ last created before 2 → B: lock/leaseA0 of 1
        A> Range lock/ last created before 1 → A: nothing
        A> DeleteRange lock/leaseA0 (disposes of A's own lock) → A: deleted 1
        A> Txn if create(lock/leaseA0)=0 then put else get; get first of lock/ → A: own revision 3, first 2
    "#]],
    );
}

#[test]
fn keys_end_with_their_lease_and_whoever_watches_is_told() {
    // learning/api, "Lease API" and "Watch API".
    let mut server = server();
    server.ask(client(0), Request::Grant);
    server.ask(client(0), Request::CreateOrGet(key(0)));
    server.ask(client(1), Request::Watch { key: key(0), created: 1 });
    server.pass(Span::ms(9));
    server.ask(client(0), Request::KeepAlive(lease(0, 0)));
    server.pass(Span::ms(9));
    server.pass(Span::ms(1));
    server.ask(client(0), Request::KeepAlive(lease(0, 0)));
    server.ask(client(0), Request::CreateOrGet(key(0)));
    check(
        &server,
        expect![[r#"
        A> LeaseGrant → A: granted leaseA0
        A> Txn if create(lock/leaseA0)=0 then put else get; get first of lock/ → A: own revision 1, first 1
        B> Watch lock/leaseA0 of 1 → B: watching
        -- 9 ms pass
        A> LeaseKeepAlive leaseA0 → A: kept alive
        -- 9 ms pass
        -- 1 ms pass → B: watch: lock/leaseA0 deleted
        A> LeaseKeepAlive leaseA0 → A: lease not found
        A> Txn if create(lock/leaseA0)=0 then put else get; get first of lock/ → A: lease not found
    "#]],
    );
}

#[test]
fn a_watch_from_a_revision_misses_nothing_that_was_before_it_was_set() {
    // learning/api_guarantees, "Watch APIs": every event from the start revision on is delivered.
    let mut server = server();
    server.ask(client(0), Request::Grant);
    server.ask(client(0), Request::CreateOrGet(key(0)));
    server.ask(client(0), Request::Delete(key(0)));
    server.ask(client(1), Request::Watch { key: key(0), created: 1 });
    server.ask(client(0), Request::CreateOrGet(key(0)));
    server.ask(client(1), Request::Watch { key: key(0), created: 1 });
    server.ask(client(1), Request::Watch { key: key(0), created: 2 });
    server.disconnect(client(1));
    server.ask(client(0), Request::Revoke(lease(0, 0)));
    check(
        &server,
        expect![[r#"
        A> LeaseGrant → A: granted leaseA0
        A> Txn if create(lock/leaseA0)=0 then put else get; get first of lock/ → A: own revision 1, first 1
        A> DeleteRange lock/leaseA0 (disposes of A's own lock) → A: deleted 1
        B> Watch lock/leaseA0 of 1 → B: watching → B: watch: lock/leaseA0 deleted
        A> Txn if create(lock/leaseA0)=0 then put else get; get first of lock/ → A: own revision 2, first 2
        B> Watch lock/leaseA0 of 1 → B: watching → B: watch: lock/leaseA0 deleted
        B> Watch lock/leaseA0 of 2 → B: watching
        -- the connection of B ends
        A> LeaseRevoke leaseA0 (disposes of A's own lock) → A: revoked
    "#]],
    );
}

#[test]
fn a_lease_that_is_revoked_takes_its_keys_along_and_nothing_under_it_has_effect_later() {
    // learning/api, "Lease API", LeaseRevoke.
    let mut server = server();
    server.ask(client(0), Request::Grant);
    server.ask(client(0), Request::CreateOrGet(key(0)));
    server.ask(client(0), Request::Revoke(lease(0, 0)));
    server.ask(client(0), Request::Revoke(lease(0, 0)));
    server.ask(client(0), Request::CreateOrGet(key(0)));
    server.ask(client(0), Request::Grant);
    server.ask(client(0), Request::Get(key(0)));
    check(
        &server,
        expect![[r#"
        A> LeaseGrant → A: granted leaseA0
        A> Txn if create(lock/leaseA0)=0 then put else get; get first of lock/ → A: own revision 1, first 1
        A> LeaseRevoke leaseA0 (disposes of A's own lock) → A: revoked
        A> LeaseRevoke leaseA0 → A: lease not found
        A> Txn if create(lock/leaseA0)=0 then put else get; get first of lock/ → A: lease not found
        A> LeaseGrant → A: granted leaseA1
        A> Range lock/leaseA0 → A: nothing
    "#]],
    );
}

#[test]
fn a_restart_loses_nothing_and_gives_every_lease_its_whole_time() {
    // learning/api_guarantees, "Durability"; a new leader prolongs all leases.
    let mut server = server();
    server.ask(client(0), Request::Grant);
    server.ask(client(0), Request::CreateOrGet(key(0)));
    server.pass(Span::ms(9));
    server.crash(Span::ms(50));
    server.pass(Span::ms(9));
    server.ask(client(1), Request::Get(key(0)));
    server.pass(Span::ms(1));
    server.ask(client(1), Request::Get(key(0)));
    check(
        &server,
        expect![[r#"
        A> LeaseGrant → A: granted leaseA0
        A> Txn if create(lock/leaseA0)=0 then put else get; get first of lock/ → A: own revision 1, first 1
        -- 9 ms pass
        -- the server is down for 50 ms
        -- 9 ms pass
        B> Range lock/leaseA0 → B: lock/leaseA0 of 1
        -- 1 ms pass
        B> Range lock/leaseA0 → B: nothing
    "#]],
    );
}
