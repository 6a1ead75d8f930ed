use contend_model::measure::*;
use proptest::prelude::*;

fn near(left: f64, right: f64) -> bool {
    (left - right).abs() <= 1e-12 * left.abs().max(right.abs()).max(1.0)
}

#[test]
fn erlang_tables_are_met() {
    assert_eq!(erlang_b(1, 1.0), Ok(0.5));
    // (3^5 / 5!) / sum of 3^k / k! for k to 5 = 2.025 / 18.4.
    assert!(near(erlang_b(5, 3.0).unwrap(), 2.025 / 18.4));
    // 2 servers, 1 erlang: (1/2) / (1 + 1 + 1/2) = 1/5.
    assert!(near(erlang_b(2, 1.0).unwrap(), 0.2));
    // A planner's table gives 4.461 erlangs for 10 servers and 1 % loss.
    assert!((erlang_b(10, 4.461).unwrap() - 0.01).abs() < 1e-5);
    assert_eq!((erlang_b(0, 2.0), erlang_b(3, 0.0)), (Ok(1.0), Ok(0.0)));
}

#[test]
fn a_half_used_single_server_queue_has_its_textbook_figures() {
    let queue = Mm1::new(0.5, 1.0).unwrap();
    assert_eq!(queue.utilisation(), 0.5);
    assert_eq!((queue.waiting(), queue.sojourn()), (1.0, 2.0));
    assert_eq!((queue.queue_length(), queue.number()), (0.5, 1.0));
    // P(Wq > t) = 0.5 exp(-t / 2) is 0.01 at 2 ln 50; half of the requests do not wait.
    assert!(near(queue.waiting_quantile(0.99).unwrap(), 2.0 * 50.0_f64.ln()));
    assert_eq!(queue.waiting_quantile(0.4), Ok(0.0));
    assert!(queue.waiting_quantile(1.0).is_err());
}

#[test]
fn constant_holds_halve_the_wait_of_exponential_ones() {
    assert!(near(mg1_waiting(0.5, 1.0, 1.0).unwrap(), 1.0));
    assert!(near(mg1_waiting(0.5, 1.0, 0.0).unwrap(), 0.5));
}

#[test]
fn a_saturated_lock_makes_a_client_wait_for_all_others() {
    assert_eq!(saturated_fifo_waiting(5, 10.0), Ok(40.0));
    assert_eq!(saturated_fifo_waiting(1, 10.0), Ok(0.0));
    assert!(near(closed_waiting(5, 0.1, 0.0, 10.0).unwrap(), 40.0));
    assert_eq!(closed_waiting(2, 0.05, 30.0, 10.0), Ok(0.0));
}

#[test]
fn an_overloaded_queue_is_refused_with_the_rates() {
    let refusal = MeasureError::Unstable { arrival_rate: 2.0, service_rate: 2.0 };
    assert_eq!(Mm1::new(2.0, 2.0), Err(refusal.clone()));
    assert_eq!(mg1_waiting(2.0, 0.5, 1.0), Err(refusal));
}

#[test]
fn nonsense_parameters_are_refused_by_name() {
    let refused = |result: Result<f64, MeasureError>, wanted| match result {
        Err(MeasureError::OutsideDomain { name, .. }) => assert_eq!(name, wanted),
        other => panic!("{wanted}: {other:?}"),
    };
    refused(erlang_b(1, f64::NAN), "offered load");
    refused(erlang_b(1, -1.0), "offered load");
    refused(saturated_fifo_waiting(0, 1.0), "clients");
    refused(number_in_system(f64::INFINITY, 1.0), "arrival rate");
    refused(closed_waiting(2, 1.0, 30.0, 10.0), "throughput");
}

proptest! {
    #[test]
    fn a_single_server_loses_a_of_one_plus_a(load in 0.0_f64..1e6) {
        prop_assert!(near(erlang_b(1, load).unwrap(), load / (1.0 + load)));
    }

    #[test]
    fn the_recursion_meets_the_sum_of_factorials(servers in 1_u32..30, load in 0.01_f64..40.0) {
        let term = |k: u32| (1..=k).fold(1.0, |product, i| product * load / f64::from(i));
        let sum: f64 = (0..=servers).map(term).sum();
        prop_assert!(near(erlang_b(servers, load).unwrap(), term(servers) / sum));
    }

    #[test]
    fn a_further_server_never_loses_more(servers in 0_u32..100, load in 0.0_f64..200.0) {
        prop_assert!(erlang_b(servers + 1, load).unwrap() <= erlang_b(servers, load).unwrap());
    }

    #[test]
    fn many_clients_approach_a_poisson_stream(load in 0.01_f64..10.0) {
        let clients = 100_000_000;
        let engset = engset_one_server(clients, load / clients as f64, 1.0).unwrap();
        prop_assert!((engset - erlang_b(1, load).unwrap()).abs() < 1e-7);
    }

    #[test]
    fn little_relates_all_four_figures(arrivals in 0.0_f64..0.99) {
        let queue = Mm1::new(arrivals, 1.0).unwrap();
        prop_assert!(near(queue.number(), number_in_system(arrivals, queue.sojourn()).unwrap()));
        prop_assert!(near(queue.sojourn(), queue.waiting() + 1.0));
        prop_assert!(near(queue.number(), queue.queue_length() + queue.utilisation()));
        prop_assert!(near(queue.waiting(), mg1_waiting(arrivals, 1.0, 1.0).unwrap()));
    }
}
