//! Virtual time, in nanoseconds, and the grid that keeps the events of different nodes apart.
//!
//! Everything that happens at one node happens at times of the form `1000 n + slot`, where the
//! slot is the node's own. So events of different nodes never coincide, and no engine needs to
//! agree with another on what comes first: time says so.

use contend_model::ident::NodeId;

/// No time at all: never.
pub const NEVER: u64 = u64::MAX;

/// One millisecond.
pub const MILLISECOND: u64 = 1_000_000;

/// The distance between two points of one node's grid.
const STEP: u64 = 1_000;

/// Where the services' slots begin. A client more or less does not move them.
const SERVICES: u64 = 500;

/// A node's slot within each microsecond.
pub fn slot(node: NodeId) -> u64 {
    match node {
        NodeId::Client(number) => u64::from(number),
        NodeId::Service(number) => SERVICES + u64::from(number),
    }
}

/// The first moment of this slot that is not before `time`.
#[inline]
pub fn on_grid(time: u64, slot: u64) -> u64 {
    let past = time % STEP;
    let base = time - past;
    if past <= slot { base + slot } else { base + STEP + slot }
}

/// Milliseconds in nanoseconds, to the nearest microsecond.
pub fn nanos(ms: f64) -> u64 {
    (ms * 1_000.0).round() as u64 * 1_000
}

/// When something happens at a node, and its class: of what happens at one moment at one node,
/// what the plan says comes first, then what arrives, then timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(u64);

impl Moment {
    /// Never.
    pub const NEVER: Moment = Moment(u64::MAX);

    /// A time for what the plan says.
    #[inline]
    pub fn plan(time: u64) -> Self {
        Moment(if time == NEVER { u64::MAX } else { time << 2 })
    }

    /// A time for a packet.
    #[inline]
    pub fn packet(time: u64) -> Self {
        Moment(time << 2 | 1)
    }

    /// A time for a timer.
    #[inline]
    pub fn timer(time: u64) -> Self {
        Moment(if time == NEVER { u64::MAX } else { time << 2 | 2 })
    }

    /// The time in nanoseconds.
    #[inline]
    pub fn time(self) -> u64 {
        self.0 >> 2
    }
}
