use contend_model::digest::Digest;
use contend_model::metrics::Metrics;
use contend_model::plan::Happened;
use contend_model::property::Kind;
use contend_model::property::Property;
use contend_model::run::*;

fn report() -> SimulationReport {
    SimulationReport {
        version: VERSION,
        algorithm: "redis-lock".into(),
        seeds: 2,
        from: 7,
        engine: "kernel".into(),
        digest: Digest(0xab),
        violations: vec![SeedViolation {
            seed: 7,
            property: Property::MutualExclusion,
            file: Some("failures/redis-lock-7.toml".into()),
        }],
        metrics: Metrics::new(Kind::Lock, &[contend_model::algorithm::Role::Locker; 2]).summary(),
        happened: Happened::default(),
        scenario: "version = 1\n".into(),
        command: "contend simulate redis-lock --seeds 2 --from 7".into(),
    }
}

#[test]
fn a_record_comes_back_as_it_was_written() {
    let report = report();
    let text = report.to_json();
    assert_eq!(SimulationReport::from_json("run.json", &text), Ok(report));
    for key in [
        "\"digest\": \"00000000000000ab\"",
        "\"wait_ms\"",
        "\"p50\"",
        "\"p90\"",
        "\"p99\"",
        "\"max\"",
        "\"throughput_per_s\"",
        "\"messages_per_operation\"",
        "\"jain_index\"",
        "\"seed\": 7",
        "\"property\": \"MutualExclusion\"",
        "\"file\": \"failures/redis-lock-7.toml\"",
    ] {
        assert!(text.contains(key), "{key} is missing from {text}");
    }
}

#[test]
fn a_file_cut_off_anywhere_gives_one_line_that_says_so() {
    let text = report().to_json();
    let whole = text.trim_end().len();
    for end in 0..whole {
        let Some(part) = text.get(..end) else { continue };
        let error = SimulationReport::from_json("run.json", part).unwrap_err();
        assert!(matches!(error, RunError::Truncated { .. }), "{end}: {error:?}");
        let line = error.to_string();
        assert!(line.starts_with("run.json:") && !line.contains('\n'), "{line}");
    }
}

#[test]
fn a_newer_record_is_refused_by_its_version_whatever_else_it_has() {
    let error = Comparison::from_json("r.json", r#"{"version": 2, "cards": 7}"#).unwrap_err();
    assert_eq!(
        error.to_string(),
        "r.json: the record has version 2, this build reads version 1; write the file again \
         with this build, or use the build that wrote it"
    );
}

#[test]
fn a_comparison_of_a_build_without_calm_runs_is_still_read() {
    let old = r#"{"version": 1, "build": {"contend": "", "rustc": "", "target": "",
        "profile": ""}, "commands": [], "cards": [], "rows": [], "simulations": []}"#;
    let comparison = Comparison::from_json("report.json", old).unwrap();
    assert_eq!((comparison.calm, comparison.partial), (vec![], false));
}

#[test]
fn a_record_of_a_build_without_applications_is_still_read() {
    let mut old: serde_json::Value = serde_json::from_str(&report().to_json()).unwrap();
    let metrics = old["metrics"].as_object_mut().unwrap();
    assert!(metrics.remove("application").is_some());
    let read = SimulationReport::from_json("run.json", &old.to_string()).unwrap();
    assert_eq!(read.metrics.application(), &Default::default());
}

#[test]
fn another_files_json_is_no_record() {
    let error = Comparison::from_json("package.json", r#"{"name": "x"}"#).unwrap_err();
    assert!(error.to_string().contains("no record of Contend"), "{error}");
    let error = Comparison::from_json("a.json", "[1]").unwrap_err();
    assert!(matches!(error, RunError::Malformed { line: 1, .. }), "{error:?}");
    let error = Comparison::from_json("a.json", r#"{"version": 1}"#).unwrap_err();
    assert!(error.to_string().contains("missing field"), "{error}");
}
