//! RQ-KAFKA: one idempotent producer that waits for all in-sync replicas, and consumers that live
//! long, share a group, and commit an item's offset after its effect; effects are idempotent. Safe
//! while an in-sync replica survives. An item may be delivered more than once, but its effect comes
//! about once.
//!
//! The repaired form of the first document's section 4.2.3. Sources: kafka.apache.org/documentation,
//! "Message Delivery Semantics", "Producer Configs" (`acks=all`, `enable.idempotence=true`), and
//! "Consumer Configs" (`enable.auto.commit=false`, `auto.offset.reset=earliest`).
//!
//! Before each fetch the consumer asks the coordinator whether it still has its partitions. If not,
//! it forgets how far it had read, and joins under a new member id: what it was working on is
//! another's, and its commit is refused. Work that did not come to its end is read again. After a
//! commit without an answer it leaves the group and joins anew; for if that commit is only late, it
//! could set the offset back behind a later one. With more than one partition an item's number is its
//! key, and order is kept key by key.
//! A long file, since one client is producer and consumer.

use contend_model::algorithm::{Algorithm, Card, Form, Role, Service, Timing};
use contend_model::ident::{BACKEND, Item, NodeId, Token};
use contend_model::message::Message;
use contend_model::message::log::{Acks, PARTITIONS, Reply, Request, Reset, Sequence};
use contend_model::op::{Op, Outcome};
use contend_model::process::{AnyProcess, Effects, Event, Process};
use contend_model::property::{Environment, Property};
use contend_model::symmetry::{Permutation, Symmetric};
use contend_model::timer::Timer;
use contend_model::world::Scope;

use super::next_number;
use crate::service::resource::Checks;
use crate::service::{log, log_and_resource, log_settings};

/// How many member ids a client has at least. Two memberships are confused only if a request of one is
/// still on its way after as many others have begun.
const MEMBERS: u16 = 2;

/// The algorithm and its settings.
#[derive(Clone, Copy, Debug)]
pub struct KafkaGroup {
    /// The name in the registry.
    pub name: &'static str,
    /// How many partitions the topic has.
    pub partitions: u8,
    /// The check that the client has forgotten.
    pub lacks: Option<Guard>,
    /// The check that the broker has forgotten.
    pub log_lacks: Option<log::Guard>,
}

/// A check that the client makes. Tests take one away to see whether the suite notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Guard {
    /// A record has a producer id and a sequence number, so that the broker knows it again.
    Idempotent,
    /// The producer waits for all in-sync replicas.
    AcksAll,
    /// An item is in the queue when the broker has said so, not when it is in the send buffer.
    AwaitsAnswer,
    /// The offset is committed when the work is done, not before it.
    CommitsAfterwards,
    /// Work that did not come to its end is read again.
    Rewinds,
    /// A group that has committed nothing begins with the first record.
    BeginsWithFirst,
    /// A commit that the broker refused is not taken for accepted.
    HeedsFence,
    /// Whoever has lost a partition forgets how far it had read.
    ForgetsOnLoss,
    /// Whoever does not know what became of a commit leaves the group before it reads on.
    LeavesInDoubt,
    /// The effect of an item is applied once.
    EffectIsIdempotent,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Settings {
    partitions: u8,
    lacks: Option<Guard>,
    timing: Timing,
}

/// Settings are the same in all states of a world.
impl std::hash::Hash for Settings {
    fn hash<H: std::hash::Hasher>(&self, _: &mut H) {}
}

