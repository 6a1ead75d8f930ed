//! How fast the event queue is: seeds and events a second, on one core, with history and digest.

#[path = "../tests/simulator/support/lock_server.rs"]
mod lock_server;

use std::hint::black_box;

use contend_model::property::Kind;
use contend_model::scenario::{Faults, Law, Links, Scenario, Uniform};
use contend_sim::kernel::Kernel;
use contend_sim::ledger::Options;
use contend_sim::stage::Stage;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

/// Three clients, ten acquisitions each, links of 1 to 10 ms, nothing goes wrong.
fn calm() -> Scenario {
    let mut scenario = Scenario::default_for(Kind::Lock).of("lock-server");
    scenario.workload.think = Law::exactly(0.0);
    scenario.workload.work = Law::exactly(0.0);
    scenario.links = Links { delay_ms: Uniform::between(1.0, 10.0), ..Links::default() };
    scenario.faults = Faults::none();
    scenario
}

fn seeds(c: &mut Criterion, name: &str, scenario: Scenario) {
    const SEEDS: u64 = 1_000;
    let stage = Stage::new(&lock_server::LockServer, scenario).expect("the scenario fits");
    let mut kernel = Kernel::new(&stage, Options::default());
    let events: u64 = (0..SEEDS).map(|seed| kernel.run(seed).events).sum();
    let mut group = c.benchmark_group(name);
    group.throughput(Throughput::Elements(SEEDS));
    group.bench_function("seeds", |bench| {
        bench.iter(|| {
            (0..SEEDS).for_each(|seed| {
                black_box(kernel.run(seed).digest);
            })
        });
    });
    group.throughput(Throughput::Elements(events));
    group.bench_function("events", |bench| {
        bench.iter(|| {
            (0..SEEDS).for_each(|seed| {
                black_box(kernel.run(seed).digest);
            })
        });
    });
    group.finish();
}

fn lock_server_calm(c: &mut Criterion) {
    seeds(c, "kernel, lock server, calm", calm());
}

fn lock_server_swarm(c: &mut Criterion) {
    let faults = Faults::every_kind();
    seeds(c, "kernel, lock server, all faults by swarm", Scenario { faults, ..calm() });
}

fn many_clients(c: &mut Criterion) {
    let mut scenario = calm();
    scenario.workload.lockers = 32;
    seeds(c, "kernel, lock server, calm, 32 clients", scenario);
}

criterion_group!(benches, lock_server_calm, lock_server_swarm, many_clients);
criterion_main!(benches);
