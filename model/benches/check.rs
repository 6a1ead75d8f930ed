//! The checkers of whole histories: a million operations of 3 to 128 clients, one in a hundred of
//! unknown outcome.

use std::collections::VecDeque;

use contend_model::check::{NEVER, lock, queue};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

const OPERATIONS: u64 = 1_000_000;

/// Each client is busy all the time, so that an operation overlaps as many others as there are clients.
fn of_a_queue(clients: u64) -> Vec<queue::Operation> {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(clients);
    let mut queue = VecDeque::new();
    let mut fresh = 0;
    let mut history = Vec::with_capacity(OPERATIONS as usize);
    for turn in 0..OPERATIONS {
        let moment = 10 * (turn + clients);
        let called = moment - rng.random_range(0..5 * clients);
        let unknown = rng.random_bool(0.01);
        let lost = unknown && rng.random_bool(0.5);
        let returned = if unknown { NEVER } else { moment + rng.random_range(0..5 * clients) };
        let action = if rng.random_bool(0.5) {
            fresh += 1;
            if !lost {
                queue.push_back(fresh);
            }
            queue::Action::Enqueue(fresh)
        } else {
            let got = if lost { None } else { queue.pop_front() };
            match got {
                _ if unknown => queue::Action::DequeueUnknown,
                Some(value) => queue::Action::Dequeue(value),
                None => queue::Action::Empty,
            }
        };
        history.push(queue::Operation { called, returned, action });
    }
    history
}

fn of_a_lock(clients: u32) -> Vec<lock::Operation> {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(clients.into());
    let mut history = Vec::with_capacity(OPERATIONS as usize);
    for grant in 0..OPERATIONS / 2 {
        let at = 100 * (grant + u64::from(clients));
        let client = (grant % u64::from(clients)) as u32;
        // It called at any moment since its last release, so that others wait beside it.
        let waited = rng.random_range(0..100 * u64::from(clients) - 60);
        let fence = Some(grant);
        let unknown = rng.random_bool(0.01);
        history.push(lock::Operation {
            client,
            called: at - waited,
            returned: at,
            action: lock::Action::Acquire { fence },
        });
        history.push(lock::Operation {
            client,
            called: at + 50,
            returned: if unknown { NEVER } else { at + 60 },
            action: lock::Action::Release,
        });
    }
    history
}

fn checkers(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("check");
    group.throughput(Throughput::Elements(OPERATIONS)).sample_size(10);
    for clients in [3, 16, 128] {
        let history = of_a_queue(clients);
        assert_eq!(queue::check(&history), Ok(()), "it comes from a queue");
        group.bench_with_input(BenchmarkId::new("queue", clients), &history, |bencher, history| {
            bencher.iter(|| queue::check(history));
        });
    }
    for clients in [3, 16, 128] {
        let history = of_a_lock(clients);
        assert_eq!(lock::check(&history), [], "it comes from a lock");
        group.bench_with_input(BenchmarkId::new("lock", clients), &history, |bencher, history| {
            bencher.iter(|| lock::check(history));
        });
    }
    group.finish();
}

criterion_group!(benches, checkers);
criterion_main!(benches);
