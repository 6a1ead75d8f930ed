//! Breaking an old lock file by renaming it: with two clients it only takes a lock away that is not
//! old (Ownership), with three somebody creates a new one before it is put back, and two hold.

use std::sync::atomic::AtomicBool;

use contend_impls::lock::file_exclusive::{Breaking, FileExclusive};
use contend_impls::registry::FILE_LOCK;
use contend_model::algorithm::Role;
use contend_model::property::{Environment, Kind, Property};
use contend_model::search::{Labels, Limits, search};
use contend_model::world::{Mark, Scope, World};

/// Three clients with one acquisition each, and one crash; how many steps it takes to break mutual
/// exclusion, if it was found to break.
fn steps_to_two_holders(breaking: Breaking, max_states: usize) -> Option<usize> {
    let mut scope = Scope::of(Kind::Lock, Environment::Crash, 1);
    scope.roles = vec![Role::Locker; 3];
    scope.duty.operations = 1;
    let algorithm = FileExclusive { breaking, ..FILE_LOCK };
    let world = World::new(&algorithm, scope);
    assert_eq!(world.permutations().len(), 6, "clients and file system can be renamed");
    let limits = Limits { max_states, ..Limits::default() };
    let explored = search(&world, &limits, |_| {}, &AtomicBool::new(false));
    let bit = Labels::bit(Mark::Violated(Property::MutualExclusion).bit());
    let steps = explored.first(bit).map(|state| explored.distance(state));
    println!("{breaking:?}: {} states, two holders after {steps:?}", explored.states());
    steps
}

#[test]
fn who_renames_an_old_file_may_take_a_new_one_away_for_a_moment() {
    assert!(steps_to_two_holders(Breaking::ByRename, 2_000_000).is_some());
}

#[test]
fn who_breaks_under_a_kernel_lock_does_not_as_far_as_searched() {
    assert_eq!(steps_to_two_holders(Breaking::Guarded, 500_000), None);
}
