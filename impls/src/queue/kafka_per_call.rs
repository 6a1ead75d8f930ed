//! Q-000-MQ-C: a Kafka producer for each push and a Kafka consumer for each pop, which commits
//! before it hands the item over. Safe under no assumption as the document has it; with its settings
//! mended, safe while nobody crashes, no message is lost and no replica takes over.
//!
//! Source: the first document, section 4.2.3. Its defects, each with a setting:
//! - without a `group_id`, which is the library's default, `commit` raises, the exception is caught,
//!   and pop gives nothing although it has fetched a record;
//! - `send` only puts the item into a buffer that another thread empties, and nobody looks at what
//!   becomes of it; and since every push has a producer and so a thread of its own, even pushes of
//!   one process may get into the log in another order;
//! - a group that has committed nothing begins with what comes next (`auto_offset_reset=latest`);
//! - the offset is committed before the work, and with clients that commit what they have fetched
//!   rather than what they have handed over, the rest of the batch is never read;
//! - `acks=1` and no retries are the defaults: what is acknowledged is on the leader alone.
//!
//! The consumer waits for a record for as long as it takes, as an iterator without a time-out does.

use contend_model::algorithm::{Algorithm, Card, Form, Role, Service, Timing};
use contend_model::ident::{BACKEND, Item, NodeId, Token};
use contend_model::message::Message;
use contend_model::message::log::{Acks, Reply, Request, Reset};
use contend_model::op::{Op, Outcome};
use contend_model::process::{AnyProcess, Effects, Event, Process};
use contend_model::property::Property;
use contend_model::symmetry::{Permutation, Symmetric};
use contend_model::time::Range;
use contend_model::timer::Timer;

use super::next_number;
use crate::service::resource::Checks;
use crate::service::{log_and_resource, log_settings};

/// The one partition.
const PARTITION: u8 = 0;

/// How many member ids a client has at least. It takes another when something it has said under the last one
/// may still be on its way.
const MEMBERS: u16 = 2;

/// How many producers may be at work at once.
const THREADS: usize = 2;

