use contend_model::measure::*;
use proptest::prelude::*;

#[test]
fn every_name_finds_its_own_formula_and_survives_json() {
    for (index, formula) in FORMULAS.iter().enumerate() {
        let name = format!("F{}", index + 1);
        assert_eq!(formula.id.to_string(), name);
        assert_eq!(formula.id.formula(), formula);
        let text = serde_json::to_string(&formula.id).unwrap();
        assert_eq!(text, format!("{name:?}"));
        assert_eq!(serde_json::from_str::<FormulaId>(&text).unwrap(), formula.id);
    }
}

#[test]
fn the_tautology_ends_where_outcomes_are_unknown() {
    assert_eq!(claimed_success(0.25), Ok(0.75));
    assert_eq!(success(0.25, 0.5), Ok(0.25));
    assert_eq!(success(0.9, 0.1), Ok(0.0));
    assert!(success(0.9, 0.2).is_err() && claimed_success(1.1).is_err());
}

#[test]
fn an_attempt_succeeds_with_one_nth_only_at_load_n_minus_one() {
    assert_eq!(attempt_success(3.0), lock_share(4));
    assert_ne!(attempt_success(1.0), lock_share(4));
}

#[test]
fn a_client_that_polls_three_times_as_often_gets_three_times_as_much() {
    let shares = [0, 1].map(|client| barging_share(&[3.0, 1.0], client).unwrap());
    assert_eq!(shares, [0.75, 0.25]);
    assert!(barging_share(&[3.0, 1.0], 2).is_err() && barging_share(&[0.0], 0).is_err());
}

#[test]
fn the_time_between_successes_is_the_wait_of_two_clients_only() {
    let hold = 8.0;
    let claimed = claimed_waiting(1.0 / hold).unwrap();
    let waits = [1, 2, 3].map(|clients| saturated_fifo_waiting(clients, hold).unwrap());
    assert_eq!(waits.map(|wait| wait == claimed), [false, true, false]);
}

#[test]
fn ten_clients_on_one_popular_lock_of_ten_meet_more_than_one() {
    assert_eq!(claimed_contention(10, 10), Ok(1.0));
    // Half of all choices fall on one lock, the rest on two others alike.
    assert_eq!(skewed_contention(10, &[2.0, 1.0, 1.0]), Ok(3.75));
    assert!(claimed_contention(10, 0).is_err() && skewed_contention(10, &[]).is_err());
}

#[test]
fn release_is_certain_only_without_crashes_and_losses() {
    assert_eq!(unlock(0.0, 10.0, 0.0), Ok(claimed_unlock()));
    assert!((unlock(0.1, 10.0, 0.5).unwrap() - (-1.0_f64).exp() / 2.0).abs() < 1e-15);
    assert!(unlock(0.1, 10.0, 1.5).is_err());
}

proptest! {
    #[test]
    fn success_and_loss_of_an_attempt_are_complements(load in 0.0_f64..1e6) {
        let loss = erlang_b(1, load).unwrap();
        let claimed = claimed_success(loss).unwrap();
        prop_assert!((attempt_success(load).unwrap() - claimed).abs() < 1e-12);
    }

    #[test]
    fn skew_never_lowers_contention(
        clients in 1_u64..1000,
        weights in prop::collection::vec(0.001_f64..1.0, 1..50),
    ) {
        let uniform = claimed_contention(clients, weights.len() as u64).unwrap();
        prop_assert!(skewed_contention(clients, &weights).unwrap() >= uniform * (1.0 - 1e-12));
        let alike = vec![0.7; weights.len()];
        prop_assert!((skewed_contention(clients, &alike).unwrap() / uniform - 1.0).abs() < 1e-12);
    }
}
