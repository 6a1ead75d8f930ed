//! `contend replay`.

use std::fs;
use std::io::Write;
use std::process::Stdio;

use expect_test::expect;
use serde_json::Value;

use crate::bench::{Bench, names};

/// A failing run of the first seeds, saved: its record in the simulation.
pub fn saved(bench: &Bench) -> Value {
    let record = bench.json("simulate redis-set-nx --seeds 300 --format json", 0);
    let violations = record["violations"].as_array().unwrap();
    let exclusion = violations.iter().find(|v| v["property"] == "MutualExclusion");
    exclusion.expect("some seed breaks it").clone()
}

#[test]
fn a_saved_run_is_replayed_byte_for_byte() {
    let bench = Bench::new("replay");
    let violation = saved(&bench);
    let (file, seed) = (violation["file"].as_str().unwrap(), &violation["seed"]);
    let text = bench.text(&format!("replay {file}"), 0);
    assert_eq!(text, bench.text(&format!("replay {file}"), 0));
    assert!(text.contains("the same as when it was saved"), "{text}");
    assert!(text.contains("MutualExclusion is violated again"), "{text}");
    // The seed alone gives the same run as long as the generator is the same.
    let by_seed = bench.text(&format!("replay redis-set-nx --seed {seed}"), 0);
    let digest = text.lines().find_map(|line| line.strip_prefix("digest ")).unwrap();
    let digest = digest.split(',').next().unwrap();
    assert!(by_seed.contains(&format!("digest {digest}\n")), "{digest}: {by_seed}");
}

#[test]
fn a_replayed_run_has_the_fields_that_others_read() {
    let bench = Bench::new("replay-json");
    let violation = saved(&bench);
    let (file, seed) = (violation["file"].as_str().unwrap(), &violation["seed"]);
    let of_file = bench.json(&format!("replay {file} --format json"), 0);
    let fields = ["agrees", "algorithm", "digest", "environments", "steps", "violations"];
    assert_eq!(names(&of_file), fields);
    assert_eq!(of_file["agrees"], true);
    assert_eq!(of_file["violations"][0]["property"], "MutualExclusion");
    assert!(of_file["violations"][0]["at_ms"].is_f64());
    let of_seed = bench.json(&format!("replay redis-set-nx --seed {seed} --format json"), 0);
    assert_eq!(of_seed["digest"], of_file["digest"]);
    assert!(of_seed.get("agrees").is_none(), "a seed has nothing to compare with");
    assert!(of_seed["steps"].as_array().unwrap().len() > 10);
}

#[test]
fn a_seed_is_replayed_in_the_environment_or_scenario_in_which_it_was_simulated() {
    let bench = Bench::new("replay-setting");
    let digest = |options: &str| {
        let line = format!("replay redis-set-nx --seed 7 {options} --format json");
        bench.json(&line, 0)["digest"].clone()
    };
    let everything = digest("");
    assert_ne!(digest("--environment calm"), everything);
    assert_eq!(
        bench.json("replay redis-set-nx --seed 7 --environment calm --format json", 0)["environments"],
        serde_json::json!(["calm"])
    );
    let record = bench.json("simulate redis-set-nx --seeds 1 --environment crash --format json", 0);
    bench.file("crash.toml", record["scenario"].as_str().unwrap());
    assert_eq!(digest("--scenario crash.toml"), digest("--environment crash"));
    bench.refuses(
        "replay redis-set-nx",
        &expect![[r#"
        contend: replay redis-set-nx: this is an algorithm; say which run with --seed
    "#]],
    );
    bench.file("run.json", "{}");
    bench.refuses(
        "replay run.json --environment calm",
        &expect![[r#"
            contend: --environment calm: a saved failure has a scenario of its own; leave this out, or name an algorithm and a --seed
        "#]],
    );
}

#[test]
fn a_counterexample_is_acted_out_step_by_step() {
    let bench = Bench::new("replay-path");
    let told = bench.json(
        "verify redis-set-nx --environment expiry --environment calm --out paths --format json",
        0,
    );
    let rows = told["rows"].as_array().unwrap();
    let broken: Vec<&Value> = rows.iter().filter(|row| row["verdict"] == "violated").collect();
    assert!(broken.iter().any(|row| row["property"] == "Fairness"), "a loop is among them");
    for row in broken {
        let file = row["file"].as_str().unwrap();
        let again = bench.json(&format!("replay {file} --format json"), 0);
        assert_eq!(again["agrees"], true, "{file}");
        assert_eq!(again["environments"][0], row["environment"]);
        let lines = |steps: &Value, field: &str| -> Vec<String> {
            let steps = steps.as_array().unwrap().iter();
            let text = |step: &Value| match step.as_str() {
                Some(line) => line.to_owned(),
                None => step[field].as_str().unwrap().to_owned(),
            };
            steps.map(text).collect()
        };
        let (told, again) =
            (lines(&row["counterexample"]["steps"], "line"), lines(&again["steps"], ""));
        assert_eq!(told, again, "{file}");
    }
}

#[test]
fn a_patient_reader_is_shown_one_step_for_each_enter() {
    let bench = Bench::new("replay-step");
    bench.run("verify redis-set-nx --environment expiry --property MutualExclusion --out paths");
    let mut command = bench.command("replay --step paths/redis-set-nx/MutualExclusion-expiry.json");
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    // Whoever stops pressing Enter sees the rest at once.
    child.stdin.take().unwrap().write_all(b"\n\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let text = String::from_utf8(output.stdout).unwrap();
    // The line feeds of the first two are those of the terminal, which is not here.
    let first = text.lines().next().unwrap();
    assert!(["  1  A", "  2  redis", "  3  A"].iter().all(|step| first.contains(step)), "{text}");
    assert!(text.contains("\n  4  B"), "{text}");
    assert!(text.contains("MutualExclusion is violated again"), "{text}");
}

#[test]
fn a_saved_run_that_is_cut_off_or_newer_is_refused() {
    let bench = Bench::new("capsules");
    let violation = saved(&bench);
    let text = fs::read_to_string(bench.folder.join(violation["file"].as_str().unwrap())).unwrap();
    bench.file("cut.json", &text[..text.len() / 2]);
    bench.file("newer.json", &text.replacen("\"version\": 1", "\"version\": 9", 1));
    bench.file("other.json", "{}");
    for command in ["replay", "shrink"] {
        for file in ["cut", "newer", "other", "missing"] {
            let output = bench.run(&format!("{command} {file}.json"));
            let said = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(2), "{said}");
            assert_eq!(said.lines().count(), 1, "{said}");
            assert!(said.starts_with(&format!("contend: {file}.json")), "{said}");
        }
    }
}
