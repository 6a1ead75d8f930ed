//! The vocabulary of a Redis-like store: the commands that locks and queues are built from, in
//! the server's own terms. Source: the command reference at redis.io/docs/latest/commands.
//! A long file, since it is one list of commands, each with how it reads and what is renamed in it.

mod sorted_set;
mod stream;

use std::fmt;

use crate::ident::{Item, Token};
use crate::message::Message;
use crate::symmetry::{Permutation, Symmetric};
use crate::time::Span;

pub use sorted_set::{RECEIPT, SortedSetCommand};
pub use stream::StreamCommand;

/// A key: a name, or a name and the item it is about (`lease:itemA1`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The name.
    pub name: &'static str,
    /// The item that follows the name after a colon.
    pub item: Option<Item>,
}

impl Key {
    /// A key that is a plain name.
    pub const fn named(name: &'static str) -> Self {
        Key { name, item: None }
    }

    /// A key about one item.
    pub const fn of(name: &'static str, item: Item) -> Self {
        Key { name, item: Some(item) }
    }
}

/// A string value, or an element of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    /// A random value that its client alone knows.
    Token(Token),
    /// A unit of work.
    Item(Item),
    /// A number, as `INCR` keeps it.
    Number(u32),
    /// A constant.
    Text(&'static str),
}

/// When `SET` writes at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum When {
    /// In any case.
    Always,
    /// `NX`: only if the key does not exist.
    Absent,
    /// `XX`: only if it does.
    Present,
}

/// What `SET` does to the key's time to live.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Expiry {
    /// Nothing said: the key lives for ever, and loses the time to live it had.
    Never,
    /// `PX`: the key ends after this span on the server's clock.
    After(Span),
    /// `KEEPTTL`.
    Keep,
}

/// An end of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum End {
    /// The head.
    Left,
    /// The tail.
    Right,
}

/// A command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Command {
    /// `SET key value [NX|XX] [PX ms|KEEPTTL]` → `Ok`, or `Nil` if the condition fails.
    Set {
        /// What to write to.
        key: Key,
        /// What to write.
        value: Value,
        /// Whether to write.
        when: When,
        /// For how long.
        expiry: Expiry,
    },
    /// `GET key` → the value or `Nil`.
    Get(Key),
    /// `EXISTS key` → 1 or 0.
    Exists(Key),
    /// `DEL key` → how many were there.
    Del(Key),
    /// `PEXPIRE key ms` → 1, or 0 if the key does not exist.
    Pexpire(Key, Span),
    /// `INCR key` → the number after adding one. Keeps the time to live.
    Incr(Key),
    /// `LPUSH`/`RPUSH key value` → the length of the list.
    Push(End, Key, Value),
    /// `LPOP`/`RPOP key` → the element or `Nil`.
    Pop(End, Key),
    /// `BLPOP`/`BRPOP key 0` → the key and the element, after waiting for one.
    BlockingPop(End, Key),
    /// `LMOVE from to <end> <end>` → the element or `Nil`.
    Move {
        /// The list that loses the element.
        from: Key,
        /// The list that gains it.
        to: Key,
        /// At which end it is taken.
        take: End,
        /// At which end it is put.
        put: End,
    },
    /// `BLMOVE`: like `LMOVE`, after waiting for an element.
    BlockingMove {
        /// The list that loses the element.
        from: Key,
        /// The list that gains it.
        to: Key,
        /// At which end it is taken.
        take: End,
        /// At which end it is put.
        put: End,
    },
    /// `LREM key 1 value` → how many were removed.
    Lrem(Key, Value),
    /// `LLEN key` → the length.
    Llen(Key),
    /// A command on a sorted set.
    SortedSet(SortedSetCommand),
    /// A command on a stream.
    Stream(StreamCommand),
    /// `EVALSHA`: a script, which is atomic.
    Script(Script),
}

impl Command {
    /// `SET` without a time to live.
    pub fn set(key: Key, value: Value, when: When) -> Self {
        Command::Set { key, value, when, expiry: Expiry::Never }
    }
}

