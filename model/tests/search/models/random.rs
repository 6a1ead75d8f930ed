//! Random tables for proptest.

use super::table::{Step, Table};
use contend_model::search::Labels;
use proptest::prelude::*;

/// Up to `states` states of up to `degree` actions; a tenth of them change nothing, a fifth are
/// faults; each of four labels holds in about a quarter of the states.
pub fn tables(states: usize, degree: usize) -> impl Strategy<Value = Table> {
    (1..=states).prop_flat_map(move |states| {
        let target = prop::option::weighted(0.9, 0..states as u32);
        let step =
            (target, prop::bool::weighted(0.2)).prop_map(|(target, fault)| Step { target, fault });
        let steps = prop::collection::vec(prop::collection::vec(step, 0..=degree), states);
        let label = prop::array::uniform4(prop::bool::weighted(0.25)).prop_map(|holds| {
            let bits = (0..4).map(|bit| Labels::bit(bit).when(holds[bit as usize]));
            bits.fold(Labels::NONE, |labels, label| labels | label)
        });
        let labels = prop::collection::vec(label, states);
        let initial = prop::collection::vec(0..states as u32, 1..=2);
        (initial, steps, labels, prop::option::weighted(0.2, 1..=states as u32)).prop_map(
            |(initial, transitions, labels, boundary)| Table {
                initial,
                transitions,
                labels,
                boundary,
            },
        )
    })
}
