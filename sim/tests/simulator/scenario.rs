//! Scenarios are read as they are written, and what is wrong with one is said in one line that
//! names file, line and key, and how to mend it.

use contend_model::plan::{Entry, Plan};
use contend_model::property::{Environment, Kind};
use contend_model::scenario::{Faults, Law, LinkOverride, Scenario, Uniform};
use contend_sim::stage::Stage;
use expect_test::{Expect, expect};

use crate::support;

/// A whole scenario, each line of which a test below spoils.
const GOOD: &str = r#"version = 1
algorithm = "lock-server"

[workload]
lockers = 3
operations = 10
think = { exponential = { mean_ms = 2 } }
work = { uniform = { least_ms = 1, most_ms = 2.5 } }

[links]
delay_ms = { least_ms = 1, most_ms = 10 }
loss = 0.01

[[links.override]]
from = "A"
to = "*"
loss = 0.5

[clocks.server]
drift_ppm = 100

[faults]
swarm = true
pauses = 2

[[plan]]
kind = "crash"
at_ms = 100
node = "A"
back_after_ms = 50.5

[[plan]]
kind = "partition"
at_ms = 10
from = "B"
to = "server"
for_ms = 20
"#;

/// The error that comes of replacing one text by another.
fn spoilt(good: &str, bad: &str) -> String {
    assert!(GOOD.contains(good), "{good}");
    let text = GOOD.replacen(good, bad, 1);
    match Scenario::from_toml("run.toml", &text) {
        Err(error) => error.to_string(),
        Ok(scenario) => match Stage::new(support::algorithm(Kind::Lock), scenario) {
            Err(error) => {
                let line = contend_model::scenario::line_of("run.toml", &text, error.key());
                format!("run.toml:{}: {error}", line.expect("the key is somewhere"))
            }
            Ok(_) => "no error".into(),
        },
    }
}

fn check(cases: &[(&str, &str)], expected: Expect) {
    let mut text = String::new();
    for (good, bad) in cases {
        let error = spoilt(good, bad);
        assert!(!error.contains('\n'), "{error}");
        text.push_str(&error);
        text.push('\n');
    }
    expected.assert_eq(&text);
}

#[test]
fn the_good_scenario_is_good() {
    assert_eq!(spoilt("version", "version"), "no error");
}

