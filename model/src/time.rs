//! Durations as processes know them: lengths, never instants.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::{Add, Sub};

use serde::{Deserialize, Serialize};

/// A length of time in microseconds, at most about 71 minutes.
///
/// The explorer uses small values (a lease of 10 ms, a timeout of 2 ms) so that time has few
/// distinct readings; the simulator uses realistic ones. Both are parameters of the algorithm.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Span(u32);

impl Span {
    /// No time at all.
    pub const ZERO: Span = Span(0);

    /// A span of whole milliseconds.
    pub const fn ms(milliseconds: u32) -> Self {
        Span(milliseconds * 1_000)
    }

    /// A span of microseconds.
    pub const fn us(microseconds: u32) -> Self {
        Span(microseconds)
    }

    /// The span in microseconds.
    pub const fn as_us(self) -> u32 {
        self.0
    }

    /// The span in milliseconds, with its fraction.
    pub fn as_ms(self) -> f64 {
        f64::from(self.0) / 1_000.0
    }

    /// The span shortened by `other`, down to zero.
    pub const fn saturating_sub(self, other: Span) -> Span {
        Span(self.0.saturating_sub(other.0))
    }

    /// The span divided by a whole number.
    pub const fn divided_by(self, divisor: u32) -> Span {
        Span(self.0 / divisor)
    }
}

impl Add for Span {
    type Output = Span;

    fn add(self, other: Span) -> Span {
        Span(self.0.saturating_add(other.0))
    }
}

impl Sub for Span {
    type Output = Span;

    fn sub(self, other: Span) -> Span {
        self.saturating_sub(other)
    }
}

impl fmt::Display for Span {
    /// Milliseconds, without a unit, as servers' commands have them: `30`, `0.25`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_multiple_of(1_000) {
            write!(f, "{}", self.0 / 1_000)
        } else {
            write!(f, "{}", self.as_ms())
        }
    }
}

/// When a timer fires after it was armed: at some moment between `least` and `most`.
///
/// A range is a process's only source of randomness: the simulator draws from it, the explorer
/// tries it whole.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Range {
    /// The timer does not fire before this much time has passed.
    pub least: Span,
    /// The timer has fired by then.
    pub most: Span,
}

impl Range {
    /// A timer without randomness.
    pub const fn exactly(span: Span) -> Self {
        Range { least: span, most: span }
    }

    /// A timer that fires at any moment up to `most`.
    pub const fn up_to(most: Span) -> Self {
        Range { least: Span::ZERO, most }
    }

    /// A timer that fires between the two, which may be equal.
    pub const fn between(least: Span, most: Span) -> Self {
        assert!(least.0 <= most.0, "a range's least must not exceed its most");
        Range { least, most }
    }
}

impl Hash for Range {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(u64::from(self.least.0) << 32 | u64::from(self.most.0));
    }
}

impl From<Span> for Range {
    fn from(span: Span) -> Self {
        Range::exactly(span)
    }
}
