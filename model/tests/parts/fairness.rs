use contend_model::measure::*;
use proptest::prelude::*;

#[test]
fn all_alike_is_one_and_one_for_all_is_one_nth() {
    assert_eq!(jain(&[1, 1, 1, 1]), Some(1.0));
    assert_eq!(jain(&[1, 0, 0, 0]), Some(0.25));
    assert_eq!(jain(&[7, 7, 0, 0]), Some(0.5));
    assert_eq!(jain(&[1, 2, 3]), Some(36.0 / 42.0));
}

#[test]
fn nobody_served_is_neither_fair_nor_unfair() {
    assert_eq!((jain(&[]), jain(&[0, 0])), (None, None));
    assert_eq!(EqualShares::test(&[0, 0]), Err(MeasureError::Nothing { quantity: "services" }));
    assert_eq!(EqualShares::test(&[9]), Err(MeasureError::TooFewClients { got: 1 }));
}

#[test]
fn a_die_thrown_sixty_times_has_the_textbook_statistic() {
    // Counts 5 8 9 8 10 20 against 10 each: 13.4 with 5 degrees of freedom.
    let test = EqualShares::test(&[5, 8, 9, 8, 10, 20]).unwrap();
    assert!((test.statistic - 13.4).abs() < 1e-12);
    assert_eq!((test.degrees_of_freedom, test.expected), (5, 10.0));
    assert!((test.p_value - 0.019_905_220_334_774_6).abs() < 1e-9);
    assert!(test.rejects(0.05) && !test.rejects(0.01));
}

#[test]
fn with_two_degrees_of_freedom_the_p_value_is_an_exponential() {
    // (20, 10, 6) against 12 each: (64 + 4 + 36) / 12 = 26/3, and p = exp(-13/3).
    let test = EqualShares::test(&[20, 10, 6]).unwrap();
    assert!((test.statistic - 26.0 / 3.0).abs() < 1e-12);
    assert!((test.p_value - (-13.0_f64 / 3.0).exp()).abs() < 1e-12);
}

#[test]
fn a_round_robin_lock_is_more_equal_than_chance() {
    let test = EqualShares::test(&[250, 250, 250, 250]).unwrap();
    assert_eq!((test.statistic, test.p_value), (0.0, 1.0));
}

#[test]
fn a_starved_client_is_seen_by_the_test_however_large_the_counts() {
    let test = EqualShares::test(&[1_000_000_000_000, 1_000_000_000_000, 0]).unwrap();
    assert!(test.p_value < 1e-300 && test.rejects(0.001));
}

#[test]
fn too_few_services_reject_nothing() {
    let test = EqualShares::test(&[9, 0, 0]).unwrap();
    assert!(test.p_value < 0.001 && !test.suffices() && !test.rejects(0.01));
}

proptest! {
    #[test]
    fn the_index_lies_between_one_nth_and_one(
        served in prop::collection::vec(any::<u64>(), 1..50)
            .prop_filter("someone", |s| s.iter().any(|&c| c > 0)),
    ) {
        let index = jain(&served).unwrap();
        prop_assert!((1.0 / served.len() as f64..=1.0).contains(&index));
    }

    #[test]
    fn the_index_ignores_scale_and_order(
        mut served in prop::collection::vec(0_u64..1_000_000, 1..20)
            .prop_filter("someone", |s| s.iter().any(|&c| c > 0)),
        factor in 1_u64..1000,
    ) {
        let before = jain(&served).unwrap();
        served.reverse();
        served.iter_mut().for_each(|count| *count *= factor);
        prop_assert!((jain(&served).unwrap() - before).abs() < 1e-12);
    }

    #[test]
    fn the_index_and_the_statistic_tell_the_same_spread(
        served in prop::collection::vec(1_u64..10_000, 2..20),
    ) {
        // Both are functions of the coefficient of variation: X2 = total * (1/J - 1).
        let test = EqualShares::test(&served).unwrap();
        let total: u64 = served.iter().sum();
        let from_index = total as f64 * (1.0 / jain(&served).unwrap() - 1.0);
        prop_assert!((test.statistic - from_index).abs() <= 1e-9 * (1.0 + total as f64));
    }
}
