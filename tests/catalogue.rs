//! Every lock and queue of the documents is there, and every repaired form.

use std::collections::BTreeSet;

use contend::registry::algorithms;

fn ids() -> BTreeSet<&'static str> {
    let lines = include_str!("catalogue.txt").lines();
    lines.filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
}

#[test]
fn every_id_of_the_catalogue_has_an_algorithm() {
    let cards: Vec<_> = algorithms().iter().map(|algorithm| algorithm.card()).collect();
    let there: BTreeSet<&str> = cards.iter().map(|card| card.document.as_str()).collect();
    let missing: Vec<_> = ids().into_iter().filter(|id| !there.contains(id)).collect();
    assert!(missing.is_empty(), "no algorithm for {}", missing.join(", "));
}

#[test]
fn names_are_unique() {
    let mut names = BTreeSet::new();
    for algorithm in algorithms() {
        let card = algorithm.card();
        assert!(names.insert(card.name.clone()), "{} is there twice", card.name);
    }
}
