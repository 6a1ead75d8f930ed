//! `contend shrink`.

use expect_test::expect;

use crate::bench::{Bench, names};
use crate::replay::saved;

#[test]
fn a_failing_run_is_shrunk_to_a_smaller_one() {
    let bench = Bench::new("shrink");
    let violation = saved(&bench);
    let file = violation["file"].as_str().unwrap();
    let long = bench.text(&format!("replay {file}"), 0);
    let shrunk = bench.json(&format!("shrink {file} --out small.json --format json"), 0);
    let fields = ["after", "algorithm", "before", "complete", "file", "property", "tried"];
    assert_eq!(names(&shrunk), fields);
    assert_eq!((&shrunk["complete"], &shrunk["file"]), (&true.into(), &"small.json".into()));
    let size = |when: &str, what: &str| shrunk[when][what].as_u64().unwrap();
    assert!(size("after", "events") < size("before", "events"), "{shrunk}");
    assert!(size("after", "entries") <= size("before", "entries"), "{shrunk}");
    let short = bench.text("replay small.json", 0);
    assert!(short.contains("MutualExclusion is violated again"), "{short}");
    assert!(short.lines().count() < long.lines().count());
    // It is smallest already, and text says the same.
    let again = bench.text("shrink small.json --out smaller.json", 0);
    assert!(again.contains("again: contend replay smaller.json"), "{again}");
}

#[test]
fn a_counterexample_is_shortest_already() {
    let bench = Bench::new("shrink-path");
    bench.run("verify redis-set-nx --environment expiry --property MutualExclusion --out paths");
    bench.refuses(
        "shrink paths/redis-set-nx/MutualExclusion-expiry.json",
        &expect![[r#"
            contend: paths/redis-set-nx/MutualExclusion-expiry.json: a counterexample of the explorer is shortest already; `contend replay` shows it
        "#]],
    );
}
