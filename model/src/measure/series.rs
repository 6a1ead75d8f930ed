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
