//! A Kafka-like broker: the leader of one topic's partitions and the coordinator of the one group
//! that reads them, with an in-sync replica that takes over if the world has room for one.
//!
//! Sources: kafka.apache.org/documentation, "Design" (replication, message delivery semantics,
//! consumer position), "Producer Configs" (acks, enable.idempotence), "Consumer Configs"
//! (auto.offset.reset, session.timeout.ms), and the protocol guide.
//!
//! What is left out, and why no verdict needs it. Records are never deleted. A process that
//! crashes loses nothing, since what it has written is the operating system's. Of three replicas
//! the third is silent: after a failover two are left, and they are taken to be in step. Partitions
//! stay with their member until it leaves or its session ends, as with a sticky assignor, and a
//! member without a partition leaves no trace; so a member id stands for a generation as well. A
//! session is prolonged by whatever its member asks of the coordinator.

mod partition;

use contend_model::ident::{Peer, Token};
use contend_model::message::Message;
use contend_model::message::log::{Acks, PARTITIONS, Reply, Request, Reset};
use contend_model::process::{Effects, Event, Process};
use contend_model::symmetry::{Permutation, Symmetric};
use contend_model::time::{Range, Span};
use contend_model::timer::Timer;

use partition::{Group, Partition, Record, Standing};

/// A check that the broker makes. Tests take one away to see whether the suite notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Guard {
    /// A record that an idempotent producer has sent before is not appended again.
    DropsRepeats,
    /// With `acks=all` the producer has its answer when the replica has the record.
    AwaitsReplica,
    /// Consumers see no record that the replica has not received.
    HidesUnreplicated,
    /// A partition is assigned to one member at a time.
    AssignsToOne,
    /// The partitions of a member that is not heard of are given to others.
    SessionEnds,
    /// Only the member that has the partition commits offsets of it.
    FencesCommits,
    /// Only the member that has a partition prolongs its session.
    FencesHeartbeats,
}

/// How a broker is set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How many partitions the topic has.
    pub partitions: u8,
    /// `session.timeout.ms`.
    pub session: Span,
    /// How far the replica lags behind, if there is one.
    pub replica: Option<Range>,
    /// The check that this broker has forgotten.
    pub lacks: Option<Guard>,
}

/// Settings are the same in all states of a world.
impl std::hash::Hash for Settings {
    fn hash<H: std::hash::Hasher>(&self, _: &mut H) {}
}

/// How much of a partition the replica has received.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Received {
    end: u32,
    group: Group,
}

/// The replica, and what depends on it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Replica {
    received: Vec<Received>,
    /// Answers that wait until the replica has received what they are about.
    waiting: Vec<(Peer, Reply)>,
    /// Whether it is about to receive the rest.
    catching_up: bool,
}

/// The broker.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Log {
    settings: Settings,
    partitions: Vec<Partition>,
    replica: Option<Replica>,
    /// Whether its clock runs.
    running: bool,
}

impl Log {
    /// A broker of an empty topic.
    ///
    /// # Panics
    /// If the topic has no partition or more than [`PARTITIONS`].
    pub fn new(settings: Settings) -> Self {
        let count = usize::from(settings.partitions);
        assert!((1..=PARTITIONS).contains(&count), "a topic has one or two partitions");
        let received = vec![Received::default(); count];
        let replica = settings.replica.map(|_| Replica { received, ..Replica::default() });
        let partitions = vec![Partition::default(); count];
        Log { settings, partitions, replica, running: false }
    }

    fn has(&self, guard: Guard) -> bool {
        self.settings.lacks != Some(guard)
    }

    /// A coordinator that begins its work takes every member to have been heard of just now.
    fn begin(&mut self, out: &mut Effects) {
        self.running = true;
        for number in 0..self.partitions.len() {
            match self.partitions[number].group.owner {
                Some(_) => out.arm(session(number), self.settings.session),
                None => out.disarm(session(number)),
            }
        }
        self.catch_up(out);
    }

