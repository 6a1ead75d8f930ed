//! Whether waiters are overtaken without end: the number of overtakings, or the loop.
//!
//! A world in which everybody acquires a few times shows how often a waiter can be overtaken there. If
//! that is less often than the others acquire, it is the bound. Otherwise the steps that lead from
//! one overtaking to the next, or to the one after it, are taken again and again in a world without an
//! end: if the same waiter is overtaken a hundred times, they are a loop.

use std::collections::{BTreeMap, VecDeque};

use super::explain;
use crate::monitor::{Monitors, Overtakings};
use crate::property::Property;
use crate::search::{Explored, Labels, StateId};
use crate::verdict::Counterexample;
use crate::world::{Action, Mark, State, World, fingerprint};

/// How often a waiter must be overtaken in a loop for it to be one.
const ROUNDS: usize = 100;

/// How many overtakings after the first are looked at.
const AHEAD: u8 = 4;

/// How far from the first they are looked for, in states.
const NEAR: usize = 200_000;

/// What came of the question.
pub(super) enum Fairness {
    /// Nobody who waits is overtaken more often than this.
    Bounded(u8),
    /// Overtaken without end: the way into the loop, and once round.
    Unbounded(Counterexample),
    /// Overtaken as often as the others can acquire within the scope, but no loop was found.
    Undecided(u8),
}

/// Asks an explored world in which overtakings are counted.
pub(super) fn judge(world: &World, explored: &Explored) -> Fairness {
    let reached = |times: usize| explored.first(Labels::bit(Mark::Overtaken(times).bit()));
    // The first acquisition of the others is under way when the waiter begins to wait.
    let possible = usize::from(world.scope().duty.operations) - 1;
    let most = (1..=possible).take_while(|&times| reached(times).is_some()).last().unwrap_or(0);
    if most < possible {
        return Fairness::Bounded(most as u8);
    }
    let Some(furthest) = reached(most) else { return Fairness::Bounded(0) };
    unending(world, explored, furthest).map_or(Fairness::Undecided(most as u8), Fairness::Unbounded)
}

fn unending(world: &World, explored: &Explored, furthest: StateId) -> Option<Counterexample> {
    let endless = world.clone().with_operations(u16::MAX);
    let path = explored.path_to(world, furthest).ok()?;
    let mut way: Vec<Action> = path.steps.iter().map(|(action, _)| *action).collect();
    let end = walk(&endless, endless.start().clone(), &way)?;
    let victim = (0..world.scope().roles.len()).max_by_key(|&client| overtaken(&end, client))?;
    way.truncate(one_overtaking(&endless, endless.start(), victim, &way));
    let began = walk(&endless, endless.start().clone(), &way)?;
    let ahead = overtake(&endless, &began, victim, AHEAD)?;
    let mut ends = vec![0];
    let mut state = began.clone();
    for _ in 0..AHEAD {
        let taken = ends[ends.len() - 1];
        let length = one_overtaking(&endless, &state, victim, &ahead[taken..]);
        state = walk(&endless, state, &ahead[taken..taken + length])?;
        ends.push(taken + length);
    }
    // The first round may still differ from the next in its timers' phases, the last may end where the
    // waiter is about to be served, and what is sent now and then may come in every second round only.
    let most = usize::from(AHEAD);
    let rounds = (1..=most).flat_map(|length| (0..=most - length).map(move |from| (from, length)));
    for (from, length) in rounds {
        let (before, round) = (&ahead[..ends[from]], &ahead[ends[from]..ends[from + length]]);
        let state = walk(&endless, began.clone(), before)?;
        if goes_round(&endless, &state, round, victim, ROUNDS / length) {
            way.extend(before);
            return Some(explain::of_loop(world, &endless, &way, round, Property::Fairness));
        }
    }
    None
}

/// How many of these steps lead to the next overtaking.
fn one_overtaking(world: &World, from: &State, victim: usize, way: &[Action]) -> usize {
    let before = overtaken(from, victim);
    let mut state = from.clone();
    for (taken, action) in (1..).zip(way) {
        state = world.act(&state, *action).0;
        if overtaken(&state, victim) > before {
            return taken;
        }
    }
    way.len()
}

fn overtaken(state: &State, client: usize) -> u8 {
    match state.monitors() {
        Monitors::Lock(lock) => {
            lock.overtakings().map_or(0, |count| Overtakings::of(count, client))
        }
        Monitors::Queue(_) => 0,
    }
}

/// Takes these steps; `None` if one of them is not possible.
fn walk(world: &World, mut state: State, way: &[Action]) -> Option<State> {
    let mut possible = Vec::new();
    for action in way {
        possible.clear();
        world.possible(&state, &mut possible);
        if !possible.contains(action) {
            return None;
        }
        state = world.act(&state, *action).0;
    }
    Some(state)
}

fn goes_round(world: &World, state: &State, round: &[Action], victim: usize, times: usize) -> bool {
    let mut state = state.clone();
    (0..times).all(|_| {
        let before = overtaken(&state, victim);
        match walk(world, state.clone(), round) {
            Some(next) => state = next,
            None => return false,
        }
        overtaken(&state, victim) > before
    })
}

/// A shortest way without faults on which the same waiter is overtaken so many times more, while it
/// waits all along.
fn overtake(world: &World, from: &State, victim: usize, times: u8) -> Option<Vec<Action>> {
    let start_count = overtaken(from, victim);
    let goal = start_count + times;
    let mut came_by: BTreeMap<u64, Option<(u64, Action)>> = BTreeMap::new();
    let start = fingerprint(from);
    came_by.insert(start, None);
    let mut queue = VecDeque::from([(start, from.clone())]);
    let mut actions = Vec::new();
    while let Some((known_as, state)) = queue.pop_front() {
        actions.clear();
        world.possible(&state, &mut actions);
        for &action in actions.iter().filter(|action| !action.is_unreliable()) {
            let (next, _) = world.act(&state, action);
            let name = fingerprint(&next);
            // Once it has obtained the lock it is another wait.
            if overtaken(&next, victim) < start_count || came_by.contains_key(&name) {
                continue;
            }
            came_by.insert(name, Some((known_as, action)));
            if overtaken(&next, victim) == goal {
                return Some(trace_back(&came_by, name));
            }
            queue.push_back((name, next));
        }
        if came_by.len() > NEAR {
            return None;
        }
    }
    None
}

fn trace_back(came_by: &BTreeMap<u64, Option<(u64, Action)>>, mut name: u64) -> Vec<Action> {
    let mut way = Vec::new();
    while let Some((before, action)) = came_by[&name] {
        way.push(action);
        name = before;
    }
    way.reverse();
    way
}
