//! The distribution of waiting times, gathered one by one and merged across seeds.

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

/// Significant decimal digits that the histogram keeps: a quantile is off by at most 0.1 %.
const SIGNIFICANT_DIGITS: u8 = 3;

/// Gathers waiting times in microseconds. Count, mean and maximum are exact; quantiles are
/// rounded up by at most 0.1 %. Merging is commutative and associative, to the last bit.
///
/// For an open workload, record the time since the *intended* start of the operation, lest
/// coordinated omission hide the queue behind a slow operation.
#[derive(Debug, Clone)]
pub struct WaitingTimes {
    histogram: Histogram<u64>,
    /// The histogram rounds what it holds, so that sum and maximum are kept beside it.
    sum_us: u128,
    max_us: u64,
}

/// Waiting times in brief. All times are in milliseconds, and 0 if nothing was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct WaitSummary {
    /// How many waits were recorded.
    pub count: u64,
    /// Arithmetic mean, exact.
    pub mean: f64,
    /// Median.
    pub p50: f64,
    /// 90th percentile.
    pub p90: f64,
    /// 99th percentile.
    pub p99: f64,
    /// 99.9th percentile.
    pub p999: f64,
    /// Longest wait, exact.
    pub max: f64,
}

impl WaitingTimes {
    /// No waits yet.
    pub fn new() -> Self {
        let histogram = Histogram::new(SIGNIFICANT_DIGITS);
        Self {
            histogram: histogram.expect("three significant digits are within 0 to 5"),
            sum_us: 0,
            max_us: 0,
        }
    }

    /// Adds one wait, in microseconds.
    pub fn record(&mut self, wait_us: u64) {
        self.histogram
            .record(wait_us)
            .expect("an auto-resizing histogram holds every 64-bit value");
        self.sum_us += u128::from(wait_us);
        self.max_us = self.max_us.max(wait_us);
    }

    /// Adds all waits of another accumulator, such as another seed's.
    pub fn merge(&mut self, other: &Self) {
        self.histogram
            .add(&other.histogram)
            .expect("an auto-resizing histogram holds every 64-bit value");
        self.sum_us += other.sum_us;
        self.max_us = self.max_us.max(other.max_us);
    }

    /// How many waits were recorded.
    pub fn count(&self) -> u64 {
        self.histogram.len()
    }

    /// Arithmetic mean in milliseconds, exact up to the division; `None` without a wait.
    pub fn mean(&self) -> Option<f64> {
        (self.count() > 0).then(|| milliseconds(self.sum_us) / self.count() as f64)
    }

    /// The least recorded wait, in milliseconds, that at least this share of the waits does not
    /// exceed (rounded up by at most 0.1 %); `None` without a wait. Shares outside 0 to 1 are
    /// taken as the nearer end.
    pub fn quantile(&self, share: f64) -> Option<f64> {
        // The histogram answers with the upper end of a bucket, which may lie above every wait.
        let value_us = self.histogram.value_at_quantile(share.clamp(0.0, 1.0));
        (self.count() > 0).then(|| milliseconds(u128::from(value_us.min(self.max_us))))
    }

    /// Longest wait in milliseconds, exact; `None` without a wait.
    pub fn max(&self) -> Option<f64> {
        (self.count() > 0).then(|| milliseconds(u128::from(self.max_us)))
    }

    /// The usual figures, all in milliseconds.
    pub fn summary(&self) -> WaitSummary {
        let quantile = |share| self.quantile(share).unwrap_or(0.0);
        WaitSummary {
            count: self.count(),
            mean: self.mean().unwrap_or(0.0),
            p50: quantile(0.50),
            p90: quantile(0.90),
            p99: quantile(0.99),
            p999: quantile(0.999),
            max: self.max().unwrap_or(0.0),
        }
    }

    /// The cumulative distribution: pairs of a wait in milliseconds and the fraction of waits that
    /// are no longer, both strictly ascending. The last pair is the maximum and 1. There are at
    /// most about 1000 points for each doubling of the wait; see [`Self::cumulative_thinned`].
    pub fn cumulative(&self) -> Vec<(f64, f64)> {
        let total = self.count() as f64;
        let mut seen = 0_u64;
        self.histogram
            .iter_recorded()
            .map(|bucket| {
                seen += bucket.count_at_value();
                let wait_us = bucket.value_iterated_to().min(self.max_us);
                (milliseconds(u128::from(wait_us)), seen as f64 / total)
            })
            .collect()
    }

    /// The cumulative distribution thinned for a chart, to at most `2 * steps + 2` points. Drawn
    /// as stairs, it is nowhere more than `1 / steps` off in fraction; first and last point stay.
    pub fn cumulative_thinned(&self, steps: u32) -> Vec<(f64, f64)> {
        let all = self.cumulative();
        let tread = |fraction: f64| (fraction * f64::from(steps.max(1))).floor();
        let mut thinned = Vec::new();
        for (index, &(wait, fraction)) in all.iter().enumerate() {
            let first = index == 0;
            let last = index + 1 == all.len();
            // Keep both ends of every jump from one tread to another, or a jump would be smeared.
            let climbs_from = !last && tread(all[index + 1].1) > tread(fraction);
            let climbs_to = !first && tread(all[index - 1].1) < tread(fraction);
            if first || last || climbs_from || climbs_to {
                thinned.push((wait, fraction));
            }
        }
        thinned
    }
}

impl Default for WaitingTimes {
    fn default() -> Self {
        Self::new()
    }
}

fn milliseconds(us: u128) -> f64 {
    us as f64 / 1000.0
}
