//! Every lock and queue of the documents is there, and every repaired form.

use std::collections::BTreeSet;

use contend::registry::{SHORTLIST, algorithms, find};

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
fn names_are_unique_and_the_shortlist_keeps_their_order() {
    let names: Vec<String> = algorithms().iter().map(|algorithm| algorithm.card().name).collect();
    let listed = names.iter().filter(|name| SHORTLIST.contains(&name.as_str()));
    assert_eq!(listed.collect::<Vec<_>>(), SHORTLIST);
    assert!(SHORTLIST.iter().all(|name| find(name).is_some()));
    let mut distinct = BTreeSet::new();
    for name in &names {
        assert!(distinct.insert(name), "{name} is there twice");
    }
}
