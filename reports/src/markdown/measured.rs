//! What was measured, as Markdown.

use contend_model::measure::{Estimate, FORMULAS};
use contend_model::property::Kind;
use contend_model::run::{Comparison, SimulationReport};

use super::Page;
use crate::applications::{harms, note};
use crate::figures::{Column, by_runs, measured, sheets};
use crate::names::{grouped, number};

/// The tables of figures: what runs cost in which nobody fails, and what faults make of it.
pub(super) fn costs(page: &mut Page, comparison: &Comparison, kind: Kind) {
    let measured = measured(comparison, kind);
    if measured.is_empty() {
        return;
    }
    page.heading(&format!("## What a {kind} costs"));
    for (place, sheet) in sheets(kind).iter().enumerate() {
        if place > 0 {
            page.line("");
        }
        page.line(&format!("{}; under all faults where the heading says so:", sheet.title));
        page.line("");
        let mut titles = vec!["algorithm".to_owned()];
        titles.extend(sheet.calm.iter().map(|column| column.title.to_owned()));
        titles.extend(sheet.faults.iter().map(|column| format!("faults: {}", column.title)));
        page.header(&titles, 1);
        for one in &measured {
            let mut cells = vec![format!("`{}`", one.card.name)];
            cells.extend(sheet.calm.iter().map(|column| figure(column, one.calm)));
            cells.extend(sheet.faults.iter().map(|column| figure(column, one.faulty)));
            page.row(cells);
        }
    }
}

fn figure(column: &Column, report: Option<&SimulationReport>) -> String {
    report.map_or_else(|| "–".into(), |report| column.text(&report.metrics))
}

/// How often properties were violated under faults.
pub(super) fn violations(page: &mut Page, comparison: &Comparison) {
    if comparison.simulations.is_empty() {
        return;
    }
    page.heading("## Violations per million operations");
    page.header(&["algorithm", "property", "runs", "per million", "95 % interval"], 2);
    for simulation in &comparison.simulations {
        for rate in simulation.metrics.violations().iter().filter(|rate| rate.runs > 0) {
            let interval = |estimate: Estimate| {
                (
                    number(estimate.value),
                    format!("{} to {}", number(estimate.low), number(estimate.high)),
                )
            };
            let (value, interval) =
                rate.per_million.map_or_else(|| ("–".into(), "–".into()), interval);
            page.row([
                format!("`{}`", simulation.algorithm),
                rate.property.to_string(),
                grouped(rate.runs),
                value,
                interval,
            ]);
        }
    }
}

/// What runs under faults meant to programs.
pub(super) fn applications(page: &mut Page, comparison: &Comparison, kind: Kind) {
    let measured = measured(comparison, kind);
    let faulty: Vec<_> = measured.iter().filter_map(|one| Some((one.card, one.faulty?))).collect();
    if faulty.is_empty() {
        return;
    }
    page.heading(&format!("## What it means to an application: {kind}s"));
    page.line("Per million operations under all faults, and in how many seeds it happened.");
    page.line(note(kind));
    page.line("");
    let mut titles = vec!["algorithm".to_owned(), "operations".to_owned()];
    titles.extend(harms(kind).iter().map(|harm| format!("{}: {}", harm.application, harm.title)));
    page.header(&titles, 1);
    for (card, report) in faulty {
        let mut cells = vec![format!("`{}`", card.name), grouped(report.metrics.operations())];
        cells.extend(harms(kind).iter().map(|harm| {
            let Some(toll) = harm.toll(&report.metrics) else { return "–".into() };
            let rate = toll.per_million.map_or_else(|| "–".into(), number);
            match toll.seeds {
                0 => rate,
                seeds => format!("{rate} ({})", grouped(seeds)),
            }
        }));
        page.row(cells);
    }
}

/// What the documents say, what is right, and what was measured.
pub(super) fn formulas(page: &mut Page, comparison: &Comparison) {
    if by_runs(comparison).all(|(_, simulation)| simulation.metrics.formulas().is_empty()) {
        return;
    }
    page.heading("## The documents' formulas against what was measured");
    for formula in FORMULAS {
        let measured: Vec<_> = by_runs(comparison)
            .flat_map(|(runs, simulation)| {
                let formulas = simulation.metrics.formulas().iter();
                let same = formulas.filter(|comparison| comparison.formula == formula.id);
                same.map(move |comparison| (simulation.algorithm.as_str(), runs, comparison))
            })
            .collect();
        page.heading(&format!("### {}: {}", formula.id, formula.claimed));
        page.line(formula.corrected);
        if measured.is_empty() {
            continue;
        }
        page.line("");
        let titles =
            ["algorithm", "runs", "situation", "document", "corrected", "measured", "interval"];
        page.header(&titles, 3);
        for (algorithm, runs, comparison) in measured {
            let agrees = |agrees: bool| if agrees { " ✔" } else { " ✘" };
            let measured = comparison.measured;
            page.row([
                format!("`{algorithm}`"),
                runs.to_owned(),
                comparison.situation.clone(),
                number(comparison.document_value) + agrees(comparison.agrees_document),
                number(comparison.corrected_value) + agrees(comparison.agrees_corrected),
                number(measured.value),
                format!("{} to {}", number(measured.low), number(measured.high)),
            ]);
        }
    }
}

/// What was run, by what.
pub(super) fn provenance(page: &mut Page, comparison: &Comparison) {
    let build = &comparison.build;
    page.heading("## How this came about");
    page.line(&format!(
        "Contend {} ({}, {}, {}).",
        build.contend, build.rustc, build.target, build.profile
    ));
    page.line("");
    page.line("```sh");
    comparison.commands.iter().for_each(|command| page.line(command));
    page.line("```");
    if by_runs(comparison).next().is_none() {
        return;
    }
    page.line("");
    page.header(&["algorithm", "runs", "engine", "digest", "first seed", "seeds", "faults"], 4);
    for (runs, simulation) in by_runs(comparison) {
        page.row([
            format!("`{}`", simulation.algorithm),
            runs.to_owned(),
            simulation.engine.clone(),
            format!("`{}`", simulation.digest),
            simulation.from.to_string(),
            grouped(simulation.seeds),
            grouped(simulation.happened.total()),
        ]);
    }
}
