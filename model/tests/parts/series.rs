use contend_model::measure::*;
use proptest::prelude::*;

/// 0 until 10 ms, then 2 until 20 ms, then 1.
fn waiters() -> StepFunction {
    let mut waiters = StepFunction::new(0, 0);
    waiters.change(10_000, 2).unwrap();
    waiters.change(20_000, -1).unwrap();
    waiters
}

#[test]
fn a_value_weighs_as_long_as_it_lasts() {
    assert_eq!(waiters().mean(40_000), Some(1.0));
    assert_eq!(waiters().mean(20_000), Some(1.0));
    assert_eq!(waiters().mean(10_000), Some(0.0));
    assert_eq!((waiters().max(40_000), waiters().max(10_000)), (Some(2), Some(0)));
}

#[test]
fn no_time_passed_has_neither_mean_nor_maximum() {
    let late = StepFunction::new(5_000, 7);
    assert_eq!((late.mean(5_000), late.max(1_000)), (None, None));
    assert!(late.resample(5_000, 10).is_empty() && late.resample(9_000, 0).is_empty());
}

#[test]
fn a_cell_that_straddles_a_change_has_the_mean_and_keeps_the_peak() {
    let points: Vec<_> =
        waiters().resample(40_000, 3).iter().map(|sample| (sample.at_ms, sample.max)).collect();
    assert_eq!(points, [(0.0, 2), (13.333, 2), (26.666, 1)]);
    let sample = waiters().resample(40_000, 2)[0];
    assert_eq!((sample.mean, sample.max), (1.0, 2));
}

#[test]
fn of_concurrent_changes_the_last_counts() {
    let mut waiters = StepFunction::new(0, 0);
    waiters.change(0, 3).unwrap();
    waiters.change(5_000, 4).unwrap();
    waiters.change(5_000, -4).unwrap();
    assert_eq!(waiters, {
        let mut constant = StepFunction::new(0, 3);
        constant.set(5_000, 3).unwrap();
        constant
    });
    assert_eq!((waiters.max(10_000), waiters.value()), (Some(3), 3));
}

#[test]
fn a_change_in_the_past_is_refused_and_changes_nothing() {
    let mut waiters = waiters();
    waiters.set(30_000, 1).unwrap();
    let before = waiters.clone();
    let refusal = MeasureError::BackInTime { at_us: 29_999, last_us: 30_000 };
    assert_eq!(waiters.change(29_999, 1), Err(refusal));
    assert!(waiters.change(40_000, i64::MAX).is_err());
    assert_eq!(waiters, before);
}

#[test]
fn the_extremes_of_time_and_value_do_not_overflow() {
    let mut extreme = StepFunction::new(0, i64::MIN);
    extreme.set(u64::MAX, i64::MAX).unwrap();
    assert_eq!(extreme.mean(u64::MAX), Some(i64::MIN as f64));
    assert_eq!(extreme.resample(u64::MAX, 7).len(), 7);
}

#[test]
fn overlapping_holders_use_the_lock_once() {
    let busy = [(50, 70), (0, 20), (10, 30), (90, 200)];
    assert_eq!(utilisation(&busy, 0, 100), Ok(0.6));
    assert_eq!(utilisation(&busy, 60, 80), Ok(0.5));
    assert_eq!(utilisation(&[], 0, 100), Ok(0.0));
    assert!(utilisation(&busy, 5, 5).is_err() && utilisation(&[(2, 1)], 0, 5).is_err());
}

/// Spans of a start and an end.
fn spans() -> impl Strategy<Value = Vec<(u64, u64)>> {
    let span = (0_u64..10_000, 0_u64..3_000);
    prop::collection::vec(span.prop_map(|(start, length)| (start, start + length)), 1..60)
}

fn present(spans: &[(u64, u64)]) -> StepFunction {
    let starts = spans.iter().map(|&(start, _)| (start, 1));
    let ends = spans.iter().map(|&(_, end)| (end, -1));
    let mut changes: Vec<(u64, i64)> = starts.chain(ends).collect();
    changes.sort_unstable();
    let mut present = StepFunction::new(0, 0);
    for (at_us, by) in changes {
        present.change(at_us, by).unwrap();
    }
    present
}

proptest! {
    #[test]
    fn littles_law_holds_of_any_spans(spans in spans()) {
        let mut waiting = WaitingTimes::new();
        spans.iter().for_each(|(start, end)| waiting.record(end - start));
        let until_ms = 20.0;
        let rate = waiting.count() as f64 / until_ms;
        let number = rate * waiting.mean().unwrap();
        let measured = present(&spans).mean(20_000).unwrap();
        prop_assert!((measured - number).abs() < 1e-9);
    }

    #[test]
    fn cells_keep_the_mean_and_the_maximum(spans in spans(), points in 1_u32..40_000) {
        let present = present(&spans);
        let samples = present.resample(20_000, points);
        prop_assert_eq!(samples.len(), points.min(20_000) as usize);
        let starts = samples.iter().map(|sample| sample.at_ms);
        let ends = starts.clone().skip(1).chain([20.0]);
        let lengths = starts.zip(ends).map(|(start, end)| end - start);
        let sum: f64 = samples.iter().zip(lengths).map(|(s, length)| s.mean * length).sum();
        prop_assert!((sum / 20.0 - present.mean(20_000).unwrap()).abs() < 1e-9);
        let max = samples.iter().map(|sample| sample.max).max();
        prop_assert_eq!(max, present.max(20_000));
    }

    #[test]
    fn busy_is_where_anybody_is_present(spans in spans()) {
        // Cells of one microsecond, in which nothing changes.
        let cells = present(&spans).resample(20_000, 20_000);
        let present = cells.iter().filter(|cell| cell.mean > 0.0).count();
        let busy = utilisation(&spans, 0, 20_000).unwrap();
        prop_assert!((busy - present as f64 / 20_000.0).abs() < 1e-12);
    }
}
