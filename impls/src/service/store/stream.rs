//! Streams and the one group that reads each: entries that nobody has had yet, and entries that
//! somebody has had and not acknowledged (the pending entries list).
//!
//! Sources: redis.io/docs/latest/commands, XADD, XREADGROUP, XACK, XAUTOCLAIM. Entries that were
//! acknowledged are forgotten, since no command of this model can ask for them (`XACK` itself leaves
//! them to `XTRIM`). Which consumer has a pending entry is not kept, since nothing asks for it:
//! `XACK` accepts it from anybody, and `XAUTOCLAIM` takes it from anybody.

use contend_model::ident::Item;
use contend_model::message::store::{Key, ONCE, Reply, StreamCommand, Value};
use contend_model::process::Effects;
use contend_model::symmetry::{Permutation, Symmetric};
use contend_model::time::Span;

use super::{Guard, Store};

/// A stream and its group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Stream {
    /// The number of the next entry.
    next: u32,
    /// What no consumer has had, the oldest first.
    unread: Vec<(u32, Item)>,
    /// What some consumer has had, the oldest first.
    pending: Vec<Pending>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Pending {
    entry: u32,
    item: Item,
    /// The timer that ends when the entry was idle for long enough; none once it has.
    deadline: Option<u8>,
}

impl Stream {
    /// All deadlines in use.
    pub(super) fn deadlines(&self) -> impl Iterator<Item = u8> {
        self.pending.iter().filter_map(|pending| pending.deadline)
    }

    /// What this deadline belongs to has been idle for long enough.
    pub(super) fn expire(&mut self, deadline: u8) {
        for pending in &mut self.pending {
            pending.deadline = pending.deadline.filter(|&other| other != deadline);
        }
    }

    fn add(&mut self, item: Item) -> u32 {
        let entry = self.next;
        self.next += 1;
        self.unread.push((entry, item));
        entry
    }

    fn keep_pending(&mut self, pending: Pending) {
        let place = self.pending.partition_point(|other| other.entry < pending.entry);
        self.pending.insert(place, pending);
    }

    fn acknowledge(&mut self, entry: u32) -> bool {
        let before = self.pending.len();
        self.pending.retain(|pending| pending.entry != entry);
        self.pending.len() < before
    }
}

impl Store {
    pub(super) fn run_on_stream(&mut self, command: StreamCommand, out: &mut Effects) -> Reply {
        let key = command.key();
        if self.live.contains(key) && self.live.stream(key).is_none() {
            return Reply::Error;
        }
        match command {
            StreamCommand::Add(_, item) => {
                let entry = self.live.stream_mut(key).add(item);
                Reply::Entry(entry, item)
            }
            StreamCommand::AddOnce(_, item) => {
                let once = Key::of(ONCE, item);
                if self.live.contains(once) && self.has(Guard::PushIsIdempotent) {
                    return Reply::Int(0);
                }
                self.live.put(once, Value::Number(1), None, None);
                self.live.stream_mut(key).add(item);
                Reply::Int(1)
            }
            StreamCommand::Read { min_idle, .. } => self.read(key, min_idle, out),
            StreamCommand::AutoClaim { min_idle, .. } => self.auto_claim(key, min_idle, out),
            StreamCommand::Ack(_, entry) if self.has(Guard::AckEndsPending) => {
                Reply::Int(u32::from(self.live.stream_mut(key).acknowledge(entry)))
            }
            StreamCommand::Ack(..) => Reply::Int(1),
        }
    }

    fn read(&mut self, key: Key, min_idle: Span, out: &mut Effects) -> Reply {
        let stream = self.live.stream_mut(key);
        if stream.unread.is_empty() {
            return Reply::Nil;
        }
        let (entry, item) = stream.unread.remove(0);
        if self.has(Guard::ReadKeepsPending) {
            let deadline = Some(self.deadline(min_idle, out));
            self.live.stream_mut(key).keep_pending(Pending { entry, item, deadline });
        }
        Reply::Entry(entry, item)
    }

    fn auto_claim(&mut self, key: Key, min_idle: Span, out: &mut Effects) -> Reply {
        let judges = self.has(Guard::ClaimJudgesIdleness);
        let idle = |pending: &Pending| pending.deadline.is_none() || !judges;
        let stream = self.live.stream_mut(key);
        let Some(place) = stream.pending.iter().position(idle) else { return Reply::Nil };
        let Pending { entry, item, .. } = stream.pending[place];
        if self.has(Guard::ClaimEndsIdleness) {
            let deadline = Some(self.deadline(min_idle, out));
            self.live.stream_mut(key).pending[place].deadline = deadline;
        }
        Reply::Entry(entry, item)
    }
}

impl Symmetric for Stream {
    fn permute(&mut self, permutation: &Permutation) {
        for (_, item) in &mut self.unread {
            item.permute(permutation);
        }
        for pending in &mut self.pending {
            pending.item.permute(permutation);
        }
    }
}
