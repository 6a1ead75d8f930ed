//! `contend compare`.

use std::fs;

use expect_test::expect;

use crate::bench::Bench;

#[test]
fn what_cannot_be_compared_or_written_is_refused_before_the_work_begins() {
    let bench = Bench::new("compare-refused");
    bench.file("file", "");
    bench.refuses("compare redis-set-nx --seeds 1 --out file/report", &expect![[r#"
        contend: file/report: cannot be written (Not a directory (os error 20)); name a place that you may write to
    "#]]);
    bench.refuses(
        "compare redis-lock --seeds 0",
        &expect![[r#"
        contend: --seeds 0: nothing would be run; ask for at least one seed
    "#]],
    );
    bench.refuses("compare L-999-NOWHERE-X", &expect![[r#"
        contend: `L-999-NOWHERE-X` matches no algorithm's name, document, backend or form; `contend list` shows all algorithms
    "#]]);
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
    assert_eq!((comparison.calm.len(), comparison.simulations.len()), (2, 2));
    assert!(comparison.calm.iter().all(|calm| calm.happened.total() == 0));
    for file in ["report.html", "report.md"] {
        assert!(fs::metadata(report.join(file)).unwrap().len() > 100, "{file}");
    }
    assert_eq!(fs::read_dir(&report).unwrap().count(), 3, "nothing half-written is left");
    assert!(text.contains("target/contend/report/report.html"), "{text}");
}
