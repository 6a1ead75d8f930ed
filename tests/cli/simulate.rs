//! `contend simulate`.

use expect_test::expect;

use crate::bench::Bench;

#[test]
fn a_name_that_does_not_exist_is_answered_with_the_nearest() {
    let bench = Bench::new("simulate-names");
    bench.refuses("simulate redis-lok --seeds 1", &expect![[r#"
        contend: there is no algorithm `redis-lok`; did you mean `redis-lock`, `redlock` or `redis-delayed`?
    "#]]);
    bench.refuses(
        "simulate zzzzzzzz --seeds 1",
        &expect![[r#"
        contend: there is no algorithm `zzzzzzzz`; `contend list` shows all algorithms
    "#]],
    );
    bench.refuses(
        "simulate redis-lock --seeds 1 --environment crsh",
        &expect![[r#"
        contend: there is no environment `crsh`; did you mean `crash`?
    "#]],
    );
}

#[test]
fn arguments_that_cannot_be_read_are_refused_in_one_line() {
    let bench = Bench::new("arguments");
    let refuses = |arguments: &str, said: expect_test::Expect| bench.refuses(arguments, &said);
    refuses(
        "simulate redis-lock --seeds x",
        expect![[r#"
        contend: invalid value 'x' for '--seeds <SEEDS>': invalid digit found in string; --help tells more
    "#]],
    );
    refuses(
        "simulate redis-lock --seed 1",
        expect![[r#"
        contend: unexpected argument '--seed' found; a similar argument exists: '--seeds'; --help tells more
    "#]],
    );
    refuses(
        "simulate redis-lock --engine clock",
        expect![[r#"
        contend: invalid value 'clock' for '--engine <ENGINE>' [possible values: kernel, madsim]; --help tells more
    "#]],
    );
    refuses(
        "simulate",
        expect![[r#"
        contend: the following required arguments were not provided: --seeds <SEEDS> <NAME>; --help tells more
    "#]],
    );
    refuses(
        "simulat redis-lock",
        expect![[r#"
        contend: unrecognized subcommand 'simulat'; a similar subcommand exists: 'simulate'; --help tells more
    "#]],
    );
}

#[test]
fn numbers_that_make_no_sense_are_refused() {
    let bench = Bench::new("simulate-numbers");
    bench.refuses(
        "simulate redis-lock --seeds 0",
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
}

#[test]
fn an_output_folder_that_cannot_be_written_stops_the_work_before_it_begins() {
    let bench = Bench::new("simulate-folder");
    bench.file("file", "");
    bench.refuses("simulate redis-set-nx --seeds 1000 --out file/runs", &expect![[r#"
        contend: file/runs: cannot be written (Not a directory (os error 20)); name a place that you may write to
    "#]]);
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
    let first: serde_json::Value = serde_json::from_slice(&first).unwrap();
    assert_ne!(first["digest"], other["digest"]);
    let madsim = bench.json("simulate redis-set-nx --seeds 20 --format json --engine madsim", 0);
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
