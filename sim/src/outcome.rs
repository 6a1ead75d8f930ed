//! What a run came to.

use contend_model::digest::Digest;
use contend_model::history::Record;
use contend_model::ident::NodeId;
use contend_model::node::{Command, Stimulus};
use contend_model::plan::Happened;
use contend_model::property::{Properties, Property};
use contend_model::world::Towards;

use crate::connection::{Content, Flight, Part};

/// What a run came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The seed.
    pub seed: u64,
    /// Why it ended.
    pub ended: Ended,
    /// When the last thing happened, in nanoseconds of virtual time.
    pub at: u64,
    /// How many packets arrived, timers fired and planned things came up.
    pub events: u64,
    /// How many of them a node saw.
    pub steps: u64,
    /// What was sent, lost packets included.
    pub sent: Sent,
    /// How many messages each service took in, the resource first.
    pub served: Vec<u64>,
    /// The faults that happened.
    pub happened: Happened,
    /// The first violation of each property, in the order in which they came about.
    pub violations: Vec<Violation>,
    /// What callers saw and services did, in the order of time.
    pub history: Vec<Record>,
    /// The digest of every step: time, node, stimulus and commands.
    pub digest: Digest,
    /// Every step, if that was asked for.
    pub trace: Vec<TimedStep>,
    violated: Properties,
}

/// Why a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ended {
    /// Everything was done.
    Done,
    /// After the faults were over, nothing progressed for as long as the patience lasts.
    Stuck,
    /// The limit of virtual time was reached.
    Limit,
}

/// The first violation of a property in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which property.
    pub property: Property,
    /// When, in nanoseconds of virtual time.
    pub at: u64,
    /// The record of the history that showed it; none for what only the end of the run shows.
    pub record: Option<usize>,
}

/// Messages by sender.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// For each node, as the cast has them.
    pub by_node: Vec<SentByNode>,
}

/// What one node sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SentByNode {
    /// Requests.
    pub requests: u64,
    /// Copies of requests.
    pub copies: u64,
    /// Replies.
    pub replies: u64,
    /// Ends of connections.
    pub ends: u64,
}

impl Sent {
    /// Requests, copies and replies of all nodes: ends of connections are no messages.
    pub fn messages(&self) -> u64 {
        self.by_node.iter().map(|sent| sent.requests + sent.copies + sent.replies).sum()
    }
}

/// One step of a node.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TimedStep {
    /// When, in nanoseconds of virtual time.
    pub at: u64,
    /// Whose.
    pub node: NodeId,
    /// What it saw.
    pub stimulus: Stimulus,
    /// What it did.
    pub commands: Vec<Command>,
}

impl Outcome {
    pub(crate) fn new(nodes: usize, services: usize) -> Self {
        Outcome {
            seed: 0,
            ended: Ended::Limit,
            at: 0,
            events: 0,
            steps: 0,
            sent: Sent { by_node: vec![SentByNode::default(); nodes] },
            served: vec![0; services],
            happened: Happened::default(),
            violations: Vec::new(),
            history: Vec::new(),
            digest: Digest::default(),
            trace: Vec::new(),
            violated: Properties::NONE,
        }
    }

    pub(crate) fn clear(&mut self, seed: u64) {
        self.seed = seed;
        self.ended = Ended::Limit;
        self.at = 0;
        self.events = 0;
        self.steps = 0;
        self.sent.by_node.fill(SentByNode::default());
        self.served.fill(0);
        self.happened = Happened::default();
        self.violations.clear();
        self.history.clear();
        self.trace.clear();
        self.violated = Properties::NONE;
    }

    pub(crate) fn violate(&mut self, properties: Properties, at: u64, record: Option<usize>) {
        for property in properties.iter() {
            if !self.violated.contains(property) {
                self.violated.insert(property);
                self.violations.push(Violation { property, at, record });
            }
        }
    }

    /// What was violated.
    pub fn violated(&self) -> Properties {
        self.violated
    }
}

impl Sent {
    /// Counts a packet that the node of this index has sent.
    #[inline]
    pub(crate) fn count(&mut self, sender: usize, flight: &Flight) {
        let sent = &mut self.by_node[sender];
        match (flight.packet.content, flight.packet.link.towards, flight.order.part()) {
            (Content::End, ..) => sent.ends += 1,
            (_, Towards::Service, Part::Original) => sent.requests += 1,
            (_, Towards::Service, _) => sent.copies += 1,
            (_, Towards::Client, _) => sent.replies += 1,
        }
    }
}