/// The atomic scripts that the repaired algorithms bring along.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Script {
    /// `if GET key == value then DEL key` → how many were deleted.
    CompareDelete(Key, Value),
    /// `if GET key == value then PEXPIRE key ms` → 1 or 0.
    CompareExpire(Key, Value, Span),
    /// `if GET key == value then PEXPIRE key ms, GET fence elseif SET key value NX PX ms then INCR
    /// fence` → the fence, or `Nil` if somebody else holds. Asked twice, it answers the same.
    AcquireFenced {
        /// The lock.
        key: Key,
        /// The acquirer's token.
        value: Value,
        /// How long the lock is its own.
        lease: Span,
        /// The counter of grants, which never expires.
        fence: Key,
    },
    /// `if no blocker exists then SET the first free slot value NX PX ms` → which slot, or `Nil`.
    TakeSlot {
        /// Keys of which one is to be had.
        slots: &'static [Key],
        /// Keys of which none may exist.
        blockers: &'static [Key],
        /// The taker's token.
        value: Value,
        /// How long the slot is its own; for ever without.
        lease: Option<Span>,
    },
    /// `for each slot: if GET slot == value then DEL slot` → how many were deleted.
    LeaveSlot {
        /// Keys of which one may be the caller's.
        slots: &'static [Key],
        /// The caller's token.
        value: Value,
    },
    /// `if SET once:item 1 NX then LPUSH queue item` → 1 if pushed, 0 if it had been before.
    PushOnce {
        /// The list to push to.
        queue: Key,
        /// The item, which is its own idempotency key.
        item: Item,
    },
    /// `RPOP queue, LPUSH processing, SET lease:item token PX ms` → the item or `Nil`.
    Claim {
        /// Where items wait.
        queue: Key,
        /// Where they are while somebody works on them.
        processing: Key,
        /// The claimant's token.
        token: Token,
        /// How long the item is the claimant's.
        lease: Span,
    },
    /// `if GET lease:item == token then LREM processing item, DEL lease:item` → 1 or 0.
    Settle {
        /// Where items are while somebody works on them.
        processing: Key,
        /// The item that is done.
        item: Item,
        /// The claimant's token.
        token: Token,
    },
    /// For each item in `processing` without a lease: `LREM processing item, RPUSH queue item`
    /// → how many came back. The oldest comes back last, and so is the next to be taken.
    Reap {
        /// Where items wait.
        queue: Key,
        /// Where they are while somebody works on them.
        processing: Key,
    },
}

/// The key under which a claim's lease is kept.
pub const LEASE: &str = "lease";
/// The key under which a push is remembered.
pub const ONCE: &str = "once";

/// An answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reply {
    /// Done.
    Ok,
    /// Nothing there, or not done.
    Nil,
    /// A count.
    Int(u32),
    /// A value.
    Value(Value),
    /// An entry of a stream.
    Entry(u32, Item),
    /// What a blocking pop answers: which list, and what was in it.
    Pair(Key, Value),
    /// `WRONGTYPE`, or `ERR value is not an integer`.
    Error,
}

impl From<Command> for Message {
    fn from(command: Command) -> Self {
        Message::Store(command)
    }
}

impl From<Script> for Message {
    fn from(script: Script) -> Self {
        Message::Store(Command::Script(script))
    }
}

impl From<Reply> for Message {
    fn from(reply: Reply) -> Self {
        Message::StoreReply(reply)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)?;
        match self.item {
            None => Ok(()),
            Some(item) => write!(f, ":{item}"),
        }
    }
}

/// Keys beside each other.
struct Keys(&'static [Key]);

impl fmt::Display for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, key) in self.0.iter().enumerate() {
            let space = if place == 0 { "" } else { " " };
            write!(f, "{space}{key}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Token(token) => token.fmt(f),
            Value::Item(item) => item.fmt(f),
            Value::Number(number) => number.fmt(f),
            Value::Text(text) => f.write_str(text),
        }
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            End::Left => "LEFT",
            End::Right => "RIGHT",
        })
    }
}

impl End {
    fn letter(self) -> char {
        match self {
            End::Left => 'L',
            End::Right => 'R',
        }
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Command::Set { key, value, when, expiry } => {
                write!(f, "SET {key} {value}")?;
                f.write_str(match when {
                    When::Always => "",
                    When::Absent => " NX",
                    When::Present => " XX",
                })?;
                match expiry {
                    Expiry::Never => Ok(()),
                    Expiry::After(span) => write!(f, " PX {span}"),
                    Expiry::Keep => f.write_str(" KEEPTTL"),
                }
            }
            Command::Get(key) => write!(f, "GET {key}"),
            Command::Exists(key) => write!(f, "EXISTS {key}"),
            Command::Del(key) => write!(f, "DEL {key}"),
            Command::Pexpire(key, span) => write!(f, "PEXPIRE {key} {span}"),
            Command::Incr(key) => write!(f, "INCR {key}"),
            Command::Push(end, key, value) => write!(f, "{}PUSH {key} {value}", end.letter()),
            Command::Pop(end, key) => write!(f, "{}POP {key}", end.letter()),
            Command::BlockingPop(end, key) => write!(f, "B{}POP {key} 0", end.letter()),
            Command::Move { from, to, take, put } => write!(f, "LMOVE {from} {to} {take} {put}"),
            Command::BlockingMove { from, to, take, put } => {
                write!(f, "BLMOVE {from} {to} {take} {put} 0")
            }
            Command::Lrem(key, value) => write!(f, "LREM {key} 1 {value}"),
            Command::Llen(key) => write!(f, "LLEN {key}"),
            Command::SortedSet(command) => command.fmt(f),
            Command::Stream(command) => command.fmt(f),
            Command::Script(script) => script.fmt(f),
        }
    }
}

