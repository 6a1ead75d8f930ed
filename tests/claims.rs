//! Every claim is two-sided: what is claimed holds, and what is not claimed is broken, vacuous or
//! not on offer. The whole table is golden text, so that a verdict cannot change unnoticed.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::OnceLock;
use std::sync::atomic::AtomicBool;

use contend::algorithm::Algorithm;
use contend::property::{Environment, Property};
use contend::verdict::{Row, Verdict};
use contend::{Options, verify_all};
use expect_test::expect_file;

/// One search of everything for all tests of this file.
fn rows() -> &'static [Row] {
    static ROWS: OnceLock<Vec<Row>> = OnceLock::new();
    ROWS.get_or_init(|| {
        let registry = contend::registry::algorithms();
        let algorithms: Vec<&dyn Algorithm> = registry.iter().map(|a| &**a).collect();
        verify_all(&algorithms, &Options::default(), |_| {}, &AtomicBool::new(false))
    })
}

#[test]
fn every_row_says_what_was_claimed() {
    let wrong: Vec<String> = rows()
        .iter()
        .filter(|row| !row.as_claimed)
        .map(|row| {
            let Row { algorithm, property, environment, claimed, verdict, .. } = row;
            format!("{algorithm} {property} {environment}: claimed {claimed}, {verdict}")
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_verdict_is_unknown_for_want_of_budget() {
    for row in rows().iter().filter(|row| row.verdict != Verdict::Unknown) {
        assert!(row.exhausted, "{} {} {}", row.algorithm, row.property, row.environment);
    }
    let excuses = ["not offered: ", "not applicable: ", "vacuous: "];
    for row in rows().iter().filter(|row| row.verdict == Verdict::Unknown) {
        let reason = row.reason.as_deref().unwrap_or("no reason given");
        assert!(excuses.iter().any(|excuse| reason.starts_with(excuse)), "{reason}");
    }
}

#[test]
fn the_causes_that_break_each_algorithm() {
    let mut table = BTreeMap::<(&str, Property), BTreeMap<Environment, &Row>>::new();
    for row in rows() {
        let key = (row.algorithm.as_str(), row.property);
        table.entry(key).or_default().insert(row.environment, row);
    }
    let mut text = String::from(
        "Causes by letter: 0 none, m misuse, N network, C crash, T lease end, F failover.\n\n",
    );
    for algorithm in contend::registry::algorithms() {
        let card = algorithm.card();
        writeln!(text, "{} ({}, {})", card.name, card.document, card.form).unwrap();
        for &property in Property::of(card.kind) {
            let cells = &table[&(card.name.as_str(), property)];
            let letters = |wanted: Verdict| -> String {
                let chosen = cells.iter().filter(|(_, row)| row.verdict == wanted);
                chosen.map(|(environment, _)| environment.letter()).collect()
            };
            let (holds, broken) = (letters(Verdict::Holds), letters(Verdict::Violated));
            let unknown = letters(Verdict::Unknown);
            let line = format!("  {property:16} holds {holds:7} broken {broken:7} ? {unknown}");
            writeln!(text, "{}", line.trim_end().trim_end_matches(" ?")).unwrap();
        }
    }
    expect_file!["golden/causes.txt"].assert_eq(&text);
}

#[test]
fn shortest_counterexamples_read_like_this() {
    let wanted = [
        ("cache-set", Property::MutualExclusion, Environment::Calm),
        ("cache-set", Property::Ownership, Environment::Calm),
        ("cache-get-then-set", Property::MutualExclusion, Environment::Calm),
        ("cache-get-then-set", Property::Ownership, Environment::Calm),
        ("redis-released-early", Property::MutualExclusion, Environment::Calm),
        ("redis-set-nx-forever", Property::DeadlockFreedom, Environment::Crash),
        ("redis-set-nx-forever", Property::DeadlockFreedom, Environment::Lossy),
        ("redis-set-nx", Property::MutualExclusion, Environment::Misuse),
        ("redis-set-nx", Property::MutualExclusion, Environment::Lossy),
        ("redis-set-nx", Property::MutualExclusion, Environment::Expiry),
        ("redis-set-nx-retried", Property::MutualExclusion, Environment::Lossy),
        ("redis-set-nx-forever", Property::MutualExclusion, Environment::Lossy),
        ("redis-set-nx-forever", Property::DeadlockFreedom, Environment::Expiry),
        ("redis-lock", Property::MutualExclusion, Environment::Expiry),
        ("redis-lock", Property::Fencing, Environment::Lossy),
        ("redis-lock-fenced", Property::Fencing, Environment::Failover),
        ("redis-lock-fenced-everysec", Property::MutualExclusion, Environment::Crash),
        ("cache-list", Property::Fifo, Environment::Calm),
        ("cache-list", Property::Progress, Environment::Calm),
        ("redis-blocking-list", Property::NoLoss, Environment::Lossy),
        ("redis-blocking-list", Property::AtLeastOnce, Environment::Lossy),
        ("redis-blocking-list", Property::Fifo, Environment::Lossy),
        ("redis-blocking-list", Property::NoDuplicate, Environment::Failover),
        ("redis-blocking-list-retried", Property::AtLeastOnce, Environment::Lossy),
        ("redis-blocking-list-retried", Property::NoDuplicate, Environment::Lossy),
        ("redis-reliable-list", Property::Exclusive, Environment::Expiry),
    ];
    let mut text = format!("{}\n", contend::world::LEGEND);
    for (algorithm, property, environment) in wanted {
        let row = rows()
            .iter()
            .find(|row| {
                row.algorithm == algorithm
                    && row.property == property
                    && row.environment == environment
            })
            .expect("every algorithm has a row for each property and environment");
        let story = row.counterexample.as_ref();
        let story = story.unwrap_or_else(|| panic!("{algorithm} {property} {environment} holds"));
        writeln!(text, "\n{algorithm}: {property} in {environment}").unwrap();
        for step in &story.steps {
            writeln!(text, "{}", step.line).unwrap();
        }
        writeln!(text, "{}", story.explanation).unwrap();
        writeln!(text, "{}", story.command).unwrap();
    }
    expect_file!["golden/counterexamples.txt"].assert_eq(&text);
}