    fn serve(&mut self, from: Peer, request: Request, out: &mut Effects) {
        match request {
            Request::Produce { partition, item, acks, sequence } => {
                let reply = self.append(partition, Record { item, sequence });
                match acks {
                    Acks::None => {}
                    Acks::All if self.has(Guard::AwaitsReplica) => {
                        self.reply_when_replicated(from, reply, out);
                    }
                    Acks::Leader | Acks::All => out.reply(from, reply),
                }
            }
            Request::Fetch { partition, offset } => out.reply(from, self.fetch(partition, offset)),
            Request::ListOffsets(reset) => {
                let starts = self.starts(|number| Some(self.reset(number, reset)));
                out.reply(from, Reply::Assigned(starts));
            }
            Request::Join { member, reset } => {
                self.assign(member);
                self.prolong(member, out);
                let starts = self.starts(|number| {
                    let Group { owner, committed } = self.partitions[number].group;
                    let own = owner == Some(member) || !self.has(Guard::AssignsToOne);
                    own.then(|| committed.unwrap_or(self.reset(number, reset)))
                });
                self.reply_when_replicated(from, Reply::Assigned(starts), out);
            }
            Request::Heartbeat { member } => {
                let alive = self.prolong(member, out) || !self.has(Guard::FencesHeartbeats);
                out.reply(from, if alive { Reply::Alive } else { Reply::Fenced });
            }
            Request::Commit { member, partition, offset } => {
                let accepted = self.commit(member, partition, offset);
                self.prolong(member, out);
                let reply = if accepted { Reply::Committed } else { Reply::Fenced };
                self.reply_when_replicated(from, reply, out);
            }
            Request::Leave { member } => {
                for number in 0..self.partitions.len() {
                    if self.partitions[number].group.owner == Some(member) {
                        self.free(number, out);
                    }
                }
                self.reply_when_replicated(from, Reply::Left, out);
            }
        }
        self.catch_up(out);
    }

    fn append(&mut self, partition: u8, record: Record) -> Reply {
        let partition = &mut self.partitions[usize::from(partition)];
        let standing = match record.sequence {
            Some(sequence) if self.settings.lacks != Some(Guard::DropsRepeats) => {
                partition.standing(sequence)
            }
            _ => Standing::Next,
        };
        match standing {
            Standing::Next => partition.append(record),
            Standing::Repeated => {}
            Standing::Gap => return Reply::OutOfOrder,
        }
        Reply::Appended
    }

    fn fetch(&self, partition: u8, offset: u32) -> Reply {
        let number = usize::from(partition);
        let records = &self.partitions[number].records;
        let end = self.partitions[number].end();
        if offset > end {
            return Reply::OutOfRange { end };
        }
        let end = self.high_watermark(number);
        match records.get(offset as usize) {
            Some(record) if offset < end => Reply::Record { item: record.item, end },
            _ => Reply::NoRecord,
        }
    }

    /// The offset after the last record that consumers may see.
    fn high_watermark(&self, number: usize) -> u32 {
        match &self.replica {
            Some(replica) if self.has(Guard::HidesUnreplicated) => replica.received[number].end,
            _ => self.partitions[number].end(),
        }
    }

    fn reset(&self, number: usize, reset: Reset) -> u32 {
        match reset {
            Reset::Earliest => 0,
            Reset::Latest => self.high_watermark(number),
        }
    }

    fn starts(&self, start: impl Fn(usize) -> Option<u32>) -> [Option<u32>; PARTITIONS] {
        let mut starts = [None; PARTITIONS];
        for (number, place) in starts.iter_mut().take(self.partitions.len()).enumerate() {
            *place = start(number);
        }
        starts
    }

    fn assign(&mut self, member: Token) {
        for partition in &mut self.partitions {
            partition.group.owner.get_or_insert(member);
        }
    }

    /// Starts the member's session anew; whether it has one.
    fn prolong(&self, member: Token, out: &mut Effects) -> bool {
        let mut alive = false;
        for (number, partition) in self.partitions.iter().enumerate() {
            if partition.group.owner == Some(member) {
                alive = true;
                out.arm(session(number), self.settings.session);
            }
        }
        alive
    }

