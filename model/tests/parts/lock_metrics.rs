//! Small histories of locks, written by hand, and the exact figures that they come to.

use contend_model::history::Record;
use contend_model::history::What;
use contend_model::ident::NodeId;
use contend_model::metrics::*;
use contend_model::op::{Notice, Op, Outcome};
use contend_model::property::Property;

const MS: u64 = 1_000_000;
const ACQUIRE: What = What::Invoke(Op::Acquire);
const ACQUIRED: What = What::Return(Op::Acquire, Outcome::Acquired { fence: None });
const REFUSED: What = What::Return(Op::Acquire, Outcome::Refused);
const UNKNOWN: What = What::Return(Op::Acquire, Outcome::Unknown);
const RELEASE: What = What::Invoke(Op::Release);
const RELEASED: What = What::Return(Op::Release, Outcome::Released);

/// Entries of milliseconds, client and what happens.
fn history(entries: &[(u64, u8, What)]) -> Vec<Record> {
    let record = |&(ms, client, what)| Record { at: ms * MS, node: NodeId::Client(client), what };
    entries.iter().map(record).collect()
}

fn measured(clients: usize, end_ms: u64, entries: &[(u64, u8, What)]) -> LockMetrics {
    let mut metrics = LockMetrics::new(clients);
    metrics.add(&Observed {
        seed: 1,
        history: &history(entries),
        ended_at: end_ms * MS,
        cut_off: false,
        traffic: Traffic { from_clients: 6, from_services: 4, operations: 5 },
        violated: &[Property::Fairness, Property::Fairness],
    });
    metrics
}

/// A waits 2 ms and holds for 8; B tries at 4, 8 and 12 and holds from 14 to 20.
const CONTENDED: &[(u64, u8, What)] = &[
    (0, 0, ACQUIRE),
    (2, 0, ACQUIRED),
    (4, 1, ACQUIRE),
    (5, 1, REFUSED),
    (8, 1, ACQUIRE),
    (9, 1, UNKNOWN),
    (10, 0, RELEASE),
    (11, 0, RELEASED),
    (12, 1, ACQUIRE),
    (14, 1, ACQUIRED),
    (20, 1, RELEASE),
    (22, 1, RELEASED),
];

#[test]
fn attempts_that_fail_belong_to_the_wait_of_the_acquisition() {
    let summary = measured(2, 40, CONTENDED).summary();
    assert_eq!((summary.operations, summary.attempts), (2, 4));
    assert_eq!((summary.refused_attempts, summary.unknown_attempts), (1, 1));
    assert_eq!((summary.wait_ms.mean, summary.wait_ms.max), (6.0, 10.0));
    assert_eq!(summary.throughput_per_s, 50.0);
    assert_eq!(summary.messages_per_operation, Some(5.0));
    assert_eq!(summary.client_messages_per_operation, Some(3.0));
    assert_eq!(summary.service_operations_per_operation, Some(2.5));
    assert_eq!(summary.attempts_per_operation, Some(2.0));
    assert_eq!(summary.failed_attempts_per_operation, Some(1.0));
    assert_eq!(summary.waiters, LevelSummary { mean: 12.0 / 40.0, max: 1 });
    assert_eq!((summary.utilisation, summary.overlap), (14.0 / 40.0, 0.0));
    assert_eq!(summary.hold_ms, Some(7.0));
    let fairness = summary.violations.iter().find(|v| v.property == Property::Fairness).unwrap();
    assert_eq!((fairness.runs, fairness.per_million.unwrap().value), (1, 500_000.0));
}

#[test]
fn the_formulas_are_computed_from_the_same_history() {
    let mut metrics = measured(2, 40, CONTENDED);
    metrics.merge(&metrics.clone());
    let formulas = metrics.summary().formulas;
    let values: Vec<(String, f64, f64)> = formulas
        .iter()
        .map(|c| (c.formula.to_string(), c.document_value, c.corrected_value))
        .collect();
    let named = |name: &str| values.iter().find(|(formula, ..)| formula == name).unwrap().clone();
    // Of four attempts two succeed, one is refused, one is unknown.
    assert_eq!(named("F1"), ("F1".into(), 0.75, 0.5));
    // 50 acquisitions a second: one every 20 ms, yet the mean wait is 6 ms.
    let (_, claimed, corrected) = named("F3");
    assert!((claimed - 20.0).abs() < 1e-9 && (corrected - 6.0).abs() < 1e-9, "{values:?}");
    // 26 ms of waiting and holding in 40 ms, for two clients.
    let (_, claimed, corrected) = named("F4");
    assert!(claimed == 2.0 && (corrected - 26.0 / 40.0).abs() < 1e-9, "{values:?}");
    assert_eq!(named("F5"), ("F5".into(), 1.0, 1.0));
}