/// A record that was read: its partition and its offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Place {
    partition: u8,
    offset: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Client {
    settings: Settings,
    /// The consumer's member id; the producer's id is the first of them.
    member: Token,
    /// How many records the producer has got into each partition.
    sent: [u32; PARTITIONS],
    /// The next offset to read of each partition that is assigned to this consumer.
    positions: [Option<u32>; PARTITIONS],
    /// What was delivered and is not known to be done.
    undone: Option<Place>,
    /// Whether a commit has had no answer.
    doubt: bool,
    /// Which partition is read first, so that none has to wait for ever.
    first: u8,
    phase: Phase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Phase {
    Idle,
    Sending(Item),
    /// No answer; about to send again.
    InDoubt(Item),
    /// In the send buffer, if the producer does not wait.
    Buffered(Item),
    Leaving,
    Joining,
    Beating,
    Fetching {
        partition: u8,
        /// How many partitions were read in vain.
        tried: u8,
    },
    /// Before the work, if the consumer does not wait for its end.
    CommittingFirst(Item),
    Committing,
}

impl Client {
    fn has(&self, guard: Guard) -> bool {
        self.settings.lacks != Some(guard)
    }

    fn partition_of(&self, item: Item) -> u8 {
        u8::try_from(item.number % u16::from(self.settings.partitions)).expect("few partitions")
    }

    fn enqueue(&self, item: Item, out: &mut Effects) -> Phase {
        if self.has(Guard::AwaitsAnswer) {
            return self.send(item, out);
        }
        out.arm(Timer::Poll, self.settings.timing.retry);
        out.returns(Outcome::Enqueued);
        Phase::Buffered(item)
    }

    fn send(&self, item: Item, out: &mut Effects) -> Phase {
        let partition = self.partition_of(item);
        let producer = Token { serial: 0, ..self.member };
        let number = self.sent[usize::from(partition)];
        let sequence = self.has(Guard::Idempotent).then_some(Sequence { producer, number });
        let acks = if self.has(Guard::AcksAll) { Acks::All } else { Acks::Leader };
        out.call(BACKEND, Request::Produce { partition, item, acks, sequence });
        Phase::Sending(item)
    }

    fn sent(&mut self, item: Item, reply: Option<Reply>, out: &mut Effects) -> Phase {
        if reply == Some(Reply::Appended) {
            self.sent[usize::from(self.partition_of(item))] += 1;
        }
        if self.has(Guard::AwaitsAnswer) {
            let appended = reply == Some(Reply::Appended);
            out.returns(if appended { Outcome::Enqueued } else { Outcome::Refused });
        }
        Phase::Idle
    }

    fn poll(&mut self, out: &mut Effects) -> Phase {
        if let Some(Place { partition, offset }) = self.undone.take()
            && self.has(Guard::Rewinds)
            && let Some(position) = &mut self.positions[usize::from(partition)]
        {
            *position = offset;
        }
        if self.doubt {
            out.call(BACKEND, Request::Leave { member: self.member });
            return Phase::Leaving;
        }
        if self.positions.iter().all(Option::is_none) {
            return self.join(out);
        }
        out.call(BACKEND, Request::Heartbeat { member: self.member });
        Phase::Beating
    }

    fn join(&self, out: &mut Effects) -> Phase {
        let begins = self.has(Guard::BeginsWithFirst);
        let reset = if begins { Reset::Earliest } else { Reset::Latest };
        out.call(BACKEND, Request::Join { member: self.member, reset });
        Phase::Joining
    }

    fn assigned(&mut self, starts: [Option<u32>; PARTITIONS], out: &mut Effects) -> Phase {
        for (position, start) in self.positions.iter_mut().zip(starts) {
            *position = start.map(|start| position.unwrap_or(start));
        }
        self.fetch_next(0, out)
    }

    /// The partitions are no longer this member's.
    fn lose(&mut self) {
        if self.has(Guard::ForgetsOnLoss) {
            self.positions = [None; PARTITIONS];
        }
        self.member.serial = next_number(self.member.serial, MEMBERS, &self.settings.timing);
    }

    /// Reads the next partition that is assigned, if there is another that was not tried.
    fn fetch_next(&mut self, tried: u8, out: &mut Effects) -> Phase {
        let count = self.settings.partitions;
        for tried in tried..count {
            let partition = (self.first + tried) % count;
            if let Some(offset) = self.positions[usize::from(partition)] {
                out.call(BACKEND, Request::Fetch { partition, offset });
                return Phase::Fetching { partition, tried };
            }
        }
        out.returns(Outcome::Empty);
        Phase::Idle
    }

    fn fetched(&mut self, partition: u8, item: Item, out: &mut Effects) -> Phase {
        let position = self.positions[usize::from(partition)].as_mut();
        let offset = position.map_or(0, |next| std::mem::replace(next, *next + 1));
        let place = Place { partition, offset };
        self.first = (partition + 1) % self.settings.partitions;
        if !self.has(Guard::CommitsAfterwards) {
            self.commit(place, out);
            return Phase::CommittingFirst(item);
        }
        self.undone = Some(place);
        out.returns(Outcome::Delivered { item, ack: true });
        Phase::Idle
    }

    fn commit(&self, place: Place, out: &mut Effects) {
        let Place { partition, offset } = place;
        let member = self.member;
        out.call(BACKEND, Request::Commit { member, partition, offset: offset + 1 });
    }

    fn ack(&mut self, out: &mut Effects) -> Phase {
        match self.undone.take() {
            Some(place) => {
                self.commit(place, out);
                Phase::Committing
            }
            // The commit was made before.
            None => {
                out.returns(Outcome::Acked);
                Phase::Idle
            }
        }
    }

    fn committed(&mut self, reply: Option<Reply>, out: &mut Effects) -> Phase {
        let accepted = reply == Some(Reply::Committed);
        if !accepted {
            self.lose();
        }
        let settled = accepted || !self.has(Guard::HeedsFence);
        out.returns(if settled { Outcome::Acked } else { Outcome::Stale });
        Phase::Idle
    }
}

impl Process for Client {
    fn step(&mut self, event: Event, out: &mut Effects) {
        let reply = match event {
            Event::Deliver { message: Message::LogReply(reply), .. } => Some(reply),
            _ => None,
        };
        self.phase = match (self.phase, event) {
            (phase, Event::Start { incarnation }) => {
                self.member.incarnation = incarnation;
                phase
            }
            (Phase::Idle, Event::Invoke(Op::Enqueue(item))) => self.enqueue(item, out),
            (Phase::Buffered(item), Event::Fire(Timer::Poll)) => self.send(item, out),
            // The buffer is full: what is in it goes out first.
            (Phase::Buffered(item), Event::Invoke(Op::Enqueue(next))) => {
                self.send(item, out);
                self.sent[usize::from(self.partition_of(item))] += 1;
                self.enqueue(next, out)
            }
            (Phase::Sending(item), Event::Deliver { .. }) => self.sent(item, reply, out),
            // Nobody can say whether the record is in the log; under the same name it may be sent
            // again.
            (Phase::Sending(item), Event::Disconnected(_)) => {
                out.arm(Timer::Poll, self.settings.timing.retry);
                Phase::InDoubt(item)
            }
            (Phase::InDoubt(item), Event::Fire(Timer::Poll)) => self.send(item, out),

            (Phase::Idle, Event::Invoke(Op::Dequeue)) => self.poll(out),
            (Phase::Leaving, Event::Deliver { .. }) => {
                self.doubt = false;
                self.lose();
                self.join(out)
            }
            (Phase::Joining, Event::Deliver { .. }) => match reply {
                Some(Reply::Assigned(starts)) => self.assigned(starts, out),
                _ => self.fetch_next(0, out),
            },
            (Phase::Beating, Event::Deliver { .. }) => match reply {
                Some(Reply::Alive) => self.fetch_next(0, out),
                _ => {
                    self.lose();
                    self.join(out)
                }
            },
            (Phase::Fetching { partition, tried }, Event::Deliver { .. }) => match reply {
                Some(Reply::Record { item, .. }) => self.fetched(partition, item, out),
                Some(Reply::OutOfRange { .. }) => {
                    self.positions[usize::from(partition)] = Some(0);
                    self.fetch_next(tried, out)
                }
                _ => self.fetch_next(tried + 1, out),
            },
            (Phase::CommittingFirst(item), Event::Deliver { .. }) => {
                out.returns(Outcome::Delivered { item, ack: true });
                Phase::Idle
            }
            (Phase::Idle, Event::Invoke(Op::Ack(_))) => self.ack(out),
            (Phase::Committing, Event::Deliver { .. }) => self.committed(reply, out),
            (Phase::Committing, Event::Disconnected(_)) => {
                self.doubt = self.has(Guard::LeavesInDoubt);
                out.returns(Outcome::Unknown);
                Phase::Idle
            }
            // What was to be read is still to be had from the same place.
            (
                Phase::Leaving
                | Phase::Joining
                | Phase::Beating
                | Phase::Fetching { .. }
                | Phase::CommittingFirst(_),
                Event::Disconnected(_),
            ) => {
                out.returns(Outcome::Unknown);
                Phase::Idle
            }
            (phase, _) => phase,
        };
    }

    fn crashed(&self) -> Self {
        Client {
            member: Token { serial: 0, ..self.member },
            sent: [0; PARTITIONS],
            positions: [None; PARTITIONS],
            undone: None,
            doubt: false,
            first: 0,
            phase: Phase::Idle,
            settings: self.settings.clone(),
        }
    }

    fn permute(&mut self, permutation: &Permutation) -> bool {
        self.member.permute(permutation);
        match &mut self.phase {
            Phase::Sending(item)
            | Phase::InDoubt(item)
            | Phase::Buffered(item)
            | Phase::CommittingFirst(item) => item.permute(permutation),
            _ => {}
        }
        true
    }
}

impl Algorithm for KafkaGroup {
    fn card(&self) -> Card {
        let summary = match self.partitions {
            1 => "an idempotent producer and a group that commits after the work, one partition",
            _ => "the same with two partitions: order is kept only key by key",
        };
        let card = super::card(self.name, "RQ-KAFKA", Form::Repaired, "kafka", summary)
            .claim(Property::NoLoss, "0NCTF")
            .claim(Property::NoPhantom, "0NCTF")
            .claim(Property::NoDuplicate, "0")
            .claim(Property::AtLeastOnce, "0NCTF")
            .claim(Property::AtMostOnce, "0NCTF")
            .claim(Property::Exclusive, "0NCF")
            // An offset that is committed twice, the second time late, takes the group back.
            .claim(Property::TerminalStays, "0CTF")
            .claim(Property::Progress, "0NCTF");
        if self.partitions == 1 { card.claim(Property::Fifo, "0NCTF") } else { card }
    }

    fn client(&self, me: NodeId, _: Role, timing: &Timing) -> Box<dyn AnyProcess> {
        let KafkaGroup { partitions, lacks, .. } = *self;
        Box::new(Client {
            settings: Settings { partitions, lacks, timing: *timing },
            member: Token { client: me, incarnation: 0, serial: 0 },
            sent: [0; PARTITIONS],
            positions: [None; PARTITIONS],
            undone: None,
            doubt: false,
            first: 0,
            phase: Phase::Idle,
        })
    }

    /// The commit of one item comes a second time after that of the next, and then an answer is lost.
    fn falls_to_pairs(&self, environment: Environment) -> bool {
        environment == Environment::Lossy
    }

    /// With two partitions it takes a third item to have two in one, and one consumer is enough.
    fn narrowed(&self, mut usual: Scope) -> Scope {
        if usual.budget.network > 1 && usual.duty.operations > 1 && self.partitions > 1 {
            usual.duty.operations = 3;
            usual.roles = vec![Role::Producer, Role::Consumer];
        }
        usual
    }

    fn services(&self, timing: &Timing) -> Vec<Service> {
        let idempotent = self.lacks != Some(Guard::EffectIsIdempotent);
        let checks = if idempotent { Checks::Repetition } else { Checks::Nothing };
        let mut settings = log_settings(timing, self.partitions);
        settings.lacks = self.log_lacks;
        log_and_resource(checks, settings)
    }
}
