//! Histories are stamped in nanoseconds; what is told is not.

pub(super) const NS_PER_US: u64 = 1_000;
pub(super) const NS_PER_MS: f64 = 1e6;
pub(super) const NS_PER_S: f64 = 1e9;

/// A quotient of sums; `None` if there is nothing to divide by.
pub(super) fn per(sum: u128, count: u128) -> Option<f64> {
    (count > 0).then(|| sum as f64 / count as f64)
}
