//! The store against what Redis documents, as conversations: `A>` is a command of client A, and
//! what follows the arrow is its reply. A line that begins with an arrow is a reply to somebody who
//! has waited; `--` is something that happens. The pages are those of redis.io/docs/latest. With
//! `UPDATE_EXPECT=1` the replies are written anew from the commands. A long file, since it is a list.

use std::collections::BTreeSet;

use contend_impls::service::store::{Durability, Settings};
use contend_model::ident::{Item, NodeId, Peer, Token};
use contend_model::message::store::{Command, End, Expiry, Key, Script, Value, When};
use contend_model::time::{Range, Span};
use expect_test::{Expect, expect};

use super::stepped_store::{Answer, SteppedStore};

const ALWAYS: Settings = Settings { durability: Durability::Always, replica: None, lacks: None };
const EVERYSEC: Settings =
    Settings { durability: Durability::Every(Span::ms(1_000)), replica: None, lacks: None };
const REPLICATED: Settings = Settings {
    durability: Durability::Always,
    replica: Some(Range::exactly(Span::ms(20))),
    lacks: None,
};

#[test]
fn set_nx_writes_only_an_absent_key_and_xx_only_a_present_one() {
    // /commands/set, options NX and XX, and the reply nil of a condition that fails.
    check(
        ALWAYS,
        expect![[r#"
            A> SET lock a XX → nil
            A> SET lock a NX → OK
            B> SET lock b NX → nil
            B> GET lock → a
            B> SET lock b XX → OK
            B> GET lock → b
            B> DEL lock → 1
            A> SET lock a NX → OK
        "#]],
    );
}

#[test]
fn set_px_ends_the_key_after_its_time_to_live_and_not_before() {
    // /commands/set, option PX.
    check(
        ALWAYS,
        expect![[r#"
            A> SET lock a NX PX 10 → OK
            -- 9 ms pass
            B> SET lock b NX PX 10 → nil
            B> EXISTS lock → 1
            -- 1 ms passes
            B> EXISTS lock → 0
            B> SET lock b NX PX 10 → OK
        "#]],
    );
}

#[test]
fn set_without_keepttl_clears_the_time_to_live() {
    // /commands/set: a SET that writes discards the time to live, unless KEEPTTL says otherwise;
    // one that does not write leaves everything as it was.
    check(
        ALWAYS,
        expect![[r#"
            A> SET kept 1 PX 10 → OK
            A> SET cleared 1 PX 10 → OK
            A> SET refused 1 PX 10 → OK
            A> SET kept 2 KEEPTTL → OK
            A> SET cleared 2 → OK
            A> SET refused 2 NX → nil
            -- 10 ms pass
            A> GET kept → nil
            A> GET cleared → 2
            A> GET refused → nil
        "#]],
    );
}

#[test]
fn a_deadline_of_an_earlier_life_of_a_key_does_not_end_the_later_one() {
    // /commands/expire: DEL and SET end the time to live together with the value that had it.
    check(
        ALWAYS,
        expect![[r#"
            A> SET lock a PX 10 → OK
            -- 5 ms pass
            A> DEL lock → 1
            B> SET lock b NX PX 10 → OK
            -- 5 ms pass
            B> GET lock → b
            B> SET lock b PX 10 → OK
            -- 9 ms pass
            B> GET lock → b
            -- 1 ms passes
            B> GET lock → nil
        "#]],
    );
}

#[test]
fn set_overwrites_a_value_of_any_type() {
    // /commands/set: the old value goes, whatever its type.
    check(
        ALWAYS,
        expect![[r#"
            A> LPUSH key a → 1
            A> SET key b → OK
            A> GET key → b
        "#]],
    );
}

#[test]
fn incr_and_lpush_keep_the_time_to_live() {
    // /commands/expire: commands that alter a value without replacing it leave the time to live
    // alone.
    check(
        ALWAYS,
        expect![[r#"
            A> INCR count → 1
            A> LPUSH list x → 1
            A> PEXPIRE count 10 → 1
            A> PEXPIRE list 10 → 1
            A> INCR count → 2
            A> LPUSH list y → 2
            -- 9 ms pass
            A> GET count → 2
            A> LLEN list → 2
            -- 1 ms passes
            A> INCR count → 1
            A> LLEN list → 0
        "#]],
    );
}

#[test]
fn incr_starts_from_nothing_and_refuses_what_is_no_number() {
    // /commands/incr: an absent key counts from 0; a value that is no integer, or a list, is an
    // error.
    check(
        ALWAYS,
        expect![[r#"
            A> INCR fence → 1
            A> INCR fence → 2
            A> GET fence → 2
            A> SET name text → OK
            A> INCR name → ERR
            A> LPUSH list x → 1
            A> INCR list → ERR
            A> GET list → ERR
        "#]],
    );
}

#[test]
fn pexpire_of_a_missing_key_does_nothing() {
    // /commands/pexpire: 0 if there is no such key; a time to live that there is already is
    // replaced.
    check(
        ALWAYS,
        expect![[r#"
            A> PEXPIRE lock 10 → 0
            A> EXISTS lock → 0
            A> SET lock a PX 10 → OK
            -- 9 ms pass
            A> PEXPIRE lock 10 → 1
            -- 9 ms pass
            A> GET lock → a
            -- 1 ms passes
            A> PEXPIRE lock 10 → 0
        "#]],
    );
}

#[test]
fn del_and_lrem_say_how_many_they_removed() {
    // /commands/del and /commands/lrem: both reply how many they removed; LREM with a positive
    // count goes from head to tail.
    check(
        ALWAYS,
        expect![[r#"
            A> DEL key → 0
            A> SET key a → OK
            A> DEL key → 1
            A> RPUSH list x → 1
            A> RPUSH list y → 2
            A> RPUSH list x → 3
            A> LREM list 1 x → 1
            A> LPOP list → y
            A> LREM list 1 z → 0
            A> LREM list 1 x → 1
            A> LREM list 1 x → 0
            A> EXISTS list → 0
        "#]],
    );
}

#[test]
fn a_list_that_has_lost_its_last_element_is_gone_with_its_time_to_live() {
    // /develop/data-types/lists, "Automatic creation and removal of keys".
    check(
        ALWAYS,
        expect![[r#"
            A> RPUSH list x → 1
            A> PEXPIRE list 10 → 1
            A> RPOP list → x
            A> EXISTS list → 0
            A> RPUSH list y → 1
            -- 10 ms pass
            A> LLEN list → 1
        "#]],
    );
}

#[test]
fn lmove_takes_at_one_end_and_puts_at_the_other() {
    // /commands/lmove: with one list for both it rotates; nil if the source does not exist.
    check(
        ALWAYS,
        expect![[r#"
            A> RPUSH queue x → 1
            A> RPUSH queue y → 2
            A> LMOVE queue done RIGHT LEFT → y
            A> LMOVE queue done RIGHT LEFT → x
            A> LMOVE queue done RIGHT LEFT → nil
            A> LPOP done → x
            A> RPUSH done z → 2
            A> LMOVE done done LEFT RIGHT → y
            A> LPOP done → z
            A> LPOP done → y
            A> LPOP done → nil
        "#]],
    );
}

#[test]
fn blocked_clients_are_served_in_the_order_in_which_they_came() {
    // /commands/blpop: of several clients that wait for a key, who has waited longest is served
    // first.
    check(
        ALWAYS,
        expect![[r#"
            B> BRPOP queue 0 → waits
            A> BLPOP queue 0 → waits
            C> BLMOVE queue done RIGHT LEFT 0 → waits
            D> LPUSH queue x → 1
            → B (queue, x)
            D> LPUSH queue y → 1
            → A (queue, y)
            D> LPUSH queue z → 1
            → C z
            D> LPUSH queue w → 1
            D> LLEN queue → 1
            D> LPOP done → z
        "#]],
    );
}

#[test]
fn a_pop_that_finds_an_element_does_not_wait() {
    // /commands/blpop, "Non-blocking behavior".
    check(
        ALWAYS,
        expect![[r#"
            A> RPUSH queue x → 1
            A> RPUSH queue y → 2
            A> BLPOP queue 0 → (queue, x)
            A> BRPOP queue 0 → (queue, y)
            A> BRPOP queue 0 → waits
            B> RPOP queue → nil
        "#]],
    );
}

#[test]
fn what_a_blocked_client_moves_serves_the_next() {
    // /commands/blmove: what it puts into its second list is a push like any other.
    check(
        ALWAYS,
        expect![[r#"
            A> BRPOP processing 0 → waits
            B> BLMOVE queue processing RIGHT LEFT 0 → waits
            C> LPUSH queue x → 1
            → B x
            → A (processing, x)
            C> LLEN processing → 0
        "#]],
    );
}

#[test]
fn a_waiter_whose_connection_is_known_to_be_gone_is_passed_over() {
    // /develop/reference/clients: when a connection closes, the client is freed, with what it waits
    // for.
    check(
        ALWAYS,
        expect![[r#"
            A> BRPOP queue 0 → waits
            B> BRPOP queue 0 → waits
            -- A hangs up
            C> LPUSH queue x → 1
            → B (queue, x)
            C> LPUSH queue y → 1
            A> RPOP queue → y
        "#]],
    );
}

#[test]
fn an_element_popped_for_a_dead_connection_is_lost() {
    // /commands/lmove, "Pattern: Reliable queue": what is popped is lost with the consumer or with
    // the network that it was to travel by.
    check(
        ALWAYS,
        expect![[r#"
            A> BRPOP queue 0 → waits
            -- A dies
            B> LPUSH queue x → 1
            → A (queue, x), which nobody hears
            B> EXISTS queue → 0
            B> RPOP queue → nil
        "#]],
    );
}

#[test]
fn an_element_moved_for_a_dead_connection_is_in_the_list_it_was_moved_to() {
    // /commands/lmove, "Pattern: Reliable queue": what is moved is in the processing list, for
    // others to find.
    check(
        ALWAYS,
        expect![[r#"
            A> BLMOVE queue processing RIGHT LEFT 0 → waits
            -- A dies
            B> LPUSH queue x → 1
            → A x, which nobody hears
            B> EXISTS queue → 0
            B> RPOP processing → x
        "#]],
    );
}

#[test]
fn a_script_compares_and_deletes_in_one_step() {
    // /develop/clients/patterns/distributed-locks: the release script, which deletes the key only
    // while it holds the releaser's own value.
    check(
        ALWAYS,
        expect![[r#"
            A> SET lock tokenA1 NX PX 10 → OK
            B> EVAL compare-and-delete lock tokenB1 → 0
            B> EVAL compare-and-expire lock tokenB1 99 → 0
            A> EVAL compare-and-expire lock tokenA1 20 → 1
            -- 19 ms pass
            A> EVAL compare-and-delete lock tokenA1 → 1
            A> EVAL compare-and-delete lock tokenA1 → 0
            A> EVAL compare-and-expire lock tokenA1 20 → 0
        "#]],
    );
}

#[test]
fn the_acquiring_script_counts_grants_and_answers_the_same_holder_the_same() {
    // /develop/programmability/eval-intro: a script runs as one command. Asked again, this one
    // starts the lease anew and does not count.
    check(
        ALWAYS,
        expect![[r#"
            A> EVAL acquire-with-fence lock tokenA1 10 fence → 1
            B> EVAL acquire-with-fence lock tokenB1 10 fence → nil
            -- 5 ms pass
            A> EVAL acquire-with-fence lock tokenA1 10 fence → 1
            -- 9 ms pass
            B> EVAL acquire-with-fence lock tokenB1 10 fence → nil
            -- 1 ms passes
            B> EVAL acquire-with-fence lock tokenB1 10 fence → 2
        "#]],
    );
}

#[test]
fn blocked_clients_are_served_after_the_script_not_within_it() {
    // /commands/blpop, on transactions and scripts: those who wait see the list as the whole script
    // leaves it. The reaper pushes the oldest claim last, so that it is popped first.
    check(
        ALWAYS,
        expect![[r#"
            A> EVAL push-once queue itemA1 → 1
            A> EVAL push-once queue itemA2 → 1
            A> EVAL push-once queue itemA1 → 0
            B> EVAL claim queue processing tokenB1 10 → itemA1
            B> EVAL claim queue processing tokenB2 10 → itemA2
            C> BRPOP queue 0 → waits
            A> EVAL reap queue processing → 0
            -- 10 ms pass
            A> EVAL reap queue processing → 2
            → C (queue, itemA1)
            A> RPOP queue → itemA2
        "#]],
    );
}

#[test]
fn a_claim_is_settled_by_its_own_token_while_its_lease_lasts() {
    // /commands/lmove, "Pattern: Reliable queue", with a lease for each item in the processing
    // list.
    check(
        ALWAYS,
        expect![[r#"
            A> EVAL push-once queue itemA1 → 1
            B> EVAL claim queue processing tokenB1 10 → itemA1
            C> EVAL claim queue processing tokenC1 10 → nil
            C> EVAL settle processing itemA1 tokenC1 → 0
            -- 10 ms pass
            B> EVAL settle processing itemA1 tokenB1 → 0
            A> EVAL reap queue processing → 1
            C> EVAL claim queue processing tokenC1 10 → itemA1
            B> EVAL settle processing itemA1 tokenB1 → 0
            C> EVAL settle processing itemA1 tokenC1 → 1
            C> LLEN processing → 0
        "#]],
    );
}

#[test]
fn with_everysec_a_crash_loses_what_was_acknowledged_within_the_second() {
    // /operate/oss_and_stack/management/persistence, `appendfsync everysec`: about a second of
    // writes may be lost, and a DEL is a write, and so is a time to live.
    check(
        EVERYSEC,
        expect![[r#"
            A> SET old 1 → OK
            A> SET lock a → OK
            -- 1000 ms pass
            A> SET new 2 → OK
            A> DEL lock → 1
            A> SET old 1 PX 50 → OK
            -- crash, down for 100 ms
            B> GET new → nil
            B> GET lock → a
            B> GET old → 1
        "#]],
    );
}

#[test]
fn with_everysec_what_is_a_second_old_survives_a_crash() {
    // The same page: what has been synced is not lost.
    check(
        EVERYSEC,
        expect![[r#"
            A> SET first 1 → OK
            -- 999 ms pass
            A> SET second 2 → OK
            -- 1 ms passes
            A> SET third 3 → OK
            -- crash, down for 1 ms
            A> GET first → 1
            A> GET second → 2
            A> GET third → nil
        "#]],
    );
}

#[test]
fn with_always_a_crash_loses_nothing_but_who_waits() {
    // The same page, `appendfsync always`. Connections do not outlive the server.
    check(
        ALWAYS,
        expect![[r#"
            A> SET lock a → OK
            A> INCR fence → 1
            A> RPUSH queue x → 1
            B> BRPOP empty 0 → waits
            -- crash, down for 1 ms
            A> LPUSH empty y → 1
            A> GET lock → a
            A> INCR fence → 2
            A> RPOP queue → x
            A> RPOP empty → y
        "#]],
    );
}

#[test]
fn without_persistence_a_crash_loses_everything() {
    // The same page: persistence may be switched off.
    check(
        Settings { durability: Durability::Never, ..ALWAYS },
        expect![[r#"
            A> SET lock a → OK
            -- 9999 ms pass
            -- crash, down for 1 ms
            B> SET lock b NX → OK
        "#]],
    );
}

#[test]
fn deadlines_pass_while_the_server_is_down() {
    // /commands/expire, "Expires and persistence": expiries are instants, and pass while nothing
    // runs.
    check(
        ALWAYS,
        expect![[r#"
            A> SET short a PX 10 → OK
            A> SET long a PX 30 → OK
            -- 5 ms pass
            -- crash, down for 5 ms
            A> GET short → nil
            A> GET long → a
            -- 19 ms pass
            A> GET long → a
            -- 1 ms passes
            A> GET long → nil
        "#]],
    );
}

#[test]
fn a_failover_loses_what_the_replica_had_not_received() {
    // /operate/oss_and_stack/management/replication: replication is asynchronous. The lock that is
    // granted twice is the one of /develop/clients/patterns/distributed-locks.
    check(
        REPLICATED,
        expect![[r#"
            A> SET lock a NX PX 100 → OK
            -- 19 ms pass
            -- failover
            B> SET lock b NX PX 100 → OK
        "#]],
    );
}

#[test]
fn a_failover_keeps_what_the_replica_had_received_and_its_deadline() {
    // The same page, and "How Redis replication deals with expires on keys". A DEL is lost like any
    // other write, and the instant of the expiry is the one that was set at first.
    check(
        REPLICATED,
        expect![[r#"
            A> SET lock a NX PX 100 → OK
            -- 20 ms pass
            A> DEL lock → 1
            -- failover
            B> SET lock b NX PX 100 → nil
            -- 79 ms pass
            B> SET lock b NX PX 100 → nil
            -- 1 ms passes
            B> SET lock b NX PX 100 → OK
        "#]],
    );
}

#[test]
fn a_list_command_on_a_string_is_refused_and_changes_nothing() {
    // /commands/llen and each other list command: a key that holds no list is an error. LMOVE and
    // BLMOVE say so of either list before they take anything.
    check(
        ALWAYS,
        expect![[r#"
            A> SET name a → OK
            A> LPUSH name x → ERR
            A> LLEN name → ERR
            A> LPOP name → ERR
            A> LREM name 1 a → ERR
            A> BLPOP name 0 → ERR
            A> RPUSH queue x → 1
            A> LMOVE queue name RIGHT LEFT → ERR
            A> LLEN queue → 1
        "#]],
    );
}

/// Runs the commands of the text against a store and compares the whole conversation.
fn check(settings: Settings, expected: Expect) {
    let script: &'static str = expected.data().to_owned().leak();
    let mut conversation = Conversation {
        store: SteppedStore::new(settings),
        connections: [0; 4],
        dead: BTreeSet::new(),
        text: String::new(),
    };
    for line in script.lines().map(str::trim) {
        let said = line.split(" → ").next().unwrap_or_default();
        if !said.is_empty() && !said.starts_with('→') {
            conversation.take(said);
        }
    }
    expected.assert_eq(&conversation.text);
}

struct Conversation {
    store: SteppedStore,
    /// The present connection of each client.
    connections: [u16; 4],
    /// Clients that are gone without the store's knowledge.
    dead: BTreeSet<NodeId>,
    text: String,
}

impl Conversation {
    fn take(&mut self, line: &'static str) {
        self.text.push_str(line);
        let words: Vec<&'static str> = line.split(' ').collect();
        let mut asker = None;
        let answers = match words[..] {
            ["--", ms, "ms", "pass" | "passes"] => self.store.pass(span(ms)),
            ["--", "crash,", "down", "for", ms, "ms"] => self.store.crash(span(ms)),
            ["--", "failover"] => self.store.fail_over(),
            ["--", client, "dies"] => {
                self.dead.insert(self.peer(client).node);
                Vec::new()
            }
            ["--", client, "hangs", "up"] => {
                let peer = self.peer(client);
                self.connections[peer.node.client().expect("a client")] += 1;
                self.store.disconnect(peer)
            }
            [client, ref words @ ..] if client.ends_with('>') => {
                let peer = self.peer(client);
                asker = Some(peer);
                self.store.ask(peer, command(words))
            }
            _ => panic!("what does this line mean? {line}"),
        };
        self.write(asker, &answers);
    }

    fn write(&mut self, asker: Option<Peer>, answers: &[Answer]) {
        let own = |answer: &&Answer| Some(answer.0) == asker;
        match (asker, answers.iter().find(own)) {
            (None, _) => {}
            (Some(_), None) => self.text.push_str(" → waits"),
            (Some(_), Some((_, reply))) => self.text.push_str(&format!(" → {reply}")),
        }
        self.text.push('\n');
        for (Peer { node, .. }, reply) in answers.iter().filter(|answer| !own(answer)) {
            let heard = if self.dead.contains(node) { ", which nobody hears" } else { "" };
            self.text.push_str(&format!("→ {node} {reply}{heard}\n"));
        }
    }

    fn peer(&self, client: &str) -> Peer {
        let number = client.as_bytes()[0] - b'A';
        let connection = self.connections[usize::from(number)];
        Peer { node: NodeId::Client(number), connection }
    }
}

fn command(words: &[&'static str]) -> Command {
    match *words {
        ["SET", key, text, ref options @ ..] => {
            let mut when = When::Always;
            let mut expiry = Expiry::Never;
            for (place, &option) in options.iter().enumerate() {
                match option {
                    "NX" => when = When::Absent,
                    "XX" => when = When::Present,
                    "KEEPTTL" => expiry = Expiry::Keep,
                    "PX" => expiry = Expiry::After(span(options[place + 1])),
                    _ => assert_eq!(options[place - 1], "PX", "what does {option} mean?"),
                }
            }
            Command::Set { key: self::key(key), value: value(text), when, expiry }
        }
        ["GET", name] => Command::Get(key(name)),
        ["EXISTS", name] => Command::Exists(key(name)),
        ["DEL", name] => Command::Del(key(name)),
        ["PEXPIRE", name, ms] => Command::Pexpire(key(name), span(ms)),
        ["INCR", name] => Command::Incr(key(name)),
        ["LPUSH", list, element] => Command::Push(End::Left, key(list), value(element)),
        ["RPUSH", list, element] => Command::Push(End::Right, key(list), value(element)),
        ["LPOP", list] => Command::Pop(End::Left, key(list)),
        ["RPOP", list] => Command::Pop(End::Right, key(list)),
        ["BLPOP", list, "0"] => Command::BlockingPop(End::Left, key(list)),
        ["BRPOP", list, "0"] => Command::BlockingPop(End::Right, key(list)),
        ["LMOVE", from, to, take, put] => {
            Command::Move { from: key(from), to: key(to), take: end(take), put: end(put) }
        }
        ["BLMOVE", from, to, take, put, "0"] => {
            Command::BlockingMove { from: key(from), to: key(to), take: end(take), put: end(put) }
        }
        ["LREM", list, "1", element] => Command::Lrem(key(list), value(element)),
        ["LLEN", list] => Command::Llen(key(list)),
        ["EVAL", ref words @ ..] => Command::Script(script(words)),
        _ => panic!("no such command: {words:?}"),
    }
}

fn script(words: &[&'static str]) -> Script {
    match *words {
        ["compare-and-delete", name, text] => Script::CompareDelete(key(name), value(text)),
        ["compare-and-expire", name, text, ms] => {
            Script::CompareExpire(key(name), value(text), span(ms))
        }
        ["acquire-with-fence", lock, text, ms, fence] => Script::AcquireFenced {
            key: key(lock),
            value: value(text),
            lease: span(ms),
            fence: key(fence),
        },
        ["push-once", queue, text] => Script::PushOnce { queue: key(queue), item: item(text) },
        ["claim", queue, processing, text, ms] => Script::Claim {
            queue: key(queue),
            processing: key(processing),
            token: token(text),
            lease: span(ms),
        },
        ["settle", processing, of, text] => {
            Script::Settle { processing: key(processing), item: item(of), token: token(text) }
        }
        ["reap", queue, processing] => {
            Script::Reap { queue: key(queue), processing: key(processing) }
        }
        _ => panic!("no such script: {words:?}"),
    }
}

fn key(name: &'static str) -> Key {
    Key::named(name)
}

fn span(ms: &str) -> Span {
    Span::ms(ms.parse().expect("milliseconds"))
}

fn end(name: &str) -> End {
    if name == "LEFT" { End::Left } else { End::Right }
}

fn value(text: &'static str) -> Value {
    match text {
        _ if text.starts_with("token") => Value::Token(token(text)),
        _ if text.starts_with("item") => Value::Item(item(text)),
        _ => text.parse().map_or(Value::Text(text), Value::Number),
    }
}

fn token(text: &str) -> Token {
    let (client, serial) = numbered(text.strip_prefix("token").expect("a token"));
    Token { client, incarnation: 0, serial }
}

fn item(text: &str) -> Item {
    let (producer, number) = numbered(text.strip_prefix("item").expect("an item"));
    Item { producer, number: number - 1 }
}

/// `A1` is client A and 1.
fn numbered(text: &str) -> (NodeId, u16) {
    let client = NodeId::Client(text.as_bytes()[0] - b'A');
    (client, text[1..].parse().expect("a number"))
}
