//! What runs on virtual time do is something that the explored world can do: every action of a
//! run, under all faults, is carried out there, seen alike and answered alike.

use contend_impls::registry::algorithms;
use contend_model::algorithm::Algorithm;
use contend_model::node::Stimulus;
use contend_model::property::Property;
use contend_model::scenario::Scenario;
use contend_model::world::Action;
use contend_sim::actions::Taken;
use contend_sim::bridge::{Followed, follow};
use contend_sim::kernel::Kernel;
use contend_sim::ledger::Options;
use contend_sim::outcome::{Outcome, Violation};
use contend_sim::stage::Stage;

const SEEDS: u64 = 30;
/// Where runs are short, so many more seeds are walked that there are enough steps.
const STEPS: usize = 4_000;
const ALL: Options = Options { trace: true, actions: true };

/// The scenario of ordinary runs: faults of all kinds.
fn ordinary(algorithm: &dyn Algorithm) -> Scenario {
    let card = algorithm.card();
    Scenario::default_for(card.kind).of(&card.name)
}

/// Messages that are held back for longer than a client waits for an answer, so that they arrive
/// after their connection was given up.
fn very_late(algorithm: &dyn Algorithm) -> Scenario {
    let mut scenario = ordinary(algorithm);
    scenario.links.late_ms = 800.0;
    scenario.links.reorder = 0.1;
    scenario
}

/// Runs the seeds, and says how far they were followed and where they were not.
fn walk(algorithm: &dyn Algorithm, scenario: Scenario) -> (Followed, Vec<String>) {
    let stage = Stage::new(algorithm, scenario).unwrap();
    let mut kernel = Kernel::new(&stage, ALL);
    let mut sum = Followed { actions: 0, steps: 0, left_out: 0 };
    let mut failures = Vec::new();
    for seed in 0.. {
        if seed >= SEEDS && (sum.steps > STEPS || seed >= 30 * SEEDS) {
            break;
        }
        kernel.run(seed);
        match follow(algorithm, stage.scenario(), kernel.actions(), kernel.outcome()) {
            Ok(Followed { actions, steps, left_out }) => {
                sum.actions += actions;
                sum.steps += steps;
                sum.left_out += left_out;
            }
            Err(diverged) => failures.push(format!("{}, {seed}: {diverged}", stage.card().name)),
        }
    }
    println!("{}: {sum:?}", stage.card().name);
    (sum, failures)
}

fn all_are_paths(scenario: impl Fn(&dyn Algorithm) -> Scenario) {
    let mut failures = Vec::new();
    for algorithm in algorithms() {
        let (sum, diverged) = walk(&*algorithm, scenario(&*algorithm));
        assert!(sum.steps > STEPS, "{}: only {sum:?}", algorithm.card().name);
        failures.extend(diverged);
    }
    failures.iter().for_each(|f| println!("FAILED {f}"));
    let first = failures[..failures.len().min(9)].join("\n");
    assert!(failures.is_empty(), "{} runs diverge:\n{first}", failures.len());
}

#[test]
fn runs_under_all_faults_are_paths_of_the_explored_world() {
    all_are_paths(ordinary);
}

#[test]
fn runs_in_which_requests_outlive_their_connections_are_paths_of_the_explored_world() {
    all_are_paths(very_late);
}

/// A run of the repaired lock, for tests that tamper with it.
fn recorded() -> (Box<dyn Algorithm>, Scenario, Vec<Taken>, Outcome) {
    let algorithm = algorithms().into_iter().find(|a| a.card().name == "redis-lock").unwrap();
    let stage = Stage::new(&*algorithm, ordinary(&*algorithm)).unwrap();
    let mut kernel = Kernel::new(&stage, ALL);
    kernel.run(7);
    let (actions, outcome) = (kernel.actions().to_vec(), kernel.outcome().clone());
    (algorithm, stage.scenario().clone(), actions, outcome)
}

#[test]
fn a_run_from_which_any_one_action_is_missing_is_rejected() {
    let (algorithm, scenario, actions, outcome) = recorded();
    follow(&*algorithm, &scenario, &actions, &outcome).expect("nothing is missing");
    let mut missed = Vec::new();
    for number in 0..actions.len() {
        let mut fewer = actions.clone();
        fewer.remove(number);
        if follow(&*algorithm, &scenario, &fewer, &outcome).is_ok() {
            missed.push(actions[number]);
        }
    }
    // A packet that nobody reads can be missing without a difference; what befalls a node cannot.
    let matters = |taken: &&Taken| {
        use Action::{Cancel, Crash, FailOver, Fire, Misuse, Restart};
        let action = taken.action;
        matches!(action, Fire(..) | Crash(_) | Restart(_) | FailOver(_) | Misuse(_) | Cancel(_))
    };
    assert!(missed.len() < actions.len() / 20, "{} of {}", missed.len(), actions.len());
    assert_eq!(missed.iter().find(matters), None);
}

#[test]
fn a_run_in_which_a_node_did_something_else_is_rejected() {
    let (algorithm, scenario, actions, outcome) = recorded();
    for place in (0..outcome.trace.len()).filter(|&place| {
        let step = &outcome.trace[place];
        step.stimulus != Stimulus::Start && !step.commands.is_empty()
    }) {
        let mut other = outcome.clone();
        other.trace[place].commands.pop();
        follow(&*algorithm, &scenario, &actions, &other).expect_err("a command is missing");
    }
}

#[test]
fn a_run_whose_judges_saw_something_else_is_rejected() {
    let (algorithm, scenario, actions, mut outcome) = recorded();
    let record = outcome.history.len() - 1;
    let at = outcome.history[record].at;
    let violation = Violation { property: Property::Ownership, at, record: Some(record) };
    outcome.violations.push(violation);
    let diverged = follow(&*algorithm, &scenario, &actions, &outcome).unwrap_err();
    assert!(diverged.to_string().contains("Ownership"), "{diverged}");
}
