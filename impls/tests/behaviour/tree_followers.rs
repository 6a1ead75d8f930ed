//! ZooKeeper where the servers that answer reads lag behind their leader, as conversations. "Guarantees"
//! is the section "Consistency Guarantees" of the "ZooKeeper Programmer's Guide", "Watches" the one of that
//! name (zookeeper.apache.org/doc/current/zookeeperProgrammers.html).
//! With `UPDATE_EXPECT=1` the answers are written anew from the requests. A long file, since it is a list.

use super::conversation::Conversation;
use contend_impls::service::tree::{Settings, Tree};
use contend_model::ident::{NodeId, Peer, Token};
use contend_model::message::tree::{Mode, Ordered, Path, Request, Session};
use contend_model::time::{Range, Span};
use expect_test::{Expect, expect};

const N: &str = "/locks/n";
const A: Peer = client(0, 0);
const B: Peer = client(1, 0);

const fn client(number: u8, connection: u16) -> Peer {
    Peer { node: NodeId::Client(number), connection }
}

/// Servers that lag by five milliseconds, and two clients with a session each.
fn servers() -> Conversation<Tree> {
    let settings = Settings {
        session_timeout: Span::ms(20),
        roots: &["/locks"],
        lag: Some(Range::exactly(Span::ms(5))),
        lacks: None,
    };
    let mut servers = Conversation::with(Tree::new(settings));
    servers.ask(A, Request::Connect(None));
    servers.ask(B, Request::Connect(None));
    servers
}

fn create(mode: Mode) -> Request {
    Request::Create { path: N, data: "0", mode }
}

fn set(data: &'static str) -> Request {
    Request::SetData { path: N, data, version: None }
}

fn get(watch: bool) -> Request {
    Request::GetData { path: Path::named(N), watch }
}

fn exists(watch: bool) -> Request {
    Request::Exists { path: Path::named(N), watch }
}

fn guid(number: u8) -> Token {
    Token { client: NodeId::Client(number), incarnation: 0, serial: 0 }
}

fn enqueue(number: u8) -> Request {
    let mode = Mode { ephemeral: true, sequential: Some(guid(number)) };
    Request::Create { path: "/locks", data: "", mode }
}

fn children(number: u8) -> Request {
    Request::GetChildren { path: "/locks", guid: guid(number), watch: false }
}

fn session(client: u8) -> Session {
    Session { client: NodeId::Client(client), number: 0 }
}

fn check(conversation: &Conversation<Tree>, expected: Expect) {
    let handshakes = "A> connect, new session → A: connected, sessionA0\n\
                      B> connect, new session → B: connected, sessionB0\n";
    let rest = conversation.text().strip_prefix(handshakes).expect("both have connected");
    expected.assert_eq(rest);
}

