//! A Redis-like store: one thread, atomic commands and scripts, keys that end on the server's wall
//! clock, blocked clients served in order of arrival, and as much durability as it is told to have.
//!
//! Sources: the command reference (redis.io/docs/latest/commands: SET, DEL, PEXPIRE, INCR, BLPOP,
//! LMOVE, BLMOVE, LREM; sorted sets and streams name theirs in their own files), "Persistence"
//! (append-only file, `appendfsync always` and `everysec`) and "Replication" (asynchronous; a failover
//! loses what the replica has not received).

mod keyspace;
mod script;
mod sorted_set;
mod stream;

use contend_model::ident::{NodeId, Peer};
use contend_model::message::Message;
use contend_model::message::store::{Command, End, Key, Reply, Script};
use contend_model::process::{Effects, Event, Process};
use contend_model::symmetry::{Permutation, Symmetric};
use contend_model::time::{Range, Span};
use contend_model::timer::Timer;

pub use keyspace::{Data, Keyspace};
pub use sorted_set::SortedSet;
pub use stream::Stream;

/// When what was acknowledged is on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Durability {
    /// `appendfsync always`: before the reply.
    Always,
    /// `appendfsync everysec`: after at most this long.
    Every(Span),
    /// No persistence at all.
    Never,
}

/// A check that the store makes. Tests take one away to see whether the suite notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Guard {
    /// `NX` writes only if the key does not exist.
    SetIfAbsent,
    /// `SET` without `KEEPTTL` clears the time to live.
    SetClearsExpiry,
    /// A time to live ends the key.
    Expiry,
    /// Scripts compare before they delete.
    CompareBeforeDelete,
    /// Scripts compare before they prolong.
    CompareBeforeExpire,
    /// The acquiring script answers the same token the same.
    AcquireIsIdempotent,
    /// The acquiring script prolongs the key when it answers the same token again.
    AcquireProlongs,
    /// The acquiring script refuses while somebody else holds.
    AcquireIsExclusive,
    /// Every grant counts the fence up.
    FenceCounts,
    /// An element leaves the list that it is popped from.
    PopRemoves,
    /// An item is pushed once, however often it is asked for.
    PushIsIdempotent,
    /// A claimed item is kept aside until it is settled.
    ClaimKeepsAside,
    /// A claim has a lease, so that the reaper leaves it alone.
    ClaimHasLease,
    /// Settling needs the claim's own token.
    SettleComparesToken,
    /// Settling takes the item away.
    SettleRemoves,
    /// Only items whose lease has ended are reaped.
    ReapChecksLease,
    /// A range of a sorted set up to now has only those members that are due.
    RangeEndsNow,
    /// The members of a sorted set come in the order of their scores.
    RangeIsOrdered,
    /// What is received from a sorted set is not due again before its time.
    ReceiveHides,
    /// Settling what was received needs the receipt of its last delivery.
    SettleComparesReceipt,
    /// Giving back what was received needs the receipt of its last delivery.
    GiveBackComparesReceipt,
    /// What a consumer reads from a stream is pending until it is acknowledged.
    ReadKeepsPending,
    /// Only pending entries that were idle for long enough are claimed.
    ClaimJudgesIdleness,
    /// A claimed entry is not idle.
    ClaimEndsIdleness,
    /// An acknowledged entry is pending no more.
    AckEndsPending,
    /// Blocked clients whose connection has ended are not served.
    ForgetsTheDisconnected,
    /// With `appendfsync always`, what was acknowledged survives a crash.
    SyncsBeforeReply,
}

/// How a store is set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Settings {
    /// When what was acknowledged is on disk.
    pub durability: Durability,
    /// How far the replica lags behind, if there is one.
    pub replica: Option<Range>,
    /// The check that this store has forgotten.
    pub lacks: Option<Guard>,
}

/// A client that waits for a list to fill.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Blocked {
    peer: Peer,
    command: Command,
}

/// The store.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Store {
    settings: Settings,
    live: Keyspace,
    /// What a crash would leave, unless everything is synced before the reply.
    synced: Option<Keyspace>,
    /// What the replica has received.
    replica: Option<Keyspace>,
    blocked: Vec<Blocked>,
    /// Whether the timers that bring disk and replica up to date run.
    syncing: bool,
    replicating: bool,
    /// Which deadlines run, one bit each.
    deadlines: u64,
}

