//! Counterexamples, each told once however many verdicts rest on it.

use std::collections::BTreeMap;

use contend_model::property::{Environment, Property};
use contend_model::run::Comparison;
use contend_model::verdict::{Counterexample, Row};

/// One counterexample of one algorithm.
#[derive(Debug)]
pub(crate) struct Story<'a> {
    /// The name under which pages link to it.
    pub anchor: String,
    /// The algorithm.
    pub algorithm: &'a str,
    /// The steps.
    pub counterexample: &'a Counterexample,
    /// The verdicts that rest on it, property by property.
    pub breaks: Vec<Broken<'a>>,
}

/// A property that a story breaks.
#[derive(Debug)]
pub(crate) struct Broken<'a> {
    /// Which.
    pub property: Property,
    /// In which environments this is the shortest story.
    pub environments: Vec<Environment>,
    /// What went wrong.
    pub explanation: &'a str,
    /// The command that shows it again.
    pub command: &'a str,
}

/// All counterexamples.
#[derive(Debug, Default)]
pub(crate) struct Stories<'a> {
    /// In the order of rows.
    pub stories: Vec<Story<'a>>,
    by_row: BTreeMap<(&'a str, Property, Environment), usize>,
}

impl<'a> Stories<'a> {
    /// Gathers them.
    pub fn of(comparison: &'a Comparison) -> Self {
        let mut stories = Stories::default();
        let mut told: BTreeMap<(&str, Vec<&str>), usize> = BTreeMap::new();
        for row in &comparison.rows {
            let Some(counterexample) = &row.counterexample else { continue };
            let key = steps(counterexample);
            let algorithm = row.algorithm.as_str();
            let place = *told.entry((algorithm, key)).or_insert_with(|| {
                let before = stories.stories.iter().filter(|s| s.algorithm == algorithm).count();
                let anchor = format!("{algorithm}-{}", before + 1);
                let breaks = Vec::new();
                stories.stories.push(Story { anchor, algorithm, counterexample, breaks });
                stories.stories.len() - 1
            });
            stories.stories[place].breaks(row, counterexample);
            stories.by_row.insert((algorithm, row.property, row.environment), place);
        }
        stories
    }

    /// The story of a row.
    pub fn of_row(&self, row: &Row) -> Option<&Story<'a>> {
        let key = (row.algorithm.as_str(), row.property, row.environment);
        self.by_row.get(&key).map(|&place| &self.stories[place])
    }

    /// The stories of one algorithm.
    pub fn of_algorithm(&self, algorithm: &str) -> impl Iterator<Item = &Story<'a>> {
        self.stories.iter().filter(move |story| story.algorithm == algorithm)
    }
}

impl<'a> Story<'a> {
    fn breaks(&mut self, row: &Row, counterexample: &'a Counterexample) {
        let same = |broken: &&mut Broken<'_>| {
            broken.property == row.property && broken.explanation == counterexample.explanation
        };
        match self.breaks.iter_mut().find(same) {
            Some(broken) => broken.environments.push(row.environment),
            None => self.breaks.push(Broken {
                property: row.property,
                environments: vec![row.environment],
                explanation: &counterexample.explanation,
                command: &counterexample.command,
            }),
        }
    }
}

/// What makes two counterexamples the same: who takes part and what happens.
fn steps(counterexample: &Counterexample) -> Vec<&str> {
    let lanes = counterexample.lanes.iter().map(String::as_str);
    lanes.chain(counterexample.steps.iter().map(|step| step.line.as_str())).collect()
}
