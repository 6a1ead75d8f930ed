//! Why a figure cannot be computed: each variant says what was given, and what to give instead.

use thiserror::Error;

/// A figure that the given numbers do not determine.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum MeasureError {
    /// A spread cannot be estimated from fewer than two batches.
    #[error("{got} batch(es) determine no confidence interval; run at least 2 seeds")]
    TooFewBatches {
        /// How many batches there were.
        got: usize,
    },
    /// A batch, or the result of adding batches, is infinite or not a number.
    #[error("batch {index} is {value}; leave out seeds that measured nothing")]
    BatchNotFinite {
        /// Position among the batches, from 0.
        index: usize,
        /// The offending value.
        value: f64,
    },
    /// The batches are so large that their spread leaves the range of `f64`.
    #[error("the batches overflow when squared; measure in a larger unit")]
    BatchesOverflow,
    /// There was nothing of which a proportion, rate or share could be taken.
    #[error("{quantity} is 0, so there is nothing to relate to; run longer or with more seeds")]
    Nothing {
        /// The name of what is missing, such as `trials`.
        quantity: &'static str,
    },
    /// More successes than trials were counted.
    #[error("{successes} successes out of {trials} trials; count every success as a trial too")]
    MoreSuccessesThanTrials {
        /// Trials that succeeded.
        successes: u64,
        /// All trials.
        trials: u64,
    },
    /// Fairness is a relation between at least two clients.
    #[error("{got} client(s) cannot share unequally; compare at least 2")]
    TooFewClients {
        /// How many clients there were.
        got: usize,
    },
    /// A parameter of a formula is outside of the formula's domain.
    #[error("{name} is {value}, but must be {domain}")]
    OutsideDomain {
        /// The parameter, in the words of the formula's documentation.
        name: &'static str,
        /// What was given.
        value: f64,
        /// The values for which the formula is defined.
        domain: &'static str,
    },
    /// Work arrives at least as fast as it is served, so the queue has no stationary length.
    #[error(
        "arrivals at {arrival_rate} against services at {service_rate} grow the queue without \
         bound; lower the arrival rate or shorten the hold"
    )]
    Unstable {
        /// Arrivals in a unit of time.
        arrival_rate: f64,
        /// Services that one server completes in the same unit of time.
        service_rate: f64,
    },
    /// A step function was told of a change before one that it already knows.
    #[error("a change at {at_us} us follows one at {last_us} us; sort the changes by time")]
    BackInTime {
        /// The stamp that came too late.
        at_us: u64,
        /// The latest stamp known.
        last_us: u64,
    },
    /// An interval ends before it begins.
    #[error("interval {index} ends at {end_us} us, before its start at {start_us} us; swap them")]
    EndsBeforeStart {
        /// Position among the intervals, from 0.
        index: usize,
        /// The stated start.
        start_us: u64,
        /// The stated end.
        end_us: u64,
    },
    /// A step function's value left the range of `i64`.
    #[error("the value leaves the range of a 64-bit integer at {at_us} us; check the changes")]
    ValueOverflow {
        /// When the change was to happen.
        at_us: u64,
    },
}

/// Accepts a finite number above zero.
pub(super) fn positive(name: &'static str, value: f64) -> Result<f64, MeasureError> {
    let domain = "finite and above 0";
    within(value > 0.0 && value.is_finite(), name, value, domain)
}

/// Accepts zero or a finite number above it.
pub(super) fn non_negative(name: &'static str, value: f64) -> Result<f64, MeasureError> {
    let domain = "finite and at least 0";
    within(value >= 0.0 && value.is_finite(), name, value, domain)
}

/// Accepts a number from 0 to 1.
pub(super) fn probability(name: &'static str, value: f64) -> Result<f64, MeasureError> {
    let domain = "from 0 to 1";
    within((0.0..=1.0).contains(&value), name, value, domain)
}

/// Accepts a whole number above zero, as the formulas' real number.
pub(super) fn at_least_one(name: &'static str, value: u64) -> Result<f64, MeasureError> {
    within(value >= 1, name, value as f64, "at least 1")
}

fn within(
    inside: bool,
    name: &'static str,
    value: f64,
    domain: &'static str,
) -> Result<f64, MeasureError> {
    if inside { Ok(value) } else { Err(MeasureError::OutsideDomain { name, value, domain }) }
}
