//! The suite's own power of detection: checks of the repaired algorithms and of the store are taken
//! away in turn, and the claims of the sound algorithm are judged again. A mutant that no claim
//! notices fails the test. Run with `--nocapture` to see who caught what, and when.
//!
//! Not yet among them: the lock's `GivesBackInDoubt`, the queue's `RepeatsPush`, and the store's
//! `SetClearsExpiry`, `AcquireIsIdempotent`, `AcquireProlongs`, `PopRemoves` and
//! `ForgetsTheDisconnected`.

use std::sync::atomic::AtomicBool;

use contend::property::{Environment, Property};
use contend::search::{Labels, Limits, search};
use contend::time::{Range, Span};
use contend::verdict::Verdict;
use contend::world::{Mark, Reading, Scope, World};
use contend::{Options, verify_all};

use contend::algorithm::Algorithm;
use contend::lock::redis::{Guard as LockGuard, Redis};
use contend::mutant::{Mutant, mutants};
use contend::queue::reliable_list::ReliableList;
use contend::registry::{REDIS_LOCK, REDIS_QUEUE};
use contend::service::store::Guard as StoreGuard;

use Environment::{Calm, Expiry};
use Property::{Interruptibility, MutualExclusion, TerminalStays};

fn lock(base: Redis, guard: LockGuard) -> Box<dyn Algorithm> {
    Box::new(Redis { lacks: Some(guard), ..base })
}

fn queue_on(guard: StoreGuard) -> Box<dyn Algorithm> {
    Box::new(ReliableList { store_lacks: Some(guard), ..REDIS_QUEUE })
}

#[test]
fn every_mutant_is_caught_by_a_claim() {
    let mut survivors = Vec::new();
    for Mutant { name, algorithm, property, environment, faults } in mutants() {
        let options = Options {
            faults,
            properties: vec![property],
            environments: vec![environment],
            ..Options::default()
        };
        let rows = verify_all(&[&*algorithm], &options, |_| {}, &AtomicBool::new(false));
        let [row] = &rows[..] else { panic!("one row was asked for") };
        assert!(row.claimed, "{name}: the sound form does not claim {property} in {environment}");
        let steps = row.trace_steps.map_or_else(|| "-".to_owned(), |steps| steps.to_string());
        println!(
            "{name:45} {property:16} {environment:7} {:8} {:>3} steps, {} states",
            row.verdict, steps, row.states
        );
        if row.verdict == Verdict::Holds {
            survivors.push(name);
        }
    }
    assert!(survivors.is_empty(), "survived: {}", survivors.join(", "));
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
        let world = World::new(&algorithm, scope).without_symmetry();
        let limits = Limits { max_states: 2_000_000, ..Limits::default() };
        let explored = search(&world, &limits, |_| {}, &AtomicBool::new(false));
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
    let survivors: [(&str, Box<dyn Algorithm>, Property, Environment); 2] = [
        (
            "what a waiter leaves behind when it gives up ends with its lease",
            lock(REDIS_LOCK, LockGuard::CancelGivesBack),
            Interruptibility,
            Calm,
        ),
        (
            "who settles an item has applied its effect, so it is done whoever claims it by then",
            queue_on(StoreGuard::SettleComparesToken),
            TerminalStays,
            Expiry,
        ),
    ];
    for (reason, algorithm, property, environment) in survivors {
        let options = Options {
            properties: vec![property],
            environments: vec![environment],
            ..Options::default()
        };
        let rows = verify_all(&[&*algorithm], &options, |_| {}, &AtomicBool::new(false));
        assert_eq!(rows[0].verdict, Verdict::Holds, "{reason}");
    }
}
