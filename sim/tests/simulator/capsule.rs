//! What is saved of a failure shows the same failure again, and what is no capsule says why.

use std::fs;
use std::path::PathBuf;

use contend_impls::registry::algorithms;
use contend_model::algorithm::Algorithm;
use contend_model::cast::Cast;
use contend_model::property::{Environment, Kind, Property};
use contend_model::scenario::Scenario;
use contend_model::search::{Labels, Limits};
use contend_model::world::{Action, Mark, Scope, World};
use contend_sim::capsule::{
    Capsule, CapsuleError, Failure, actions_from_text, actions_to_text, replay,
};
use contend_sim::kernel::Kernel;
use contend_sim::ledger::Options;
use contend_sim::stage::Stage;

fn algorithm(name: &str) -> Box<dyn Algorithm> {
    algorithms().into_iter().find(|algorithm| algorithm.card().name == name).unwrap()
}

fn cast(algorithm: &dyn Algorithm, scope: &Scope) -> Cast {
    let services = algorithm.services(&scope.timing);
    Cast::new(scope.roles.clone(), services.iter().map(|service| service.name))
}

/// A run of a lock that everybody may take.
fn of_run() -> Capsule {
    let algorithm = algorithm("cache-set");
    let scenario = Scenario::default_for(Kind::Lock).of("cache-set");
    let stage = Stage::new(&*algorithm, scenario).unwrap();
    let mut kernel = Kernel::new(&stage, Options::default());
    kernel.run(3);
    let plan = kernel.plan().clone();
    let property = Property::MutualExclusion;
    Capsule::of_run(stage.scenario(), plan, kernel.outcome(), property).expect("it fails at once")
}

fn nearest(name: &str, scope: &Scope, property: Property) -> Vec<Action> {
    let world = World::new(&*algorithm(name), scope.clone()).without_symmetry();
    let limits = Limits { max_states: 20_000, ..Limits::default() };
    let explored = world.explored(&limits);
    let state = explored.first(Labels::bit(Mark::Violated(property).bit())).unwrap();
    let path = explored.path_to(&world, state).unwrap();
    path.steps.into_iter().map(|(action, _)| action).collect()
}

/// A path of a lock whose lease ends too early.
fn of_path() -> Capsule {
    let scope = Scope::of(&algorithm("redis-set-nx").card(), Environment::Expiry, 1);
    let actions = nearest("redis-set-nx", &scope, Property::MutualExclusion);
    let texts = actions_to_text(&cast(&*algorithm("redis-set-nx"), &scope), &actions);
    Capsule::of_path("redis-set-nx", scope, texts, Property::MutualExclusion)
}

/// A folder of this test's own.
fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

#[test]
fn a_saved_failure_is_read_as_it_was_and_fails_again() {
    for (capsule, name) in [(of_run(), "run.json"), (of_path(), "path.json")] {
        let file = folder(name).join(name);
        capsule.save(&file).unwrap();
        let read = Capsule::load(&file).unwrap();
        assert_eq!(read, capsule);
        let all = algorithms();
        let replayed = replay(&read, read.choose(name, &all).unwrap()).unwrap();
        assert!(replayed.agrees());
        let shown = |line: &String| line.contains("<== MutualExclusion is violated");
        let lines: Vec<String> = replayed.lines.iter().map(ToString::to_string).collect();
        assert_eq!(lines.iter().filter(|line| shown(line)).count(), 1, "{}", lines.join("\n"));
        let alone = fs::read_dir(file.parent().unwrap()).unwrap().count();
        assert_eq!(alone, 1, "nothing is left beside the file");
    }
}

#[test]
fn a_failure_that_was_edited_does_not_agree() {
    let mut capsule = of_run();
    let Failure::Run(run) = &mut capsule.failure else { unreachable!() };
    run.scenario.seed = Some(4);
    let replayed = replay(&capsule, &*algorithm("cache-set")).unwrap();
    assert!(!replayed.agrees());

    let mut capsule = of_path();
    let Failure::Path(path) = &mut capsule.failure else { unreachable!() };
    path.actions.remove(0);
    let error = replay(&capsule, &*algorithm("redis-set-nx")).unwrap_err().to_string();
    assert!(error.starts_with("path.actions."), "{error}");
}