#[test]
fn what_cannot_be_read_is_said_with_its_place() {
    check(
        &[
            ("version = 1\n", ""),
            ("version = 1", "version = 2"),
            ("version = 1", "version = \"1\""),
            ("algorithm = ", "algorithn = "),
            ("algorithm", "seed = -1\nalgorithm"),
            ("[links]", "[link]"),
            ("loss = 0.01", "los = 0.01"),
            ("loss = 0.01", "temperature = 0.01"),
            ("loss = 0.01", "loss = \"often\""),
            ("loss = 0.01", "loss = "),
            ("lockers = 3", "lockers = -3"),
            ("operations = 10\n", ""),
            ("exponential", "exponental"),
            ("mean_ms", "mean"),
            ("kind = \"crash\"", "kind = \"crush\""),
            ("node = \"A\"", "nod = \"A\""),
            ("node = \"A\"\n", ""),
            ("[[plan]]", "[[plan]"),
            ("swarm = true", "swarm = true\nswarm = false"),
        ],
        expect![[r#"
            run.toml:1: `version` is missing; add `version`
            run.toml:1: version: 2 is newer than this build, which reads 1; use the build that wrote the file, or a later one
            run.toml:1: version: not a version that there has been; write `version = 1`
            run.toml:2: algorithn: there is no key `algorithn` here; did you mean `algorithm`?
            run.toml:2: seed: not a seed; write a whole number from 0 to 2^64 - 1
            run.toml:10: link: there is no key `link` here; did you mean `links`?
            run.toml:12: links.los: there is no key `los` here; did you mean `loss`?
            run.toml:12: links.temperature: there is no key `temperature` here; known are: delay_ms, uneven, loss, duplicate, reorder, late_ms, override
            run.toml:12: links.loss: invalid type: string "often"; write a number
            run.toml:12: links.loss: the value is missing or not quoted; write it, text in quotes
            run.toml:5: workload.lockers: invalid value: integer `-3`; write a whole number from 0 to 65535
            run.toml:4: workload: `operations` is missing; add `operations`
            run.toml:7: workload.think: there is no kind `exponental` here; did you mean `exponential`?
            run.toml:7: workload.think: there is no key `mean` here; known are: mean_ms
            run.toml:27: plan.kind: there is no kind `crush` here; did you mean `crash`?
            run.toml:26: plan: there is no key `nod` here; did you mean `node`?
            run.toml:26: plan: `node` is missing; add `node`
            run.toml:26: plan: unclosed array table; write `]`
            run.toml:24: faults.swarm: duplicate key; delete one of the two
        "#]],
    );
}

#[test]
fn what_makes_no_sense_is_said_with_its_place() {
    check(
        &[
            ("lockers = 3\n", ""),
            ("lockers = 3", "producers = 3"),
            ("lockers = 3", "producers = 9\nconsumers = 3"),
            ("lockers = 3", "producers = 2\nconsumers = 2"),
            ("lockers = 3", "lockers = 3\nconsumers = 3"),
            ("lockers = 3", "lockers = 65"),
            ("operations = 10", "operations = 0"),
            ("mean_ms = 2", "mean_ms = 0"),
            ("mean_ms = 2", "mean_ms = 1e6"),
            ("least_ms = 1, most_ms = 10", "least_ms = 11, most_ms = 10"),
            ("loss = 0.01", "loss = 1.01"),
            ("loss = 0.5", "loss = -0.5"),
            ("loss = 0.5", "loss = nan"),
            ("from = \"A\"", "from = \"Z\""),
            ("[clocks.server]", "[clocks.servant]"),
            ("drift_ppm = 100", "drift_ppm = 600000"),
            ("at_ms = 100", "at_ms = -1"),
            ("node = \"A\"", "node = \"D\""),
            ("node = \"A\"", "node = \"resource\""),
            ("kind = \"crash\"", "kind = \"failover\""),
            ("for_ms = 20", "for_ms = 1e9"),
            ("back_after_ms = 50.5", "back_after_ms = -1"),
        ],
        expect![[r#"
            run.toml:4: workload: there is no client; add lockers, or producers and consumers
            run.toml:4: workload: nobody consumes; add consumers
            run.toml:7: workload.operations: 9 producers times 10 items are more than the 64 that are judged; take fewer, and more seeds
            run.toml:4: lock-server is a lock, but the workload is not for one; give it lockers
            run.toml:4: workload: lockers do not share a run with others; leave the others out
            run.toml:4: workload: 65 clients are more than the 64 that are judged; take fewer
            run.toml:6: workload.operations: a client must do something; write at least 1
            run.toml:7: workload.think.exponential.mean_ms: 0 is too short; write at least 0.001
            run.toml:7: workload.think.exponential.mean_ms: 20000000 is not a length of time that fits; write milliseconds from 0 to 4294967
            run.toml:11: links.delay_ms: the least, 11, is more than the most, 10; exchange them
            run.toml:12: links.loss: 1.01 is not a probability; write a number from 0 to 1
            run.toml:17: links.override.0.loss: -0.5 is not a probability; write a number from 0 to 1
            run.toml:17: links.override.0.loss: NaN is not a probability; write a number from 0 to 1
            run.toml:14: links.override.0: there is no node `Z`; there are A, B, C, resource, server
            run.toml:19: clocks.servant: there is no node `servant`; there are A, B, C, resource, server
            run.toml:20: clocks.server.drift_ppm: 600000 is more than a clock can be off; write millionths from -500000 to 500000
            run.toml:28: plan.0.at_ms: -1 is not a length of time that fits; write milliseconds from 0 to 4294967
            run.toml:26: plan.0: there is no node `D`; there are A, B, C, resource, server
            run.toml:26: plan.0: this cannot happen to `resource`; the resource does not fail; name a client or another service
            run.toml:26: plan: there is no key `back_after_ms` here; known are: at_ms, service
            run.toml:37: plan.1.for_ms: 1000000000 is not a length of time that fits; write milliseconds from 0 to 4294967
            run.toml:30: plan.0.back_after_ms: -1 is not a length of time that fits; write milliseconds from 0 to 4294967
        "#]],
    );
}

#[test]
fn json_is_read_with_the_same_care() {
    let good = Scenario::from_toml("run.toml", GOOD).unwrap().to_json();
    let mut text = String::new();
    for (from, to) in [
        ("\"version\": 1", "\"version\": 7"),
        ("\"loss\": 0.01", "\"loss\": 2"),
        ("\"loss\": 0.5", "\"loss\": 2"),
        ("\"loss\": 0.5", "\"lose\": 2"),
        ("\"at_ms\": 10.0", "\"at_ms\": -10.0"),
        ("\"workload\": {", "\"workload\": ["),
    ] {
        assert!(good.contains(from), "{from} in {good}");
        let error = Scenario::from_json("run.json", &good.replacen(from, to, 1)).unwrap_err();
        text.push_str(&format!("{error}\n"));
    }
    let half = &good[..good.len() / 2];
    text.push_str(&format!("{}\n", Scenario::from_json("run.json", half).unwrap_err()));
    expect![[r#"
        run.json:2: version: 7 is newer than this build, which reads 1; use the build that wrote the file, or a later one
        run.json:40: links.loss: 2 is not a probability; write a number from 0 to 1
        run.json:48: links.override.0.loss: 2 is not a probability; write a number from 0 to 1
        run.json:48: lose: there is no key `lose` here; did you mean `loss`?
        run.json:107: plan.1.at_ms: -10 is not a length of time that fits; write milliseconds from 0 to 4294967
        run.json:5: lockers: something is out of place; write `,` or `]`
        run.json:60: fault_phase_ms: the file ends too early; restore the rest of it
    "#]].assert_eq(&text);
}

#[test]
fn a_scenario_is_read_as_it_is_written() {
    let mut scenarios: Vec<Scenario> = [Kind::Lock, Kind::Queue].map(Scenario::default_for).into();
    scenarios.extend(Environment::ALL.map(|environment| Scenario::within(Kind::Lock, environment)));
    let mut odd = Scenario::default_for(Kind::Queue).of("odd");
    odd.seed = Some(u64::MAX);
    odd.timing.replication_lag_ms = None;
    odd.workload.think = Law::Exponential { mean_ms: 0.1 + 0.2 };
    odd.links.overrides = vec![LinkOverride {
        from: "*".into(),
        to: "A".into(),
        delay_ms: Some(Uniform::exactly(1.0 / 3.0)),
        ..LinkOverride::default()
    }];
    odd.clocks.insert("A".into(), Default::default());
    scenarios.push(odd);
    for seed in 0..20 {
        let stage = support::stage(Kind::Lock, Faults { swarm: false, ..Faults::every_kind() });
        scenarios.push(stage.scenario().pinned(seed, stage.plan(seed)));
    }
    for scenario in scenarios {
        let (toml, json) = (scenario.to_toml(), scenario.to_json());
        assert_eq!(Scenario::from_toml("", &toml).as_ref(), Ok(&scenario), "{toml}");
        assert_eq!(Scenario::from_json("", &json).as_ref(), Ok(&scenario), "{json}");
    }
}

#[test]
fn an_entry_that_is_deleted_leaves_the_rest_of_the_plan() {
    let stage = support::stage(Kind::Lock, Faults { swarm: false, ..Faults::every_kind() });
    let plan = stage.plan(1);
    for place in 0..plan.entries.len() {
        let mut entries: Vec<Entry> = plan.entries.clone();
        entries.remove(place);
        let shrunk = Plan { entries };
        assert!(stage.stations(1, &shrunk).is_ok());
    }
}
