//! The model of ZooKeeper against what ZooKeeper documents, as conversations. The sections are those
//! of the "ZooKeeper Programmer's Guide" (zookeeper.apache.org/doc/current/zookeeperProgrammers.html).
//! With `UPDATE_EXPECT=1` the answers are written anew from the requests.

use super::conversation::Conversation;
use contend_impls::service::tree::{Settings, Tree};
use contend_model::ident::{NodeId, Peer, Token};
use contend_model::message::Message;
use contend_model::message::tree::{Mode, Path, Reply, Request, Session};
use contend_model::time::Span;
use expect_test::{Expect, expect};

const N: &str = "/locks/n";

fn server() -> Conversation<Tree> {
    let session_timeout = Span::ms(10);
    let settings = Settings { session_timeout, roots: &["/locks"], lag: None, lacks: None };
    Conversation::with(Tree::new(settings))
}

fn client(number: u8, connection: u16) -> Peer {
    Peer { node: NodeId::Client(number), connection }
}

const fn create(mode: Mode) -> Request {
    Request::Create { path: N, data: "d", mode }
}

fn sequential(number: u8) -> Request {
    let guid = Token { client: NodeId::Client(number), incarnation: 0, serial: 0 };
    create_below("/locks", Mode { ephemeral: true, sequential: Some(guid) })
}

fn create_below(path: &'static str, mode: Mode) -> Request {
    Request::Create { path, data: "", mode }
}

fn children(number: u8) -> Request {
    let guid = Token { client: NodeId::Client(number), incarnation: 0, serial: 0 };
    Request::GetChildren { path: "/locks", guid, watch: false }
}

fn exists(watch: bool) -> Request {
    Request::Exists { path: Path::named(N), watch }
}

fn delete(version: Option<u32>) -> Request {
    Request::Delete(Path::named(N), version)
}

fn session(number: u8) -> Option<Session> {
    Some(Session { client: NodeId::Client(number), number: 0 })
}

fn check(conversation: &Conversation<Tree>, expected: Expect) {
    expected.assert_eq(conversation.text());
}

