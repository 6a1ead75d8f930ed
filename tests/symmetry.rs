//! Clients are alike: whatever can happen in a state can happen, with the names exchanged, in the
//! renamed state. Exploration leans on that for every algorithm and service; here it is checked step
//! by step on random walks through the worlds of all of them.

use contend::Study;
use contend::property::{Environment, Kind};
use contend::registry;
use contend::stream::{Concern, Stream};
use contend::symmetry::Permutation;
use contend::world::{Mark, State, World, fingerprint};

const STEPS: usize = 120;

/// What can come of a state.
fn successors(world: &World, state: &State) -> Vec<State> {
    let mut actions = Vec::new();
    world.possible(state, &mut actions);
    actions.into_iter().map(|action| world.after(state, action)).collect()
}

/// The states' fingerprints, for the order in which states are listed means nothing.
fn sorted(states: impl Iterator<Item = State>) -> Vec<u64> {
    let mut all: Vec<u64> = states.map(|state| fingerprint(&state)).collect();
    all.sort_unstable();
    all
}

/// The marks of a state after the renaming: those of a client are another's.
fn renamed_marks(world: &World, state: &State, renaming: &Permutation) -> u64 {
    let marks = world.marks(state);
    if world.card().kind == Kind::Queue {
        return marks;
    }
    let kinds: [fn(usize) -> Mark; 4] = [Mark::Wants, Mark::Holds, Mark::Nests, Mark::Unnests];
    (0..).zip(renaming.image()).fold(marks, |all, (old, &new)| {
        let moved = |all: u64, kind: &fn(usize) -> Mark| {
            let (from, to) = (kind(old).bit(), kind(usize::from(new)).bit());
            all & !(1 << to) | (marks >> from & 1) << to
        };
        kinds.iter().fold(all, moved)
    })
}

/// Walks through the world and gives the number of states whose successors were compared.
fn walk(world: &World, seed: u64) -> Result<usize, String> {
    let mut draws = Stream::new(seed, Concern::Timers, 0);
    let mut state = world.start().clone();
    for taken in 0..STEPS {
        let next = successors(world, &state);
        if next.is_empty() {
            return Ok(taken);
        }
        for renaming in &world.permutations()[1..] {
            let renamed = |state: &State| world.renamed(state, renaming);
            let there_and_back = world.renamed(&renamed(&state), &inverse(renaming));
            if there_and_back != state {
                return Err(format!("after {taken} steps a state is not its own twice renamed"));
            }
            if world.marks(&renamed(&state)) != renamed_marks(world, &state, renaming) {
                return Err(format!("after {taken} steps the renamed state is marked otherwise"));
            }
            let expected = sorted(next.iter().map(renamed));
            let found = sorted(successors(world, &renamed(&state)).into_iter());
            if expected != found {
                return Err(format!("after {taken} steps the renamed state goes on otherwise"));
            }
        }
        state = next[draws.between(0, next.len() as u64 - 1) as usize].clone();
    }
    Ok(STEPS)
}

fn inverse(renaming: &Permutation) -> Permutation {
    let mut image = vec![0; renaming.image().len()];
    for (old, &new) in (0..).zip(renaming.image()) {
        image[usize::from(new)] = old;
    }
    Permutation::new(image)
}

/// Walks through all worlds of locks, or of queues.
fn renamed_clients_do_the_same(kind: Kind, at_least: usize) {
    let (mut compared, mut wrong) = (0, Vec::new());
    for algorithm in registry::algorithms().iter().filter(|a| a.card().kind == kind) {
        let name = algorithm.card().name;
        for environment in Environment::ALL {
            for study in Study::of(&**algorithm, environment) {
                let world = study.world(&**algorithm, environment, 1);
                for seed in 0..6 {
                    match walk(&world, seed) {
                        Ok(states) => compared += states * (world.permutations().len() - 1),
                        Err(why) => {
                            wrong
                                .push(format!("{name} in {environment}, {study:?}, {seed}: {why}"));
                        }
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} worlds:\n{}", wrong.len(), wrong.join("\n"));
    assert!(compared > at_least, "only {compared} states were compared");
}

#[test]
fn renamed_clients_do_the_same_in_every_world_of_locks() {
    renamed_clients_do_the_same(Kind::Lock, 400_000);
}

#[test]
fn renamed_clients_do_the_same_in_every_world_of_queues() {
    renamed_clients_do_the_same(Kind::Queue, 200_000);
}
