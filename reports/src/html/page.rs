//! What the templates are filled with.

use contend_model::measure::FORMULAS;
use contend_model::property::{Environment, Kind, Property};
use contend_model::run::{Build, Comparison};
use contend_model::verdict::Row;
use minijinja::Value;
use serde::Serialize;

use super::cost::{Costs, Violations};
use crate::causes::Cause;
use crate::choice;
use crate::matrix::{Mark, Matrix};
use crate::names::{grouped, list, number};
use crate::stories::{Stories, Story};
use crate::svg;

/// The page.
#[derive(Serialize)]
pub(super) struct Page {
    title: String,
    opening: Vec<Opening>,
    kinds: Vec<KindOfAlgorithm>,
    backends: Vec<String>,
    stories: Vec<StoriesOfAlgorithm>,
    /// Elements that several drawings share.
    drawings: Value,
    costs: Vec<Costs>,
    violations: Option<Violations>,
    formulas: Vec<FormulaView>,
    environments: Vec<Term>,
    properties: Vec<Term>,
    provenance: Provenance,
}

#[derive(Serialize)]
struct Opening {
    title: &'static str,
    sentences: Vec<Value>,
}

/// Locks, or queues.
#[derive(Serialize)]
struct KindOfAlgorithm {
    kind: String,
    properties: Vec<Term>,
    algorithms: Vec<AlgorithmView>,
}

#[derive(Serialize)]
struct AlgorithmView {
    name: String,
    document: String,
    form: String,
    backend: String,
    kind: String,
    summary: String,
    /// The letters of [`Cause`], by property.
    causes: Vec<CauseView>,
    lines: Vec<Line>,
    has_stories: bool,
}

#[derive(Serialize)]
struct CauseView {
    property: String,
    letters: String,
    class: &'static str,
    /// The story that shows the weakest cause.
    anchor: Option<String>,
}

#[derive(Serialize)]
struct Line {
    property: String,
    meaning: &'static str,
    cells: Vec<CellView>,
}

#[derive(Serialize)]
struct CellView {
    sign: &'static str,
    class: &'static str,
    figure: String,
    anchor: Option<String>,
    hint: String,
    as_claimed: bool,
}

#[derive(Serialize)]
struct StoriesOfAlgorithm {
    algorithm: String,
    form: String,
    backend: String,
    kind: String,
    stories: Vec<StoryView>,
}

#[derive(Serialize)]
struct StoryView {
    anchor: String,
    steps: usize,
    breaks: Vec<BrokenView>,
    /// Short: which properties, for the summary line.
    headline: String,
    drawing: Value,
    text: String,
}

#[derive(Serialize)]
struct BrokenView {
    property: String,
    environments: String,
    explanation: String,
    command: String,
}

#[derive(Serialize)]
struct FormulaView {
    id: String,
    document: &'static str,
    claimed: &'static str,
    corrected: &'static str,
    rows: Vec<FormulaRow>,
}

#[derive(Serialize)]
struct FormulaRow {
    algorithm: String,
    situation: String,
    document: String,
    corrected: String,
    measured: String,
    low: String,
    high: String,
    agrees_document: bool,
    agrees_corrected: bool,
}

#[derive(Serialize)]
struct Term {
    name: String,
    letter: String,
    meaning: &'static str,
}

#[derive(Serialize)]
struct Provenance {
    build: Build,
    commands: Vec<String>,
    simulations: Vec<SimulationView>,
    verdicts: String,
    states: String,
}

#[derive(Serialize)]
struct SimulationView {
    algorithm: String,
    engine: String,
    from: String,
    seeds: String,
    digest: String,
    command: String,
    faults: String,
}

