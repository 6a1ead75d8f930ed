//! Checks of the locks that wait for one another, of which the usual scope (two clients whose critical
//! sections take no time) shows nothing. Each is taken away in a scope that needs it; the sound
//! form must exclude in the same scope, searched to its end.

use contend_impls::lock::etcd::{self, Etcd, LOCK, MUTEX};
use contend_impls::lock::zookeeper::recipe::{Guard, Recipe};
use contend_impls::registry::ZK_LOCK;
use contend_model::algorithm::{Algorithm, Role};
use contend_model::property::{Environment, Property};
use contend_model::search::{Labels, Limits};
use contend_model::time::{Range, Span};
use contend_model::world::{Mark, Scope, World};

/// Whether two ever believe that they hold; `None` if the search did not come to its end.
fn breaks(algorithm: &dyn Algorithm, scope: &Scope) -> Option<bool> {
    let world = World::new(algorithm, scope.clone());
    let limits = Limits { max_states: 3_000_000, ..Limits::default() };
    let explored = world.explored(&limits);
    let mark = Mark::Violated(Property::MutualExclusion);
    let broken = explored.first(Labels::bit(mark.bit())).is_some();
    println!("{}: {} states, broken {broken}", algorithm.card().name, explored.states());
    (broken || explored.is_exhausted()).then_some(broken)
}

fn once(environment: Environment, faults: u8) -> Scope {
    let mut scope = Scope::of(&ZK_LOCK.card(), environment, faults);
    scope.duty.operations = 1;
    scope.duty.think = Range::default();
    scope
}

/// Three wait in line, and one of them gives up.
fn in_line() -> Scope {
    let mut scope = once(Environment::Calm, 0).impatient();
    scope.roles = vec![Role::Locker; 3];
    scope
}

/// The holder works for longer than a session or a lease lasts.
fn long_work(environment: Environment, faults: u8) -> Scope {
    let mut scope = once(environment, faults);
    scope.duty.work = Range::exactly(Span::ms(5));
    scope
}

fn zookeeper(guard: Guard) -> Recipe {
    Recipe { lacks: Some(guard), ..ZK_LOCK }
}

fn repaired(guard: etcd::Guard) -> Etcd {
    Etcd { lacks: Some(guard), ..LOCK }
}

#[test]
fn a_waiter_whose_predecessor_gave_up_is_not_yet_the_first() {
    assert_eq!(breaks(&ZK_LOCK, &in_line()), Some(false));
    assert_eq!(breaks(&zookeeper(Guard::RelistsOnWake), &in_line()), Some(true));
    assert_eq!(breaks(&LOCK, &in_line()), Some(false));
    assert_eq!(breaks(&repaired(etcd::Guard::WaitsForAll), &in_line()), Some(true));
}

#[test]
fn a_holder_that_works_for_long_sends_heartbeats() {
    let scope = long_work(Environment::Calm, 0);
    assert_eq!(breaks(&ZK_LOCK, &scope), Some(false));
    assert_eq!(breaks(&zookeeper(Guard::SendsHeartbeats), &scope), Some(true));
    assert_eq!(breaks(&MUTEX, &scope), Some(false));
    // Its own reading of the lease ends no earlier than the server's, so it does not save it.
    let silent = Etcd { lacks: Some(etcd::Guard::KeepsAlive), ..MUTEX };
    assert_eq!(breaks(&silent, &scope), Some(true));
    // With a margin it does.
    assert_eq!(breaks(&repaired(etcd::Guard::KeepsAlive), &scope), Some(false));
}
