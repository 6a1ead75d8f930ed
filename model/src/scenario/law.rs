//! How long something takes: a law to draw from, written in milliseconds.

use serde::{Deserialize, Serialize};

use crate::time::{Range, Span};

/// Any duration between two, each as likely.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Uniform {
    /// The shortest, in milliseconds.
    pub least_ms: f64,
    /// The longest, in milliseconds.
    pub most_ms: f64,
}

/// How long a caller thinks or works.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Law {
    /// Any duration between two, each as likely.
    Uniform(Uniform),
    /// Memoryless, as arrivals of strangers are. Cut off at twenty times the mean, which one
    /// draw in five hundred million exceeds.
    Exponential {
        /// The mean, in milliseconds.
        mean_ms: f64,
    },
}

/// Where an exponential law is cut off, in means.
pub const MEANS: f64 = 20.0;

impl Uniform {
    /// Between the two.
    pub const fn between(least_ms: f64, most_ms: f64) -> Self {
        Uniform { least_ms, most_ms }
    }

    /// Always the same.
    pub const fn exactly(ms: f64) -> Self {
        Uniform { least_ms: ms, most_ms: ms }
    }

    /// The range in whole microseconds, as processes know it.
    pub fn range(self) -> Range {
        Range::between(span(self.least_ms), span(self.most_ms).max(span(self.least_ms)))
    }

    /// The duration at this fraction of the way from the least to the most, in milliseconds.
    pub fn at(self, fraction: f64) -> f64 {
        self.least_ms + fraction * (self.most_ms - self.least_ms)
    }
}

impl From<Range> for Uniform {
    fn from(range: Range) -> Self {
        Uniform { least_ms: range.least.as_ms(), most_ms: range.most.as_ms() }
    }
}

impl Law {
    /// Always this long.
    pub const fn exactly(ms: f64) -> Self {
        Law::Uniform(Uniform::exactly(ms))
    }

    /// The range of what may be drawn. A law that is not nothing has no empty range.
    pub fn range(self) -> Range {
        match self {
            Law::Uniform(uniform) if uniform.most_ms > 0.0 => {
                let Range { least, most } = uniform.range();
                Range::between(least, most.max(Span::us(1)))
            }
            Law::Uniform(_) => Range::default(),
            Law::Exponential { mean_ms } => Range::up_to(span(mean_ms * MEANS).max(Span::us(1))),
        }
    }

    /// The mean, in milliseconds.
    pub fn mean_ms(self) -> f64 {
        match self {
            Law::Uniform(Uniform { least_ms, most_ms }) => (least_ms + most_ms) / 2.0,
            Law::Exponential { mean_ms } => mean_ms,
        }
    }
}

impl Default for Law {
    fn default() -> Self {
        Law::exactly(0.0)
    }
}

/// The nearest whole number of microseconds; what does not fit is as long as fits.
pub(crate) fn span(ms: f64) -> Span {
    Span::us((ms * 1_000.0).round() as u32)
}
