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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_node_has_moments_of_its_own() {
        let client = slot(NodeId::Client(3));
        assert_eq!(on_grid(0, client), 3);
        assert_eq!(on_grid(3, client), 3);
        assert_eq!(on_grid(4, client), 1_003);
        assert_eq!(on_grid(5_999, slot(NodeId::Service(1))), 6_501);
    }

    #[test]
    fn at_one_moment_the_plan_comes_before_packets_and_packets_before_timers() {
        assert!(Moment::plan(5) < Moment::packet(5));
        assert!(Moment::packet(5) < Moment::timer(5));
        assert!(Moment::timer(5) < Moment::plan(6));
        assert!(Moment::timer(5) < Moment::NEVER);
        assert_eq!(Moment::timer(5).time(), 5);
    }
}
