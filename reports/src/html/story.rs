//! Counterexamples, as the templates are filled with them.

use contend_model::run::Comparison;
use contend_model::verdict::Frame;
use minijinja::Value;
use serde::Serialize;

use crate::names::list;
use crate::stories::{Broken, Stories, Story};
use crate::svg;

/// The counterexamples of one algorithm.
#[derive(Serialize)]
pub(super) struct StoriesOfAlgorithm {
    algorithm: String,
    stories: Vec<StoryView>,
}

#[derive(Serialize)]
struct StoryView {
    anchor: String,
    /// The properties that it breaks, for the filter.
    properties: String,
    /// Short: which properties, for the summary line.
    headline: String,
    breaks: Vec<BrokenView>,
    drawing: Value,
    steps: Vec<StepView>,
}

#[derive(Serialize)]
struct BrokenView {
    property: String,
    environments: String,
    explanation: String,
    command: String,
}

/// A step in words, to stand beside its row of the drawing.
#[derive(Serialize)]
struct StepView {
    number: usize,
    class: &'static str,
    who: String,
    cause: String,
    outcome: String,
}

impl StoriesOfAlgorithm {
    /// In the order of the cards; whose every property holds has none.
    pub fn all(comparison: &Comparison, stories: &Stories<'_>) -> Vec<Self> {
        let of_card = comparison.cards.iter().map(|card| StoriesOfAlgorithm {
            algorithm: card.name.clone(),
            stories: stories.of_algorithm(&card.name).map(StoryView::new).collect(),
        });
        of_card.filter(|of_algorithm| !of_algorithm.stories.is_empty()).collect()
    }
}

impl StoryView {
    fn new(story: &Story<'_>) -> Self {
        let description = format!("sequence diagram of {}", story.anchor);
        let steps = &story.counterexample.steps;
        // A trap is no single step: then the last one is where it has closed.
        let nowhere = steps.iter().all(|step| step.violates.is_empty());
        let step = |(place, step): (usize, &Frame)| {
            StepView::new(step, nowhere && place + 1 == steps.len())
        };
        let properties: Vec<String> =
            story.breaks.iter().map(|broken| broken.property.to_string()).collect();
        let headline: Vec<String> = story
            .breaks
            .iter()
            .map(|broken| format!("{} in {}", broken.property, environments(broken)))
            .collect();
        StoryView {
            anchor: story.anchor.clone(),
            properties: properties.join(" "),
            headline: headline.join(" · "),
            breaks: story.breaks.iter().map(BrokenView::new).collect(),
            drawing: Value::from_safe_string(svg::diagram(story.counterexample, &description)),
            steps: steps.iter().enumerate().map(step).collect(),
        }
    }
}

impl BrokenView {
    fn new(broken: &Broken<'_>) -> Self {
        BrokenView {
            property: broken.property.to_string(),
            environments: environments(broken),
            explanation: broken.explanation.to_owned(),
            command: broken.command.to_owned(),
        }
    }
}

fn environments(broken: &Broken<'_>) -> String {
    list(&broken.environments.iter().map(ToString::to_string).collect::<Vec<_>>())
}

impl StepView {
    fn new(step: &Frame, closes: bool) -> Self {
        StepView {
            number: step.number,
            class: match (step.violates.is_empty() && !closes, step.fault) {
                (false, _) => "bad",
                (true, true) => "fault",
                (true, false) => "",
            },
            who: step.who.clone(),
            cause: step.cause.clone(),
            outcome: step.outcome.clone(),
        }
    }
}
