//! The opening: what the verdicts and figures say to somebody who has to choose. Every sentence is
//! derived from rows, so that it changes when they do.

use std::collections::BTreeMap;

use contend_model::algorithm::Card;
use contend_model::property::{Environment, Kind, Property};
use contend_model::run::Comparison;

use crate::causes::Cause;
use crate::matrix::{Mark, Matrix};
use crate::names::{count, grouped, in_words, list, number, some};

/// One statement; names of algorithms stand between back-quotes.
pub(crate) type Sentence = String;

/// How many algorithms a sentence names; the table below it has them all.
const NAMED: usize = 5;

/// The property for whose sake one takes a lock, or a queue.
pub(crate) fn essential(kind: Kind) -> Property {
    match kind {
        Kind::Lock => Property::MutualExclusion,
        Kind::Queue => Property::NoLoss,
    }
}

/// What the report says first.
pub(crate) fn sentences(comparison: &Comparison) -> Vec<(Option<Kind>, Vec<Sentence>)> {
    let matrices = Matrix::all(comparison);
    let mut parts = Vec::new();
    for kind in [Kind::Lock, Kind::Queue] {
        let of_kind: Vec<&Matrix<'_>> = matrices.iter().filter(|m| m.card.kind == kind).collect();
        let mut sentences = by_cause(&of_kind, kind);
        sentences.extend(soundest(&of_kind, comparison));
        sentences.extend(second_line(&of_kind, kind));
        if !sentences.is_empty() {
            parts.push((Some(kind), sentences));
        }
    }
    let stopped = "The work was stopped before its end: this is what was finished by then.";
    let partial = comparison.partial.then(|| stopped.to_owned());
    let evidence = [partial, as_claimed(comparison), simulated(comparison)];
    let evidence: Vec<Sentence> = evidence.into_iter().flatten().collect();
    if !evidence.is_empty() {
        parts.push((None, evidence));
    }
    parts
}