impl Store {
    /// An empty store.
    pub fn new(settings: Settings) -> Self {
        let lags = match settings.durability {
            Durability::Always => settings.lacks == Some(Guard::SyncsBeforeReply),
            Durability::Every(_) | Durability::Never => true,
        };
        Store {
            settings,
            live: Keyspace::default(),
            synced: lags.then(Keyspace::default),
            replica: settings.replica.map(|_| Keyspace::default()),
            blocked: Vec::new(),
            syncing: false,
            replicating: false,
            deadlines: 0,
        }
    }

    /// The keys as clients see them.
    pub fn keyspace(&self) -> &Keyspace {
        &self.live
    }

    fn has(&self, guard: Guard) -> bool {
        self.settings.lacks != Some(guard)
    }

    fn serve(&mut self, peer: Peer, command: Command, out: &mut Effects) {
        match self.execute(command, peer.node, out) {
            Some(reply) => out.reply(peer, reply),
            None => self.blocked.push(Blocked { peer, command }),
        }
        self.serve_blocked(out);
    }

    /// Serves those who wait, first come first served, as long as there is something for them.
    fn serve_blocked(&mut self, out: &mut Effects) {
        let mut place = 0;
        while place < self.blocked.len() {
            let Blocked { peer, command } = self.blocked[place];
            match self.execute(command, peer.node, out) {
                Some(reply) => {
                    self.blocked.remove(place);
                    out.reply(peer, reply);
                    // What was moved may be what somebody before waits for.
                    place = 0;
                }
                None => place += 1,
            }
        }
    }

    /// Runs one command; `None` if it must wait for a list to fill.
    fn execute(&mut self, command: Command, by: NodeId, out: &mut Effects) -> Option<Reply> {
        if self.is_of_another_type(command) {
            return Some(Reply::Error);
        }
        let reply = match command {
            Command::Set { key, value, when, expiry } => {
                self.set(key, value, when, expiry, by, out)
            }
            Command::Get(key) => self.live.get(key),
            Command::Exists(key) => Reply::Int(u32::from(self.live.contains(key))),
            Command::Del(key) => self.delete(key, by, out),
            Command::Pexpire(key, span) => self.pexpire(key, span, by, out),
            Command::Incr(key) => self.live.increment(key),
            Command::Push(end, key, value) => self.live.push(end, key, value),
            Command::Pop(end, key) => self.pop(end, key).map_or(Reply::Nil, Reply::Value),
            Command::BlockingPop(end, key) => Reply::Pair(key, self.pop(end, key)?),
            Command::Move { from, to, take, put } => {
                self.shift(from, to, take, put).map_or(Reply::Nil, Reply::Value)
            }
            Command::BlockingMove { from, to, take, put } => {
                Reply::Value(self.shift(from, to, take, put)?)
            }
            Command::Lrem(key, value) => {
                Reply::Int(u32::from(self.live.remove_element(key, value)))
            }
            Command::Llen(key) => Reply::Int(self.live.list(key).len() as u32),
            Command::SortedSet(command) => self.run_on_sorted_set(command, out),
            Command::Stream(command) => self.run_on_stream(command, out),
            Command::Script(script) => self.run(script, by, out),
        };
        Some(reply)
    }

    /// `WRONGTYPE`: a list command finds a string, or a script that begins with `GET` a list. A
    /// move says so of either list before it takes anything, unless there is nothing to take.
    fn is_of_another_type(&self, command: Command) -> bool {
        let is_list = |key| !self.live.list(key).is_empty();
        let is_other = |key| self.live.contains(key) && !is_list(key);
        match command {
            Command::Pop(_, key)
            | Command::BlockingPop(_, key)
            | Command::Lrem(key, _)
            | Command::Llen(key) => is_other(key),
            Command::Move { from, to, .. } | Command::BlockingMove { from, to, .. } => {
                is_other(from) || is_list(from) && is_other(to)
            }
            Command::Script(
                Script::CompareDelete(key, _)
                | Script::CompareExpire(key, ..)
                | Script::AcquireFenced { key, .. },
            ) => self.live.get(key) == Reply::Error,
            _ => false,
        }
    }

    fn pop(&mut self, end: End, key: Key) -> Option<contend_model::message::store::Value> {
        if self.has(Guard::PopRemoves) { self.live.pop(end, key) } else { self.live.peek(end, key) }
    }

    fn shift(
        &mut self,
        from: Key,
        to: Key,
        take: End,
        put: End,
    ) -> Option<contend_model::message::store::Value> {
        let value = self.pop(take, from)?;
        self.live.push(put, to, value);
        Some(value)
    }

