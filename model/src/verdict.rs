//! What an exploration has to say: a row for each property and environment, and a counterexample
//! for each that is broken.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::algorithm::{Card, Form};
use crate::property::{Environment, Property};
use crate::world::{Action, Scope};

/// Holds, does not hold, or cannot be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// No state within the scope violates it, and the whole scope was searched.
    Holds,
    /// There is a counterexample.
    Violated,
    /// Neither could be shown; the reason says why.
    Unknown,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Verdict::Holds => "holds",
            Verdict::Violated => "violated",
            Verdict::Unknown => "unknown",
        })
    }
}

/// One cell of the verdict table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The algorithm's name.
    pub algorithm: String,
    /// The catalogue's id of its source.
    pub document: String,
    /// Raw, intended or repaired.
    pub form: Form,
    /// What was judged.
    pub property: Property,
    /// Where.
    pub environment: Environment,
    /// Whether the algorithm claims it.
    pub claimed: bool,
    /// The verdict.
    pub verdict: Verdict,
    /// Whether every state of the scope was visited.
    pub exhausted: bool,
    /// Distinct states visited.
    pub states: usize,
    /// Length of the longest of all shortest paths.
    pub depth: usize,
    /// Steps of the counterexample.
    pub trace_steps: Option<usize>,
    /// Why the verdict is unknown, or what is not offered.
    pub reason: Option<String>,
    /// What was explored, in words.
    pub scope: String,
    /// Whether the row says what was claimed: a claim must hold, and what is not claimed must be
    /// broken or not on offer.
    pub as_claimed: bool,
    /// For fairness: how often a waiter is overtaken at most.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub overtakings: Option<u8>,
    /// How the property was broken.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub counterexample: Option<Counterexample>,
}

/// What a search, or the lack of one, says about a property.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The verdict.
    pub verdict: Verdict,
    /// Why it is unknown.
    pub reason: Option<String>,
    /// How the property was broken.
    pub counterexample: Option<Counterexample>,
    /// For fairness: how often a waiter is overtaken at most.
    pub overtakings: Option<u8>,
}

/// How far a search went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// What was explored, in words.
    pub scope: String,
    /// Whether every state of the scope was visited.
    pub exhausted: bool,
    /// Distinct states visited.
    pub states: usize,
    /// Length of the longest of all shortest paths.
    pub depth: usize,
}

impl Finding {
    /// Nothing but the verdict.
    pub fn of(verdict: Verdict) -> Self {
        Finding { verdict, reason: None, counterexample: None, overtakings: None }
    }

    /// Broken like this; `None` if the way there could not be found again.
    pub fn violated(counterexample: Option<Counterexample>) -> Self {
        Finding { counterexample, ..Finding::of(Verdict::Violated) }
    }

    /// Nobody can tell, for this reason.
    pub fn unknown(reason: impl Into<String>) -> Self {
        Finding { reason: Some(reason.into()), ..Finding::of(Verdict::Unknown) }
    }
}

impl Row {
    /// A finding set beside what the card claims.
    pub fn new(
        card: &Card,
        property: Property,
        environment: Environment,
        finding: Finding,
        extent: Extent,
    ) -> Self {
        let Finding { verdict, reason, counterexample, overtakings } = finding;
        let Extent { scope, exhausted, states, depth } = extent;
        let claimed = card.claims(property, environment);
        let nothing_to_show = verdict == Verdict::Unknown && !claimed;
        Row {
            algorithm: card.name.clone(),
            document: card.document.clone(),
            form: card.form,
            property,
            environment,
            claimed,
            verdict,
            exhausted,
            states,
            depth,
            trace_steps: counterexample.as_ref().map(|c| c.steps.len()),
            reason,
            scope,
            as_claimed: nothing_to_show || claimed == (verdict == Verdict::Holds),
            overtakings,
            counterexample,
        }
    }

    /// The figure that tells most beside the verdict: the steps of the counterexample, or how often a
    /// waiter is overtaken at most (`≤1`); empty if there is none.
    pub fn figure(&self) -> String {
        match (self.trace_steps, self.overtakings) {
            (Some(steps), _) => steps.to_string(),
            (None, Some(times)) => format!("≤{times}"),
            (None, None) => String::new(),
        }
    }
}

/// A shortest way to break a property, step by step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Counterexample {
    /// Names of the participants, clients first, as lanes of a sequence diagram.
    pub lanes: Vec<String>,
    /// The steps.
    pub steps: Vec<Frame>,
    /// What went wrong, in a sentence or two.
    pub explanation: String,
    /// The command that shows it again.
    pub command: String,
    /// The same as something that can be acted out. It is not part of the record: a capsule keeps
    /// it.
    #[serde(skip)]
    pub way: Option<Way>,
}

/// The way through an explored world that a counterexample takes.
#[derive(Clone, Debug, PartialEq)]
pub struct Way {
    /// In which world.
    pub scope: Scope,
    /// What happens there.
    pub actions: Vec<Action>,
}

/// One step of a counterexample, ready to be read or drawn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Frame {
    /// The how many-th step, from 1.
    pub number: usize,
    /// The node that the step reaches, or `world`.
    pub who: String,
    /// What happens to it.
    pub cause: String,
    /// What it does.
    pub outcome: String,
    /// Whether the world does something wrong here.
    pub fault: bool,
    /// Messages that this step sends: to whom, and what.
    pub sends: Vec<(String, String)>,
    /// If a message arrives: from whom.
    pub from: Option<String>,
    /// Clients that believe, after the step, that they hold the lock.
    pub holders: Vec<String>,
    /// Properties that the step violates.
    pub violates: Vec<Property>,
    /// The step as a line of text.
    pub line: String,
}

/// Where an exploration stands, for whoever watches.
#[derive(Clone, Debug)]
pub struct Advance {
    /// What is explored.
    pub algorithm: String,
    /// Where.
    pub environment: Environment,
    /// States so far.
    pub states: usize,
}
