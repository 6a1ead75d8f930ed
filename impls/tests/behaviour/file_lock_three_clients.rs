//! Breaking an old lock file by renaming it needs three clients to end with two holders, and is explored with
//! three; breaking it under a kernel lock must bear as many.

use contend_impls::lock::file_exclusive::{Breaking, FileExclusive};
use contend_impls::registry::FILE_LOCK;
use contend_model::algorithm::{Algorithm, Role};
use contend_model::property::{Environment, Property};
use contend_model::search::{Labels, Limits};
use contend_model::time::Range;
use contend_model::world::{Mark, Scope, World};

/// Three clients with one acquisition each, and one crash.
#[test]
fn who_breaks_an_old_file_under_a_kernel_lock_takes_no_new_one_away() {
    let algorithm = FileExclusive { breaking: Breaking::Guarded, ..FILE_LOCK };
    let mut scope = Scope::of(&algorithm.card(), Environment::Crash, 1);
    scope.roles = vec![Role::Locker; 3];
    scope.duty.operations = 1;
    scope.duty.think = Range::default();
    let world = World::new(&algorithm, scope);
    assert_eq!(world.permutations().len(), 6, "clients and file system can be renamed");
    let limits = Limits { max_states: 500_000, ..Limits::default() };
    let explored = world.explored(&limits);
    let bit = Labels::bit(Mark::Violated(Property::MutualExclusion).bit());
    let steps = explored.first(bit).map(|state| explored.distance(state));
    println!("{} states, two holders after {steps:?}", explored.states());
    assert!(steps.is_some() || explored.is_exhausted(), "not searched to the end");
    assert_eq!(steps, None);
}