#[test]
fn a_node_is_created_once_and_deleted_by_version() {
    // "Version numbers": updates and deletions name the version they mean; it must match.
    let mut server = server();
    let a = client(0, 0);
    server.ask(a, Request::Connect(None));
    server.ask(a, exists(false));
    server.ask(a, create(Mode::PERSISTENT));
    server.ask(a, create(Mode::PERSISTENT));
    server.ask(a, Request::SetData { path: N, data: "e", version: Some(0) });
    server.ask(a, Request::SetData { path: N, data: "f", version: Some(0) });
    server.ask(a, Request::GetData { path: Path::named(N), watch: false });
    server.ask(a, delete(Some(0)));
    server.ask(a, delete(Some(1)));
    server.ask(a, delete(None));
    check(
        &server,
        expect![[r#"
        A> connect, new session → A: connected, sessionA0
        A> exists /locks/n → A: NoNode
        A> create /locks/n PERSISTENT → A: created /locks/n
        A> create /locks/n PERSISTENT → A: NodeExists
        A> setData /locks/n e version 0 (disposes of A's own lock) → A: stat, version 1
        A> setData /locks/n f version 0 → A: BadVersion
        A> getData /locks/n → A: e, version 1
        A> delete /locks/n version 0 → A: BadVersion
        A> delete /locks/n version 1 (disposes of A's own lock) → A: deleted
        A> delete /locks/n → A: NoNode
    "#]],
    );
}

#[test]
fn parents_must_exist_and_outlive_their_children() {
    // "Ephemeral Nodes": they have no children. `create` without a parent is NoNode, `delete` of a
    // node with children NotEmpty (the interface's exceptions).
    let mut server = server();
    let a = client(0, 0);
    server.ask(a, Request::Connect(None));
    server.ask(a, create_below("/other/n", Mode::PERSISTENT));
    server.ask(a, create(Mode::EPHEMERAL));
    server.ask(a, create_below("/locks/n/below", Mode::PERSISTENT));
    server.ask(a, Request::Delete(Path::named("/locks"), None));
    check(
        &server,
        expect![[r#"
        A> connect, new session → A: connected, sessionA0
        A> create /other/n PERSISTENT → A: NoNode
        A> create /locks/n EPHEMERAL → A: created /locks/n
        A> create /locks/n/below PERSISTENT → A: NoChildrenForEphemerals
        A> delete /locks → A: NotEmpty
    "#]],
    );
}

#[test]
fn ephemeral_nodes_end_with_their_session_and_persistent_ones_do_not() {
    // "Ephemeral Nodes" and "ZooKeeper Sessions": the cluster, not the client, decides that a session
    // is over; then its ephemeral nodes are deleted and whoever watches them is told.
    let mut server = server();
    let (a, b) = (client(0, 0), client(1, 0));
    server.ask(a, Request::Connect(None));
    server.ask(a, create(Mode::EPHEMERAL));
    server.ask(a, create_below("/locks/kept", Mode::PERSISTENT));
    server.ask(b, Request::Connect(None));
    server.ask(b, exists(true));
    server.pass(Span::ms(9));
    server.ask(b, Request::Ping);
    server.pass(Span::ms(1));
    server.ask(b, Request::Exists { path: Path::named("/locks/kept"), watch: false });
    check(
        &server,
        expect![[r#"
        A> connect, new session → A: connected, sessionA0
        A> create /locks/n EPHEMERAL → A: created /locks/n
        A> create /locks/kept PERSISTENT → A: created /locks/kept
        B> connect, new session → B: connected, sessionB0
        B> exists /locks/n, watch → B: stat, version 0
        -- 9 ms pass
        B> ping → B: pong
        -- 1 ms pass → B: watch: NodeDeleted /locks/n → A: session expired
        B> exists /locks/kept → B: stat, version 0
    "#]],
    );
}

#[test]
fn a_heartbeat_puts_the_end_of_the_session_off() {
    // "ZooKeeper Sessions": requests and pings keep the session alive.
    let mut server = server();
    let a = client(0, 0);
    server.ask(a, Request::Connect(None));
    server.ask(a, create(Mode::EPHEMERAL));
    server.pass(Span::ms(9));
    server.ask(a, Request::Ping);
    server.pass(Span::ms(9));
    server.ask(a, exists(false));
    server.pass(Span::ms(10));
    check(
        &server,
        expect![[r#"
        A> connect, new session → A: connected, sessionA0
        A> create /locks/n EPHEMERAL → A: created /locks/n
        -- 9 ms pass
        A> ping → A: pong
        -- 9 ms pass
        A> exists /locks/n → A: stat, version 0
        -- 10 ms pass → A: session expired
    "#]],
    );
}

#[test]
fn a_session_is_resumed_within_its_timeout_and_keeps_its_nodes() {
    // "ZooKeeper Sessions": a client that reconnects in time goes on in its session; the server that
    // it has left hears nothing of it on the old connection any more.
    let mut server = server();
    let (old, new) = (client(0, 0), client(0, 1));
    server.ask(old, Request::Connect(None));
    server.ask(old, create(Mode::EPHEMERAL));
    server.pass(Span::ms(9));
    server.ask(new, Request::Connect(session(0)));
    server.ask(old, delete(None));
    server.ask(new, exists(false));
    check(
        &server,
        expect![[r#"
        A> connect, new session → A: connected, sessionA0
        A> create /locks/n EPHEMERAL → A: created /locks/n
        -- 9 ms pass
        A#1> connect, sessionA0 → A: closes the connection → A#1: connected, sessionA0
        A> delete /locks/n
        A#1> exists /locks/n → A#1: stat, version 0
    "#]],
    );
}

#[test]
fn a_client_that_was_away_learns_of_the_end_when_it_is_back() {
    // "ZooKeeper Sessions": a disconnected client is told nothing; Expired comes with the reconnect.
    let mut server = server();
    let (old, new) = (client(0, 0), client(0, 1));
    server.ask(old, Request::Connect(None));
    server.ask(old, create(Mode::EPHEMERAL));
    server.disconnect(old);
    server.pass(Span::ms(10));
    server.ask(new, Request::Connect(session(0)));
    server.ask(new, exists(false));
    check(
        &server,
        expect![[r#"
            A> connect, new session → A: connected, sessionA0
            A> create /locks/n EPHEMERAL → A: created /locks/n
            -- the connection of A ends
            -- 10 ms pass
            A#1> connect, sessionA0 → A#1: session expired; connected, sessionA0
            A#1> exists /locks/n → A#1: NoNode
        "#]],
    );
}

#[test]
fn a_new_handle_is_a_new_session_and_the_old_one_lives_on() {
    // FAQ: a program that has restarted finds the ephemeral nodes of its earlier life until their
    // session times out.
    let mut server = server();
    let (old, new) = (client(0, 0), client(0, 1));
    server.ask(old, Request::Connect(None));
    server.ask(old, create(Mode::EPHEMERAL));
    server.ask(new, Request::Connect(None));
    server.ask(new, create(Mode::EPHEMERAL));
    server.pass(Span::ms(10));
    server.ask(new, create(Mode::EPHEMERAL));
    check(
        &server,
        expect![[r#"
        A> connect, new session → A: connected, sessionA0
        A> create /locks/n EPHEMERAL → A: created /locks/n
        A#1> connect, new session → A#1: connected, sessionA1
        A#1> create /locks/n EPHEMERAL → A#1: NodeExists
        -- 10 ms pass → A: session expired
        A#1> create /locks/n EPHEMERAL → A#1: created /locks/n
    "#]],
    );
}

#[test]
fn a_session_that_is_closed_takes_its_nodes_along_at_once() {
    // "ZooKeeper Sessions": closing ends the session.
    let mut server = server();
    let (a, b) = (client(0, 0), client(1, 0));
    server.ask(a, Request::Connect(None));
    server.ask(a, create(Mode::EPHEMERAL));
    server.ask(b, Request::Connect(None));
    server.ask(b, Request::GetData { path: Path::named(N), watch: true });
    server.ask(a, Request::Close);
    server.ask(b, exists(false));
    check(
        &server,
        expect![[r#"
        A> connect, new session → A: connected, sessionA0
        A> create /locks/n EPHEMERAL → A: created /locks/n
        B> connect, new session → B: connected, sessionB0
        B> getData /locks/n, watch → B: d, version 0
        A> closeSession (disposes of A's own lock) → B: watch: NodeDeleted /locks/n → A: session closed
        B> exists /locks/n → B: NoNode
    "#]],
    );
}

#[test]
fn watches_fire_once_and_before_the_answer_to_the_change() {
    // "ZooKeeper Watches": one-time triggers; a client sees the event before the new data.
    let mut server = server();
    let (a, b) = (client(0, 0), client(1, 0));
    server.ask(a, Request::Connect(None));
    server.ask(b, Request::Connect(None));
    server.ask(b, exists(true));
    server.ask(a, create(Mode::PERSISTENT));
    server.ask(a, Request::SetData { path: N, data: "e", version: None });
    server.ask(b, Request::GetData { path: Path::named(N), watch: true });
    server.ask(a, Request::SetData { path: N, data: "f", version: None });
    server.ask(a, delete(None));
    server.ask(b, Request::GetData { path: Path::named(N), watch: true });
    server.ask(a, create(Mode::PERSISTENT));
    check(
        &server,
        expect![[r#"
        A> connect, new session → A: connected, sessionA0
        B> connect, new session → B: connected, sessionB0
        B> exists /locks/n, watch → B: NoNode
        A> create /locks/n PERSISTENT → B: watch: NodeCreated /locks/n → A: created /locks/n
        A> setData /locks/n e (disposes of A's own lock) → A: stat, version 1
        B> getData /locks/n, watch → B: e, version 1
        A> setData /locks/n f (disposes of A's own lock) → B: watch: NodeDataChanged /locks/n → A: stat, version 2
        A> delete /locks/n (disposes of A's own lock) → A: deleted
        B> getData /locks/n, watch → B: NoNode
        A> create /locks/n PERSISTENT → A: created /locks/n
    "#]],
    );
}

#[test]
fn sequential_nodes_stand_in_the_order_of_their_creation() {
    // "Sequence Nodes": the suffix grows with every creation below the parent.
    let mut server = server();
    let (a, b) = (client(0, 0), client(1, 0));
    server.ask(a, Request::Connect(None));
    server.ask(b, Request::Connect(None));
    server.ask(a, sequential(0));
    server.ask(b, sequential(1));
    server.ask(b, children(1));
    server.ask(a, children(0));
    server.ask(a, Request::Close);
    server.ask(b, children(1));
    server.ask(a, Request::Connect(None));
    server.ask(a, sequential(0));
    server.ask(a, children(0));
    check(
        &server,
        expect![[r#"
        A> connect, new session → A: connected, sessionA0
        B> connect, new session → B: connected, sessionB0
        A> create /locks/tokenA0-lock- EPHEMERAL_SEQUENTIAL → A: created /locks/tokenA0-sessionA0-lock-1
        B> create /locks/tokenB0-lock- EPHEMERAL_SEQUENTIAL → B: created /locks/tokenB0-sessionB0-lock-2
        B> getChildren /locks; finds tokenB0 → B: children: own tokenB0-sessionB0-lock-2 after tokenA0-sessionA0-lock-1
        A> getChildren /locks; finds tokenA0 → A: children: own tokenA0-sessionA0-lock-1 is first, rank 1
        A> closeSession (disposes of A's own lock) → A: session closed
        B> getChildren /locks; finds tokenB0 → B: children: own tokenB0-sessionB0-lock-2 is first, rank 2
        A> connect, new session → A: connected, sessionA0
        A> create /locks/tokenA0-lock- EPHEMERAL_SEQUENTIAL → A: created /locks/tokenA0-sessionA0-lock-1
        A> getChildren /locks; finds tokenA0 → A: children: own tokenA0-sessionA0-lock-1 after tokenB0-sessionB0-lock-2
    "#]],
    );
}

#[test]
fn a_restart_loses_nothing_but_connections_and_gives_every_session_its_whole_timeout() {
    // "ZooKeeper Administrator's Guide", forceSync: updates are on disk before the answer. A leader that
    // takes office starts the timeouts of all sessions anew.
    let mut server = server();
    let (old, new) = (client(0, 0), client(0, 1));
    server.ask(old, Request::Connect(None));
    server.ask(old, create(Mode::EPHEMERAL));
    server.pass(Span::ms(9));
    server.crash(Span::ms(50));
    server.pass(Span::ms(9));
    let sent = server.ask(new, Request::Connect(session(0)));
    assert!(matches!(sent[..], [(_, Message::TreeReply(Reply::Connected(_)))]));
    server.ask(new, exists(false));
    check(
        &server,
        expect![[r#"
        A> connect, new session → A: connected, sessionA0
        A> create /locks/n EPHEMERAL → A: created /locks/n
        -- 9 ms pass
        -- the server is down for 50 ms
        -- 9 ms pass
        A#1> connect, sessionA0 → A#1: connected, sessionA0
        A#1> exists /locks/n → A#1: stat, version 0
    "#]],
    );
}
