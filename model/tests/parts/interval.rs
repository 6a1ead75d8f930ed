use contend_model::measure::*;
use proptest::prelude::*;

fn near(left: f64, right: f64) -> bool {
    (left - right).abs() <= 1e-8 * right.abs().max(1e-6)
}

fn spans(estimate: Estimate, low: f64, high: f64) -> bool {
    near(estimate.low, low) && near(estimate.high, high)
}

#[test]
fn the_mean_of_one_to_five_has_four_degrees_of_freedom() {
    let estimate = mean(&[1.0, 2.0, 3.0, 4.0, 5.0]).unwrap();
    // t(0.975; 4) = 2.776445, standard error sqrt(2.5 / 5).
    let half = 2.776_445_105_197_79 * 0.5_f64.sqrt();
    assert_eq!(estimate.value, 3.0);
    assert!(spans(estimate, 3.0 - half, 3.0 + half), "{estimate:?}");
}

#[test]
fn students_quantiles_are_those_of_the_tables_from_two_batches_to_a_thousand() {
    // Alternating -1 and 1, n of them: half-width t * sqrt(n / (n - 1) / n).
    let table = [
        (2, 12.706_204_736_174_7),
        (10, 2.262_157_162_798_2),
        (30, 2.045_229_642_132_7),
        (1000, 1.962_341_461_133_45),
    ];
    for (count, t) in table {
        let batches: Vec<f64> = (0..count).map(|i| f64::from(i % 2 * 2 - 1)).collect();
        let half = t / (f64::from(count) - 1.0).sqrt();
        assert!(spans(mean(&batches).unwrap(), -half, half), "{count}");
    }
}

#[test]
fn seeds_that_all_agree_give_a_point_that_contains_its_own_rounding() {
    let point = mean(&[0.1 + 0.2; 7]).unwrap();
    assert!((point.high - point.low) < 1e-15 && point.contains(0.3));
    assert!(!point.contains(0.300_001));
}

#[test]
fn what_cannot_be_averaged_is_refused() {
    assert_eq!(mean(&[1.0]), Err(MeasureError::TooFewBatches { got: 1 }));
    assert!(matches!(mean(&[1.0, f64::NAN]), Err(MeasureError::BatchNotFinite { index: 1, .. })));
    let overflow = Err(MeasureError::BatchesOverflow);
    assert_eq!(mean(&[f64::MAX, -f64::MAX]), overflow);
    assert_eq!(mean(&[f64::MAX, f64::MAX]), overflow);
}

#[test]
fn wilson_meets_newcombes_published_examples() {
    // Newcombe (1998), table I, method 3: 81/263, 15/148, 0/20 and 1/29.
    let published = [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ];
    for (successes, trials, low, high) in published {
        let estimate = proportion(successes, trials).unwrap();
        assert!((estimate.low - low).abs() < 5e-5, "{successes}/{trials} {estimate:?}");
        assert!((estimate.high - high).abs() < 5e-5, "{successes}/{trials} {estimate:?}");
    }
    let half = proportion(5, 10).unwrap();
    assert!(spans(half, 0.236_593_090_512_564, 0.763_406_909_487_436));
}

#[test]
fn a_release_that_always_happened_is_compatible_with_certainty() {
    let always = proportion(1_000_003, 1_000_003).unwrap();
    assert!(always.high == 1.0 && always.low > 0.999_99 && always.contains(1.0));
    assert!(!proportion(1_000_002, 1_000_003).unwrap().contains(1.0));
    assert_eq!(proportion(0, 3).unwrap().low, 0.0);
}

#[test]
fn proportions_of_nothing_or_beyond_the_whole_are_refused() {
    assert_eq!(proportion(0, 0), Err(MeasureError::Nothing { quantity: "trials" }));
    assert!(proportion(3, 2).is_err() && rate_per_million(0, 0).is_err());
    assert!(rate_per_million_at_most(0, 0).is_err());
}

#[test]
fn garwoods_interval_meets_an_independent_computation() {
    // By bisection of the regularised incomplete gamma function, in 30 digits.
    let table = [
        (0, 0.0, 3.688_879_454_113_94),
        (1, 0.025_317_807_984_289_9, 5.571_643_390_938_90),
        (2, 0.242_209_278_543_961, 7.224_687_667_675_24),
        (5, 1.623_486_390_118_42, 11.668_332_079_322_7),
        (10, 4.795_388_696_132_43, 18.390_356_042_017_8),
        (100, 81.363_991_250_923_1, 121.626_793_792_426),
        (10_000, 9_804.952_467_260_18, 10_197.951_624_661_5),
    ];
    for (events, low, high) in table {
        let estimate = rate_per_million(events, 1_000_000).unwrap();
        assert!(spans(estimate, low, high), "{events}: {estimate:?}");
        assert_eq!(estimate.value, events as f64);
    }
}

