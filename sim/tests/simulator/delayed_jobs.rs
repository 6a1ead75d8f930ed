//! No delayed job is handed out before its time, by a server whose clock runs as time does. Exploration cannot
//! ask this: among its properties there is none that counts milliseconds.

use std::collections::BTreeMap;

use contend_impls::queue::delayed::Delayed;
use contend_impls::queue::visibility::Visibility;
use contend_impls::registry::REDIS_DELAYED;
use contend_impls::service::store::Guard;
use contend_model::algorithm::Algorithm;
use contend_model::history::{Record, What};
use contend_model::ident::Item;
use contend_model::op::{Op, Outcome};
use contend_model::property::{Environment, Kind};
use contend_model::scenario::Scenario;
use contend_sim::grid::nanos;
use contend_sim::kernel::Kernel;
use contend_sim::ledger::Options;
use contend_sim::stage::Stage;

const SEEDS: u64 = 200;

/// Deliveries, and how many of them came sooner after the first call that enqueued the job than it is delayed.
#[derive(Debug, Default, PartialEq, Eq)]
struct Deliveries {
    all: usize,
    early: usize,
}

fn deliveries(algorithm: &'static dyn Algorithm, environment: Environment) -> Deliveries {
    let scenario = Scenario::within(Kind::Queue, environment).of(&algorithm.card().name);
    let delay = nanos(scenario.timing.timeout_ms);
    let stage = Stage::new(algorithm, scenario).expect("the scenario fits");
    let mut kernel = Kernel::new(&stage, Options::default());
    let mut found = Deliveries::default();
    for seed in 0..SEEDS {
        let mut enqueued: BTreeMap<Item, u64> = BTreeMap::new();
        for &Record { at, what, .. } in &kernel.run(seed).history {
            match what {
                What::Invoke(Op::Enqueue(item)) => {
                    enqueued.entry(item).or_insert(at);
                }
                What::Return(Op::Dequeue, Outcome::Delivered { item, .. }) => {
                    found.all += 1;
                    found.early += usize::from(at < enqueued[&item] + delay);
                }
                _ => {}
            }
        }
    }
    found
}

#[test]
fn no_delayed_job_is_handed_out_before_its_time() {
    let algorithms: [&dyn Algorithm; 3] = [&Delayed::Unchecked, &Delayed::Checked, &REDIS_DELAYED];
    for algorithm in algorithms {
        use Environment::{Calm, Crash, Failover, Lossy};
        for environment in [Calm, Lossy, Crash, Failover] {
            let found = deliveries(algorithm, environment);
            let name = algorithm.card().name;
            assert_eq!(found.early, 0, "{name} in {environment}");
            assert!(found.all > 4_000, "{name} in {environment}: {found:?}");
        }
    }
}

#[test]
fn a_store_that_does_not_look_at_the_clock_hands_them_out_early() {
    const HASTY: Visibility =
        Visibility { store_lacks: Some(Guard::RangeEndsNow), ..REDIS_DELAYED };
    let found = deliveries(&HASTY, Environment::Calm);
    assert!(found.early > found.all / 10, "{found:?}");
}
