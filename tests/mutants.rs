//! The suite's own power of detection: checks of the repaired algorithms and of the store are taken
//! away in turn, and the claims of the sound algorithm are judged again. A mutant that no claim
//! notices fails the test. Run with `--nocapture` to see who caught what, and when.
//!
//! Two checks of the store matter only to queues whose items are lost anyway when a connection ends
//! (`PopRemoves`, `ForgetsTheDisconnected`): the store's own examples and reference notice those.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use contend::property::{Environment, Property};
use contend::scenario::Scenario;
use contend::search::{Labels, Limits};
use contend::time::{Range, Span};
use contend::verdict::Verdict;
use contend::world::{Mark, Reading, Scope, World};
use contend::{Options, simulate, verify_all};

use contend::algorithm::Algorithm;
use contend::lock::redis::{Guard as LockGuard, Redis};
use contend::mutant::{Mutant, mutants};
use contend::queue::reliable_list::{Guard as QueueGuard, ReliableList};
use contend::queue::visibility::Visibility;
use contend::registry::{REDIS_LOCK, REDIS_QUEUE, REDIS_VISIBILITY};
use contend::service::store::Guard as StoreGuard;

use Environment::{Calm, Crash, Expiry, Lossy};
use Property::{DeadlockFreedom, Interruptibility, MutualExclusion, NoLoss, TerminalStays};

const FENCED: Redis = Redis { name: "redis-lock-fenced", fencing: true, ..REDIS_LOCK };

fn lock(base: Redis, guard: LockGuard) -> Box<dyn Algorithm> {
    Box::new(Redis { lacks: Some(guard), ..base })
}

fn lock_on(base: Redis, guard: StoreGuard) -> Box<dyn Algorithm> {
    Box::new(Redis { store_lacks: Some(guard), ..base })
}

fn queue_on(guard: StoreGuard) -> Box<dyn Algorithm> {
    Box::new(ReliableList { store_lacks: Some(guard), ..REDIS_QUEUE })
}

/// How one mutant fared: a line to be printed, and whether exploration caught it.
fn judged(mutant: &Mutant) -> (String, bool) {
    let Mutant { name, algorithm, property, environment, faults, max_states } = mutant;
    let search = |max_states| {
        let options = Options {
            faults: *faults,
            until_violated: true,
            properties: vec![*property],
            environments: vec![*environment],
            max_states,
            ..Options::default()
        };
        let rows = verify_all(&[&**algorithm], &options, &|_| {}, &AtomicBool::new(false));
        rows.into_iter().next().expect("one row was asked for")
    };
    // A trap shows as soon as all that follows it is known, which is long before the end.
    let narrow = FEW_STATES.into_iter().filter(|few| few < max_states);
    let row = narrow
        .map(search)
        .find(|row| row.verdict == Verdict::Violated)
        .unwrap_or_else(|| search(*max_states));
    assert!(row.claimed, "{name}: the sound form does not claim {property} in {environment}");
    let steps = row.trace_steps.map_or_else(|| "-".to_owned(), |steps| steps.to_string());
    let seed = first_seed(&**algorithm, *property, *environment);
    let swept = seed.map_or_else(|| format!("not in {SEEDS} seeds"), |seed| format!("seed {seed}"));
    let line = format!(
        "{name:50} {property:16} {environment:7} explored: {} after {} states, {steps} steps; \
         simulated: {swept}",
        row.verdict, row.states
    );
    (line, row.verdict == Verdict::Violated)
}

/// How many seeds the simulator has to come upon a mutant. It need not: some take two faults at one
/// moment. Most mutants show within the first few.
const SEEDS: u64 = 300;
const FIRST_SEEDS: u64 = 30;

/// How far a mutant is searched at first.
const FEW_STATES: [usize; 2] = [5_000, 40_000];

fn first_seed(
    algorithm: &dyn Algorithm,
    property: Property,
    environment: Environment,
) -> Option<u64> {
    let mut scenario = Scenario::within(algorithm.card().kind, environment);
    scenario.workload.nested = property == Property::Reentrancy;
    [0..FIRST_SEEDS, FIRST_SEEDS..SEEDS].into_iter().find_map(|seeds| {
        let found = simulate(algorithm, &scenario, seeds).expect("the scenario fits");
        let violation = found.violations.iter().find(|violation| violation.property == property)?;
        Some(violation.seed)
    })
}

