//! The command line as its users meet it: what it prints, writes and returns.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use expect_test::{Expect, expect};
use serde_json::Value;

/// Runs the command in a folder of its own.
struct Bench {
    folder: PathBuf,
}

impl Bench {
    fn new(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cli").join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        Bench { folder }
    }

    fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_contend"));
        command.args(line.split_whitespace()).current_dir(&self.folder).stdin(Stdio::null());
        command
    }

    fn run(&self, line: &str) -> Output {
        self.command(line).output().unwrap()
    }

    fn file(&self, name: &str, text: &str) {
        fs::write(self.folder.join(name), text).unwrap();
    }

    fn json(&self, line: &str, status: i32) -> Value {
        let output = self.run(line);
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{line}: {complaint}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// One line on standard error, nothing on standard output, status 2, no file left behind.
    fn refuses(&self, line: &str, complaint: &Expect) {
        let before = self.files();
        let output = self.run(line);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{line}: {said}");
        assert!(output.stdout.is_empty(), "{line}");
        assert!(said.starts_with("contend: ") && said.lines().count() == 1, "{line}: {said}");
        assert_eq!(self.files(), before, "{line} has left something behind");
        complaint.assert_eq(&said);
    }

    fn files(&self) -> Vec<PathBuf> {
        let mut files = Vec::new();
        let mut folders = vec![self.folder.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path.clone());
                }
                files.push(path);
            }
        }
        files.sort();
        files
    }
}

