//! Client symmetry: of all states that differ by the names of clients alone, one stands for all.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

use smallvec::SmallVec;

use super::World;
use super::state::State;
use crate::property::Kind;
use crate::search::{Canonical, Fingerprinter};
use crate::symmetry::{Permutation, Symmetric};

/// A renaming with its number among the world's.
#[derive(Clone, Copy)]
pub(super) struct Renaming<'a> {
    pub number: u8,
    pub permutation: &'a Permutation,
}

impl World {
    /// Of all renamings of a state the one whose nodes have the smallest fingerprints, and of several such
    /// the one that has the smallest fingerprint as a whole.
    pub(super) fn canonical(&self, state: &State) -> Canonical {
        let mut first: SmallVec<[(Nodes, Renaming<'_>); 2]> = SmallVec::new();
        for (number, permutation) in (0..).zip(&self.permutations) {
            let renaming = Renaming { number, permutation };
            let nodes = renamed_nodes(state, renaming);
            let order = first.first().map_or(Ordering::Less, |(least, _)| nodes.cmp(least));
            if order == Ordering::Less {
                first.clear();
            }
            if order != Ordering::Greater {
                first.push((nodes, renaming));
            }
        }
        let whole = first
            .into_iter()
            .map(|(nodes, renaming)| (renamed(state, &nodes, renaming), renaming.number));
        let (fingerprint, renaming) = whole.min().expect("the identity is a renaming");
        Canonical { fingerprint, renaming }
    }

    /// The state with its clients renamed.
    ///
    /// # Panics
    /// If the renaming is none of the world's [permutations](World::permutations).
    pub fn renamed(&self, state: &State, permutation: &Permutation) -> State {
        assert!(self.permutations.contains(permutation), "a renaming of this world");
        state.permuted(permutation).expect("symmetry was found to be supported at the start")
    }

    /// What a question about a client, or about an item, is about after the renaming.
    pub(super) fn renamed_question(&self, renaming: u8, number: u8) -> u8 {
        match self.card.kind {
            Kind::Lock => {
                let image = self.permutations[usize::from(renaming)].image();
                image.get(usize::from(number)).copied().unwrap_or(number)
            }
            // Items are named after their producers, who keep their names.
            Kind::Queue => number,
        }
    }
}

/// The nodes' fingerprints, clients first.
type Nodes = SmallVec<[u64; 6]>;

/// Who has this place after the renaming.
fn before(permutation: &Permutation, place: usize) -> usize {
    permutation.image().iter().position(|&new| usize::from(new) == place).unwrap_or(place)
}

fn renamed_nodes(state: &State, renaming: Renaming<'_>) -> Nodes {
    let renamed = |place| {
        let node = &state.nodes[before(renaming.permutation, place)];
        node.renamed(renaming, |node| {
            let permuted = node.permute(renaming.permutation);
            assert!(permuted, "symmetry was found to be supported at the start");
        })
    };
    (0..state.nodes.len()).map(renamed).collect()
}

/// The fingerprint of the state with its clients renamed, without the state.
fn renamed(state: &State, nodes: &Nodes, renaming: Renaming<'_>) -> u64 {
    let permutation = renaming.permutation;
    let mut hasher = Fingerprinter::default();
    for (place, fingerprint) in nodes.iter().enumerate() {
        hasher.write_u64(*fingerprint);
        state.running[before(permutation, place)].hash(&mut hasher);
    }
    let connections = state.connections.iter().map(|connection| {
        connection.renamed(renaming, |connection| connection.permute(permutation))
    });
    hasher.write_u64(unordered(connections));
    let timers = state.timers.iter().map(|armed| {
        let mut armed = *armed;
        armed.permute(permutation);
        Fingerprinter::of(&armed)
    });
    hasher.write_u64(unordered(timers));
    for (link, message) in &state.late {
        let (mut link, mut message) = (*link, *message);
        link.permute(permutation);
        message.permute(permutation);
        (link, message).hash(&mut hasher);
    }
    let numbers = (state.connections.len(), state.timers.len(), state.late.len());
    (numbers, state.budget, state.violated).hash(&mut hasher);
    hasher.write_u64(state.monitors.renamed(renaming, |judges| judges.permute(permutation)));
    hasher.finish().max(1)
}

/// One fingerprint for all, whatever order a renaming puts them in.
fn unordered(fingerprints: impl Iterator<Item = u64>) -> u64 {
    fingerprints.fold(0, u64::wrapping_add)
}
