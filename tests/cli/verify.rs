//! `contend verify`.

use expect_test::expect;
use serde_json::Value;

use crate::bench::{Bench, names};

#[test]
fn a_filter_that_matches_nothing_is_answered_with_the_nearest() {
    let bench = Bench::new("verify-names");
    bench.refuses("verify zzzzzzzz", &expect![[r#"
        contend: `zzzzzzzz` matches no algorithm's name, document, backend or form; `contend list` shows all algorithms
    "#]]);
    bench.refuses(
        "verify redis-realsed-early",
        &expect![[r#"
            contend: `redis-realsed-early` matches no algorithm's name, document, backend or form; did you mean `redis-released-early`, `redis-read-write` or `redis-delayed-claimed`?
        "#]],
    );
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
        "verify redis-lock --property Fifo --environment calm",
        &expect![[r#"
        contend: --property Fifo: no algorithm that was chosen is of the kind that has this property
    "#]],
    );
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
    assert_eq!(rows.len(), 9);
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
fn counterexamples_are_saved_where_they_are_wanted_and_only_there() {
    let bench = Bench::new("verify-out");
    let line = "verify redis-set-nx --environment expiry --property MutualExclusion";
    let unsaved = bench.json(&format!("{line} --format json"), 0);
    assert!(unsaved["rows"][0].get("file").is_none());
    assert!(bench.files().is_empty(), "nobody asked for a file");
    let saved = bench.json(&format!("{line} --out kept --format json"), 0);
    let file = "kept/redis-set-nx/MutualExclusion-expiry.json";
    assert_eq!(saved["rows"][0]["file"], file);
    let text = bench.text(&format!("{line} --out kept"), 0);
    assert!(text.contains(&format!("Saved: {file}")), "{text}");
    assert!(text.contains("Again: contend verify redis-set-nx --property"), "{text}");
    let capsules = bench.files().iter().filter(|path| path.is_file()).count();
    assert_eq!(capsules, 1, "nothing half-written is left");
}
