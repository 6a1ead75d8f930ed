//! As many algorithms as there may be: 50 locks and 25 queues on ten backends.

use contend_model::algorithm::{Card, Form};
use contend_model::property::{Environment, Kind, Property};
use contend_model::run::Comparison;
use contend_model::verdict::{Extent, Finding, Frame, Row, Verdict};

use super::{card, comparison, simulation, story};

const BACKENDS: [&str; 10] = [
    "redis",
    "sql",
    "zookeeper",
    "etcd",
    "files",
    "lock-server",
    "rabbitmq",
    "kafka",
    "raft",
    "gossip",
];

/// Steps of a counterexample: somewhat more than the real ones have on average.
const STEPS: usize = 11;

/// The comparison.
pub fn wide() -> Comparison {
    let cards: Vec<Card> = (0..75).map(numbered).collect();
    Comparison {
        rows: cards.iter().enumerate().flat_map(|(place, card)| rows(place, card)).collect(),
        calm: cards.iter().map(|card| simulation(card, 40, false)).collect(),
        simulations: cards.iter().map(|card| simulation(card, 40, true)).collect(),
        cards,
        ..comparison()
    }
}

fn numbered(place: usize) -> Card {
    let kind = if place < 50 { Kind::Lock } else { Kind::Queue };
    let backend = BACKENDS[if place < 50 { place / 5 } else { (place - 50) / 3 % 10 }];
    let (variant, form) = [
        ("plain", Form::Raw),
        ("timed", Form::Intended),
        ("watched-with-lease", Form::Intended),
        ("owned", Form::Repaired),
        ("fenced-everysec", Form::Repaired),
    ][place % 5];
    let mut card = card(&format!("{backend}-{kind}-{variant}-{place}"), kind, form);
    card.backend = backend.into();
    card.document = format!("L-{place:03}-{}-C", backend.to_uppercase());
    card
}

/// Every verdict on one algorithm; two thirds are broken, every story in words of its own.
fn rows(place: usize, card: &Card) -> Vec<Row> {
    let mut rows = Vec::new();
    for (number, &property) in Property::of(card.kind).iter().enumerate() {
        for (cause, environment) in Environment::ALL.into_iter().enumerate() {
            let broken = !(place + number * 5 + cause * 7).is_multiple_of(3);
            let verdict = if broken { Verdict::Violated } else { Verdict::Holds };
            let mut finding = Finding::of(verdict);
            if broken {
                let mut counterexample = story(card, property, environment);
                let teller = format!("{}/{}", card.backend, (place + number + cause) % 10);
                counterexample.steps = steps(&counterexample.steps, &teller);
                finding.counterexample = Some(counterexample);
            } else if property == Property::Fairness {
                finding.overtakings = Some(1);
            }
            let scope = "2 clients with 2 acquisitions each, 1 fault".into();
            let extent = Extent { scope, exhausted: true, states: 120_000 + place, depth: 40 };
            rows.push(Row::new(card, property, environment, finding, extent));
        }
    }
    rows
}

/// The small story, told over and over.
fn steps(told: &[Frame], teller: &str) -> Vec<Frame> {
    let step = |(number, frame): (usize, &Frame)| Frame {
        number,
        outcome: format!("{} as client {teller} with a lease of 3 ms", frame.outcome),
        violates: if number == STEPS { told[told.len() - 1].violates.clone() } else { Vec::new() },
        line: format!("{number:3}  {} {teller}", frame.line),
        ..frame.clone()
    };
    (1..=STEPS).zip(told.iter().cycle()).map(step).collect()
}
