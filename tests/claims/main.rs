//! Every claim is two-sided: what is claimed holds, and what is not claimed is broken, vacuous or
//! not on offer. The whole table is golden text, so that a verdict cannot change unnoticed.

mod agreement;
mod sweep;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::PathBuf;
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
        verify_all(&algorithms, &Options::default(), &|_| {}, &AtomicBool::new(false))
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
    let excuses = ["not offered: ", "not applicable: ", "vacuous: ", "a waiter is overtaken "];
    for row in rows().iter().filter(|row| row.verdict == Verdict::Unknown) {
        // What takes three clients to tell apart is searched as far as the budget goes.
        if row.scope.starts_with("3 clients") {
            continue;
        }
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
    expect_file![concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/causes.txt")].assert_eq(&text);
}

/// What is not claimed is shown broken: for each algorithm and property the shortest counterexample in the
/// weakest environment that breaks it.
#[test]
fn shortest_counterexamples_read_like_this() {
    let mut files = BTreeSet::new();
    for algorithm in contend::registry::algorithms() {
        let card = algorithm.card();
        let mut text = format!("{}\n{}\n", card.name, contend::world::LEGEND);
        for &property in Property::of(card.kind) {
            let weakest = Environment::ALL.into_iter().find_map(|environment| {
                rows()
                    .iter()
                    .filter(|row| row.algorithm == card.name && row.environment == environment)
                    .find(|row| row.property == property && row.counterexample.is_some())
            });
            let Some(row) = weakest else { continue };
            let story = row.counterexample.as_ref().expect("it was looked for");
            writeln!(text, "\n{property} in {}", row.environment).unwrap();
            for step in &story.steps {
                writeln!(text, "{}", step.line).unwrap();
            }
            writeln!(text, "{}\n{}", story.explanation, story.command).unwrap();
        }
        let file = format!("{}.txt", card.name);
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/counterexamples");
        expect_file![path.join(&file)].assert_eq(&text);
        files.insert(file);
    }
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/counterexamples");
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(files.contains(&name), "{name} is of no algorithm any more");
    }
}
