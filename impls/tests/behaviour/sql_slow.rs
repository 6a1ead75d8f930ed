//! The lease over SQL where messages take their time and the client library is patient: there the
//! holder's own reading of its lease is what excludes. Without it two clients hold. The sound lock is
//! searched up to a number of states, far more than the others take to break.

use contend_impls::lock::sql_lease::{Guard, Lease};
use contend_impls::registry::SQL_LEASE;
use contend_model::algorithm::Algorithm;
use contend_model::property::Environment::Calm;
use contend_model::property::Property;
use contend_model::search::{Labels, Limits};
use contend_model::time::{Range, Span};
use contend_model::world::{Mark, Reading, Scope, World};

/// Whether two clients were never seen to hold at once.
fn excludes(algorithm: Lease) -> bool {
    let mut scope = Scope::of(&algorithm.card(), Calm, 0);
    scope.duty.operations = 1;
    scope.duty.think = Range::default();
    scope.timing.timeout = Span::ms(8);
    scope.timing.retry = Range::exactly(Span::ms(1));
    scope.reading = Reading::Bounded { delay: Span::ms(1), pause: Span::ZERO, drift: Span::ZERO };
    let world = World::new(&algorithm, scope).without_symmetry();
    let limits = Limits { max_states: 300_000, ..Limits::default() };
    let explored = world.explored(&limits);
    let broken = explored.first(Labels::bit(Mark::Violated(Property::MutualExclusion).bit()));
    println!("{:?}: {} states, broken {}", algorithm.lacks, explored.states(), broken.is_some());
    broken.is_none()
}

#[test]
fn a_holder_that_watches_its_lease_excludes_although_messages_are_slow() {
    assert!(excludes(SQL_LEASE), "the sound lock must exclude as far as it was searched");
}

#[test]
fn a_holder_that_does_not_watch_its_lease_does_not() {
    let blind = Lease { lacks: Some(Guard::WatchesLease), ..SQL_LEASE };
    assert!(!excludes(blind), "the missing check was not noticed");
}

#[test]
fn a_grant_that_arrives_after_its_lease_must_be_given_back() {
    let trusting = Lease { lacks: Some(Guard::RefusesStaleGrant), ..SQL_LEASE };
    assert!(!excludes(trusting), "the missing check was not noticed");
}
