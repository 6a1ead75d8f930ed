//! Tables for the terminal, without colours or control characters.

mod compared;

use comfy_table::{Cell, CellAlignment, ContentArrangement, Table, presets};
use contend_model::algorithm::Card;
use contend_model::property::{Environment, Kind};
use contend_model::run::SimulationReport;
use contend_model::verdict::Row;
use contend_model::verify::envelope::{Bound, End, Envelope, Lateness};

use crate::applications::harms;
use crate::figures::sheets;
use crate::matrix::{Mark, Matrix};

pub use compared::{costs, harms_compared, overview};

/// The width of a table if nobody says otherwise, in characters.
pub const WIDTH: u16 = 100;

/// The verdicts, one table an algorithm, with what speaks against a claim marked by `!`.
pub fn verdicts(cards: &[Card], rows: &[Row]) -> String {
    verdicts_within(cards, rows, WIDTH)
}

/// [`verdicts`] in a given width.
pub fn verdicts_within(cards: &[Card], rows: &[Row], width: u16) -> String {
    let mut text = String::new();
    for card in cards {
        let matrix = Matrix::new(card, rows);
        let asked = matrix.lines.iter().flat_map(|(_, cells)| cells).flatten().count();
        if asked == 0 {
            continue;
        }
        let Card { name, document, form, backend, .. } = card;
        text += &format!("{name}  ({document}, {form}, {backend})\n{}\n", card.summary);
        let mut table = plain(width);
        let mut header = vec!["property".to_owned()];
        header.extend(Environment::ALL.map(|environment| environment.to_string()));
        table.set_header(header);
        for (property, cells) in &matrix.lines {
            if cells.iter().all(Option::is_none) {
                continue;
            }
            let mut line = vec![Cell::new(property)];
            line.extend(cells.map(|row| Cell::new(row.map_or_else(String::new, cell))));
            table.add_row(line);
        }
        text += &format!("{table}\n{}\n", remarks(&matrix));
    }
    text += "✔ holds   ✘ violated, with the steps of the shortest counterexample   ? unknown\n\
             – not offered or not applicable   ! contradicts the claim\n\
             ≤n a waiter is overtaken at most n times\n";
    text
}

/// A verdict in brief.
fn cell(row: &Row) -> String {
    let wrong = if row.as_claimed { "" } else { "!" };
    let parts = [Mark::of(row).sign(), &row.figure(), wrong];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Why verdicts are unknown, each reason once.
fn remarks(matrix: &Matrix<'_>) -> String {
    let mut reasons: Vec<(String, Vec<String>)> = Vec::new();
    for row in matrix.lines.iter().flat_map(|(_, cells)| cells).flatten() {
        let Some(reason) = row.reason.as_ref().filter(|_| Mark::of(row) == Mark::Unknown) else {
            continue;
        };
        let place = format!("{} in {}", row.property, row.environment);
        match reasons.iter_mut().find(|(known, _)| known == reason) {
            Some((_, places)) => places.push(place),
            None => reasons.push((reason.clone(), vec![place])),
        }
    }
    let line =
        |(reason, places): (String, Vec<String>)| format!("? {}: {reason}\n", places.join(", "));
    reasons.into_iter().map(line).collect()
}

/// The algorithms.
pub fn list(cards: &[Card]) -> String {
    list_within(cards, WIDTH)
}

/// [`list`] in a given width.
pub fn list_within(cards: &[Card], width: u16) -> String {
    let mut table = plain(width);
    table.set_header(["name", "kind", "document", "form", "backend", "what it does"]);
    for card in cards {
        table.add_row([
            card.name.clone(),
            card.kind.to_string(),
            card.document.clone(),
            card.form.to_string(),
            card.backend.clone(),
            card.summary.clone(),
        ]);
    }
    format!("{table}\n")
}

/// How much lateness each lock bears.
pub fn envelopes(envelopes: &[Envelope]) -> String {
    let mut table = plain(WIDTH);
    let kinds = Lateness::ALL.map(|lateness| lateness.to_string());
    table.set_header(std::iter::once("name".to_owned()).chain(kinds));
    for envelope in envelopes {
        let cells = envelope.bounds.iter().map(borne);
        table.add_row(std::iter::once(envelope.algorithm.clone()).chain(cells));
    }
    let Some(Envelope { lease_ms, margin_ms, .. }) = envelopes.first() else {
        return String::new();
    };
    format!(
        "{table}\n\nTwo clients (three where some share) acquire once and work for 1 ms; leases of {lease_ms} ms, on which nobody relies in \
         the last {margin_ms} ms.\nThe most with which they still exclude each other: pauses of clients, delays \
         of messages, drift of clocks.\n≤n breaks beyond n ms   ≥n at least that: nothing beyond it was \
         tried, or not to the end\n✘ breaks without any   ? nobody obtains it, or the search was cut off\n"
    )
}

fn borne(bound: &Bound) -> String {
    match (bound.holds_up_to_ms, &bound.end) {
        (Some(ms), End::Broken(_)) => format!("≤{ms}"),
        (Some(ms), End::Undecided(_) | End::Borne) => format!("≥{ms}"),
        (None, End::Broken(_)) => "✘".into(),
        (None, End::Undecided(_) | End::Borne) => "?".into(),
    }
}

/// What simulated runs cost: tables with a column for each algorithm, a row for each figure.
pub fn metrics(simulations: &[SimulationReport]) -> String {
    metrics_within(simulations, WIDTH)
}

/// [`metrics`] in a given width.
pub fn metrics_within(simulations: &[SimulationReport], width: u16) -> String {
    let mut text = String::new();
    for kind in [Kind::Lock, Kind::Queue] {
        let of_kind: Vec<_> = simulations.iter().filter(|s| s.metrics.kind() == kind).collect();
        if of_kind.is_empty() {
            continue;
        }
        for sheet in sheets(kind) {
            let mut table = plain(width);
            let mut header = vec![sheet.title.to_owned()];
            header.extend(of_kind.iter().map(|simulation| simulation.algorithm.clone()));
            table.set_header(header);
            for column in sheet.columns() {
                let mut line = vec![Cell::new(column.title)];
                line.extend(of_kind.iter().map(|simulation| {
                    let figure = column.text(&simulation.metrics);
                    Cell::new(figure).set_alignment(CellAlignment::Right)
                }));
                table.add_row(line);
            }
            text += &format!("{table}\n\n");
        }
    }
    text
}

/// What simulated runs meant to the programs that were asked about: a line for each harm.
pub fn applications(simulation: &SimulationReport) -> String {
    let mut text = String::new();
    for harm in harms(simulation.metrics.kind()) {
        if let Some(toll) = harm.toll(&simulation.metrics) {
            text += &harm.sentence(&toll, simulation.seeds);
            text.push('\n');
        }
    }
    text
}

/// A table with rules below its header only.
fn plain(width: u16) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY);
    table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    table
}
