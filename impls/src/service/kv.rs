//! etcd: keys with create revisions, leases that the leader ends, watches that miss nothing.
//!
//! Sources: etcd.io/docs, "etcd API" (revisions, `Txn`, lease and watch) and "KV API guarantees" (writes
//! and transactions are linearizable, what is acknowledged is durable, watches deliver every event
//! in order). One process stands for the cluster: what is acknowledged survives every crash, and a
//! failover has nothing to lose. A new leader gives every lease its whole time to live again.
//! Revisions count creations only; what else a real store counts puts gaps between them.

use contend_model::history::Fact;
use contend_model::ident::{NodeId, Peer};
use contend_model::message::Message;
use contend_model::message::kv::{Key, Lease, Reply, Request};
use contend_model::process::{Effects, Event, Process};
use contend_model::symmetry::{Permutation, Symmetric};
use contend_model::time::Span;
use contend_model::timer::Timer;

use crate::circle::numbers;

/// A check that the server makes. Tests take one away to see whether the suite notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Guard {
    /// A transaction that finds its key leaves the key's create revision as it is.
    TxnCompares,
    /// Every creation has a revision of its own.
    RevisionCounts,
    /// A lease that is not kept alive ends.
    LeasesExpire,
    /// Keys end with their lease.
    KeysEndWithLease,
    /// A key is attached only to a lease that lives.
    LeaseMustLive,
    /// Keeping a lease alive gives it its time to live again.
    KeepAliveCounts,
    /// Whoever watches a key is told of its deletion.
    WatchesFire,
    /// A watch on a key that is gone already is answered at once.
    WatchesMissNothing,
    /// What was acknowledged survives a crash.
    SyncsBeforeReply,
}

/// How a server is set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How long a lease lives that is not kept alive.
    pub time_to_live: Span,
    /// The check that this server has forgotten.
    pub lacks: Option<Guard>,
}

impl Settings {
    /// How many leases a client is granted before a number comes again. A request that is late by as many meets a
    /// lease that it does not mean; so there are more where leases are long.
    fn numbers(&self) -> u8 {
        const FEW: u16 = 4;
        numbers(self.time_to_live, FEW).try_into().unwrap_or(u8::MAX)
    }
}

/// Settings are the same in all states of a world.
impl std::hash::Hash for Settings {
    fn hash<H: std::hash::Hasher>(&self, _: &mut H) {}
}

/// A key that exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Entry {
    key: Key,
    /// The revision at which it was created.
    created: u32,
}

/// Who waits for the deletion of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Watch {
    peer: Peer,
    key: Key,
    created: u32,
}

/// The server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Kv {
    settings: Settings,
    /// In the order of their names.
    leases: Vec<Lease>,
    /// The last lease of each client, in the order of their names.
    last: Vec<Lease>,
    /// In the order of their names.
    entries: Vec<Entry>,
    /// In the order in which they came.
    watches: Vec<Watch>,
    /// The revision of the last creation.
    revision: u32,
    /// It has crashed and does not run yet: nobody decides that a lease is over.
    down: bool,
}

impl Kv {
    /// An empty server.
    pub fn new(settings: Settings) -> Self {
        Kv {
            settings,
            leases: Vec::new(),
            last: Vec::new(),
            entries: Vec::new(),
            watches: Vec::new(),
            revision: 0,
            down: false,
        }
    }

    fn has(&self, guard: Guard) -> bool {
        self.settings.lacks != Some(guard)
    }

    fn serve(&mut self, peer: Peer, request: Request, out: &mut Effects) {
        let reply = match request {
            Request::Grant => match self.grant(peer.node, out) {
                Some(granted) => granted,
                // A client whose leases never end has run out of numbers; it gets no answer.
                None => return,
            },
            Request::KeepAlive(lease) => self.keep_alive(lease, out),
            Request::Revoke(lease) => self.revoke(lease, peer.node, out),
            Request::CreateOrGet(key) => self.create_or_get(key),
            Request::LastBefore { prefix, revision } => {
                let before = self.of_prefix(prefix).filter(|entry| entry.created < revision);
                found(before.max_by_key(|entry| entry.created))
            }
            Request::Get(key) => found(self.entry(key)),
            Request::Delete(key) => {
                let found = self.entry(key).is_some();
                if found {
                    out.note(Fact::Disposed { by: peer.node, of: key.lease.client });
                }
                self.remove(key, out);
                Reply::Deleted(u8::from(found))
            }
            Request::Watch { key, created } => {
                out.reply(peer, Reply::Watching);
                return self.watch(peer, key, created, out);
            }
        };
        out.reply(peer, reply);
    }

    /// Grants a lease, unless all numbers of the client's are in use.
    fn grant(&mut self, client: NodeId, out: &mut Effects) -> Option<Reply> {
        let place = self.last.binary_search_by_key(&client, |last| last.client);
        let number = place.map_or(0, |place| self.last[place].number + 1);
        let lives = |lease| self.leases.contains(&lease);
        let numbers = self.settings.numbers();
        let lease = (0..numbers)
            .map(|step| Lease { client, number: (number + step) % numbers })
            .find(|&lease| !lives(lease))?;
        match place {
            Ok(place) => self.last[place] = lease,
            Err(place) => self.last.insert(place, lease),
        }
        self.leases.push(lease);
        self.leases.sort_unstable();
        out.arm(end_of(lease), self.settings.time_to_live);
        Some(Reply::Granted(lease))
    }