impl Page {
    pub fn new(comparison: &Comparison) -> Self {
        let stories = Stories::of(comparison);
        let matrices = Matrix::all(comparison);
        let mut backends: Vec<String> =
            comparison.cards.iter().map(|card| card.backend.clone()).collect();
        backends.sort();
        backends.dedup();
        let drawn: Vec<(String, (f64, f64))> =
            stories.drawings.iter().map(|story| svg::diagram(story)).collect();
        let costs: Vec<Costs> = [Kind::Lock, Kind::Queue]
            .into_iter()
            .filter_map(|k| Costs::new(comparison, k))
            .collect();
        let mut drawings = String::new();
        for (place, (elements, _)) in drawn.iter().enumerate() {
            drawings += &format!(r#"<g id="drawing-{place}">{elements}</g>"#);
        }
        costs.iter().for_each(|costs| drawings += &costs.definitions);
        Page {
            title: title(comparison),
            opening: opening(comparison),
            kinds: [Kind::Lock, Kind::Queue]
                .into_iter()
                .filter_map(|kind| KindOfAlgorithm::new(kind, &matrices, &stories))
                .collect(),
            backends,
            stories: comparison
                .cards
                .iter()
                .map(|card| StoriesOfAlgorithm {
                    algorithm: card.name.clone(),
                    form: card.form.to_string(),
                    backend: card.backend.clone(),
                    kind: card.kind.to_string(),
                    stories: stories
                        .of_algorithm(&card.name)
                        .map(|story| StoryView::new(story, drawn[story.drawing].1))
                        .collect(),
                })
                .filter(|of_algorithm| !of_algorithm.stories.is_empty())
                .collect(),
            drawings: Value::from_safe_string(drawings),
            costs,
            violations: Violations::new(comparison),
            formulas: FORMULAS
                .iter()
                .map(|formula| FormulaView::new(formula, comparison))
                .collect(),
            environments: Environment::ALL.into_iter().map(Term::environment).collect(),
            properties: Property::ALL.into_iter().map(Term::property).collect(),
            provenance: Provenance::new(comparison),
        }
    }
}

fn title(comparison: &Comparison) -> String {
    let count = |kind: Kind| comparison.cards.iter().filter(|card| card.kind == kind).count();
    let part = |kind: Kind| match count(kind) {
        0 => None,
        1 => Some(format!("one {kind}")),
        some => Some(format!("{some} {kind}s")),
    };
    let parts: Vec<String> = [Kind::Lock, Kind::Queue].into_iter().filter_map(part).collect();
    let mut title = list(&parts);
    if let Some(first) = title.get(..1) {
        title = first.to_uppercase() + &title[1..];
    }
    format!("{title}, compared by evidence")
}

fn opening(comparison: &Comparison) -> Vec<Opening> {
    let part = |(kind, sentences): (Option<Kind>, Vec<String>)| Opening {
        title: match kind {
            Some(Kind::Lock) => "Locks",
            Some(Kind::Queue) => "Queues",
            None => "Evidence",
        },
        sentences: sentences.iter().map(|sentence| with_code(sentence)).collect(),
    };
    choice::sentences(comparison).into_iter().map(part).collect()
}

/// Escapes a sentence and sets what stands between back-quotes as code.
fn with_code(sentence: &str) -> Value {
    let mut html = String::new();
    for (place, part) in sentence.split('`').enumerate() {
        let part = svg::escaped(part);
        html += &if place % 2 == 1 { format!("<code>{part}</code>") } else { part };
    }
    Value::from_safe_string(html)
}

impl KindOfAlgorithm {
    fn new(kind: Kind, matrices: &[Matrix<'_>], stories: &Stories<'_>) -> Option<Self> {
        let of_kind = matrices.iter().filter(|matrix| matrix.card.kind == kind);
        let algorithms: Vec<_> =
            of_kind.map(|matrix| AlgorithmView::new(matrix, stories)).collect();
        let properties = Property::of(kind).iter().copied().map(Term::property).collect();
        let kind = kind.to_string();
        (!algorithms.is_empty()).then_some(KindOfAlgorithm { kind, properties, algorithms })
    }
}

impl AlgorithmView {
    fn new(matrix: &Matrix<'_>, stories: &Stories<'_>) -> Self {
        let card = matrix.card;
        let mut lines = Vec::new();
        let mut causes = Vec::new();
        for (property, rows) in &matrix.lines {
            lines.push(Line {
                property: property.to_string(),
                meaning: property.meaning(),
                cells: rows.map(|row| CellView::new(row, stories)).into(),
            });
            let cause = Cause::of(matrix, *property);
            let weakest = cause.broken_by().first();
            let shown = rows.iter().flatten().find(|row| Some(&row.environment) == weakest);
            causes.push(CauseView {
                property: property.to_string(),
                letters: cause.letters(),
                class: match cause {
                    Cause::Moot => "moot",
                    Cause::Nothing { unknown } if unknown.is_empty() => "holds",
                    Cause::Nothing { .. } => "unknown",
                    Cause::Broken { .. } => "violated",
                },
                anchor: shown.and_then(|row| stories.of_row(row)).map(|story| story.anchor.clone()),
            });
        }
        AlgorithmView {
            name: card.name.clone(),
            document: card.document.clone(),
            form: card.form.to_string(),
            backend: card.backend.clone(),
            kind: card.kind.to_string(),
            summary: card.summary.clone(),
            causes,
            lines,
            has_stories: stories.of_algorithm(&card.name).next().is_some(),
        }
    }
}

impl CellView {
    fn new(row: Option<&Row>, stories: &Stories<'_>) -> Self {
        let mark = row.map_or(Mark::Absent, Mark::of);
        CellView {
            sign: mark.sign(),
            class: match mark {
                Mark::Holds => "holds",
                Mark::Violated => "violated",
                Mark::Unknown => "unknown",
                Mark::Moot | Mark::Absent => "moot",
            },
            figure: row.map(Row::figure).unwrap_or_default(),
            anchor: row.and_then(|row| stories.of_row(row)).map(|story| story.anchor.clone()),
            hint: row.map(hint).unwrap_or_default(),
            as_claimed: row.is_none_or(|row| row.as_claimed),
        }
    }
}

/// What a reader learns on hovering over a verdict.
fn hint(row: &Row) -> String {
    let mut text = format!("{} in {}: {}", row.property, row.environment, row.verdict);
    if let Some(reason) = &row.reason {
        text += &format!(": {reason}");
    }
    if row.states > 0 {
        let whole = if row.exhausted { "all of the scope" } else { "not all of the scope" };
        text += &format!(". {} states, {whole}: {}", grouped(row.states as u64), row.scope);
    }
    let claim = match (row.claimed, row.as_claimed) {
        (true, true) => ". Claimed.",
        (false, true) => ".",
        (true, false) => ". Claimed, and yet not so.",
        (false, false) => ". Not claimed, and yet it holds.",
    };
    text + claim
}

impl StoryView {
    fn new(story: &Story<'_>, size: (f64, f64)) -> Self {
        let steps = story.counterexample.steps.len();
        let description = format!("sequence diagram of {}", story.anchor);
        let reused = format!(r##"<use href="#drawing-{}"/>"##, story.drawing);
        let lines: Vec<&str> =
            story.counterexample.steps.iter().map(|step| step.line.as_str()).collect();
        let headline = story.breaks.iter().map(|broken| {
            let environments: Vec<String> =
                broken.environments.iter().map(ToString::to_string).collect();
            format!("{} in {}", broken.property, list(&environments))
        });
        StoryView {
            anchor: story.anchor.clone(),
            steps,
            breaks: story
                .breaks
                .iter()
                .map(|broken| BrokenView {
                    property: broken.property.to_string(),
                    environments: list(
                        &broken.environments.iter().map(ToString::to_string).collect::<Vec<_>>(),
                    ),
                    explanation: broken.explanation.to_owned(),
                    command: broken.command.to_owned(),
                })
                .collect(),
            headline: headline.collect::<Vec<_>>().join(" · "),
            drawing: Value::from_safe_string(svg::framed("diagram", size, &description, &reused)),
            text: lines.join("\n"),
        }
    }
}

impl FormulaView {
    fn new(formula: &'static contend_model::measure::Formula, comparison: &Comparison) -> Self {
        let mut rows = Vec::new();
        for simulation in &comparison.simulations {
            let formulas = simulation.metrics.formulas().iter();
            for comparison in formulas.filter(|comparison| comparison.formula == formula.id) {
                rows.push(FormulaRow {
                    algorithm: simulation.algorithm.clone(),
                    situation: comparison.situation.clone(),
                    document: number(comparison.document_value),
                    corrected: number(comparison.corrected_value),
                    measured: number(comparison.measured.value),
                    low: number(comparison.measured.low),
                    high: number(comparison.measured.high),
                    agrees_document: comparison.agrees_document,
                    agrees_corrected: comparison.agrees_corrected,
                });
            }
        }
        FormulaView {
            id: formula.id.to_string(),
            document: formula.document,
            claimed: formula.claimed,
            corrected: formula.corrected,
            rows,
        }
    }
}

impl Term {
    fn environment(environment: Environment) -> Self {
        Term {
            name: environment.to_string(),
            letter: environment.letter().to_string(),
            meaning: environment.meaning(),
        }
    }

    fn property(property: Property) -> Self {
        Term { name: property.to_string(), letter: String::new(), meaning: property.meaning() }
    }
}

impl Provenance {
    fn new(comparison: &Comparison) -> Self {
        let view = |simulation: &contend_model::run::SimulationReport| SimulationView {
            algorithm: simulation.algorithm.clone(),
            engine: simulation.engine.clone(),
            from: simulation.from.to_string(),
            seeds: grouped(simulation.seeds),
            digest: simulation.digest.to_string(),
            command: simulation.command.clone(),
            faults: simulation
                .happened
                .iter()
                .filter(|(_, count)| *count > 0)
                .map(|(kind, count)| format!("{kind} {}", grouped(count)))
                .collect::<Vec<_>>()
                .join(", "),
        };
        let states: usize = comparison.rows.iter().map(|row| row.states).sum();
        Provenance {
            build: comparison.build.clone(),
            commands: comparison.commands.clone(),
            simulations: comparison.simulations.iter().map(view).collect(),
            verdicts: grouped(comparison.rows.len() as u64),
            states: grouped(states as u64),
        }
    }
}
