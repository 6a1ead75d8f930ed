//! Cumulative distributions, small enough for a report.

use crate::measure::WaitingTimes;

/// How many treads a chart's stairs have: more cannot be told apart on paper.
const TREADS: u32 = 60;

/// The distribution, thinned and rounded to six significant digits.
pub(super) fn thinned(waits: &WaitingTimes) -> Vec<(f64, f64)> {
    let rounded = |value: f64, digits: f64| (value * digits).round() / digits;
    waits
        .cumulative_thinned(TREADS)
        .into_iter()
        .map(|(ms, fraction)| (rounded(ms, 1e3), rounded(fraction, 1e6)))
        .collect()
}