    fn keep_alive(&mut self, lease: Lease, out: &mut Effects) -> Reply {
        if !self.leases.contains(&lease) {
            return Reply::LeaseNotFound;
        }
        if self.has(Guard::KeepAliveCounts) {
            out.arm(end_of(lease), self.settings.time_to_live);
        }
        Reply::KeptAlive
    }

    fn revoke(&mut self, lease: Lease, by: NodeId, out: &mut Effects) -> Reply {
        if !self.leases.contains(&lease) {
            return Reply::LeaseNotFound;
        }
        out.disarm(end_of(lease));
        if self.entries.iter().any(|entry| entry.key.lease == lease) {
            out.note(Fact::Disposed { by, of: lease.client });
        }
        self.end(lease, out);
        Reply::Revoked
    }

    fn create_or_get(&mut self, key: Key) -> Reply {
        let compares = self.has(Guard::TxnCompares);
        let own = match self.entry(key).filter(|_| compares) {
            Some(entry) => entry.created,
            None if self.has(Guard::LeaseMustLive) && !self.leases.contains(&key.lease) => {
                return Reply::LeaseNotFound;
            }
            None => {
                self.revision += u32::from(self.has(Guard::RevisionCounts) || self.revision == 0);
                self.entries.retain(|entry| entry.key != key);
                self.entries.push(Entry { key, created: self.revision });
                self.entries.sort_unstable();
                self.revision
            }
        };
        let first = self.of_prefix(key.prefix).map(|entry| entry.created).min();
        Reply::Created { own, first: first.unwrap_or(own) }
    }

    fn watch(&mut self, peer: Peer, key: Key, created: u32, out: &mut Effects) {
        let exists = self.entry(key).is_some_and(|entry| entry.created == created);
        if !exists && self.has(Guard::WatchesMissNothing) {
            return out.reply(peer, Reply::Gone(key));
        }
        let watch = Watch { peer, key, created };
        if !self.watches.contains(&watch) {
            self.watches.push(watch);
        }
    }

    fn remove(&mut self, key: Key, out: &mut Effects) {
        let Some(entry) = self.entry(key) else { return };
        self.entries.retain(|other| other.key != key);
        let fires = self.has(Guard::WatchesFire);
        self.watches.retain(|watch| {
            let told = (watch.key, watch.created) == (key, entry.created);
            if told && fires {
                out.reply(watch.peer, Reply::Gone(key));
            }
            !told
        });
    }

    /// The lease is over, and so are the keys attached to it.
    fn end(&mut self, lease: Lease, out: &mut Effects) {
        self.leases.retain(|&other| other != lease);
        if !self.has(Guard::KeysEndWithLease) {
            return;
        }
        let attached = self.entries.iter().filter(|entry| entry.key.lease == lease);
        let attached: Vec<Key> = attached.map(|entry| entry.key).collect();
        attached.into_iter().for_each(|key| self.remove(key, out));
    }

    fn expire(&mut self, lease: Lease, out: &mut Effects) {
        if !self.down && self.has(Guard::LeasesExpire) && self.leases.contains(&lease) {
            self.end(lease, out);
        }
    }

    fn entry(&self, key: Key) -> Option<Entry> {
        self.entries.iter().copied().find(|entry| entry.key == key)
    }

    fn of_prefix(&self, prefix: &'static str) -> impl Iterator<Item = Entry> {
        self.entries.iter().copied().filter(move |entry| entry.key.prefix == prefix)
    }

    fn resume(&mut self, out: &mut Effects) {
        self.down = false;
        for &lease in &self.leases {
            out.arm(end_of(lease), self.settings.time_to_live);
        }
    }
}

/// The timer that ends the lease.
fn end_of(lease: Lease) -> Timer {
    Timer::DeadlineOf(lease.client, lease.number)
}

fn found(entry: Option<Entry>) -> Reply {
    entry.map_or(Reply::Nothing, |entry| Reply::Found(entry.key, entry.created))
}

impl Process for Kv {
    fn step(&mut self, event: Event, out: &mut Effects) {
        match event {
            Event::Start { .. } => self.resume(out),
            Event::Deliver { from, message: Message::Kv(request) } => {
                self.serve(from, request, out);
            }
            Event::Fire(Timer::DeadlineOf(client, number)) => {
                self.expire(Lease { client, number }, out);
            }
            Event::Disconnected(peer) => self.watches.retain(|watch| watch.peer != peer),
            _ => {}
        }
    }

    fn crashed(&self) -> Self {
        if !self.has(Guard::SyncsBeforeReply) {
            return Kv { down: true, ..Kv::new(self.settings) };
        }
        Kv { watches: Vec::new(), down: true, ..self.clone() }
    }

    fn permute(&mut self, permutation: &Permutation) -> bool {
        self.leases.permute(permutation);
        self.leases.sort_unstable();
        self.last.permute(permutation);
        self.last.sort_unstable();
        for entry in &mut self.entries {
            entry.key.permute(permutation);
        }
        self.entries.sort_unstable();
        for watch in &mut self.watches {
            watch.peer.permute(permutation);
            watch.key.permute(permutation);
        }
        true
    }
}
