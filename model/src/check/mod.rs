//! Checkers of whole histories, recorded by whomever: is there an order of the operations, compatible
//! with the times at which they were called and returned, in which one queue or one lock could have
//! done them?
//!
//! Monitors ride along with a world and judge each step; checkers are given a history when it is over,
//! of any number of clients and operations, in which some outcomes are unknown.

pub mod lock;
pub mod queue;

/// The time of something that never came: later than everything.
pub const NEVER: u64 = u64::MAX;
