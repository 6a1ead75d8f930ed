//! Many algorithms in little room: a line for each.

use std::fmt::Write;

use contend_model::property::{Environment, Kind, Property};
use contend_model::run::{Comparison, SimulationReport};

use crate::applications::harms;
use crate::causes::Cause;
use crate::choice::essential;
use crate::figures::measured;
use crate::matrix::Matrix;
use crate::names::{list, number};

/// One line an algorithm, one column a property: the letters of the weakest environments that break
/// it; for fairness the bound, or `∞`.
pub fn overview(comparison: &Comparison) -> String {
    let matrices = Matrix::all(comparison);
    let mut text = String::new();
    for kind in [Kind::Lock, Kind::Queue] {
        let of_kind: Vec<_> = matrices.iter().filter(|matrix| matrix.card.kind == kind).collect();
        let Some(widest) = of_kind.iter().map(|matrix| matrix.card.name.len()).max() else {
            continue;
        };
        let _ = write!(text, "{:widest$}", kind.to_string());
        for property in Property::of(kind) {
            let _ = write!(text, "  {:7.7}", property.to_string());
        }
        for matrix in of_kind {
            text.truncate(text.trim_end().len());
            let _ = write!(text, "\n{:widest$}", matrix.card.name);
            for property in Property::of(kind) {
                let _ = write!(text, "  {:7}", Cause::cell(matrix, *property).replace(' ', ""));
            }
        }
        text.truncate(text.trim_end().len());
        text += "\n\n";
    }
    let letters = Environment::ALL.map(|e| format!("{} {e}", e.letter()));
    let _ = writeln!(
        text,
        "Letters: the weakest environments that break it ({}).\n\
         ✔ nothing that was tried does, – not offered, ? no answer in those that follow;\n\
         fairness: ≤n a waiter is overtaken at most n times, ∞ without end.",
        list(&letters)
    );
    text
}

/// What simulated runs cost: a line for each algorithm, the figures of runs in which nobody fails
/// beside what faults make of them.
pub fn costs(comparison: &Comparison) -> String {
    let mut text = String::new();
    for kind in [Kind::Lock, Kind::Queue] {
        let measured = measured(comparison, kind);
        let Some(widest) = measured.iter().map(|one| one.card.name.len()).max() else { continue };
        let essential = essential(kind);
        let broken = format!("{essential}/M");
        let last = broken.len();
        let _ = writeln!(
            text,
            "{:widest$}    p50 ms    p99 ms   per s  messages  Jain | p99 ms  recovery  {broken}",
            kind.to_string()
        );
        for one in &measured {
            let figures = calm(one.calm).into_iter().chain(faulty(one.faulty, essential));
            let written: Vec<String> =
                figures.map(|figure| figure.map_or_else(|| "–".to_owned(), number)).collect();
            let [p50, p99, rate, messages, jain, tail, recovery, violations] = &written[..] else {
                unreachable!("five figures and three");
            };
            let _ = writeln!(
                text,
                "{:widest$}  {p50:>8}  {p99:>8}  {rate:>6}  {messages:>8}  {jain:>4} | {tail:>6}  \
                 {recovery:>8}  {violations:>last$}",
                one.card.name
            );
        }
        text.push('\n');
    }
    text += "Right of the bar: under all faults; recovery is the 99th percentile of the time until\n\
             things went on after a crash, in ms, and /M a rate per million operations.\n";
    text
}

/// What the algorithms meant to programs under all faults: a line for each, harms per million operations.
pub fn harms_compared(comparison: &Comparison) -> String {
    let mut text = String::new();
    for kind in [Kind::Lock, Kind::Queue] {
        let measured = measured(comparison, kind);
        let measured: Vec<_> = measured.iter().filter_map(|one| Some((one, one.faulty?))).collect();
        let Some(widest) = measured.iter().map(|(one, _)| one.card.name.len()).max() else {
            continue;
        };
        let _ = write!(text, "{:widest$}", kind.to_string());
        for harm in harms(kind) {
            let _ = write!(text, "  {}", harm.title);
        }
        for (one, faulty) in measured {
            let _ = write!(text, "\n{:widest$}", one.card.name);
            for harm in harms(kind) {
                let toll = harm.toll(&faulty.metrics).and_then(|toll| toll.per_million);
                let toll = toll.map_or_else(|| "–".to_owned(), number);
                let _ = write!(text, "  {toll:>0$}", harm.title.len());
            }
        }
        text += "\n\n";
    }
    text += "Under all faults, per million operations: what a flash sale (inventory), a shelf of single units\n\
             (cart), orders and work (tasks) would have suffered; \"with key\": if the resource\n\
             drops an effect that it has applied.\n";
    text
}

fn calm(report: Option<&SimulationReport>) -> [Option<f64>; 5] {
    let Some(metrics) = report.map(|report| &report.metrics) else { return [None; 5] };
    let wait = metrics.wait_ms();
    let waited = |value: f64| (wait.count > 0).then_some(value);
    [
        waited(wait.p50),
        waited(wait.p99),
        Some(metrics.throughput_per_s()),
        metrics.messages_per_operation(),
        metrics.jain_index(),
    ]
}

fn faulty(report: Option<&SimulationReport>, essential: Property) -> [Option<f64>; 3] {
    let Some(metrics) = report.map(|report| &report.metrics) else { return [None; 3] };
    let (wait, recovery) = (metrics.wait_ms(), &metrics.recovery().ms);
    let rate = metrics.violations().iter().find(|rate| rate.property == essential);
    [
        (wait.count > 0).then_some(wait.p99),
        (recovery.count > 0).then_some(recovery.p99),
        rate.and_then(|rate| rate.per_million).map(|estimate| estimate.value),
    ]
}
