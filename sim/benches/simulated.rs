//! How fast the engine over madsim is, beside two endpoints of madsim that exchange messages with
//! nothing else around them. Messages a second on one core; the ratio is printed at the end.

#[path = "../tests/simulator/support/lock_server.rs"]
mod lock_server;

use std::hint::black_box;
use std::time::{Duration, Instant};

use contend_model::property::Kind;
use contend_model::scenario::{Faults, Law, Links, Scenario, Uniform};
use contend_sim::ledger::Options;
use contend_sim::simulated;
use contend_sim::stage::Stage;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use madsim::net::Endpoint;
use madsim::runtime::Runtime;

const REQUEST: u64 = 1;
const REPLY: u64 = 2;

/// A client asks a server so often, each over an endpoint of its own, with madsim's own settings.
fn request_and_reply(rounds: u64) {
    let runtime = Runtime::with_seed_and_config(1, madsim::Config::default());
    let [client, server] = ["10.0.0.1:1", "10.0.0.2:1"]
        .map(|address| address.parse::<std::net::SocketAddr>().expect("it is an address"));
    let node = runtime.create_node().ip(server.ip()).build();
    node.spawn(async move {
        let endpoint = Endpoint::bind(server).await.expect("the address is free");
        loop {
            let (payload, from) = endpoint.recv_from_raw(REQUEST).await.expect("the network is up");
            endpoint.send_to_raw(from, REPLY, payload).await.expect("the network is up");
        }
    });
    let node = runtime.create_node().ip(client.ip()).build();
    let asking = node.spawn(async move {
        let endpoint = Endpoint::bind(client).await.expect("the address is free");
        madsim::time::sleep(Duration::from_millis(100)).await;
        for round in 0..rounds {
            endpoint
                .send_to_raw(server, REQUEST, Box::new(round))
                .await
                .expect("the network is up");
            let (reply, _) = endpoint.recv_from_raw(REPLY).await.expect("the network is up");
            assert_eq!(reply.downcast_ref(), Some(&round));
        }
    });
    runtime.block_on(asking).expect("all is answered");
}

/// Three clients and so many acquisitions of each, links of 1 to 10 ms, nothing goes wrong.
fn lock_server(acquisitions: u16) -> Stage {
    let mut scenario = Scenario::default_for(Kind::Lock).of("lock-server");
    scenario.workload.operations = acquisitions;
    scenario.workload.think = Law::exactly(0.0);
    scenario.workload.work = Law::exactly(0.0);
    scenario.links = Links { delay_ms: Uniform::between(1.0, 10.0), ..Links::default() };
    scenario.faults = Faults::none();
    Stage::new(&lock_server::LockServer, scenario).expect("the scenario fits")
}

fn play(stage: &Stage, seed: u64) -> u64 {
    simulated::run(stage, seed, Options::default()).expect("madsim keeps up").sent.messages()
}

/// Rounds of the raw loop that last about as long as the run that they are compared with.
const ROUNDS: u64 = 5_000;
/// Acquisitions that make up as many messages.
const ACQUISITIONS: u16 = 600;

fn rates(c: &mut Criterion) {
    let long = lock_server(ACQUISITIONS);
    let short = lock_server(10);
    let mut group = c.benchmark_group("messages over madsim");
    group.throughput(Throughput::Elements(2 * ROUNDS));
    group.bench_function("two raw endpoints", |bench| bench.iter(|| request_and_reply(ROUNDS)));
    group.throughput(Throughput::Elements(play(&long, 1)));
    group.bench_function("lock server", |bench| bench.iter(|| black_box(play(&long, 1))));
    group.finish();
    let mut group = c.benchmark_group("seeds over madsim");
    group.throughput(Throughput::Elements(1));
    group.bench_function("lock server, 3 x 10", |bench| bench.iter(|| black_box(play(&short, 1))));
    group.finish();
    compare(&long);
}

/// Both in turn, many times, so that what else the machine does falls on both alike.
fn compare(stage: &Stage) {
    let (mut raw, mut ours) = (Duration::ZERO, Duration::ZERO);
    let (mut asked, mut sent) = (0, 0);
    for seed in 0..40 {
        let start = Instant::now();
        request_and_reply(ROUNDS);
        raw += start.elapsed();
        asked += 2 * ROUNDS;
        let start = Instant::now();
        sent += play(stage, seed);
        ours += start.elapsed();
    }
    let raw = asked as f64 / raw.as_secs_f64();
    let ours = sent as f64 / ours.as_secs_f64();
    println!(
        "raw madsim {:.0} k messages/s, this engine {:.0} k messages/s: ratio {:.2}",
        raw / 1e3,
        ours / 1e3,
        ours / raw
    );
}

criterion_group!(benches, rates);
criterion_main!(benches);
