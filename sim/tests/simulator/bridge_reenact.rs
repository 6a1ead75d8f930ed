//! What the explorer finds is no artefact of the explorer: stations of their own act out every
//! counterexample step by step, and judges of their own find the same violation.

use contend_impls::registry::algorithms;
use contend_model::algorithm::Algorithm;
use contend_model::property::{Environment, Kind, Property};
use contend_model::search::{Labels, Limits};
use contend_model::world::{Action, Mark, Scope, World};
use contend_sim::bridge::{Parted, reenact};

/// The nearest counterexample of each property that judges find.
fn counterexamples(algorithm: &dyn Algorithm, scope: &Scope) -> Vec<(Property, Vec<Action>)> {
    let world = World::new(algorithm, scope.clone()).without_symmetry();
    let limits = Limits { max_states: 8_000, ..Limits::default() };
    let explored = world.explored(&limits);
    Property::ALL
        .into_iter()
        .filter_map(|property| {
            let state = explored.first(Labels::bit(Mark::Violated(property).bit()))?;
            let path = explored.path_to(&world, state).unwrap();
            Some((property, path.steps.iter().map(|(action, _)| *action).collect()))
        })
        .collect()
}

fn all_can_be_acted_out(environment: Environment, faults: u8) {
    let mut failures = Vec::new();
    let mut acted = 0;
    for algorithm in algorithms() {
        let card = algorithm.card();
        let scope = Scope::of(&card, environment, faults);
        let scopes = match card.kind {
            Kind::Lock => vec![scope.clone(), scope.clone().nested(), scope.impatient().once()],
            Kind::Queue => vec![scope.clone(), scope.judging_emptiness()],
        };
        for scope in scopes {
            for (property, actions) in counterexamples(&*algorithm, &scope) {
                let name = format!("{} {property} {}", card.name, scope.in_words());
                match reenact(&*algorithm, &scope, &actions) {
                    Ok(reenacted) => {
                        let last = reenacted.violations.last().expect("something is violated");
                        assert_eq!(last.0, actions.len() - 1, "{name}");
                        assert!(last.1.contains(property), "{name}");
                        acted += 1;
                    }
                    Err(parted) => failures.push(format!("{name}: {parted}")),
                }
            }
        }
    }
    println!("{environment}: {acted} counterexamples acted out");
    assert!(failures.is_empty(), "{}:\n{}", failures.len(), failures.join("\n"));
    assert!(acted > 0);
}

#[test]
fn counterexamples_in_calm_can_be_acted_out() {
    all_can_be_acted_out(Environment::Calm, 0);
}

#[test]
fn counterexamples_by_misuse_can_be_acted_out() {
    all_can_be_acted_out(Environment::Misuse, 1);
}

#[test]
fn counterexamples_by_lost_late_and_repeated_messages_can_be_acted_out() {
    all_can_be_acted_out(Environment::Lossy, 2);
}

#[test]
fn counterexamples_by_crashes_can_be_acted_out() {
    all_can_be_acted_out(Environment::Crash, 1);
}

#[test]
fn counterexamples_by_early_ends_of_leases_can_be_acted_out() {
    all_can_be_acted_out(Environment::Expiry, 2);
}

#[test]
fn counterexamples_by_failover_can_be_acted_out() {
    all_can_be_acted_out(Environment::Failover, 1);
}

/// Walks at random through the explored world; what is found there is no counterexample, but goes
/// further from the beaten track than any.
fn wander(world: &World, walk: u64, length: usize) -> Vec<Action> {
    let mut draw = walk.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut state = world.start().clone();
    let mut path = Vec::new();
    for _ in 0..length {
        let mut possible = Vec::new();
        world.possible(&state, &mut possible);
        if possible.is_empty() {
            break;
        }
        draw = draw.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let action = possible[(draw >> 33) as usize % possible.len()];
        path.push(action);
        state = world.after(&state, action);
    }
    path
}

#[test]
fn walks_at_random_can_be_acted_out() {
    walks_can_be_acted_out(|environment| environment != Environment::Lossy);
}

#[test]
fn walks_at_random_among_late_messages_can_be_acted_out() {
    walks_can_be_acted_out(|environment| environment == Environment::Lossy);
}

fn walks_can_be_acted_out(among: impl Fn(Environment) -> bool) {
    let mut failures = Vec::new();
    let mut steps = 0;
    for algorithm in algorithms() {
        let card = algorithm.card();
        for environment in Environment::ALL.into_iter().filter(|&other| among(other)) {
            let scope = Scope::of(&card, environment, 3);
            let world = World::new(&*algorithm, scope.clone()).without_symmetry();
            for walk in 0..40 {
                let path = wander(&world, walk, 120);
                match reenact(&*algorithm, &scope, &path) {
                    Ok(reenacted) => steps += reenacted.steps,
                    Err(parted) => {
                        failures.push(format!("{} {environment} {walk}: {parted}", card.name));
                    }
                }
            }
        }
    }
    println!("{steps} steps acted out");
    failures.iter().for_each(|f| println!("FAILED {f}"));
    let first = failures[..failures.len().min(9)].join("\n");
    assert!(failures.is_empty(), "{} walks:\n{first}", failures.len());
    assert!(steps > 10_000);
}

#[test]
fn a_path_that_was_tampered_with_is_rejected() {
    let algorithm = algorithms().into_iter().find(|a| a.card().name == "redis-set-nx").unwrap();
    let scope = Scope::of(&algorithm.card(), Environment::Expiry, 1);
    let found = counterexamples(&*algorithm, &scope);
    let broken = |(property, _): &&(Property, _)| *property == Property::MutualExclusion;
    let (_, path) = found.iter().find(broken).unwrap();
    reenact(&*algorithm, &scope, path).expect("it is as it was found");
    for number in 0..path.len() - 1 {
        let mut fewer = path.clone();
        fewer.remove(number);
        let violated = reenact(&*algorithm, &scope, &fewer).map(|reenacted| reenacted.violations);
        let same = violated.as_ref().is_ok_and(|found| {
            found.iter().any(|(_, set)| set.contains(Property::MutualExclusion))
        });
        assert!(!same, "action {number} of a shortest path is not needed");
    }
    let mut foreign = path.clone();
    foreign.push(Action::Restart(contend_model::ident::BACKEND));
    let parted = reenact(&*algorithm, &scope, &foreign).unwrap_err();
    assert!(matches!(parted, Parted::NoPath { .. }), "{parted}");
}