#[test]
fn every_mutant_is_caught_by_a_claim() {
    let mutants = mutants();
    let next = AtomicUsize::new(0);
    let judged_so_far = Mutex::new(BTreeMap::new());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some((place, mutant)) = {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    mutants.get(place).map(|mutant| (place, mutant))
                } {
                    let verdict = judged(mutant);
                    judged_so_far.lock().unwrap().insert(place, verdict);
                }
            });
        }
    });
    let judged = judged_so_far.into_inner().unwrap();
    assert_eq!(judged.len(), mutants.len());
    judged.values().for_each(|(line, _)| println!("{line}"));
    let survivors: Vec<&str> =
        judged.values().filter(|(_, caught)| !caught).map(|(line, _)| line.as_str()).collect();
    assert!(survivors.is_empty(), "survived:\n{}", survivors.join("\n"));
}

/// Leases are for messages that take their time. Within bounds on delays, and with a client library
/// that is patient, the lock must exclude; without its own reading of the lease it does not.
#[test]
fn mutants_of_the_lease_are_caught_where_messages_are_slow() {
    let slow = |algorithm: Redis| {
        let mut scope = Scope::of(&algorithm.card(), Calm, 0);
        scope.duty.operations = 1;
        scope.duty.think = Range::default();
        scope.timing.timeout = Span::ms(8);
        scope.timing.retry = Range::exactly(Span::ms(1));
        scope.reading =
            Reading::Bounded { delay: Span::ms(1), pause: Span::ZERO, drift: Span::ZERO };
        let world = World::new(&algorithm, scope);
        let limits = Limits { max_states: 500_000, ..Limits::default() };
        let explored = world.explored(&limits);
        let broken = explored.first(Labels::bit(Mark::Violated(MutualExclusion).bit()));
        println!(
            "{:?}: {} states, broken {}",
            algorithm.lacks,
            explored.states(),
            broken.is_some()
        );
        broken.is_some()
    };
    assert!(!slow(REDIS_LOCK), "the sound lock must exclude as far as it was searched");
    for guard in [LockGuard::WatchesLease, LockGuard::RefusesStaleGrant] {
        let broken = slow(Redis { lacks: Some(guard), ..REDIS_LOCK });
        assert!(broken, "{guard:?} was taken away and nobody noticed");
    }
}

/// Checks that no claim depends on. Each survives for a reason; if one is caught, the reason is
/// wrong and its line belongs into the table above.
#[test]
fn these_checks_save_time_and_no_claim_needs_them() {
    let survivors: Vec<(&str, Box<dyn Algorithm>, Property, Environment)> = vec![
        (
            "what a waiter leaves behind when it gives up ends with its lease",
            lock(REDIS_LOCK, LockGuard::CancelGivesBack),
            Interruptibility,
            Calm,
        ),
        (
            "who does not give back in doubt waits for its own lease to end, and for no other",
            lock(REDIS_LOCK, LockGuard::GivesBackInDoubt),
            DeadlockFreedom,
            Lossy,
        ),
        (
            "who is refused its own key waits for its own lease to end, and for no other",
            lock_on(FENCED, StoreGuard::AcquireIsIdempotent),
            DeadlockFreedom,
            Lossy,
        ),
        (
            "the holder counts its lease from its first question, so the key outlasts it anyway",
            lock_on(FENCED, StoreGuard::AcquireProlongs),
            MutualExclusion,
            Lossy,
        ),
        (
            "no algorithm writes a key with a lease again without one; the store's examples do",
            lock_on(REDIS_LOCK, StoreGuard::SetClearsExpiry),
            DeadlockFreedom,
            Crash,
        ),
        (
            "who settles an item has applied its effect, so it is done whoever claims it by then",
            queue_on(StoreGuard::SettleComparesToken),
            TerminalStays,
            Expiry,
        ),
        (
            "the same, of what was received from a sorted set",
            Box::new(Visibility {
                store_lacks: Some(StoreGuard::SettleComparesReceipt),
                ..REDIS_VISIBILITY
            }),
            TerminalStays,
            Expiry,
        ),
        (
            "who does not push again does not know, and nothing is promised of what is not known",
            Box::new(ReliableList { lacks: Some(QueueGuard::RepeatsPush), ..REDIS_QUEUE }),
            NoLoss,
            Lossy,
        ),
    ];
    for (reason, algorithm, property, environment) in survivors {
        let options = Options {
            properties: vec![property],
            environments: vec![environment],
            ..Options::default()
        };
        let rows = verify_all(&[&*algorithm], &options, &|_| {}, &AtomicBool::new(false));
        assert_eq!(rows[0].verdict, Verdict::Holds, "{reason}");
    }
}
