//! How fast a world of real processes is explored: the repaired token lock over a store, on one core, the
//! graph kept for questions of traps; two clients in a lossy network with two acquisitions each, and
//! three in calm with one.

use contend_impls::registry::REDIS_LOCK;
use contend_model::algorithm::{Algorithm, Role};
use contend_model::property::Environment;
use contend_model::search::Limits;
use contend_model::world::{Scope, World};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

fn world(clients: usize) -> World {
    let environment = if clients == 2 { Environment::Lossy } else { Environment::Calm };
    let mut scope = Scope::of(&REDIS_LOCK.card(), environment, 1);
    scope.roles = vec![Role::Locker; clients];
    if clients > 2 {
        scope.duty.operations = 1;
    }
    World::new(&REDIS_LOCK, scope)
}

fn explored(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("explored states, token lock");
    group.sample_size(10);
    for clients in [2, 3] {
        for symmetric in [true, false] {
            let world = world(clients);
            let world = if symmetric { world } else { world.without_symmetry() };
            let limits = Limits { keep_graph: true, ..Limits::default() };
            let run = || world.explored(&limits);
            let states = run().states();
            let name = format!("{clients} clients, {states} states");
            let how = if symmetric { "symmetric" } else { "plain" };
            group.throughput(Throughput::Elements(states as u64));
            group.bench_function(BenchmarkId::new(name, how), |bencher| bencher.iter(run));
        }
    }
    group.finish();
}

criterion_group!(benches, explored);
criterion_main!(benches);
