//! `contend list`.

use std::process::Stdio;

use expect_test::expect;

use crate::bench::{Bench, names};

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
fn a_backend_that_no_algorithm_leans_on_is_answered_with_the_nearest() {
    Bench::new("list-names").refuses(
        "list --backend rediss",
        &expect![[r#"
        contend: there is no backend `rediss`; did you mean `redis`?
    "#]],
    );
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