#[test]
fn who_is_told_to_read_may_read_what_was_before_unless_it_calls_sync() {
    // "Guarantees": A sets a node from 0 to 1 and tells B to read it.
    let mut servers = servers();
    servers.ask(A, create(Mode::PERSISTENT));
    servers.pass(Span::ms(5));
    servers.ask(A, set("1"));
    servers.ask(B, get(false));
    servers.ask(B, Request::Sync);
    servers.ask(B, get(false));
    check(
        &servers,
        expect![[r#"
        A> create /locks/n PERSISTENT → A: created /locks/n
        -- 5 ms pass
        A> setData /locks/n 1 (disposes of A's own lock) → A: stat, version 1
        B> getData /locks/n → B: 0, version 0
        B> sync → B: synced
        B> getData /locks/n → B: 1, version 1
    "#]],
    );
}

#[test]
fn a_server_catches_up_in_time() {
    // "Guarantees", Timeliness.
    let mut servers = servers();
    servers.ask(A, create(Mode::PERSISTENT));
    servers.ask(B, exists(false));
    servers.pass(Span::ms(4));
    servers.ask(B, exists(false));
    servers.pass(Span::ms(1));
    servers.ask(B, exists(false));
    check(
        &servers,
        expect![[r#"
        A> create /locks/n PERSISTENT → A: created /locks/n
        B> exists /locks/n → B: NoNode
        -- 4 ms pass
        B> exists /locks/n → B: NoNode
        -- 1 ms pass
        B> exists /locks/n → B: stat, version 0
    "#]],
    );
}

#[test]
fn a_session_sees_its_own_writes_and_all_that_was_before_them() {
    // "Guarantees", Sequential Consistency: whoever has written has seen what was written before.
    let mut servers = servers();
    servers.ask(A, enqueue(0));
    servers.ask(B, children(1));
    servers.ask(B, enqueue(1));
    servers.ask(B, children(1));
    servers.ask(A, children(0));
    check(
        &servers,
        expect![[r#"
        A> create /locks/tokenA0-lock- EPHEMERAL_SEQUENTIAL → A: created /locks/tokenA0-sessionA0-lock-1
        B> getChildren /locks; finds tokenB0 → B: children: own node not there
        B> create /locks/tokenB0-lock- EPHEMERAL_SEQUENTIAL → B: created /locks/tokenB0-sessionB0-lock-2
        B> getChildren /locks; finds tokenB0 → B: children: own tokenB0-sessionB0-lock-2 after tokenA0-sessionA0-lock-1
        A> getChildren /locks; finds tokenA0 → A: children: own tokenA0-sessionA0-lock-1 is first, rank 1
    "#]],
    );
}

#[test]
fn a_write_that_is_refused_shows_why() {
    // What is refused is a transaction, too.
    let mut servers = servers();
    servers.ask(A, create(Mode::PERSISTENT));
    servers.ask(B, get(false));
    servers.ask(B, create(Mode::PERSISTENT));
    servers.ask(B, get(false));
    check(
        &servers,
        expect![[r#"
        A> create /locks/n PERSISTENT → A: created /locks/n
        B> getData /locks/n → B: NoNode
        B> create /locks/n PERSISTENT → B: NodeExists
        B> getData /locks/n → B: 0, version 0
    "#]],
    );
}

#[test]
fn a_watch_fires_when_the_server_knows_and_before_it_shows_the_change() {
    // "Watches": a client sees the event before the new data, and never a change without the event.
    let mut servers = servers();
    servers.ask(A, create(Mode::PERSISTENT));
    servers.pass(Span::ms(5));
    servers.ask(B, get(true));
    servers.ask(A, set("1"));
    servers.ask(B, get(false));
    servers.pass(Span::ms(5));
    servers.ask(B, get(true));
    servers.ask(A, set("2"));
    servers.ask(B, Request::Sync);
    servers.ask(B, get(false));
    check(
        &servers,
        expect![[r#"
        A> create /locks/n PERSISTENT → A: created /locks/n
        -- 5 ms pass
        B> getData /locks/n, watch → B: 0, version 0
        A> setData /locks/n 1 (disposes of A's own lock) → A: stat, version 1
        B> getData /locks/n → B: 0, version 0
        -- 5 ms pass → B: watch: NodeDataChanged /locks/n
        B> getData /locks/n, watch → B: 1, version 1
        A> setData /locks/n 2 (disposes of A's own lock) → A: stat, version 2
        B> sync → B: watch: NodeDataChanged /locks/n → B: synced
        B> getData /locks/n → B: 2, version 2
    "#]],
    );
}

#[test]
fn a_watch_set_on_a_node_that_is_gone_already_fires_when_the_server_knows() {
    // "Watches" are kept by the server that the client is connected to, so none is set too late.
    let mut servers = servers();
    servers.ask(A, create(Mode::EPHEMERAL));
    servers.pass(Span::ms(5));
    servers.ask(A, Request::Close);
    servers.ask(B, exists(true));
    servers.pass(Span::ms(5));
    servers.ask(B, exists(false));
    check(
        &servers,
        expect![[r#"
        A> create /locks/n EPHEMERAL → A: created /locks/n
        -- 5 ms pass
        A> closeSession (disposes of A's own lock) → A: session closed
        B> exists /locks/n, watch → B: stat, version 0
        -- 5 ms pass → B: watch: NodeDeleted /locks/n
        B> exists /locks/n → B: NoNode
    "#]],
    );
}

#[test]
fn nodes_of_a_session_that_has_timed_out_vanish_later_for_others() {
    let mut servers = servers();
    servers.ask(A, create(Mode::EPHEMERAL));
    servers.pass(Span::ms(19));
    servers.ask(B, Request::Ping);
    servers.pass(Span::ms(1));
    servers.ask(B, exists(false));
    servers.pass(Span::ms(5));
    servers.ask(B, exists(false));
    check(
        &servers,
        expect![[r#"
        A> create /locks/n EPHEMERAL → A: created /locks/n
        -- 19 ms pass
        B> ping → B: pong
        -- 1 ms pass → A: session expired
        B> exists /locks/n → B: stat, version 0
        -- 5 ms pass
        B> exists /locks/n → B: NoNode
    "#]],
    );
}

#[test]
fn the_next_server_shows_at_least_what_was_seen() {
    // "Guarantees", Single System Image: B's next question says that it has heard the answer.
    let mut servers = servers();
    servers.ask(A, create(Mode::PERSISTENT));
    servers.ask(B, set("1"));
    servers.ask(B, get(false));
    servers.ask(A, set("2"));
    servers.ask(client(1, 1), Request::Connect(Some(session(1))));
    servers.ask(client(1, 1), get(false));
    check(
        &servers,
        expect![[r#"
        A> create /locks/n PERSISTENT → A: created /locks/n
        B> setData /locks/n 1 (lets B dispose of A's lock) → B: stat, version 1
        B> getData /locks/n → B: 1, version 1
        A> setData /locks/n 2 (lets A dispose of B's lock) → A: stat, version 2
        B#1> connect, sessionB0 → B: closes the connection → B#1: connected, sessionB0
        B#1> getData /locks/n → B#1: 1, version 1
    "#]],
    );
}

#[test]
fn the_next_server_may_not_show_a_write_whose_answer_was_not_heard() {
    // "Guarantees", Reliability: of a write without an answer the client does not know. Neither does the
    // next server, which answers from what it has; `sync` makes it ask the leader.
    let mut servers = servers();
    servers.ask(A, enqueue(0));
    let next = client(0, 1);
    servers.ask(next, Request::Reconnect(session(0), Ordered::Create));
    servers.ask(next, children(0));
    servers.ask(next, Request::Sync);
    servers.ask(next, children(0));
    check(
        &servers,
        expect![[r#"
            A> create /locks/tokenA0-lock- EPHEMERAL_SEQUENTIAL → A: created /locks/tokenA0-sessionA0-lock-1
            A#1> connect, sessionA0, without an answer to create → A: closes the connection → A#1: connected, sessionA0
            A#1> getChildren /locks; finds tokenA0 → A#1: children: own node not there
            A#1> sync → A#1: synced
            A#1> getChildren /locks; finds tokenA0 → A#1: children: own tokenA0-sessionA0-lock-1 is first, rank 1
        "#]],
    );
}

#[test]
fn the_next_server_shows_a_write_whose_answer_was_heard() {
    // "Guarantees", Single System Image: what had no answer is the deletion, which never arrived.
    let mut servers = servers();
    servers.ask(A, enqueue(0));
    let next = client(0, 1);
    servers.ask(next, Request::Reconnect(session(0), Ordered::Delete));
    servers.ask(next, children(0));
    check(
        &servers,
        expect![[r#"
        A> create /locks/tokenA0-lock- EPHEMERAL_SEQUENTIAL → A: created /locks/tokenA0-sessionA0-lock-1
        A#1> connect, sessionA0, without an answer to delete → A: closes the connection → A#1: connected, sessionA0
        A#1> getChildren /locks; finds tokenA0 → A#1: children: own tokenA0-sessionA0-lock-1 is first, rank 1
    "#]],
    );
}

#[test]
fn a_handshake_that_comes_late_takes_nothing_back() {
    // The client had given that connection up, and has heard of its node on another since.
    let mut servers = servers();
    let (late, next) = (client(0, 1), client(0, 2));
    servers.ask(A, enqueue(0));
    servers.ask(late, Request::Reconnect(session(0), Ordered::Create));
    servers.ask(next, Request::Connect(Some(session(0))));
    servers.ask(next, children(0));
    check(
        &servers,
        expect![[r#"
        A> create /locks/tokenA0-lock- EPHEMERAL_SEQUENTIAL → A: created /locks/tokenA0-sessionA0-lock-1
        A#1> connect, sessionA0, without an answer to create → A: closes the connection → A#1: connected, sessionA0
        A#2> connect, sessionA0 → A#1: closes the connection → A#2: connected, sessionA0
        A#2> getChildren /locks; finds tokenA0 → A#2: children: own tokenA0-sessionA0-lock-1 is first, rank 1
    "#]],
    );
}

#[test]
fn who_comes_next_by_a_watch_has_seen_what_was_written_before_and_other_sessions_have_not() {
    // A writes while its node is first. When B learns that A's node is gone, it has seen the write;
    // whoever reads on B's behalf in a session of its own has not.
    let mut servers = servers();
    let reader = client(1, 1);
    servers.ask(reader, Request::Connect(None));
    servers.ask(A, create(Mode::PERSISTENT));
    servers.ask(A, enqueue(0));
    servers.ask(B, enqueue(1));
    servers.ask(B, children(1));
    servers.ask(reader, Request::Sync);
    servers.ask(A, set("1"));
    servers.ask(A, Request::Close);
    servers.ask(B, Request::Sync);
    servers.ask(B, children(1));
    servers.ask(B, get(false));
    servers.ask(reader, get(false));
    check(
        &servers,
        expect![[r#"
        B#1> connect, new session → B#1: connected, sessionB1
        A> create /locks/n PERSISTENT → A: created /locks/n
        A> create /locks/tokenA0-lock- EPHEMERAL_SEQUENTIAL → A: created /locks/tokenA0-sessionA0-lock-1
        B> create /locks/tokenB0-lock- EPHEMERAL_SEQUENTIAL → B: created /locks/tokenB0-sessionB0-lock-2
        B> getChildren /locks; finds tokenB0 → B: children: own tokenB0-sessionB0-lock-2 after tokenA0-sessionA0-lock-1
        B#1> sync → B#1: synced
        A> setData /locks/n 1 (disposes of A's own lock) → A: stat, version 1
        A> closeSession (disposes of A's own lock) → A: session closed
        B> sync → B: synced
        B> getChildren /locks; finds tokenB0 → B: children: own tokenB0-sessionB0-lock-2 is first, rank 1
        B> getData /locks/n → B: 1, version 1
        B#1> getData /locks/n → B#1: 0, version 0
    "#]],
    );
}

#[test]
fn a_server_falls_behind_by_two_transactions_at_most() {
    // `syncLimit`: whoever falls further behind is given up. Here it is made to keep up.
    let mut servers = servers();
    servers.ask(A, create(Mode::PERSISTENT));
    servers.ask(A, set("1"));
    servers.ask(A, set("2"));
    servers.ask(B, get(false));
    servers.ask(A, set("3"));
    servers.ask(B, get(false));
    check(
        &servers,
        expect![[r#"
            A> create /locks/n PERSISTENT → A: created /locks/n
            A> setData /locks/n 1 (disposes of A's own lock) → A: stat, version 1
            A> setData /locks/n 2 (disposes of A's own lock) → A: stat, version 2
            B> getData /locks/n → B: 0, version 0
            A> setData /locks/n 3 (disposes of A's own lock) → A: stat, version 3
            B> getData /locks/n → B: 1, version 1
        "#]],
    );
}

#[test]
fn no_suffix_comes_back_while_somebody_is_shown_it() {
    let mut servers = servers();
    servers.ask(A, enqueue(0));
    servers.ask(B, enqueue(1));
    servers.ask(A, Request::Close);
    servers.ask(A, Request::Connect(None));
    servers.ask(A, enqueue(0));
    servers.ask(B, children(1));
    check(
        &servers,
        expect![[r#"
        A> create /locks/tokenA0-lock- EPHEMERAL_SEQUENTIAL → A: created /locks/tokenA0-sessionA0-lock-1
        B> create /locks/tokenB0-lock- EPHEMERAL_SEQUENTIAL → B: created /locks/tokenB0-sessionB0-lock-2
        A> closeSession (disposes of A's own lock) → A: session closed
        A> connect, new session → A: connected, sessionA0
        A> create /locks/tokenA0-lock- EPHEMERAL_SEQUENTIAL → A: created /locks/tokenA0-sessionA0-lock-3
        B> getChildren /locks; finds tokenB0 → B: children: own tokenB0-sessionB0-lock-2 after tokenA0-sessionA0-lock-1
    "#]],
    );
}

#[test]
fn a_server_that_takes_over_after_a_crash_may_not_show_an_unheard_write_either() {
    let mut servers = servers();
    servers.ask(A, enqueue(0));
    servers.crash(Span::ms(1));
    let next = client(0, 1);
    servers.ask(next, Request::Reconnect(session(0), Ordered::Create));
    servers.ask(next, children(0));
    servers.pass(Span::ms(5));
    servers.ask(next, children(0));
    check(
        &servers,
        expect![[r#"
        A> create /locks/tokenA0-lock- EPHEMERAL_SEQUENTIAL → A: created /locks/tokenA0-sessionA0-lock-1
        -- the server is down for 1 ms
        A#1> connect, sessionA0, without an answer to create → A#1: connected, sessionA0
        A#1> getChildren /locks; finds tokenA0 → A#1: children: own node not there
        -- 5 ms pass
        A#1> getChildren /locks; finds tokenA0 → A#1: children: own tokenA0-sessionA0-lock-1 is first, rank 1
    "#]],
    );
}
