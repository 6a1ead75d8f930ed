//! `contend envelope`.

use expect_test::expect;

use crate::bench::{Bench, names};

#[test]
fn a_lease_that_its_holder_does_not_watch_bears_no_delay() {
    let bench = Bench::new("envelope");
    let told = bench.text("envelope redis-set-nx redis-lock server-lock sql-row-lock cache-set", 0);
    expect![[r#"
        ──────────────────────────────────────
         name           pause   delay   drift 
        ══════════════════════════════════════
         cache-set      ✘       ✘       ✘     
        ──────────────────────────────────────
         redis-set-nx   ≤2      ≤0      ≤1    
        ──────────────────────────────────────
         redis-lock     ≤2      ≥1      ≤1    
        ──────────────────────────────────────
         server-lock    ≤3      ≥1      ≤1    
        ──────────────────────────────────────
         sql-row-lock   ≥8      ≥8      ≥8    
        ──────────────────────────────────────

        Two clients (three where some share) acquire once and work for 1 ms; leases of 4 ms, on which nobody relies in the last 1 ms.
        The most with which they still exclude each other: pauses of clients, delays of messages, drift of clocks.
        ≤n breaks beyond n ms   ≥n at least that: nothing beyond it was tried, or not to the end
        ✘ breaks without any   ? nobody obtains it, or the search was cut off
    "#]]
    .assert_eq(&told);
}

#[test]
fn one_lock_is_told_with_the_ways_to_break_it() {
    let bench = Bench::new("envelope-one");
    let told = bench.text("envelope redis-set-nx", 0);
    let ways = ["pause of up to 3 ms, in 16 steps", "delay of up to 1 ms, in 16 steps"];
    for way in ways {
        assert!(told.contains(&format!("redis-set-nx with a {way}")), "{told}");
    }
    assert_eq!(told.matches("<== MutualExclusion is violated").count(), 3);
}

#[test]
fn the_record_says_how_it_ends_and_threads_change_nothing() {
    let bench = Bench::new("envelope-json");
    let line = "envelope zk-lock sql-lease --format json --max-states 20000 --threads";
    let record = bench.json(&format!("{line} 1"), 0);
    assert_eq!(record, bench.json(&format!("{line} 2"), 0));
    let [_, zookeeper] = &record["envelopes"].as_array().unwrap()[..] else { panic!("two") };
    assert_eq!(zookeeper["algorithm"], "zk-lock");
    let [pause, delay, _] = &zookeeper["bounds"].as_array().unwrap()[..] else { panic!("three") };
    assert_eq!(names(&pause["end"]), ["broken"]);
    assert_eq!(pause["holds_up_to_ms"], 2);
    assert!(delay["end"]["undecided"].as_str().unwrap().contains("budget"), "{delay}");
}

#[test]
fn a_queue_excludes_nobody() {
    Bench::new("envelope-queue").refuses(
        "envelope kafka-group",
        &expect![[r#"
            contend: FILTER kafka-group: no lock is among them, and a queue excludes nobody
        "#]],
    );
}
