//! What the simulated runs cost, as the templates are filled with it.

use contend_model::metrics::Summary;
use contend_model::property::Kind;
use contend_model::run::{Comparison, SimulationReport};
use minijinja::Value;
use serde::Serialize;

use super::group::{Group, by_backend};
use crate::figures::{Column, Measured, Sheet, measured, sheets};
use crate::names::number;
use crate::svg::{Curves, Distributions, sparkline};

/// The costs of one kind of algorithm.
#[derive(Serialize)]
pub(super) struct Costs {
    kind: String,
    sheets: Vec<SheetView>,
    panels: Vec<Group<Panel>>,
    /// Curves that the panels share.
    #[serde(skip)]
    pub definitions: String,
}

#[derive(Serialize)]
struct SheetView {
    title: &'static str,
    calm: Vec<ColumnView>,
    faults: Vec<ColumnView>,
    groups: Vec<Group<SheetRow>>,
}

#[derive(Serialize)]
struct ColumnView {
    title: &'static str,
    meaning: &'static str,
}

#[derive(Serialize)]
struct SheetRow {
    algorithm: String,
    calm: Vec<Figure>,
    faults: Vec<Figure>,
}

#[derive(Serialize)]
struct Figure {
    text: String,
    /// The length of its bar, in per cent of the largest of the column.
    bar: u32,
}

#[derive(Serialize)]
struct Panel {
    algorithm: String,
    calm: String,
    faulty: String,
    chart: Value,
    series: Option<Value>,
}

impl Costs {
    /// `None` if nothing of this kind was simulated.
    pub fn new(comparison: &Comparison, kind: Kind) -> Option<Self> {
        let measured = measured(comparison, kind);
        if measured.is_empty() {
            return None;
        }
        let prefix = match kind {
            Kind::Lock => "lock-",
            Kind::Queue => "queue-",
        };
        let curves = measured.iter().map(curves_of).collect();
        let distributions = Distributions::new(prefix, curves);
        let panels = measured.iter().enumerate().map(|(place, one)| {
            let neighbour =
                |(_, other): &(usize, &Measured<'_>)| other.card.backend == one.card.backend;
            let neighbours: Vec<usize> =
                measured.iter().enumerate().filter(neighbour).map(|(place, _)| place).collect();
            let chart = distributions.panel(place, &neighbours, &one.card.name);
            (one.card, Panel::new(one, chart))
        });
        Some(Costs {
            kind: kind.to_string(),
            sheets: sheets(kind).iter().map(|sheet| SheetView::new(sheet, &measured)).collect(),
            panels: by_backend(panels),
            definitions: distributions.definitions(),
        })
    }
}

fn curves_of<'a>(measured: &Measured<'a>) -> Curves<'a> {
    let curve = |report: Option<&'a SimulationReport>| match report {
        Some(report) => report.metrics.wait_cdf(),
        None => &[],
    };
    Curves { calm: curve(measured.calm), faulty: curve(measured.faulty) }
}

impl Panel {
    fn new(measured: &Measured<'_>, chart: String) -> Self {
        let mean = |report: Option<&SimulationReport>| {
            let mean = report.and_then(|report| report.metrics.over_seeds().wait_ms);
            mean.map_or_else(String::new, |mean| {
                format!("{} ± {} ms", number(mean.value), number(mean.high - mean.value))
            })
        };
        let level = match measured.card.kind {
            Kind::Lock => "waiters",
            Kind::Queue => "backlog",
        };
        let shown = measured.calm.or(measured.faulty);
        let series = shown.and_then(|report| report.metrics.series()).map(|series| {
            Value::from_safe_string(sparkline(series, &format!("{level}, seed {}", series.seed)))
        });
        Panel {
            algorithm: measured.card.name.clone(),
            calm: mean(measured.calm),
            faulty: mean(measured.faulty),
            chart: Value::from_safe_string(chart),
            series,
        }
    }
}

impl SheetView {
    fn new(sheet: &Sheet, measured: &[Measured<'_>]) -> Self {
        let calm: Vec<_> = measured.iter().map(|one| one.calm).collect();
        let faulty: Vec<_> = measured.iter().map(|one| one.faulty).collect();
        let (calm, faulty) = (figures(sheet.calm, &calm), figures(sheet.faults, &faulty));
        let rows = measured.iter().zip(calm.into_iter().zip(faulty));
        let rows = rows.map(|(measured, (calm, faults))| {
            (measured.card, SheetRow { algorithm: measured.card.name.clone(), calm, faults })
        });
        SheetView {
            title: sheet.title,
            calm: sheet.calm.iter().map(ColumnView::new).collect(),
            faults: sheet.faults.iter().map(ColumnView::new).collect(),
            groups: by_backend(rows),
        }
    }
}

impl ColumnView {
    fn new(column: &Column) -> Self {
        ColumnView { title: column.title, meaning: column.meaning }
    }
}

/// The figures of all these simulations, row by row; a dash where there is none.
fn figures(columns: &[Column], reports: &[Option<&SimulationReport>]) -> Vec<Vec<Figure>> {
    let summaries: Vec<Option<&Summary>> =
        reports.iter().map(|report| report.map(|report| &report.metrics)).collect();
    let largest: Vec<f64> = columns
        .iter()
        .map(|column| {
            let values = summaries.iter().flatten().filter_map(|summary| column.value(summary));
            values.fold(0.0, f64::max)
        })
        .collect();
    let row = |summary: Option<&Summary>| -> Vec<Figure> {
        let columns = columns.iter().zip(&largest);
        columns.map(|(column, &largest)| figure(column, summary, largest)).collect()
    };
    summaries.into_iter().map(row).collect()
}

fn figure(column: &Column, summary: Option<&Summary>, largest: f64) -> Figure {
    let Some(summary) = summary else { return Figure { text: "–".into(), bar: 0 } };
    let share = column.value(summary).filter(|_| largest > 0.0).map_or(0.0, |v| v / largest);
    Figure { text: column.text(summary), bar: (100.0 * share).round() as u32 }
}