/// The algorithm and its settings.
#[derive(Clone, Copy, Debug)]
pub struct PerCall {
    /// The name in the registry.
    pub name: &'static str,
    /// Whether there is a `group_id`.
    pub group: bool,
    /// Whether a push waits until the broker has answered.
    pub flushes: bool,
    /// Where a group begins that has committed nothing.
    pub reset: Reset,
    /// Whether a commit is about all that was fetched.
    pub commits_batch: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Settings {
    algorithm: PerCall,
    timing: Timing,
}

impl PartialEq for PerCall {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for PerCall {}

/// Settings are the same in all states of a world.
impl std::hash::Hash for Settings {
    fn hash<H: std::hash::Hasher>(&self, _: &mut H) {}
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Client {
    settings: Settings,
    member: Token,
    /// What each producer thread has still to send.
    buffers: [Option<Item>; THREADS],
    phase: Phase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Phase {
    Idle,
    Flushing,
    /// Joining the group, or asking where the log ends.
    Joining,
    /// In the group without a partition; about to ask again.
    Unassigned,
    Fetching {
        offset: u32,
    },
    /// Nothing there; about to fetch again.
    Waiting {
        offset: u32,
    },
    /// Telling the coordinator that it is still there, as the library's own thread does.
    Beating {
        offset: u32,
    },
    Committing(Item),
    /// Leaving the group; with the item if all went well.
    Closing(Option<Item>),
}

impl Client {
    fn settings(&self) -> PerCall {
        self.settings.algorithm
    }

    fn push(&mut self, item: Item, out: &mut Effects) -> Phase {
        if self.settings().flushes {
            send(item, out);
            return Phase::Flushing;
        }
        let free = self.buffers.iter().position(Option::is_none);
        match free {
            Some(thread) => {
                self.buffers[thread] = Some(item);
                out.arm(sender(thread), Range::default());
            }
            // All threads are busy: the oldest has to hurry.
            None => {
                let oldest = self.buffers[0].replace(item);
                oldest.into_iter().for_each(|oldest| send(oldest, out));
            }
        }
        out.returns(Outcome::Enqueued);
        Phase::Idle
    }

    fn sender_runs(&mut self, thread: usize, out: &mut Effects) {
        if let Some(item) = self.buffers.get_mut(thread).and_then(Option::take) {
            send(item, out);
        }
    }

    fn join(&self, out: &mut Effects) -> Phase {
        let PerCall { reset, .. } = self.settings();
        if self.settings().group {
            out.call(BACKEND, Request::Join { member: self.member, reset });
        } else {
            out.call(BACKEND, Request::ListOffsets(reset));
        }
        Phase::Joining
    }

    fn joined(&self, reply: Option<Reply>, out: &mut Effects) -> Phase {
        match reply {
            Some(Reply::Assigned([Some(offset), _])) => fetch(offset, out),
            _ => self.pause(Phase::Unassigned, out),
        }
    }

    fn pause(&self, phase: Phase, out: &mut Effects) -> Phase {
        out.arm(Timer::Poll, Range::exactly(self.settings.timing.retry.most));
        phase
    }

    fn try_again(&self, offset: u32, out: &mut Effects) -> Phase {
        if !self.settings().group {
            return fetch(offset, out);
        }
        out.call(BACKEND, Request::Heartbeat { member: self.member });
        Phase::Beating { offset }
    }

    /// The session has ended; the library joins again by itself.
    fn rejoin(&mut self, out: &mut Effects) -> Phase {
        self.take_another_id();
        self.join(out)
    }

    fn fetched(&self, offset: u32, reply: Option<Reply>, out: &mut Effects) -> Phase {
        match reply {
            Some(Reply::Record { item, end }) if self.settings().group => {
                let offset = if self.settings().commits_batch { end } else { offset + 1 };
                let (member, partition) = (self.member, PARTITION);
                out.call(BACKEND, Request::Commit { member, partition, offset });
                Phase::Committing(item)
            }
            // `commit` raises, because there is no group; the exception is caught.
            Some(Reply::Record { .. }) => {
                out.returns(Outcome::Empty);
                Phase::Idle
            }
            _ => self.pause(Phase::Waiting { offset }, out),
        }
    }

    fn close(&self, item: Option<Item>, out: &mut Effects) -> Phase {
        out.call(BACKEND, Request::Leave { member: self.member });
        Phase::Closing(item)
    }

    fn take_another_id(&mut self) {
        self.member.serial = next_number(self.member.serial, MEMBERS, &self.settings.timing);
    }
}

fn closed(item: Option<Item>, out: &mut Effects) -> Phase {
    let delivered = |item| Outcome::Delivered { item, ack: false };
    out.returns(item.map_or(Outcome::Empty, delivered));
    Phase::Idle
}

fn send(item: Item, out: &mut Effects) {
    let (partition, acks, sequence) = (PARTITION, Acks::Leader, None);
    out.call(BACKEND, Request::Produce { partition, item, acks, sequence });
}

fn fetch(offset: u32, out: &mut Effects) -> Phase {
    out.call(BACKEND, Request::Fetch { partition: PARTITION, offset });
    Phase::Fetching { offset }
}

/// The timer of a producer's thread.
fn sender(thread: usize) -> Timer {
    Timer::Custom(u8::try_from(thread).expect("there are few threads"))
}

impl Process for Client {
    fn step(&mut self, event: Event, out: &mut Effects) {
        let reply = match event {
            Event::Deliver { message: Message::LogReply(reply), .. } => Some(reply),
            _ => None,
        };
        let lost = matches!(event, Event::Disconnected(_));
        self.phase = match (self.phase, event) {
            (phase, Event::Start { incarnation }) => {
                self.member.incarnation = incarnation;
                phase
            }
            (Phase::Idle, Event::Invoke(Op::Enqueue(item))) => self.push(item, out),
            (phase, Event::Fire(Timer::Custom(thread))) => {
                self.sender_runs(usize::from(thread), out);
                phase
            }
            (Phase::Flushing, Event::Deliver { .. }) => {
                out.returns(Outcome::Enqueued);
                Phase::Idle
            }
            // The exception is caught, and push says that it has failed.
            (Phase::Flushing, Event::Disconnected(_)) => {
                out.returns(Outcome::Refused);
                Phase::Idle
            }

            (Phase::Idle, Event::Invoke(Op::Dequeue)) => self.join(out),
            (Phase::Joining, Event::Deliver { .. }) => self.joined(reply, out),
            (Phase::Unassigned, Event::Fire(Timer::Poll)) => self.join(out),
            (Phase::Fetching { offset }, Event::Deliver { .. }) => self.fetched(offset, reply, out),
            (Phase::Waiting { offset }, Event::Fire(Timer::Poll)) => self.try_again(offset, out),
            (Phase::Beating { offset }, Event::Deliver { .. }) => match reply {
                Some(Reply::Alive) => fetch(offset, out),
                _ => self.rejoin(out),
            },
            (Phase::Committing(item), Event::Deliver { .. }) => {
                let committed = reply == Some(Reply::Committed);
                self.close(committed.then_some(item), out)
            }
            (Phase::Closing(item), _) if reply.is_some() => closed(item, out),
            (Phase::Closing(item), _) if lost => {
                self.take_another_id();
                closed(item, out)
            }
            // The library asks again by itself, until it is answered.
            (Phase::Joining, Event::Disconnected(_)) => self.pause(Phase::Unassigned, out),
            (Phase::Fetching { offset } | Phase::Beating { offset }, Event::Disconnected(_)) => {
                self.pause(Phase::Waiting { offset }, out)
            }
            // The exception is caught, and pop gives nothing; but the consumer is closed.
            (Phase::Committing(_), Event::Disconnected(_)) => self.close(None, out),
            (phase, _) => phase,
        };
    }

    fn crashed(&self) -> Self {
        let member = Token { serial: 0, ..self.member };
        let buffers = [None; THREADS];
        Client { member, buffers, phase: Phase::Idle, settings: self.settings.clone() }
    }

    fn permute(&mut self, permutation: &Permutation) -> bool {
        self.member.permute(permutation);
        for item in &mut self.buffers {
            item.permute(permutation);
        }
        match &mut self.phase {
            Phase::Committing(item) => item.permute(permutation),
            Phase::Closing(item) => item.permute(permutation),
            _ => {}
        }
        true
    }
}

impl Algorithm for PerCall {
    fn card(&self) -> Card {
        let summary = match (self.group, self.flushes, self.commits_batch) {
            (false, ..) => "a consumer per pop without a group: every pop gives nothing",
            (true, false, _) => "a producer per push and a consumer per pop, unflushed and latest",
            (true, true, true) => "flushed and earliest, but the commit is about a whole batch",
            (true, true, false) => "flushed and earliest, but committed before the work",
        };
        let card = super::card_without_ack(self.name, "Q-000-MQ-C", "kafka", summary);
        let form = if self.group { Form::Intended } else { Form::Raw };
        let card = Card { form, ..card };
        if !self.group {
            return card;
        }
        let card = card.claim(Property::NoPhantom, "0NCTF");
        if !self.flushes {
            return card
                .claim(Property::NoDuplicate, "0CF")
                .claim(Property::AtMostOnce, "0CF")
                .claim(Property::Exclusive, "0CF");
        }
        let card = card
            .claim(Property::NoDuplicate, "0CF")
            .claim(Property::AtMostOnce, "0CF")
            .claim(Property::Exclusive, "0CF")
            .claim(Property::Fifo, "0CTF");
        if self.commits_batch {
            return card;
        }
        card.claim(Property::NoLoss, "0")
            .claim(Property::AtLeastOnce, "0")
            .claim(Property::Progress, "0")
    }

    fn client(&self, me: NodeId, _: Role, timing: &Timing) -> Box<dyn AnyProcess> {
        Box::new(Client {
            settings: Settings { algorithm: *self, timing: *timing },
            member: Token { client: me, incarnation: 0, serial: 0 },
            buffers: [None; THREADS],
            phase: Phase::Idle,
        })
    }

    fn services(&self, timing: &Timing) -> Vec<Service> {
        log_and_resource(Checks::Nothing, log_settings(timing, 1))
    }
}