fn names(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn a_name_that_does_not_exist_is_answered_with_the_nearest() {
    let bench = Bench::new("names");
    bench.refuses("simulate redis-lok --seeds 1", &expect![[r#"
        contend: there is no algorithm `redis-lok`; did you mean `redis-lock` or `redis-lock-fenced`?
    "#]]);
    bench.refuses(
        "simulate zzzzzzzz --seeds 1",
        &expect![[r#"
        contend: there is no algorithm `zzzzzzzz`; `contend list` shows all algorithms
    "#]],
    );
    bench.refuses("verify zzzzzzzz", &expect![[r#"
        contend: `zzzzzzzz` matches no algorithm's name, document, backend or form; `contend list` shows all algorithms
    "#]]);
    bench.refuses("verify reliabel", &expect![[r#"
        contend: `reliabel` matches no algorithm's name, document, backend or form; did you mean `redis-reliable-list` or `redis-released-early`?
    "#]]);
    bench.refuses("compare L-999-NOWHERE-X", &expect![[r#"
        contend: `L-999-NOWHERE-X` matches no algorithm's name, document, backend or form; `contend list` shows all algorithms
    "#]]);
    bench.refuses(
        "verify redis-lock --property MutalExclusion",
        &expect![[r#"
        contend: there is no property `MutalExclusion`; did you mean `MutualExclusion`?
    "#]],
    );
    bench.refuses("verify redis-lock --environment windy", &expect![[r#"
        contend: there is no environment `windy`; there are calm, misuse, lossy, crash, expiry, failover
    "#]]);
    bench.refuses(
        "simulate redis-lock --seeds 1 --environment crsh",
        &expect![[r#"
        contend: there is no environment `crsh`; did you mean `crash`?
    "#]],
    );
    bench.refuses(
        "list --backend rediss",
        &expect![[r#"
        contend: there is no backend `rediss`; did you mean `redis`?
    "#]],
    );
    bench.refuses(
        "replay redis-lock",
        &expect![[r#"
        contend: replay redis-lock: this is an algorithm; say which run with --seed
    "#]],
    );
}

#[test]
fn numbers_that_make_no_sense_are_refused() {
    let bench = Bench::new("numbers");
    bench.refuses(
        "simulate redis-lock --seeds 0",
        &expect![[r#"
        contend: --seeds 0: nothing would be run; ask for at least one seed
    "#]],
    );
    bench.refuses(
        "compare redis-lock --seeds 0",
        &expect![[r#"
        contend: --seeds 0: nothing would be run; ask for at least one seed
    "#]],
    );
    bench.refuses(
        "simulate redis-lock --seeds 1 --threads 0",
        &expect![[r#"
        contend: --threads 0: work needs at least one thread, and 1024 are enough
    "#]],
    );
    bench.refuses(
        "simulate redis-lock --seeds 2 --from 18446744073709551615",
        &expect![[r#"
        contend: --from 18446744073709551615: there are not so many seeds; begin with a lower one
    "#]],
    );
    bench.refuses(
        "verify redis-lock --property Fifo --environment calm",
        &expect![[r#"
        contend: --property Fifo: no algorithm that was chosen is of the kind that has this property
    "#]],
    );
}

#[test]
fn a_malformed_scenario_is_named_by_file_line_and_key() {
    let bench = Bench::new("scenarios");
    let simulate = |file: &str| format!("simulate redis-lock --seeds 1 --scenario {file}");
    let start = "version = 1\nalgorithm = \"redis-lock\"\n";
    bench.refuses(&simulate("missing.toml"), &expect![[r#"
        contend: missing.toml: cannot be read (No such file or directory (os error 2)); name a file that exists and that you may read
    "#]]);
    bench.file("cut.toml", "version = 1\nalgorithm = \"redis");
    bench.refuses(
        &simulate("cut.toml"),
        &expect![[r#"
        contend: cut.toml:2: algorithm: invalid basic string; write `"`
    "#]],
    );
    bench.file("key.toml", &format!("{start}[workload]\nlockers = 2\noperations = 1\nspeed = 3\n"));
    bench.refuses(&simulate("key.toml"), &expect![[r#"
        contend: key.toml:6: workload.speed: there is no key `speed` here; known are: lockers, readers, producers, consumers, operations, think, work, nested
    "#]]);
    let links = "[workload]\nlockers = 2\noperations = 1\n[links]\nloss = 1.5\n";
    bench.file("value.toml", &format!("{start}{links}"));
    bench.refuses(
        &simulate("value.toml"),
        &expect![[r#"
        contend: value.toml:7: links.loss: 1.5 is not a probability; write a number from 0 to 1
    "#]],
    );
    bench.file("newer.toml", "version = 2\n");
    bench.refuses(&simulate("newer.toml"), &expect![[r#"
        contend: newer.toml:1: version: 2 is newer than this build, which reads 1; use the build that wrote the file, or a later one
    "#]]);
    bench.file(
        "queue.toml",
        &format!("{start}[workload]\nproducers = 1\nconsumers = 1\noperations = 1\n"),
    );
    bench.refuses(
        &simulate("queue.toml"),
        &expect![[r#"
        contend: queue.toml: redis-lock is a lock, but the workload is not for one; give it lockers
    "#]],
    );
    bench.refuses("simulate redis-set-nx --seeds 1 --scenario key.toml", &expect![[r#"
        contend: key.toml:6: workload.speed: there is no key `speed` here; known are: lockers, readers, producers, consumers, operations, think, work, nested
    "#]]);
}

#[test]
fn an_output_folder_that_cannot_be_written_stops_the_work_before_it_begins() {
    let bench = Bench::new("folders");
    bench.file("file", "");
    bench.refuses("simulate redis-set-nx --seeds 1000 --out file/runs", &expect![[r#"
        contend: file/runs: cannot be written (Not a directory (os error 20)); name a place that you may write to
    "#]]);
    bench.refuses("compare redis-set-nx --seeds 1 --out file/report", &expect![[r#"
        contend: file/report: cannot be written (Not a directory (os error 20)); name a place that you may write to
    "#]]);
}

#[test]
fn a_saved_run_that_is_cut_off_or_newer_is_refused() {
    let bench = Bench::new("capsules");
    let record = bench.json("simulate redis-set-nx --seeds 300 --out runs --format json", 0);
    let saved = record["violations"].as_array().unwrap();
    let file = saved.iter().find_map(|violation| violation["file"].as_str()).unwrap();
    let text = fs::read_to_string(bench.folder.join(file)).unwrap();
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

#[test]
fn the_list_has_the_fields_that_others_read() {
    let bench = Bench::new("list");
    let list = bench.json("list --format json", 0);
    assert_eq!(names(&list), ["algorithms"]);
    let algorithms = list["algorithms"].as_array().unwrap();
    assert_eq!(algorithms.len(), contend::registry::algorithms().len());
    for algorithm in algorithms {
        for field in ["name", "document", "backend"] {
            assert!(!algorithm[field].as_str().unwrap().is_empty());
        }
        assert!(["lock", "queue"].contains(&algorithm["kind"].as_str().unwrap()));
        assert!(["raw", "intended", "repaired"].contains(&algorithm["form"].as_str().unwrap()));
        for claim in algorithm["claims"].as_array().unwrap() {
            assert!(claim["property"].is_string() && claim["environments"].is_array());
        }
    }
    let queues = bench.json("list --format json --kind queue --form repaired", 0);
    let queues = queues["algorithms"].as_array().unwrap();
    assert!(!queues.is_empty() && queues.iter().all(|queue| queue["kind"] == "queue"));
}

#[test]
fn verdicts_have_the_fields_that_others_read_and_the_status_follows_the_claims() {
    let bench = Bench::new("verify");
    let line = "verify redis-set-nx --environment calm --format json";
    let output = bench.run(line);
    let rows: Value = serde_json::from_slice(&output.stdout).unwrap();
    let sound = rows["rows"].as_array().unwrap().iter().all(|row| row["as_claimed"] == true);
    assert_eq!(output.status.code(), Some(if sound { 0 } else { 1 }));
    assert_eq!(names(&rows), ["rows"]);
    let rows = rows["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 8);
    for row in rows {
        assert!(row["claimed"].is_boolean() && row["exhausted"].is_boolean());
        assert!(row["states"].is_u64() && row["depth"].is_u64());
        assert!(row["trace_steps"].is_u64() || row["trace_steps"].is_null());
        assert!(row["reason"].is_string() || row["reason"].is_null());
        assert_eq!(row["algorithm"], "redis-set-nx", "the whole name chooses one alone");
        assert_eq!(row["document"], "L-003-REDIS-C");
    }
    // Nothing is known after a single state, whatever is claimed.
    let line = "verify redis-set-nx --environment calm --property MutualExclusion";
    let cut = bench.run(&format!("{line} --max-states 1 --format json"));
    let cut: Value = serde_json::from_slice(&cut.stdout).unwrap();
    assert_eq!(cut["rows"][0]["verdict"], "unknown");
    assert_eq!(cut["rows"][0]["exhausted"], false);
}

#[test]
fn a_counterexample_is_told_when_it_is_asked_for() {
    let bench = Bench::new("counterexample");
    let output = bench.run("verify redis-set-nx --property MutualExclusion --environment expiry");
    let text = String::from_utf8(output.stdout).unwrap();
    let told =
        text.find("redis-set-nx: MutualExclusion is violated in expiry").map(|at| &text[at..]);
    // What comes after it counts the states, which is not this test's business.
    let told = told.and_then(|told| told.split("\ncolumns:").next());
    expect![[r#"
        redis-set-nx: MutualExclusion is violated in expiry, in 7 steps

          1  A         next operation                                             calls acquire; -> redis: SET lock value NX PX 3
          2  redis     <- A: SET lock value NX PX 3                               -> A: OK
          3  A         <- redis: OK                                               acquire returns: acquired; -> resource: write as hold A1
          4  B         next operation                                             calls acquire; -> redis: SET lock value NX PX 3
          5  redis     deadline passes
          6  redis     <- B: SET lock value NX PX 3                               -> B: OK
          7  B         <- redis: OK                                               acquire returns: acquired; -> resource: write as hold B1  <== MutualExclusion is violated

        After step 7 A and B believe at once that they hold. No fault is needed, only timers that fire at these moments.
        Again: contend verify redis-set-nx --property MutualExclusion --environment expiry
    "#]].assert_eq(told.unwrap_or(&text));
}

#[test]
fn the_same_seeds_give_the_same_record_on_any_number_of_threads() {
    let bench = Bench::new("determinism");
    let line = "simulate redis-set-nx --seeds 500 --from 3 --format json --out runs";
    let first = bench.run(&format!("{line} --threads 1")).stdout;
    let again = bench.run(&format!("{line} --threads 1")).stdout;
    let two = bench.run(&format!("{line} --threads 2")).stdout;
    assert!(!first.is_empty());
    assert!(first == again && first == two);
    let other =
        bench.json("simulate redis-set-nx --seeds 500 --from 4 --format json --out runs", 0);
    let first: Value = serde_json::from_slice(&first).unwrap();
    assert_ne!(first["digest"], other["digest"]);
    let madsim = bench.run("simulate redis-set-nx --seeds 20 --format json --engine madsim");
    let madsim: Value = serde_json::from_slice(&madsim.stdout).unwrap();
    let kernel = bench.json("simulate redis-set-nx --seeds 20 --format json", 0);
    assert_eq!(madsim["digest"], kernel["digest"]);
    assert_eq!(madsim["metrics"], kernel["metrics"]);
}

#[test]
fn a_simulation_has_the_fields_that_others_read() {
    let bench = Bench::new("simulate");
    let record = bench.json("simulate redis-set-nx --seeds 300 --format json", 0);
    assert_eq!(record["algorithm"], "redis-set-nx");
    assert_eq!(record["seeds"], 300);
    assert_eq!(record["digest"].as_str().unwrap().len(), 16);
    let metrics = &record["metrics"];
    for field in ["mean", "p50", "p90", "p99", "max"] {
        assert!(metrics["wait_ms"][field].is_number(), "{field}");
    }
    for field in ["throughput_per_s", "messages_per_operation", "jain_index"] {
        assert!(metrics[field].is_number(), "{field}");
    }
    let violations = record["violations"].as_array().unwrap();
    assert!(violations.iter().any(|violation| violation["property"] == "MutualExclusion"));
    let saved: Vec<&str> = violations.iter().filter_map(|v| v["file"].as_str()).collect();
    assert!(!saved.is_empty() && saved.iter().all(|file| bench.folder.join(file).exists()));
}

#[test]
fn a_saved_run_is_replayed_byte_for_byte_and_shrunk_to_a_smaller_one() {
    let bench = Bench::new("replay");
    let record = bench.json("simulate redis-set-nx --seeds 300 --format json", 0);
    let violations = record["violations"].as_array().unwrap();
    let exclusion = violations.iter().find(|v| v["property"] == "MutualExclusion").unwrap();
    let file = exclusion["file"].as_str().unwrap();
    let (first, again) =
        (bench.run(&format!("replay {file}")), bench.run(&format!("replay {file}")));
    assert_eq!(first.status.code(), Some(0), "{}", String::from_utf8_lossy(&first.stderr));
    assert!(first.stdout == again.stdout);
    let text = String::from_utf8(first.stdout).unwrap();
    assert!(text.contains("the same as when it was saved"), "{text}");
    assert!(text.contains("MutualExclusion is violated again"), "{text}");
    // The seed alone gives the same run as long as the generator is the same.
    let seed = &exclusion["seed"];
    let by_seed = bench.run(&format!("replay redis-set-nx --seed {seed}"));
    let by_seed = String::from_utf8(by_seed.stdout).unwrap();
    let digest = text.lines().find_map(|line| line.strip_prefix("digest ")).unwrap();
    let digest = digest.split(',').next().unwrap();
    assert!(by_seed.contains(&format!("digest {digest}")), "{digest}: {by_seed}");

    let shrunk = bench.run(&format!("shrink {file} --out small.json"));
    assert_eq!(shrunk.status.code(), Some(0), "{}", String::from_utf8_lossy(&shrunk.stderr));
    let small = String::from_utf8(bench.run("replay small.json").stdout).unwrap();
    assert!(small.contains("MutualExclusion is violated again"), "{small}");
    assert!(small.lines().count() < text.lines().count());
}

#[test]
fn a_reader_who_has_seen_enough_ends_the_command_quietly() {
    let bench = Bench::new("pipe");
    let mut command = bench.command("list --format json");
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}

#[test]
fn a_comparison_is_written_whole() {
    let bench = Bench::new("compare");
    let output = bench.run("compare redis-set-nx redis-blocking-list --seeds 20");
    let text = String::from_utf8(output.stdout).unwrap();
    let report = bench.folder.join("target/contend/report");
    let comparison = fs::read_to_string(report.join("report.json")).unwrap();
    let comparison = contend::run::Comparison::from_json("report.json", &comparison).unwrap();
    let sound = comparison.rows.iter().all(|row| row.as_claimed);
    assert_eq!(output.status.code(), Some(if sound { 0 } else { 1 }), "{text}");
    assert_eq!(comparison.cards.len(), 2);
    assert_eq!(comparison.simulations.len(), 2);
    for file in ["report.html", "report.md", "calm.json"] {
        assert!(fs::metadata(report.join(file)).unwrap().len() > 100, "{file}");
    }
    assert_eq!(fs::read_dir(&report).unwrap().count(), 4, "nothing half-written is left");
    assert!(text.contains("target/contend/report/report.html"), "{text}");
}