#[test]
fn whoever_comes_later_and_acquires_first_overtakes() {
    let summary = measured(
        3,
        30,
        &[
            (0, 0, ACQUIRE),
            (1, 1, ACQUIRE),
            (2, 1, ACQUIRED),
            (3, 1, RELEASE),
            (4, 2, ACQUIRE),
            (5, 2, ACQUIRED),
            (6, 2, RELEASE),
            (7, 0, ACQUIRED),
        ],
    )
    .summary();
    assert_eq!(summary.overtakings, Overtakings { mean: 2.0 / 3.0, max: 2 });
    // The first client to finish all its acquisitions has made one, and nobody else any.
    assert_eq!(summary.shares, [0, 1, 0]);
}

#[test]
fn recovery_runs_from_the_crash_of_a_holder_to_the_next_acquisition_by_anybody() {
    let crashed: &[(u64, u8, What)] = &[
        (0, 0, ACQUIRE),
        (1, 0, ACQUIRED),
        (2, 1, ACQUIRE),
        (3, 0, What::Crashed),
        (13, 1, ACQUIRED),
        (15, 1, What::Crashed),
    ];
    let summary = measured(2, 20, crashed).summary();
    assert_eq!((summary.recovery.ms.count, summary.recovery.ms.max), (1, 10.0));
    assert_eq!(summary.recovery.never, 1);
    assert_eq!((summary.utilisation, summary.hold_ms), (4.0 / 20.0, Some(2.0)));
    let unlock = summary.formulas.iter().find(|c| c.formula.to_string() == "F5");
    assert_eq!(unlock.map(|c| c.measured.value), None, "nobody has released");
}

#[test]
fn two_who_believe_at_once_count_as_one_for_use_and_are_shown_apart() {
    let both: &[(u64, u8, What)] = &[
        (0, 0, ACQUIRE),
        (0, 0, ACQUIRED),
        (0, 1, ACQUIRE),
        (4, 1, ACQUIRED),
        (6, 0, What::Notify(Notice::Lost)),
        (8, 1, RELEASE),
    ];
    let summary = measured(2, 10, both).summary();
    assert_eq!((summary.utilisation, summary.overlap), (0.8, 0.2));
}

#[test]
fn a_second_acquire_inside_a_hold_is_no_acquisition() {
    let nested: &[(u64, u8, What)] = &[
        (0, 0, ACQUIRE),
        (1, 0, ACQUIRED),
        (1, 0, ACQUIRE),
        (2, 0, ACQUIRED),
        (2, 0, RELEASE),
        (3, 0, RELEASED),
        (6, 0, RELEASE),
        (7, 0, RELEASED),
    ];
    let summary = measured(1, 10, nested).summary();
    assert_eq!((summary.operations, summary.attempts), (1, 1));
    assert_eq!((summary.hold_ms, summary.utilisation), (Some(5.0), 0.5));
}

#[test]
fn giving_up_ends_a_wait_without_an_acquisition() {
    let cancelled: &[(u64, u8, What)] = &[
        (0, 0, ACQUIRE),
        (5, 0, What::Invoke(Op::Cancel)),
        (6, 0, What::Return(Op::Cancel, Outcome::Cancelled)),
        (8, 0, ACQUIRE),
    ];
    let summary = measured(1, 10, cancelled).summary();
    assert_eq!((summary.operations, summary.abandoned, summary.unserved), (0, 1, 1));
    assert_eq!((summary.messages_per_operation, summary.jain_index), (None, None));
    assert_eq!(summary.waiters.mean, 0.8);
}

#[test]
fn seeds_merge_to_the_same_figures_in_any_order() {
    let run = |seed, factor: u64| {
        let entries: Vec<_> =
            CONTENDED.iter().map(|&(ms, client, what)| (ms * factor, client, what)).collect();
        let mut metrics = LockMetrics::new(2);
        metrics.add(&Observed {
            seed,
            history: &history(&entries),
            ended_at: 40 * factor * MS,
            cut_off: false,
            traffic: Traffic { from_clients: factor, from_services: 1, operations: 1 },
            violated: &[],
        });
        metrics
    };
    let runs = [run(3, 1), run(1, 7), run(2, 13)];
    let merged = |order: [usize; 3]| {
        let mut all = LockMetrics::new(2);
        order.iter().for_each(|&place| all.merge(&runs[place]));
        all.summary()
    };
    let summary = merged([0, 1, 2]);
    assert_eq!(merged([2, 1, 0]), summary);
    assert_eq!(merged([1, 2, 0]), summary);
    assert_eq!(summary.series.as_ref().map(|series| series.seed), Some(1));
    assert_eq!(summary.over_seeds.wait_ms.unwrap().value, 6.0 * 7.0);
}

#[test]
fn a_level_counts_only_for_as_long_as_it_lasts() {
    let entries = [
        (0, 0, ACQUIRE),
        (0, 0, ACQUIRED),
        (10, 1, ACQUIRE),
        (20, 2, ACQUIRE),
        (20, 0, RELEASE),
        (20, 0, RELEASED),
        (20, 2, ACQUIRED),
    ];
    let waiters = measured(3, 40, &entries).summary().waiters;
    assert_eq!(waiters, LevelSummary { mean: 30.0 / 40.0, max: 1 });
}
