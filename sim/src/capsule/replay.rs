//! The same failure again, step by step.

use std::fmt;

use contend_model::algorithm::Algorithm;
use contend_model::digest::Digest;
use contend_model::monitor::Monitors;
use contend_model::node::Stimulus;
use contend_model::property::{Environment, Properties, Property};
use contend_model::world::{Action, Budget, Link, Reading, Scope, State, Step, Towards, World};
use thiserror::Error;

use super::text::{UnreadableAction, actions_from_text};
use super::{Capsule, Failure, Path, Run};
use crate::bridge::{Unstageable, scenario_of};
use crate::grid::MILLISECOND;
use crate::kernel::Kernel;
use crate::ledger::Options;
use crate::outcome::TimedStep;
use crate::stage::{Stage, StageError};

/// A capsule that cannot be replayed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ReplayError {
    /// The scenario does not fit the algorithm.
    #[error("run.scenario.{0}")]
    Stage(#[from] StageError),
    /// The scope does not fit the algorithm.
    #[error("path.{0}")]
    Unstageable(#[from] Unstageable),
    /// An action cannot be read.
    #[error("path.{0}")]
    Action(#[from] UnreadableAction),
    /// An action cannot happen.
    #[error(
        "path.actions.{place}: `{text}` cannot happen after the actions before it; the algorithm \
         has changed since, or the list was edited: explore again"
    )]
    Impossible {
        /// Its place in the list, from 0.
        place: usize,
        /// The action.
        text: String,
    },
}

/// What a replay has shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Replayed {
    /// The steps.
    pub lines: Vec<Line>,
    /// Whether the property was violated again, at the same moment.
    pub violated: bool,
    /// The digests of the run, now and in the capsule; a path has none.
    pub digests: Option<(Digest, Digest)>,
}

impl Replayed {
    /// Whether everything is as the capsule says.
    pub fn agrees(&self) -> bool {
        self.violated && self.digests.is_none_or(|(now, then)| now == then)
    }
}

/// One step in words. Shown in fixed columns: number or milliseconds, node, what happens to it,
/// what comes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// When, in nanoseconds of virtual time; a path knows only numbers.
    pub at: Option<u64>,
    /// The step as text.
    pub text: String,
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.at {
            Some(at) => write!(f, "{:13.6}  {}", at as f64 / MILLISECOND as f64, self.text),
            None => f.write_str(&self.text),
        }
    }
}

/// Replays a capsule; the algorithm is that of its name.
pub fn replay(capsule: &Capsule, algorithm: &dyn Algorithm) -> Result<Replayed, ReplayError> {
    match &capsule.failure {
        Failure::Run(run) => replay_run(capsule, run, algorithm),
        Failure::Path(path) => replay_path(capsule, path, algorithm),
    }
}

fn replay_run(
    capsule: &Capsule,
    run: &Run,
    algorithm: &dyn Algorithm,
) -> Result<Replayed, ReplayError> {
    let stage = Stage::new(algorithm, run.scenario.clone())?;
    let mut kernel = Kernel::new(&stage, Options { trace: true, ..Options::default() });
    let seed = run.scenario.seed.unwrap_or_default();
    let outcome = kernel.run_plan(seed, run.scenario.plan.clone())?;
    let world = namer(algorithm, run);
    let mut lines: Vec<Line> = outcome.trace.iter().map(|step| timed(&world, step)).collect();
    for violation in &outcome.violations {
        let remark = format!("  <== {} is violated", violation.property);
        let node = violation.record.map(|record| outcome.history[record].node);
        let shows = |step: &TimedStep| step.at == violation.at && Some(step.node) == node;
        match outcome.trace.iter().position(shows) {
            Some(place) => lines[place].text.push_str(&remark),
            None => lines.push(Line {
                at: Some(outcome.at),
                text: format!("{:9} {:58}{remark}", "world", "the run ends"),
            }),
        }
    }
    let again = outcome.violations.iter().any(|violation| {
        (violation.property, violation.at, violation.record)
            == (capsule.property, run.at_ns, run.record)
    });
    let digests = Some((outcome.digest, run.digest));
    Ok(Replayed { lines, violated: again, digests })
}

/// A world that knows the words; it is not walked.
fn namer(algorithm: &dyn Algorithm, run: &Run) -> World {
    let scope = Scope {
        environment: Environment::Calm,
        roles: run.scenario.roles(),
        duty: run.scenario.duty(),
        timing: run.scenario.timing.timing(),
        reading: Reading::Free,
        budget: Budget::default(),
        question: None,
        patient: false,
        none_held_back: false,
    };
    World::new(algorithm, scope)
}

/// A step of a run in the words of the explored world.
fn timed(world: &World, step: &TimedStep) -> Line {
    let (node, stimulus) = (step.node, step.stimulus);
    let action = match stimulus {
        Stimulus::Fire(timer) => Action::Fire(node, timer),
        Stimulus::Crash => Action::Crash(node),
        Stimulus::Start | Stimulus::Restart => Action::Restart(node),
        Stimulus::FailOver => Action::FailOver(node),
        Stimulus::Misuse => Action::Misuse(node),
        Stimulus::Cancel => Action::Cancel(node),
        Stimulus::Deliver { from, .. } | Stimulus::Disconnected(from) => Action::Deliver(Link {
            client: from.node,
            service: node,
            connection: from.connection,
            towards: Towards::Service,
        }),
    };
    let at = Some(step.at);
    let step = Step {
        action,
        node: Some(node),
        stimulus: Some(stimulus),
        commands: step.commands.clone(),
        violated: Properties::NONE,
        early: false,
    };
    let cause = match stimulus {
        Stimulus::Start => "starts".to_owned(),
        _ => world.cause(&step),
    };
    let text = format!("{:9} {cause:58} {}", world.name(node), world.outcome(&step));
    Line { at, text: text.trim_end().to_owned() }
}

/// The actions of a path, and whether the last of them, as before, violates the property. What
/// only the graph of all states can tell (that something can no longer happen) is not judged here.
fn replay_path(
    capsule: &Capsule,
    path: &Path,
    algorithm: &dyn Algorithm,
) -> Result<Replayed, ReplayError> {
    let scenario = scenario_of(&path.algorithm, &path.scope)?;
    let stage = Stage::new(algorithm, scenario).map_err(Unstageable::from)?;
    let actions = actions_from_text(stage.cast(), &path.actions)?;
    let world = crate::bridge::world(algorithm, &path.scope);
    let mut state = world.start().clone();
    let mut lines = Vec::new();
    let mut violated = Properties::NONE;
    for (place, &action) in actions.iter().enumerate() {
        let mut possible = Vec::new();
        world.possible(&state, &mut possible);
        if !possible.contains(&action) {
            let text = path.actions[place].clone();
            return Err(ReplayError::Impossible { place, text });
        }
        let (after, step) = world.act(&state, action);
        lines.push(Line { at: None, text: world.line(place + 1, &step) });
        violated = step.violated;
        state = after;
    }
    let again = match capsule.property {
        Property::Fairness => was_overtaken(&state),
        property => property.is_no_trap() || violated.contains(property),
    };
    Ok(Replayed { lines, violated: again, digests: None })
}

/// Whether somebody waits who has been overtaken: the end of a loop in which it goes on.
fn was_overtaken(state: &State) -> bool {
    match state.monitors() {
        Monitors::Lock(lock) => lock.overtakings().is_some_and(|count| count.most() > 0),
        Monitors::Queue(_) => false,
    }
}
