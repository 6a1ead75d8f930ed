//! Estimates with 95 % confidence intervals: means, proportions and rates of rare events.

use super::MeasureError;
use super::error::positive;
use serde::{Deserialize, Serialize};
use statrs::distribution::{ChiSquared, ContinuousCDF, Normal, StudentsT};

/// The probability with which an interval covers the true value, over repetitions.
pub const CONFIDENCE: f64 = 0.95;
/// What a two-sided interval leaves out below, and again above.
const TAIL: f64 = (1.0 - CONFIDENCE) / 2.0;
const MILLION: f64 = 1e6;
/// Relative slack for rounding in `f64`. It matters where every seed measures the same value and
/// the interval is a point.
const ROUNDING: f64 = 1e-9;

/// A measured value with its 95 % confidence interval. All three are finite, and
/// `low <= value <= high`. The unit is that of the measured quantity.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The point estimate.
    pub value: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
}

impl Estimate {
    /// Whether the interval contains a value, ends included, up to the rounding of `f64`.
    pub fn contains(&self, value: f64) -> bool {
        let largest = self.low.abs().max(self.high.abs()).max(value.abs());
        let slack = ROUNDING * largest;
        self.low - slack <= value && value <= self.high + slack
    }
}

/// The mean of independent batches, by Student's t. One seed is one batch: values *within* a run
/// depend on each other, so pooling them would make the interval too narrow. The result does not
/// depend on the order of the batches, to the last bit.
///
/// # Errors
/// Fewer than two batches, a value that is not finite, or values too large to be squared.
pub fn mean(batches: &[f64]) -> Result<Estimate, MeasureError> {
    if batches.len() < 2 {
        return Err(MeasureError::TooFewBatches { got: batches.len() });
    }
    if let Some(index) = batches.iter().position(|value| !value.is_finite()) {
        let value = batches[index];
        return Err(MeasureError::BatchNotFinite { index, value });
    }
    // Addition of floats depends on the order, and seeds may finish in any order.
    let mut sorted = batches.to_vec();
    sorted.sort_by(f64::total_cmp);
    let count = sorted.len() as f64;
    let sum: f64 = sorted.iter().sum();
    // The mean lies among the batches; dividing a rounded sum could put it just outside.
    let value = (sum / count).clamp(sorted[0], sorted[sorted.len() - 1]);
    let squares: f64 = sorted.iter().map(|batch| (batch - value).powi(2)).sum();
    let standard_error = (squares / (count - 1.0) / count).sqrt();
    let student = StudentsT::new(0.0, 1.0, count - 1.0);
    let t = student.expect("at least one degree of freedom").inverse_cdf(1.0 - TAIL);
    let half = t * standard_error;
    if !sum.is_finite() || !half.is_finite() {
        return Err(MeasureError::BatchesOverflow);
    }
    Ok(Estimate { value, low: value - half, high: value + half })
}

/// The probability of success in independent trials, by Wilson's score interval (1927), which
/// stays within 0 to 1 and serves small counts too. Trials of one run are seldom independent: if
/// the seeds disagree, take the [`mean`] of the seeds' proportions instead.
///
/// # Errors
/// No trials, or more successes than trials.
pub fn proportion(successes: u64, trials: u64) -> Result<Estimate, MeasureError> {
    if trials == 0 {
        return Err(MeasureError::Nothing { quantity: "trials" });
    }
    if successes > trials {
        return Err(MeasureError::MoreSuccessesThanTrials { successes, trials });
    }
    let z = Normal::standard().inverse_cdf(1.0 - TAIL);
    let n = trials as f64;
    let value = successes as f64 / n;
    let scale = 1.0 + z * z / n;
    let centre = (value + z * z / (2.0 * n)) / scale;
    let half = z * (value * (1.0 - value) / n + (z / (2.0 * n)).powi(2)).sqrt() / scale;
    // At the extremes one end is exactly 0 or 1; computed, it would be off by the rounding.
    let low = if successes == 0 { 0.0 } else { centre - half };
    let high = if successes == trials { 1.0 } else { centre + half };
    Ok(Estimate { value, low: low.clamp(0.0, value), high: high.clamp(value, 1.0) })
}

/// Events per million trials, by the exact Poisson interval (Garwood 1936). With no event at all
/// the upper end is `-ln(0.025) = 3.69` events; for the claim "no more than so many" see
/// [`rate_per_million_at_most`]. Events that come in clusters within a run need a wider interval.
///
/// # Errors
/// No trials.
pub fn rate_per_million(events: u64, trials: u64) -> Result<Estimate, MeasureError> {
    let scale = per_million(trials)?;
    let low = match events {
        0 => 0.0,
        some => poisson_mean(some, TAIL),
    };
    Ok(Estimate {
        value: events as f64 * scale,
        low: low * scale,
        high: poisson_mean(events + 1, 1.0 - TAIL) * scale,
    })
}

/// The rate per million trials that is not exceeded, with 95 % confidence (one-sided, exact
/// Poisson). With no event this is the *rule of three*: `-ln(0.05) = 3.00` events in all trials.
/// The two-sided interval may not borrow this end when it sees no event: a rule chosen after the
/// fact covers a true mean of 3 events in 93.8 % of cases only.
///
/// # Errors
/// No trials.
pub fn rate_per_million_at_most(events: u64, trials: u64) -> Result<f64, MeasureError> {
    Ok(poisson_mean(events + 1, CONFIDENCE) * per_million(trials)?)
}

fn per_million(trials: u64) -> Result<f64, MeasureError> {
    if trials == 0 {
        return Err(MeasureError::Nothing { quantity: "trials" });
    }
    Ok(MILLION / positive("trials", trials as f64)?)
}

/// The mean at which a Poisson variable reaches `events` or more with the given probability: half
/// of a chi-square quantile with twice as many degrees of freedom.
fn poisson_mean(events: u64, probability: f64) -> f64 {
    ChiSquared::new(2.0 * events as f64)
        .expect("at least two degrees of freedom")
        .inverse_cdf(probability)
        / 2.0
}
