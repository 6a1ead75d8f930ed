//! A Kafka-like broker: the leader of one topic's partitions and the coordinator of the one group
//! that reads them, with an in-sync replica that takes over if the world has room for one.
//!
//! Sources: kafka.apache.org/documentation, "Design" (replication, message delivery semantics,
//! consumer position), "Producer Configs" (acks, enable.idempotence), "Consumer Configs"
//! (auto.offset.reset, session.timeout.ms), and the protocol guide.
//!
//! What is left out, and why no verdict needs it. Records are never deleted. A process that
//! crashes loses nothing, since what it has written is the operating system's. Of three replicas
//! the third is silent: after a failover two are left, and they are taken to be in step. All
//! partitions go to one member and stay with it until it leaves or its session ends, and the others
//! leave no trace; so a member id stands for a generation as well. A session is prolonged by whatever
//! its member asks of the coordinator. What the coordinator keeps of the group it answers only when
//! the replica has it too; here the replica has it at once, and only records take their time.

mod partition;

use contend_model::ident::{Peer, Token};
use contend_model::message::Message;
use contend_model::message::log::{Acks, PARTITIONS, Reply, Request, Reset};
use contend_model::process::{Effects, Event, Process};
use contend_model::symmetry::{Permutation, Symmetric};
use contend_model::time::{Range, Span};
use contend_model::timer::Timer;

use partition::{Partition, Record, Standing};

/// The session of the member that has the partitions.
const SESSION: Timer = Timer::Deadline(0);

/// A check that the broker makes. Tests take one away to see whether the suite notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Guard {
    /// A record that an idempotent producer has sent before is not appended again.
    DropsRepeats,
    /// With `acks=all` the producer has its answer when the replica has the record.
    AwaitsReplica,
    /// Consumers see no record that the replica has not received.
    HidesUnreplicated,
    /// The partitions are assigned to one member at a time.
    AssignsToOne,
    /// The partitions of a member that is not heard of are given to others.
    SessionEnds,
    /// Only the member that has the partitions commits offsets of them.
    FencesCommits,
    /// Whoever does not have the partitions is told so when it says that it is alive.
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

/// What the coordinator keeps of the group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Group {
    /// The member that has the partitions.
    owner: Option<Token>,
    /// The next offset to be read of each partition.
    committed: [Option<u32>; PARTITIONS],
}

/// The replica, and what depends on it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Replica {
    /// How many records of each partition it has.
    received: [u32; PARTITIONS],
    /// Producers that wait until it has received their records.
    waiting: Vec<(Peer, Reply)>,
    /// Whether it is about to receive the rest.
    catching_up: bool,
}