impl fmt::Display for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Script::CompareDelete(key, value) => write!(f, "EVAL compare-and-delete {key} {value}"),
            Script::CompareExpire(key, value, span) => {
                write!(f, "EVAL compare-and-expire {key} {value} {span}")
            }
            Script::AcquireFenced { key, value, lease, fence } => {
                write!(f, "EVAL acquire-with-fence {key} {value} {lease} {fence}")
            }
            Script::TakeSlot { slots, blockers, value, lease } => {
                write!(f, "EVAL take-slot {}", Keys(slots))?;
                if !blockers.is_empty() {
                    write!(f, " unless {}", Keys(blockers))?;
                }
                write!(f, " {value}")?;
                lease.map_or(Ok(()), |lease| write!(f, " {lease}"))
            }
            Script::LeaveSlot { slots, value } => {
                write!(f, "EVAL leave-slot {} {value}", Keys(slots))
            }
            Script::PushOnce { queue, item } => write!(f, "EVAL push-once {queue} {item}"),
            Script::Claim { queue, processing, token, lease } => {
                write!(f, "EVAL claim {queue} {processing} {token} {lease}")
            }
            Script::Settle { processing, item, token } => {
                write!(f, "EVAL settle {processing} {item} {token}")
            }
            Script::Reap { queue, processing } => write!(f, "EVAL reap {queue} {processing}"),
        }
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reply::Ok => f.write_str("OK"),
            Reply::Nil => f.write_str("nil"),
            Reply::Int(number) => number.fmt(f),
            Reply::Value(value) => value.fmt(f),
            Reply::Entry(entry, item) => write!(f, "{entry}: {item}"),
            Reply::Pair(key, value) => write!(f, "({key}, {value})"),
            Reply::Error => f.write_str("ERR"),
        }
    }
}

impl Symmetric for Key {
    fn permute(&mut self, permutation: &Permutation) {
        self.item.permute(permutation);
    }
}

impl Symmetric for Value {
    fn permute(&mut self, permutation: &Permutation) {
        match self {
            Value::Token(token) => token.permute(permutation),
            Value::Item(item) => item.permute(permutation),
            Value::Number(_) | Value::Text(_) => {}
        }
    }
}

impl Symmetric for Command {
    fn permute(&mut self, permutation: &Permutation) {
        match self {
            Command::Set { key, value, .. }
            | Command::Push(_, key, value)
            | Command::Lrem(key, value) => {
                key.permute(permutation);
                value.permute(permutation);
            }
            Command::Get(key)
            | Command::Exists(key)
            | Command::Del(key)
            | Command::Pexpire(key, _)
            | Command::Incr(key)
            | Command::Pop(_, key)
            | Command::BlockingPop(_, key)
            | Command::Llen(key) => key.permute(permutation),
            Command::Move { from, to, .. } | Command::BlockingMove { from, to, .. } => {
                from.permute(permutation);
                to.permute(permutation);
            }
            Command::SortedSet(command) => command.permute(permutation),
            Command::Stream(command) => command.permute(permutation),
            Command::Script(script) => script.permute(permutation),
        }
    }
}

impl Symmetric for Script {
    fn permute(&mut self, permutation: &Permutation) {
        match self {
            Script::CompareDelete(key, value)
            | Script::CompareExpire(key, value, _)
            | Script::AcquireFenced { key, value, .. } => {
                key.permute(permutation);
                value.permute(permutation);
            }
            Script::TakeSlot { value, .. } | Script::LeaveSlot { value, .. } => {
                value.permute(permutation);
            }
            Script::PushOnce { item, .. } => item.permute(permutation),
            Script::Claim { token, .. } => token.permute(permutation),
            Script::Settle { item, token, .. } => {
                item.permute(permutation);
                token.permute(permutation);
            }
            Script::Reap { .. } => {}
        }
    }
}

impl Symmetric for Reply {
    fn permute(&mut self, permutation: &Permutation) {
        match self {
            Reply::Value(value) => value.permute(permutation),
            Reply::Entry(_, item) => item.permute(permutation),
            Reply::Pair(key, value) => {
                key.permute(permutation);
                value.permute(permutation);
            }
            Reply::Ok | Reply::Nil | Reply::Int(_) | Reply::Error => {}
        }
    }
}
