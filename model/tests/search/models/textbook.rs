//! Breadth-first search as the textbook has it, with a map and a queue: the order that the real one
//! promises.

use std::collections::{HashMap, VecDeque};

use super::table::Table;
use stateright::Model;

pub struct Textbook {
    /// The states in the order in which they are found.
    pub order: Vec<u32>,
    /// Steps from the nearest initial state, by state.
    pub distance: HashMap<u32, usize>,
    pub transitions: u64,
}

pub fn search(model: &Table) -> Textbook {
    let mut found = Textbook { order: Vec::new(), distance: HashMap::new(), transitions: 0 };
    let mut queue = VecDeque::new();
    let meet = |found: &mut Textbook, queue: &mut VecDeque<u32>, state, distance| {
        if let std::collections::hash_map::Entry::Vacant(place) = found.distance.entry(state) {
            place.insert(distance);
            found.order.push(state);
            queue.push_back(state);
        }
    };
    for state in model.init_states() {
        if model.within_boundary(&state) {
            meet(&mut found, &mut queue, state, 0);
        }
    }
    while let Some(state) = queue.pop_front() {
        let distance = found.distance[&state] + 1;
        for next in model.next_states(&state) {
            if model.within_boundary(&next) {
                found.transitions += 1;
                meet(&mut found, &mut queue, next, distance);
            }
        }
    }
    found
}
