//! Step functions over time, such as waiters or backlog, and utilisation.

use super::MeasureError;
use serde::{Deserialize, Serialize};

/// A whole number that changes at known moments: how many wait, how many items are queued. Of
/// several changes at one microsecond only the last counts, for equal stamps are concurrent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepFunction {
    /// Stamps strictly ascend; neighbouring values differ.
    steps: Vec<Step>,
    /// The latest stamp given, even if it changed nothing.
    latest_us: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Step {
    at_us: u64,
    value: i64,
}

/// One cell of a resampled step function.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// Where the cell begins, in milliseconds since time zero.
    pub at_ms: f64,
    /// Time-weighted mean over the cell.
    pub mean: f64,
    /// Maximum over the cell, so that no peak is lost between two points.
    pub max: i64,
}

impl StepFunction {
    /// Has this value from this moment on.
    pub fn new(start_us: u64, value: i64) -> Self {
        Self { steps: vec![Step { at_us: start_us, value }], latest_us: start_us }
    }

    /// Has this value from this moment on, until told otherwise.
    ///
    /// # Errors
    /// A moment before the latest one.
    pub fn set(&mut self, at_us: u64, value: i64) -> Result<(), MeasureError> {
        let last_us = self.latest_us;
        if at_us < last_us {
            return Err(MeasureError::BackInTime { at_us, last_us });
        }
        self.latest_us = at_us;
        if self.steps.len() > 1 && self.last().at_us == at_us {
            self.steps.pop();
        } else if self.last().at_us == at_us {
            self.steps[0].value = value;
        }
        if self.last().value != value {
            self.steps.push(Step { at_us, value });
        }
        Ok(())
    }

    /// Rises, or falls if negative, by this much at this moment.
    ///
    /// # Errors
    /// A moment before the latest one, or a value beyond 64 bits.
    pub fn change(&mut self, at_us: u64, by: i64) -> Result<(), MeasureError> {
        let value = self.last().value.checked_add(by);
        self.set(at_us, value.ok_or(MeasureError::ValueOverflow { at_us })?)
    }

    /// The value after the last change.
    pub fn value(&self) -> i64 {
        self.last().value
    }

    /// The time-weighted mean from the start until this moment; `None` if no time has passed.
    pub fn mean(&self, until_us: u64) -> Option<f64> {
        let cell = self.cells(until_us, 1).pop()?;
        Some(cell.mean)
    }

    /// The largest value from the start until this moment; `None` if no time has passed.
    pub fn max(&self, until_us: u64) -> Option<i64> {
        let cell = self.cells(until_us, 1).pop()?;
        Some(cell.max)
    }

    /// Cuts the time from the start until this moment into `points` cells of equal length (up to
    /// the microsecond), for a chart. There are fewer cells if there are fewer microseconds, and
    /// none if no time has passed.
    pub fn resample(&self, until_us: u64, points: u32) -> Vec<Sample> {
        self.cells(until_us, points)
    }

    fn cells(&self, until_us: u64, points: u32) -> Vec<Sample> {
        let start_us = self.steps[0].at_us;
        let span_us = until_us.saturating_sub(start_us);
        let cells = u64::from(points).min(span_us);
        let edge = |cell: u64| {
            let offset = u128::from(span_us) * u128::from(cell) / u128::from(cells);
            start_us + offset as u64
        };
        let mut index = 0;
        let mut samples = Vec::with_capacity(cells as usize);
        for cell in 0..cells {
            let (from_us, to_us) = (edge(cell), edge(cell + 1));
            samples.push(self.sample(&mut index, from_us, to_us));
        }
        samples
    }

    /// Integrates from one moment to a later one. `index` is the step that is valid at `from_us`,
    /// and becomes the one that is valid just before `to_us`, or at it.
    fn sample(&self, index: &mut usize, from_us: u64, to_us: u64) -> Sample {
        let mut max = i64::MIN;
        let mut integral = 0_i128;
        let mut at_us = from_us;
        while at_us < to_us {
            let next_us = self.steps.get(*index + 1).map_or(u64::MAX, |next| next.at_us);
            let end_us = next_us.min(to_us);
            if at_us < end_us {
                let value = self.steps[*index].value;
                max = max.max(value);
                integral += i128::from(value) * i128::from(end_us - at_us);
                at_us = end_us;
            }
            if next_us <= at_us && *index + 1 < self.steps.len() {
                *index += 1;
            }
        }
        Sample {
            at_ms: from_us as f64 / 1000.0,
            mean: integral as f64 / (to_us - from_us) as f64,
            max,
        }
    }

    fn last(&self) -> Step {
        self.steps[self.steps.len() - 1]
    }
}

/// The fraction of the time from one moment until another in which at least one of the busy
/// intervals, each a start and an end in microseconds, was running. They may come in any order,
/// overlap (two holders at once count once), and reach beyond the time in question.
///
/// # Errors
/// No time in question, or an interval that ends before it starts.
pub fn utilisation(busy: &[(u64, u64)], from_us: u64, until_us: u64) -> Result<f64, MeasureError> {
    if until_us <= from_us {
        return Err(MeasureError::Nothing { quantity: "time" });
    }
    if let Some(index) = busy.iter().position(|(start, end)| end < start) {
        let (start_us, end_us) = busy[index];
        return Err(MeasureError::EndsBeforeStart { index, start_us, end_us });
    }
    let mut sorted = busy.to_vec();
    sorted.sort_unstable();
    let mut covered_until_us = from_us;
    let mut busy_us = 0;
    for (start_us, end_us) in sorted {
        let start_us = start_us.max(covered_until_us);
        let end_us = end_us.min(until_us);
        if start_us < end_us {
            busy_us += end_us - start_us;
            covered_until_us = end_us;
        }
    }
    Ok(busy_us as f64 / (until_us - from_us) as f64)
}

#[cfg(test)]
mod tests {
    use super::super::WaitingTimes;
    use super::*;
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
            let mut present = present(&spans);
            present.steps.iter_mut().for_each(|step| step.value = step.value.min(1));
            let busy = utilisation(&spans, 0, 20_000).unwrap();
            prop_assert!((busy - present.mean(20_000).unwrap()).abs() < 1e-12);
        }
    }
}