/// The essential property, by what it takes to break it.
fn by_cause(matrices: &[&Matrix<'_>], kind: Kind) -> Vec<Sentence> {
    let property = essential(kind);
    let mut groups: BTreeMap<(usize, Vec<Environment>), Vec<String>> = BTreeMap::new();
    let mut held = Vec::new();
    for matrix in matrices {
        match Cause::of(matrix, property) {
            Cause::Broken { by, .. } => {
                let rank = if by[0] == Environment::Calm { 0 } else { 7 - by.len() };
                groups.entry((rank, by)).or_default().push(quoted(matrix.card));
            }
            Cause::Nothing { unknown } if unknown.is_empty() => held.push(quoted(matrix.card)),
            Cause::Nothing { .. } | Cause::Moot => {}
        }
    }
    let loses = |alone: bool| match (kind, alone) {
        (Kind::Lock, true) => "loses mutual exclusion",
        (Kind::Lock, false) => "lose mutual exclusion",
        (Kind::Queue, true) => "loses acknowledged items",
        (Kind::Queue, false) => "lose acknowledged items",
    };
    let mut sentences = Vec::new();
    for ((_, by), names) in groups {
        let loses = loses(names.len() == 1);
        let names = some(&names, NAMED);
        sentences.push(if by == [Environment::Calm] {
            format!("{names} {loses} although nobody fails: an unlucky order of steps is enough.")
        } else {
            let by: Vec<String> = by.iter().map(Environment::to_string).collect();
            format!("{names} {loses} under {}.", list(&by))
        });
    }
    if !held.is_empty() {
        let verb = if held.len() == 1 { "keeps" } else { "keep" };
        let what = in_words(property);
        sentences.push(format!(
            "{} {verb} {what} in every environment that applies.",
            some(&held, NAMED)
        ));
    }
    sentences
}

/// Those with the fewest broken verdicts, and what they cost.
fn soundest(matrices: &[&Matrix<'_>], comparison: &Comparison) -> Option<Sentence> {
    let judged = |m: &&&Matrix<'_>| m.count(Mark::Holds) + m.count(Mark::Violated) > 0;
    // What nobody can tell counts as broken: little known is no merit.
    let doubtful = |m: &Matrix<'_>| m.count(Mark::Violated) + m.count(Mark::Unknown);
    let share = |m: &Matrix<'_>| doubtful(m) as f64 / (doubtful(m) + m.count(Mark::Holds)) as f64;
    let lowest = matrices.iter().filter(judged).map(|m| share(m)).min_by(f64::total_cmp)?;
    let mut best: Vec<&&Matrix<'_>> =
        matrices.iter().filter(judged).filter(|m| share(m) <= lowest).collect();
    let fewest = best.iter().map(|m| m.count(Mark::Violated)).min()?;
    best.retain(|m| m.count(Mark::Violated) == fewest);
    let names: Vec<String> = best.iter().map(|matrix| quoted(matrix.card)).collect();
    let of = best.iter().map(|m| m.count(Mark::Holds) + fewest).max().unwrap_or(0);
    let unknown = best.iter().map(|m| m.count(Mark::Unknown)).max().unwrap_or(0);
    let mut text = format!("Fewest broken verdicts: {}, {fewest} of {of}", some(&names, NAMED));
    if unknown > 0 {
        text += &format!(" (and up to {unknown} more without an answer)");
    }
    let cost = |matrix: &&&Matrix<'_>| {
        let name = &matrix.card.name;
        let calm = comparison.calm(name).or(comparison.simulation(name))?;
        Some((calm.metrics.messages_per_operation()?, calm.metrics.wait_ms()))
    };
    let costs: Vec<_> = best.iter().filter_map(|matrix| Some((matrix, cost(matrix)?))).collect();
    let cheapest = costs.iter().min_by(|(_, a), (_, b)| a.0.total_cmp(&b.0));
    match cheapest {
        Some((matrix, (messages, wait))) => {
            let object = match matrix.card.kind {
                Kind::Lock => "an acquisition",
                Kind::Queue => "an item",
            };
            let whose = match best.len() {
                1 => "It costs".to_owned(),
                _ => format!("The cheapest of them, {}, costs", quoted(matrix.card)),
            };
            text += &format!(
                ". {whose} {} messages {object}; the wait is {} ms in the median and {} ms in the \
                 99th percentile",
                number(*messages),
                number(wait.p50),
                number(wait.p99),
            );
            let name = &matrix.card.name;
            let faulty = comparison.simulation(name).map(|s| number(s.metrics.wait_ms().p99));
            text += &match (comparison.calm(name), faulty) {
                (Some(_), Some(faulty)) => {
                    format!(" when nobody fails, and {faulty} ms under all faults at once.")
                }
                (Some(_), None) => " when nobody fails.".to_owned(),
                (None, _) => ", under all faults at once.".to_owned(),
            };
        }
        None => text.push('.'),
    }
    Some(text)
}

/// What still protects once the essential property is gone.
fn second_line(matrices: &[&Matrix<'_>], kind: Kind) -> Option<Sentence> {
    let (first, second, why) = match kind {
        Kind::Lock => (
            Property::MutualExclusion,
            Property::Fencing,
            "a resource that checks fencing tokens is what protects you there",
        ),
        Kind::Queue => (
            Property::NoDuplicate,
            Property::AtMostOnce,
            "idempotent effects are what protects you there",
        ),
    };
    let mut names = Vec::new();
    for matrix in matrices {
        let saved = |environment: &Environment| {
            matrix.mark(first, *environment) == Mark::Violated
                && matrix.mark(second, *environment) == Mark::Holds
        };
        let saved: Vec<String> =
            Environment::ALL.into_iter().filter(saved).map(|e| e.to_string()).collect();
        if !saved.is_empty() {
            names.push(format!("{} ({})", quoted(matrix.card), list(&saved)));
        }
    }
    (!names.is_empty()).then(|| {
        format!(
            "Where {} breaks, {} still holds with {}: {why}.",
            in_words(first),
            in_words(second),
            some(&names, NAMED),
        )
    })
}

/// Whether claims and verdicts agree.
fn as_claimed(comparison: &Comparison) -> Option<Sentence> {
    let rows = &comparison.rows;
    if rows.is_empty() {
        return None;
    }
    let wrong: Vec<String> = rows
        .iter()
        .filter(|row| !row.as_claimed)
        .map(|row| format!("`{}` {} in {}", row.algorithm, row.property, row.environment))
        .collect();
    let moot = rows.iter().filter(|row| Mark::of(row) == Mark::Moot).count();
    let unknown = rows.iter().filter(|row| Mark::of(row) == Mark::Unknown).count();
    let judged = rows.len() - moot;
    let unknown = match unknown {
        0 => String::new(),
        some => format!(", {} without an answer", grouped(some as u64)),
    };
    let (shown, more) = wrong.split_at(wrong.len().min(5));
    let more = match more.len() {
        0 => String::new(),
        some => format!(", and {} more", grouped(some as u64)),
    };
    Some(match shown {
        [] => format!(
            "All {} verdicts on {} are as claimed{unknown}.",
            grouped(judged as u64),
            count(comparison.cards.len(), "algorithm"),
        ),
        some => format!(
            "{} of {} verdicts contradict what is claimed: {}{more}{unknown}.",
            grouped(wrong.len() as u64),
            grouped(judged as u64),
            some.join(", "),
        ),
    })
}

/// What the simulated runs saw.
fn simulated(comparison: &Comparison) -> Option<Sentence> {
    let runs: u64 = comparison.simulations.iter().map(|simulation| simulation.seeds).sum();
    if runs == 0 {
        return None;
    }
    let mut broken: Vec<(f64, String)> = Vec::new();
    for simulation in &comparison.simulations {
        let card = comparison.cards.iter().find(|card| card.name == simulation.algorithm);
        let Some(kind) = card.map(|card| card.kind) else { continue };
        let rates = simulation.metrics.violations().iter();
        let rate =
            rates.filter(|rate| rate.property == essential(kind)).find_map(|r| r.per_million);
        if let Some(rate) = rate.filter(|rate| rate.value > 0.0) {
            broken.push((rate.value, format!("`{}`", simulation.algorithm)));
        }
    }
    broken.sort_by(|a, b| b.0.total_cmp(&a.0));
    let seen = match (broken.first(), broken.last()) {
        (Some((most, worst)), Some((least, mildest))) if broken.len() > 1 => format!(
            "{} lost mutual exclusion or acknowledged items, from {} times per million operations \
             ({mildest}) to {} ({worst})",
            count(broken.len(), "algorithm"),
            number(*least),
            number(*most),
        ),
        (Some((rate, worst)), _) => {
            format!(
                "{worst} lost mutual exclusion or acknowledged items {} times per million operations",
                number(*rate)
            )
        }
        (None, _) => "none lost mutual exclusion or acknowledged items".into(),
    };
    Some(format!(
        "In {} runs of {} under all faults at once, {seen}.",
        grouped(runs),
        count(comparison.simulations.len(), "algorithm"),
    ))
}

fn quoted(card: &Card) -> String {
    format!("`{}`", card.name)
}