    /// Brings disk and replica up to date in time, and deadlines in line with the keys.
    fn settle(&mut self, out: &mut Effects) {
        if let (Some(synced), Durability::Every(span)) = (&self.synced, self.settings.durability)
            && !self.syncing
            && *synced != self.live
        {
            self.syncing = true;
            // The disk is synced periodically, so the next time may be just now.
            out.arm(Timer::Sync, Range::up_to(span));
        }
        if let (Some(replica), Some(lag)) = (&self.replica, self.settings.replica)
            && !self.replicating
            && *replica != self.live
        {
            self.replicating = true;
            out.arm(Timer::Replicate, lag);
        }
        let needed = self
            .copies()
            .flat_map(Keyspace::deadlines)
            .fold(0u64, |needed, deadline| needed | 1 << deadline);
        let mut idle = self.deadlines & !needed;
        while idle != 0 {
            out.disarm(Timer::Deadline(idle.trailing_zeros() as u8));
            idle &= idle - 1;
        }
        self.deadlines = needed;
    }

    fn copies(&self) -> impl Iterator<Item = &Keyspace> {
        [Some(&self.live), self.synced.as_ref(), self.replica.as_ref()].into_iter().flatten()
    }

    /// Starts a deadline for a key: its own anew, if no copy on disk or at the replica has the same,
    /// or else one that no key of any copy has.
    fn deadline_of(&mut self, key: Key, after: Span, out: &mut Effects) -> u8 {
        self.deadline_after(self.live.deadline(key), after, out)
    }

    fn deadline_after(&mut self, own: Option<u8>, after: Span, out: &mut Effects) -> u8 {
        if let Some(own) = own
            && !self.copies().skip(1).flat_map(Keyspace::deadlines).any(|other| other == own)
        {
            out.arm(Timer::Deadline(own), after);
            return own;
        }
        self.deadline(after, out)
    }

    fn deadline(&mut self, after: Span, out: &mut Effects) -> u8 {
        let deadline = (!self.deadlines).trailing_zeros() as u8;
        assert!(deadline < 64, "a store keeps at most 64 deadlines at once");
        self.deadlines |= 1 << deadline;
        out.arm(Timer::Deadline(deadline), after);
        deadline
    }

    fn expire(&mut self, deadline: u8) {
        self.deadlines &= !(1 << deadline);
        let ends = self.has(Guard::Expiry);
        for copy in [Some(&mut self.live), self.synced.as_mut(), self.replica.as_mut()]
            .into_iter()
            .flatten()
        {
            copy.expire(deadline, ends);
        }
    }

    fn resumed(&self, live: Keyspace) -> Self {
        Store {
            settings: self.settings,
            synced: self.synced.as_ref().map(|_| live.clone()),
            replica: self.replica.as_ref().map(|_| live.clone()),
            live,
            blocked: Vec::new(),
            syncing: false,
            replicating: false,
            deadlines: self.deadlines,
        }
    }
}

impl Process for Store {
    fn step(&mut self, event: Event, out: &mut Effects) {
        match event {
            Event::Deliver { from, message: Message::Store(command) } => {
                self.serve(from, command, out);
            }
            Event::Fire(Timer::Deadline(deadline)) => self.expire(deadline),
            Event::Fire(Timer::Sync) => {
                self.syncing = false;
                self.synced = Some(self.live.clone());
            }
            Event::Fire(Timer::Replicate) => {
                self.replicating = false;
                self.replica = Some(self.live.clone());
            }
            Event::Disconnected(peer) if self.has(Guard::ForgetsTheDisconnected) => {
                self.blocked.retain(|blocked| blocked.peer != peer);
            }
            _ => {}
        }
        self.settle(out);
    }

    fn crashed(&self) -> Self {
        self.resumed(self.synced.clone().unwrap_or_else(|| self.live.clone()))
    }

    fn failed_over(&self) -> Option<Self> {
        self.replica.clone().map(|replica| self.resumed(replica))
    }

    fn permute(&mut self, permutation: &Permutation) -> bool {
        for copy in [Some(&mut self.live), self.synced.as_mut(), self.replica.as_mut()]
            .into_iter()
            .flatten()
        {
            copy.permute(permutation);
        }
        for blocked in &mut self.blocked {
            blocked.peer.permute(permutation);
            blocked.command.permute(permutation);
        }
        true
    }
}