/// The broker.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Log {
    settings: Settings,
    partitions: Vec<Partition>,
    group: Group,
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
        let replica = settings.replica.map(|_| Replica::default());
        let partitions = vec![Partition::default(); count];
        Log { settings, partitions, group: Group::default(), replica, running: false }
    }

    fn has(&self, guard: Guard) -> bool {
        self.settings.lacks != Some(guard)
    }

    /// A coordinator that begins its work takes every member to have been heard of just now.
    fn begin(&mut self, out: &mut Effects) {
        self.running = true;
        match self.group.owner {
            Some(_) => out.arm(SESSION, self.settings.session),
            None => out.disarm(SESSION),
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
                let starts = self.starts(|number| self.reset(number, reset));
                out.reply(from, Reply::Assigned(starts));
            }
            Request::Join { member, reset } => {
                let starts = self.join(member, reset);
                self.prolong(member, out);
                out.reply(from, Reply::Assigned(starts));
            }
            Request::Heartbeat { member } => {
                self.prolong(member, out);
                let alive = self.owns(member) || !self.has(Guard::FencesHeartbeats);
                out.reply(from, if alive { Reply::Alive } else { Reply::Fenced });
            }
            Request::Commit { member, partition, offset } => {
                let accepted = self.owns(member) || !self.has(Guard::FencesCommits);
                if accepted {
                    self.group.committed[usize::from(partition)] = Some(offset);
                }
                self.prolong(member, out);
                out.reply(from, if accepted { Reply::Committed } else { Reply::Fenced });
            }
            Request::Leave { member } => {
                if self.owns(member) {
                    out.disarm(SESSION);
                    self.group.owner = None;
                }
                out.reply(from, Reply::Left);
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
            Some(replica) if self.has(Guard::HidesUnreplicated) => replica.received[number],
            _ => self.partitions[number].end(),
        }
    }

    fn reset(&self, number: usize, reset: Reset) -> u32 {
        match reset {
            Reset::Earliest => 0,
            Reset::Latest => self.high_watermark(number),
        }
    }

    fn starts(&self, start: impl Fn(usize) -> u32) -> [Option<u32>; PARTITIONS] {
        let exists = |number| number < self.partitions.len();
        std::array::from_fn(|number| exists(number).then(|| start(number)))
    }

    /// Gives the partitions to the member, if nobody has them, and tells it what it has.
    fn join(&mut self, member: Token, reset: Reset) -> [Option<u32>; PARTITIONS] {
        self.group.owner.get_or_insert(member);
        if !self.owns(member) && self.has(Guard::AssignsToOne) {
            return [None; PARTITIONS];
        }
        self.starts(|number| self.group.committed[number].unwrap_or(self.reset(number, reset)))
    }

    fn owns(&self, member: Token) -> bool {
        self.group.owner == Some(member)
    }

    fn prolong(&self, member: Token, out: &mut Effects) {
        if self.owns(member) {
            out.arm(SESSION, self.settings.session);
        }
    }

    fn reply_when_replicated(&mut self, to: Peer, reply: Reply, out: &mut Effects) {
        let behind = self.is_replica_behind();
        match &mut self.replica {
            Some(replica) if behind => replica.waiting.push((to, reply)),
            _ => out.reply(to, reply),
        }
    }

    /// What the replica has received when it has received everything.
    fn all(&self) -> [u32; PARTITIONS] {
        std::array::from_fn(|number| self.partitions.get(number).map_or(0, Partition::end))
    }

    fn is_replica_behind(&self) -> bool {
        self.replica.as_ref().is_some_and(|replica| replica.received != self.all())
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
        let received = self.all();
        let Some(replica) = &mut self.replica else { return };
        replica.received = received;
        replica.catching_up = false;
        for (peer, reply) in replica.waiting.drain(..) {
            out.reply(peer, reply);
        }
    }
}

impl Process for Log {
    fn step(&mut self, event: Event, out: &mut Effects) {
        match event {
            Event::Start { .. } => self.begin(out),
            Event::Deliver { from, message: Message::Log(request) } => {
                self.serve(from, request, out);
            }
            // A timer that fires while the broker is down is one of the clock that has stopped.
            Event::Fire(SESSION) if self.running && self.has(Guard::SessionEnds) => {
                self.group.owner = None;
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
            .map(|replica| Replica { received: replica.received, ..Replica::default() });
        Log { replica, running: false, ..self.clone() }
    }

    fn failed_over(&self) -> Option<Self> {
        let replica = self.replica.as_ref()?;
        let received = self.partitions.iter().zip(replica.received);
        let partitions = received.map(|(partition, end)| partition.up_to(end)).collect();
        let Log { settings, group, .. } = *self;
        Some(Log { settings, partitions, group, replica: None, running: false })
    }

    fn permute(&mut self, permutation: &Permutation) -> bool {
        self.partitions.permute(permutation);
        self.group.owner.permute(permutation);
        if let Some(replica) = &mut self.replica {
            for (peer, reply) in &mut replica.waiting {
                peer.permute(permutation);
                reply.permute(permutation);
            }
        }
        true
    }
}
