//! Faults as data: what the world does wrong, when and to whom. A failing run's plan can be read,
//! replayed from a file, and shrunk by deleting entries one by one.

mod draw;
mod fault;

pub use draw::draw;
pub use fault::{FaultKind, Happened};

use serde::{Deserialize, Serialize};

/// A place that an entry names: everybody.
pub const ANYBODY: &str = "*";

/// What the world does wrong in one run, in the order in which it was written down. Entries of
/// one moment at one node take effect in this order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Plan {
    /// The entries.
    pub entries: Vec<Entry>,
}

/// One thing that goes wrong. Times are milliseconds of virtual time since the start of the run;
/// nodes have the names that traces use: `A`, `B`, ..., and those of the services.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Entry {
    /// A node stops, and runs again with what was durable.
    Crash {
        /// When.
        at_ms: f64,
        /// Which node; the resource does not fail.
        node: String,
        /// How long it is down; without this it is gone for good.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        back_after_ms: Option<f64>,
    },
    /// A node stands still, and does afterwards what came up meanwhile.
    Pause {
        /// When.
        at_ms: f64,
        /// Which node.
        node: String,
        /// How long.
        for_ms: f64,
    },
    /// Messages are lost on the way.
    Partition {
        /// When.
        at_ms: f64,
        /// Whose messages, or `*`.
        from: String,
        /// To whom, or `*`.
        to: String,
        /// Whether the other direction is cut as well.
        #[serde(default)]
        both: bool,
        /// How long.
        for_ms: f64,
    },
    /// The connections between the two are lost with all that travels on them.
    Disconnect {
        /// When.
        at_ms: f64,
        /// The end that connected.
        client: String,
        /// The end that was connected to.
        service: String,
        /// How long the client does not notice; what it sends meanwhile is lost.
        #[serde(default, skip_serializing_if = "is_zero")]
        news_after_ms: f64,
    },
    /// A node's wall clock is set, so that its deadlines come nearer or move away.
    ClockJump {
        /// When.
        at_ms: f64,
        /// Which node.
        node: String,
        /// How far forward; negative for backward.
        by_ms: f64,
    },
    /// A node's clock runs fast or slow: its timers fire early or late.
    Drift {
        /// From when.
        at_ms: f64,
        /// Which node.
        node: String,
        /// Millionths by which the clock runs fast; negative for slow.
        ppm: i32,
        /// How long.
        for_ms: f64,
    },
    /// A service takes longer to answer.
    Slow {
        /// From when.
        at_ms: f64,
        /// Which service.
        service: String,
        /// How much longer.
        extra_ms: f64,
        /// How long this lasts.
        for_ms: f64,
    },
    /// A service's disk lies: what it is told to sync is not on disk until the next time.
    LoseSyncs {
        /// From when.
        at_ms: f64,
        /// Which service.
        service: String,
        /// How long.
        for_ms: f64,
    },
    /// A service's replica takes over, without the writes that it has not received.
    Failover {
        /// When.
        at_ms: f64,
        /// Which service.
        service: String,
    },
    /// A caller calls release at the first moment at which it does not hold.
    Misuse {
        /// From when.
        at_ms: f64,
        /// Which client.
        client: String,
    },
    /// A caller gives up waiting. It tries to every millisecond, for a second.
    Cancel {
        /// From when.
        at_ms: f64,
        /// Which client.
        client: String,
    },
    /// A link behaves worse than it usually does.
    LinkNoise {
        /// From when.
        at_ms: f64,
        /// Whose messages, or `*`.
        from: String,
        /// To whom, or `*`.
        to: String,
        /// The probability that a message is lost.
        #[serde(default)]
        loss: f64,
        /// The probability that a request is sent twice.
        #[serde(default)]
        duplicate: f64,
        /// The probability that a message is held back and overtaken.
        #[serde(default)]
        reorder: f64,
        /// How much longer every message takes.
        #[serde(default)]
        extra_ms: f64,
        /// How long this lasts.
        for_ms: f64,
    },
}

impl Entry {
    /// When it begins, in milliseconds.
    pub fn at_ms(&self) -> f64 {
        match *self {
            Entry::Crash { at_ms, .. }
            | Entry::Pause { at_ms, .. }
            | Entry::Partition { at_ms, .. }
            | Entry::Disconnect { at_ms, .. }
            | Entry::ClockJump { at_ms, .. }
            | Entry::Drift { at_ms, .. }
            | Entry::Slow { at_ms, .. }
            | Entry::LoseSyncs { at_ms, .. }
            | Entry::Failover { at_ms, .. }
            | Entry::Misuse { at_ms, .. }
            | Entry::Cancel { at_ms, .. }
            | Entry::LinkNoise { at_ms, .. } => at_ms,
        }
    }

    /// How long it lasts, in milliseconds; 0 for what is over at once or never.
    pub fn lasts_ms(&self) -> f64 {
        match *self {
            Entry::Crash { back_after_ms, .. } => back_after_ms.unwrap_or(0.0),
            Entry::Pause { for_ms, .. }
            | Entry::Partition { for_ms, .. }
            | Entry::Drift { for_ms, .. }
            | Entry::Slow { for_ms, .. }
            | Entry::LoseSyncs { for_ms, .. }
            | Entry::LinkNoise { for_ms, .. } => for_ms,
            Entry::Disconnect { news_after_ms, .. } => news_after_ms,
            Entry::ClockJump { .. }
            | Entry::Failover { .. }
            | Entry::Misuse { .. }
            | Entry::Cancel { .. } => 0.0,
        }
    }

    /// The key under which a file has how long it lasts.
    pub fn length_key(&self) -> &'static str {
        match self {
            Entry::Crash { .. } => "back_after_ms",
            Entry::Disconnect { .. } => "news_after_ms",
            _ => "for_ms",
        }
    }

    /// The nodes that it names.
    pub fn places(&self) -> impl Iterator<Item = &str> {
        let (first, second) = match self {
            Entry::Crash { node, .. }
            | Entry::Pause { node, .. }
            | Entry::ClockJump { node, .. }
            | Entry::Drift { node, .. } => (node, None),
            Entry::Slow { service, .. }
            | Entry::LoseSyncs { service, .. }
            | Entry::Failover { service, .. } => (service, None),
            Entry::Misuse { client, .. } | Entry::Cancel { client, .. } => (client, None),
            Entry::Disconnect { client, service, .. } => (client, Some(service)),
            Entry::Partition { from, to, .. } | Entry::LinkNoise { from, to, .. } => {
                (from, Some(to))
            }
        };
        std::iter::once(first.as_str()).chain(second.map(String::as_str))
    }
}

fn is_zero(ms: &f64) -> bool {
    *ms == 0.0
}
