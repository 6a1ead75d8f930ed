use contend_model::measure::*;
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
