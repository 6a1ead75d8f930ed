//! The checks that matter only where messages take their time. Within bounds on delays the sound form
//! must exclude, as far as it is searched; without one of these checks it must not.

use contend_impls::lock::file_flock::{self, FileFlock};
use contend_impls::lock::server::{Guard, Server};
use contend_impls::registry::{FILE_FLOCK, SERVER_LOCK};
use contend_impls::service::lock_server;
use contend_model::algorithm::Algorithm;
use contend_model::property::Property::MutualExclusion;
use contend_model::property::{Environment, Property};
use contend_model::search::{Labels, Limits};
use contend_model::time::{Range, Span};
use contend_model::world::{Mark, Reading, Scope, World};

/// One acquisition each, a patient client library, and messages that take up to `delay`.
fn slow(delay: Span) -> Scope {
    let mut scope = Scope::of(&FILE_FLOCK.card(), Environment::Calm, 0);
    scope.duty.think = Range::default();
    scope.duty.operations = 1;
    scope.timing.retry = Range::exactly(Span::ms(1));
    scope.timing.timeout = Span::ms(8);
    scope.reading = Reading::Bounded { delay, pause: Span::ZERO, drift: Span::ZERO };
    scope
}

fn breaks(what: &str, algorithm: &dyn Algorithm, scope: Scope, property: Property) -> bool {
    let world = World::new(algorithm, scope).without_symmetry();
    let limits = Limits { max_states: 300_000, ..Limits::default() };
    let explored = world.explored(&limits);
    let first = explored.first(Labels::bit(Mark::Violated(property).bit()));
    let depth = first.map(|state| explored.distance(state));
    println!("{what:20} {property}: {} states, broken after {depth:?}", explored.states());
    first.is_some()
}

fn without(guard: Guard) -> Server {
    Server { lacks: Some(guard), ..SERVER_LOCK }
}

fn on_a_server_without(guard: lock_server::Guard) -> Server {
    Server { server_lacks: Some(guard), ..SERVER_LOCK }
}

#[test]
fn a_holder_that_does_not_watch_its_lease_outlives_it() {
    let scope = || slow(Span::ms(1));
    assert!(!breaks("sound", &SERVER_LOCK, scope(), MutualExclusion));
    let mutant = without(Guard::WatchesLease);
    assert!(breaks("WatchesLease", &mutant, scope(), MutualExclusion));
}

#[test]
fn a_grant_that_was_under_way_for_a_whole_lease_is_worth_nothing() {
    let scope = || slow(Span::ms(3));
    assert!(!breaks("sound", &SERVER_LOCK, scope(), MutualExclusion));
    let mutant = without(Guard::RefusesStaleGrant);
    assert!(breaks("RefusesStaleGrant", &mutant, scope(), MutualExclusion));
}

#[test]
fn a_question_that_is_asked_again_must_prolong_the_grant_that_answers_it() {
    let scope = || {
        let mut scope = slow(Span::ms(1));
        scope.timing.timeout = Span::ms(2);
        scope.budget.network = 1;
        scope
    };
    assert!(!breaks("sound", &SERVER_LOCK, scope(), MutualExclusion));
    let mutant = on_a_server_without(lock_server::Guard::AcquireProlongs);
    assert!(breaks("AcquireProlongs", &mutant, scope(), MutualExclusion));
}

/// Chubby, section 2.4, has the lock-delay against delays of messages; it is as good against a holder
/// that was paused for so long.
#[test]
fn the_lock_delay_forgives_a_holder_that_is_paused_for_no_longer() {
    let scope = || {
        let mut scope = slow(Span::ms(1));
        scope.reading =
            Reading::Bounded { delay: Span::ms(1), pause: scope.timing.margin, drift: Span::ZERO };
        scope
    };
    assert!(!breaks("sound", &SERVER_LOCK, scope(), MutualExclusion));
    let mutant = on_a_server_without(lock_server::Guard::LockDelay);
    assert!(breaks("LockDelay", &mutant, scope(), MutualExclusion));
}

#[test]
fn a_holder_that_does_not_heed_its_connection_outlives_its_kernel_lock() {
    let scope = || {
        let mut scope = slow(Span::ms(1));
        scope.timing.timeout = Span::ms(2);
        scope.budget.crashes = 1;
        scope
    };
    assert!(!breaks("sound", &FILE_FLOCK, scope(), MutualExclusion));
    let lacks = Some(file_flock::Guard::HeedsConnection);
    let mutant = FileFlock { lacks, ..FILE_FLOCK };
    assert!(breaks("HeedsConnection", &mutant, scope(), MutualExclusion));
}