#[test]
fn no_violation_in_all_trials_gives_the_rule_of_three() {
    let bound = rate_per_million_at_most(0, 300_000).unwrap();
    assert!(near(bound, -0.05_f64.ln() / 0.3) && (bound - 10.0).abs() < 0.02);
    // One event: 4.744 by the table of one-sided limits.
    assert!((rate_per_million_at_most(1, 1_000_000).unwrap() - 4.743_864_5).abs() < 1e-6);
}

#[test]
fn a_hundred_million_events_have_the_normal_interval() {
    let events = 100_000_000_u64;
    let estimate = rate_per_million(events, 1_000_000).unwrap();
    // Wilson and Hilferty's approximation to the chi-square quantile is exact here to 1e-8.
    let cube = |k: f64, z: f64| k * (1.0 - 1.0 / (9.0 * k) + z / (3.0 * k.sqrt())).powi(3);
    let z = 1.959_963_984_540_054;
    let low = cube(events as f64, -z);
    let high = cube(events as f64 + 1.0, z);
    assert!(near(estimate.low, low) && near(estimate.high, high), "{estimate:?}");
}

/// The probability that the intervals of a Poisson variable with this mean contain the mean.
fn poisson_coverage(mean: f64, covers: impl Fn(u64) -> bool) -> f64 {
    let mut probability = (-mean).exp();
    let mut covered = 0.0;
    for events in 0..200_u64 {
        if covers(events) {
            covered += probability;
        }
        probability *= mean / (events + 1) as f64;
    }
    covered
}

#[test]
fn rates_are_covered_at_least_as_often_as_stated() {
    let million = 1_000_000;
    let two_sided: Vec<_> = (0..200).map(|k| rate_per_million(k, million).unwrap()).collect();
    let bounds: Vec<_> = (0..200).map(|k| rate_per_million_at_most(k, million).unwrap()).collect();
    for step in 1..500 {
        let rate = f64::from(step) / 10.0;
        let both = poisson_coverage(rate, |k| two_sided[k as usize].contains(rate));
        let above = poisson_coverage(rate, |k| rate <= bounds[k as usize]);
        assert!(both >= CONFIDENCE && above >= CONFIDENCE, "{rate}: {both} {above}");
    }
    // Why the two-sided interval keeps 3.69: the mixture of both rules covers too little.
    let mixed = |k: u64| two_sided[k as usize].contains(3.0) && (k > 0 || bounds[0] >= 3.0);
    assert!((poisson_coverage(3.0, mixed) - 0.938).abs() < 5e-4);
}

#[test]
fn an_estimate_survives_json() {
    let estimate = rate_per_million(3, 7).unwrap();
    let text = serde_json::to_string(&estimate).unwrap();
    assert_eq!(serde_json::from_str::<Estimate>(&text).unwrap(), estimate);
}

fn ordered(estimate: Estimate) -> bool {
    let Estimate { value, low, high } = estimate;
    low <= value && value <= high && low.is_finite() && high.is_finite()
}

proptest! {
    #[test]
    fn a_mean_lies_in_its_interval_whatever_the_order(
        mut batches in prop::collection::vec(-1e9_f64..1e9, 2..40),
    ) {
        let estimate = mean(&batches).unwrap();
        prop_assert!(ordered(estimate) && estimate.contains(estimate.value));
        batches.reverse();
        prop_assert_eq!(mean(&batches).unwrap(), estimate);
    }

    #[test]
    fn a_proportion_lies_in_its_interval_and_mirrors(
        (successes, trials) in (1_u64..1_000_000_000).prop_flat_map(|n| (0..=n, Just(n))),
    ) {
        let estimate = proportion(successes, trials).unwrap();
        prop_assert!(ordered(estimate) && estimate.low >= 0.0 && estimate.high <= 1.0);
        let mirrored = proportion(trials - successes, trials).unwrap();
        prop_assert!((estimate.low - (1.0 - mirrored.high)).abs() < 1e-12);
    }

    #[test]
    fn a_rate_lies_in_its_interval_and_below_its_bound(
        events in 0_u64..1_000_000,
        trials in 1_u64..1_000_000_000,
    ) {
        let estimate = rate_per_million(events, trials).unwrap();
        prop_assert!(ordered(estimate));
        let bound = rate_per_million_at_most(events, trials).unwrap();
        prop_assert!(estimate.value < bound && bound < estimate.high);
    }
}