#[test]
fn actions_are_read_as_they_are_written() {
    for environment in Environment::ALL {
        let algorithm = algorithm("redis-lock-fenced-everysec");
        let scope = Scope::of(&algorithm.card(), environment, 2).impatient();
        let cast = cast(&*algorithm, &scope);
        let world = World::new(&*algorithm, scope);
        let mut state = world.start().clone();
        for step in 0..200 {
            let mut possible = Vec::new();
            world.possible(&state, &mut possible);
            let texts = actions_to_text(&cast, &possible);
            assert_eq!(actions_from_text(&cast, &texts).unwrap(), possible);
            let Some(&action) = possible.get(step * 7 % possible.len().max(1)) else { break };
            state = world.after(&state, action);
        }
    }
}

#[test]
fn what_is_no_action_is_named() {
    let cast = Cast::new(vec![contend_model::algorithm::Role::Locker], ["resource", "redis"]);
    for text in ["", "deliver A", "deliver A->B", "fire A", "fire A tea", "lose redis->X", "ticks"]
    {
        let error = actions_from_text(&cast, &["tick".into(), text.into()]).unwrap_err();
        assert!(error.to_string().starts_with(&format!("actions.1: `{text}`")), "{error}");
    }
}

#[test]
fn a_file_cut_off_anywhere_is_one_clear_line() {
    let text = of_run().to_json("x.json");
    for end in (0..text.trim_end().len()).filter(|&end| text.is_char_boundary(end)) {
        let error = Capsule::from_json("x.json", &text[..end]).unwrap_err();
        assert!(matches!(error, CapsuleError::Truncated { .. }), "{end}: {error}");
        let line = error.to_string();
        assert!(line.starts_with("x.json:") && !line.contains('\n'), "{line}");
    }
}

#[test]
fn bad_files_say_what_is_wrong_and_where() {
    let text = of_run().to_json("x.json");
    for (broken, expected) in [
        ("oops".to_owned(), "x.json:1:1: not JSON"),
        ("[1, 2]".to_owned(), "x.json: contend: not a capsule"),
        (text.replace("\"contend\": \"capsule\"", "\"contend\": \"report\""), "x.json: contend"),
        (text.replacen("\"version\": 1", "\"version\": 2", 1), "x.json: version: 2 is not"),
        (text.replace("\"MutualExclusion\"", "\"Beauty\""), "x.json:5:"),
        (text.replace("\"lockers\": 3", "\"lockers\": 0"), "x.json: scenario: workload"),
        (text.replace("\"record\"", "\"recrod\""), "x.json:"),
    ] {
        let error = Capsule::from_json("x.json", &broken).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
        assert!(!error.contains('\n'), "{error}");
    }
}

#[test]
fn an_unknown_algorithm_is_named_with_the_nearest() {
    let text = of_run().to_json("x.json").replace("cache-set", "cache-sat");
    let capsule = Capsule::from_json("x.json", &text).unwrap();
    let all = algorithms();
    let error = capsule.choose("x.json", &all).err().unwrap().to_string();
    assert!(error.contains("no `cache-sat`; did you mean `cache-set`?"), "{error}");
}

#[test]
fn where_nothing_can_be_written_nothing_is_left_behind() {
    let folder = folder("unwritable");
    let error = of_run().save(&folder.join("missing").join("x.json")).unwrap_err();
    assert!(matches!(error, CapsuleError::Unwritable { .. }), "{error}");
    // The place is taken by a folder, so that the last step fails.
    fs::create_dir(folder.join("x.json")).unwrap();
    of_run().save(&folder.join("x.json")).unwrap_err();
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
}
