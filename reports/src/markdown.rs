//! The report as Markdown, for a repository or a review.

mod measured;

use std::fmt::Write;

use contend_model::property::{Environment, Kind, Property};
use contend_model::run::Comparison;

use crate::causes::Cause;
use crate::choice;
use crate::matrix::{Mark, Matrix};
use crate::stories::Stories;

/// The whole report as Markdown.
pub fn markdown(comparison: &Comparison) -> String {
    let mut page = Page::default();
    page.line("# Distributed locks and queues compared");
    opening(&mut page, comparison);
    for kind in [Kind::Lock, Kind::Queue] {
        causes(&mut page, comparison, kind);
    }
    verdicts(&mut page, comparison);
    for kind in [Kind::Lock, Kind::Queue] {
        measured::costs(&mut page, comparison, kind);
    }
    measured::violations(&mut page, comparison);
    for kind in [Kind::Lock, Kind::Queue] {
        measured::applications(&mut page, comparison, kind);
    }
    measured::formulas(&mut page, comparison);
    counterexamples(&mut page, comparison);
    legend(&mut page);
    measured::provenance(&mut page, comparison);
    page.text
}

#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn heading(&mut self, heading: &str) {
        self.line("");
        self.line(heading);
        self.line("");
    }

    fn row<S: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = S>) {
        self.text.push('|');
        for cell in cells {
            let cell = cell.as_ref().replace('|', "\\|");
            write!(self.text, " {cell} |").expect("a string takes everything");
        }
        self.text.push('\n');
    }

    /// A header; all columns but the first so many are aligned to the right.
    fn header<S: AsRef<str>>(&mut self, titles: &[S], left: usize) {
        self.row(titles);
        let rule = (0..titles.len()).map(|place| if place < left { "---" } else { "---:" });
        self.row(rule);
    }
}

fn opening(page: &mut Page, comparison: &Comparison) {
    page.heading("## Which should I choose?");
    for (kind, sentences) in choice::sentences(comparison) {
        let title = match kind {
            Some(Kind::Lock) => "**Locks.**",
            Some(Kind::Queue) => "**Queues.**",
            None => "**Evidence.**",
        };
        page.line(title);
        page.line("");
        sentences.iter().for_each(|sentence| page.line(&format!("- {sentence}")));
        page.line("");
    }
}

fn causes(page: &mut Page, comparison: &Comparison, kind: Kind) {
    let matrices = Matrix::all(comparison);
    let of_kind: Vec<_> = matrices.iter().filter(|matrix| matrix.card.kind == kind).collect();
    if of_kind.is_empty() {
        return;
    }
    page.heading(&format!("## What it takes to break a {kind}"));
    let mut titles = vec!["algorithm".to_owned(), "form".to_owned()];
    titles.extend(Property::of(kind).iter().map(Property::to_string));
    page.header(&titles, titles.len());
    for matrix in of_kind {
        let mut cells = vec![format!("`{}`", matrix.card.name), matrix.card.form.to_string()];
        let letters = |&property| Cause::cell(matrix, property);
        cells.extend(Property::of(kind).iter().map(letters));
        page.row(cells);
    }
}

fn verdicts(page: &mut Page, comparison: &Comparison) {
    page.heading("## Verdicts");
    page.line(
        "✔ holds, ✘ violated (in so many steps), ? unknown, – not offered or not applicable, \
         **!** contradicts the claim.",
    );
    for matrix in Matrix::all(comparison) {
        let card = matrix.card;
        if matrix.lines.iter().all(|(_, cells)| cells.iter().all(Option::is_none)) {
            continue;
        }
        page.heading(&format!("### `{}`", card.name));
        page.line(&format!(
            "{} {} on {}, {} form: {}.",
            card.document, card.kind, card.backend, card.form, card.summary
        ));
        page.line("");
        let mut titles = vec!["property".to_owned()];
        titles.extend(Environment::ALL.map(|environment| environment.to_string()));
        page.header(&titles, titles.len());
        for (property, rows) in &matrix.lines {
            let mut cells = vec![property.to_string()];
            cells.extend(rows.map(|row| {
                let Some(row) = row else { return String::new() };
                let wrong = if row.as_claimed { "" } else { "**!**" };
                let parts = [Mark::of(row).sign(), &row.figure(), wrong];
                parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
            }));
            page.row(cells);
        }
    }
}

fn counterexamples(page: &mut Page, comparison: &Comparison) {
    let stories = Stories::of(comparison);
    if stories.stories.is_empty() {
        return;
    }
    page.heading("## Counterexamples");
    for (place, story) in stories.stories.iter().enumerate() {
        if place > 0 {
            page.line("");
        }
        page.line(&format!("### {}", story.anchor));
        page.line("");
        for broken in &story.breaks {
            let environments: Vec<String> =
                broken.environments.iter().map(ToString::to_string).collect();
            page.line(&format!(
                "- {} in {}: {} Again by `{}`.",
                broken.property,
                environments.join(", "),
                broken.explanation,
                broken.command
            ));
        }
        page.line("");
        page.line("```text");
        story.counterexample.steps.iter().for_each(|step| page.line(&step.line));
        page.line("```");
    }
}

fn legend(page: &mut Page) {
    page.heading("## Environments");
    for environment in Environment::ALL {
        let (letter, meaning) = (environment.letter(), environment.meaning());
        page.line(&format!("- **{environment}** ({letter}): {meaning}."));
    }
    page.heading("## Properties");
    for property in Property::ALL {
        page.line(&format!("- **{property}**: {}.", property.meaning()));
    }
}
