//! Algorithms by backend: what belongs together stands together, in every section.

use contend_model::algorithm::Card;
use serde::Serialize;

/// What there is of one backend.
#[derive(Serialize)]
pub(super) struct Group<T> {
    /// The backend's name.
    backend: String,
    /// In the order in which they came.
    members: Vec<T>,
}

/// Groups by backend, in the order in which backends come up first.
pub(super) fn by_backend<'a, T>(items: impl IntoIterator<Item = (&'a Card, T)>) -> Vec<Group<T>> {
    let mut groups: Vec<Group<T>> = Vec::new();
    for (card, item) in items {
        match groups.iter_mut().find(|group| group.backend == card.backend) {
            Some(group) => group.members.push(item),
            None => groups.push(Group { backend: card.backend.clone(), members: vec![item] }),
        }
    }
    groups
}
