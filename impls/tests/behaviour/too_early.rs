//! Punctual time in which so many things end before their time: each counts, and no more of them happen.

use std::collections::{BTreeMap, BTreeSet};

use contend_impls::lock::etcd::{LOCK, MUTEX};
use contend_impls::registry::ZK_LOCK;
use contend_model::algorithm::Algorithm;
use contend_model::property::{Environment, Property};
use contend_model::search::Subject;
use contend_model::time::Range;
use contend_model::world::{Action, Mark, Scope, State, World, fingerprint};

/// Two clients that acquire once each, in punctual time, and so many things that end too early.
fn world(algorithm: &dyn Algorithm, early: u8) -> World {
    let mut scope = Scope::of(&algorithm.card(), Environment::Expiry, early).one_by_one();
    scope.duty.operations = 1;
    scope.duty.think = Range::default();
    World::new(algorithm, scope)
}

/// How many things ended too early on the way to each state, and what was violated on any way.
fn walk(world: &World) -> (BTreeSet<u8>, u64) {
    let mut early = BTreeMap::from([(fingerprint(world.start()), 0)]);
    let mut ahead: Vec<State> = vec![world.start().clone()];
    let (mut marks, mut actions) = (0, Vec::new());
    while let Some(state) = ahead.pop() {
        let so_far = early[&fingerprint(&state)];
        marks |= world.marks(&state);
        actions.clear();
        world.possible(&state, &mut actions);
        for action in &actions {
            let fires = matches!(action, Action::Fire(..));
            let times = so_far + u8::from(fires && world.is_fault(&state, action));
            let next = world.after(&state, *action);
            match early.insert(fingerprint(&next), times) {
                None => ahead.push(next),
                Some(known) => assert_eq!(known, times, "a state knows how many were early"),
            }
        }
    }
    (early.into_values().collect(), marks)
}

#[test]
fn as_many_things_end_too_early_as_the_scope_allows() {
    for allowed in 0..=2 {
        let (seen, _) = walk(&world(&LOCK, allowed));
        assert_eq!(seen, (0..=allowed).collect());
    }
}

#[test]
fn without_any_a_session_excludes_and_with_one_it_does_not() {
    let both_hold = 1 << Mark::Violated(Property::MutualExclusion).bit();
    for algorithm in [&ZK_LOCK as &dyn Algorithm, &MUTEX, &LOCK] {
        assert_eq!(walk(&world(algorithm, 0)).1 & both_hold, 0, "{}", algorithm.card().name);
        assert_ne!(walk(&world(algorithm, 1)).1 & both_hold, 0, "{}", algorithm.card().name);
    }
}
