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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn gathered(waits_us: &[u64]) -> WaitingTimes {
        let mut waiting = WaitingTimes::new();
        waits_us.iter().for_each(|&wait| waiting.record(wait));
        waiting
    }

    #[test]
    fn one_to_a_thousand_microseconds_have_the_ranks_as_quantiles() {
        let waits: Vec<u64> = (1..=1000).collect();
        let expected = WaitSummary {
            count: 1000,
            mean: 0.5005,
            p50: 0.500,
            p90: 0.900,
            p99: 0.990,
            p999: 0.999,
            max: 1.0,
        };
        assert_eq!(gathered(&waits).summary(), expected);
    }

    #[test]
    fn nothing_recorded_has_no_mean_and_an_all_zero_summary() {
        let none = WaitingTimes::new();
        assert_eq!((none.mean(), none.max(), none.quantile(0.5)), (None, None, None));
        assert_eq!((none.summary().count, none.summary().p999), (0, 0.0));
        assert!(none.cumulative().is_empty() && none.cumulative_thinned(10).is_empty());
    }

    #[test]
    fn an_uncontended_wait_of_zero_counts() {
        assert_eq!(gathered(&[0, 0, 0, 4000]).summary().mean, 1.0);
        assert_eq!(gathered(&[0, 0, 0, 4000]).cumulative(), [(0.0, 0.75), (4.0, 1.0)]);
    }

    #[test]
    fn mean_and_maximum_of_long_waits_are_not_rounded_to_buckets() {
        let waiting = gathered(&[123_456_789, 987_654_321]);
        assert_eq!(waiting.mean(), Some(555_555.555));
        assert_eq!(waiting.max(), Some(987_654.321));
    }

    #[test]
    fn no_quantile_exceeds_the_longest_wait() {
        // The bucket of 10,000 us ends at 10,007 us.
        let summary = gathered(&[10_000]).summary();
        assert_eq!((summary.p50, summary.p999, summary.max), (10.0, 10.0, 10.0));
    }

    #[test]
    fn the_longest_expressible_wait_is_recorded_and_merged() {
        let mut waiting = gathered(&[u64::MAX, u64::MAX]);
        waiting.merge(&gathered(&[u64::MAX, 1]));
        assert_eq!(waiting.count(), 4);
        assert_eq!(waiting.max(), Some(u64::MAX as f64 / 1000.0));
        assert_eq!(waiting.quantile(1.0), waiting.max());
    }

    #[test]
    fn thinning_a_thousand_levels_to_ten_steps_keeps_both_ends_of_every_climb() {
        let waits: Vec<u64> = (1..=1000).collect();
        let thinned = gathered(&waits).cumulative_thinned(10);
        assert!(thinned.len() <= 22, "{} points", thinned.len());
        assert_eq!(thinned[0], (0.001, 0.001));
        assert_eq!(thinned[1..3], [(0.099, 0.099), (0.1, 0.1)]);
        assert_eq!(thinned.last(), Some(&(1.0, 1.0)));
    }

    #[test]
    fn a_summary_survives_json() {
        let summary = gathered(&[1, 22, 333]).summary();
        let text = serde_json::to_string(&summary).unwrap();
        assert_eq!(serde_json::from_str::<WaitSummary>(&text).unwrap(), summary);
    }

    fn waits() -> impl Strategy<Value = Vec<u64>> {
        prop::collection::vec((24_u32..64, any::<u64>()).prop_map(|(s, w)| w >> s), 0..80)
    }

    proptest! {
        #[test]
        fn seeds_merge_to_the_same_bits_in_any_order(a in waits(), b in waits(), c in waits()) {
            let together = gathered(&[a.clone(), b.clone(), c.clone()].concat());
            let (a, b, c) = (gathered(&a), gathered(&b), gathered(&c));
            for order in [[&a, &b, &c], [&c, &b, &a], [&b, &a, &c]] {
                let mut merged = WaitingTimes::new();
                order.iter().for_each(|seed| merged.merge(seed));
                prop_assert_eq!(merged.summary(), together.summary());
                prop_assert_eq!(merged.cumulative(), together.cumulative());
            }
        }

        #[test]
        fn a_quantile_is_the_ranked_wait_up_to_a_thousandth(
            mut waits in waits().prop_filter("some", |w| !w.is_empty()),
            permille in 1_usize..=1000,
        ) {
            let measured = gathered(&waits).quantile(permille as f64 / 1000.0).unwrap();
            waits.sort_unstable();
            // The product of two rounded floats may fall into the next rank.
            let rank = (permille * waits.len()).div_ceil(1000);
            let exact = |rank: usize| waits[rank.clamp(1, waits.len()) - 1] as f64 / 1000.0;
            prop_assert!(measured >= exact(rank) * 0.999_999);
            prop_assert!(measured <= exact(rank + 1) * 1.001);
        }

        #[test]
        fn a_cumulative_distribution_ascends_to_the_maximum_and_one(waits in waits()) {
            let waiting = gathered(&waits);
            let points = waiting.cumulative();
            for pair in points.windows(2) {
                prop_assert!(pair[0].0 < pair[1].0 && pair[0].1 < pair[1].1);
            }
            prop_assert_eq!(points.last().copied(), waiting.max().map(|max| (max, 1.0)));
        }
    }
}