    fn commit(&mut self, member: Token, partition: u8, offset: u32) -> bool {
        let fences = self.has(Guard::FencesCommits);
        let group = &mut self.partitions[usize::from(partition)].group;
        let accepted = group.owner == Some(member) || !fences;
        if accepted {
            group.committed = Some(offset);
        }
        accepted
    }

    fn free(&mut self, number: usize, out: &mut Effects) {
        self.partitions[number].group.owner = None;
        out.disarm(session(number));
    }

    fn session_ends(&mut self, number: usize, out: &mut Effects) {
        if self.has(Guard::SessionEnds) {
            self.free(number, out);
            self.catch_up(out);
        }
    }

    fn reply_when_replicated(&mut self, to: Peer, reply: Reply, out: &mut Effects) {
        let behind = self.is_replica_behind();
        match &mut self.replica {
            Some(replica) if behind => replica.waiting.push((to, reply)),
            _ => out.reply(to, reply),
        }
    }

    fn received(&self) -> impl Iterator<Item = Received> {
        self.partitions.iter().map(|p| Received { end: p.end(), group: p.group })
    }

    fn is_replica_behind(&self) -> bool {
        let Some(replica) = &self.replica else { return false };
        !self.received().eq(replica.received.iter().copied())
    }

    /// Has the replica receive in time what it lacks.
    fn catch_up(&mut self, out: &mut Effects) {
        let behind = self.is_replica_behind();
        if let (Some(replica), Some(lag)) = (&mut self.replica, self.settings.replica)
            && behind
            && !replica.catching_up
        {
            replica.catching_up = true;
            out.arm(Timer::Replicate, lag);
        }
    }

    fn replicated(&mut self, out: &mut Effects) {
        let received = self.received().collect();
        let Some(replica) = &mut self.replica else { return };
        replica.received = received;
        replica.catching_up = false;
        for (peer, reply) in replica.waiting.drain(..) {
            out.reply(peer, reply);
        }
    }
}

/// The timer that ends the session of the member that has the partition.
fn session(partition: usize) -> Timer {
    Timer::Deadline(u8::try_from(partition).expect("there are few partitions"))
}

impl Process for Log {
    fn step(&mut self, event: Event, out: &mut Effects) {
        match event {
            Event::Start { .. } => self.begin(out),
            Event::Deliver { from, message: Message::Log(request) } => {
                self.serve(from, request, out);
            }
            // A timer that fires while the broker is down is one of the clock that has stopped.
            Event::Fire(Timer::Deadline(partition)) if self.running => {
                self.session_ends(usize::from(partition), out);
            }
            Event::Fire(Timer::Replicate) => self.replicated(out),
            Event::Disconnected(peer) => {
                if let Some(replica) = &mut self.replica {
                    replica.waiting.retain(|&(waiting, _)| waiting != peer);
                }
            }
            _ => {}
        }
    }

    /// The replica goes on from what it has received; answers that waited for it are lost.
    fn crashed(&self) -> Self {
        let replica = self
            .replica
            .as_ref()
            .map(|replica| Replica { received: replica.received.clone(), ..Replica::default() });
        Log { replica, running: false, ..self.clone() }
    }

    fn failed_over(&self) -> Option<Self> {
        let replica = self.replica.as_ref()?;
        let partitions = self.partitions.iter().zip(&replica.received);
        let partitions = partitions.map(|(p, r)| p.up_to(r.end, r.group)).collect();
        Some(Log { settings: self.settings, partitions, replica: None, running: false })
    }

    fn permute(&mut self, permutation: &Permutation) -> bool {
        self.partitions.permute(permutation);
        if let Some(replica) = &mut self.replica {
            for received in &mut replica.received {
                received.group.permute(permutation);
            }
            for (peer, reply) in &mut replica.waiting {
                peer.permute(permutation);
                reply.permute(permutation);
            }
        }
        true
    }
}
