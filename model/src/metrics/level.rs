//! A number that changes over time, integrated as it goes.

use super::units::{NS_PER_US, per};
use crate::measure::StepFunction;
use crate::metrics::{LevelSummary, Series};

/// Cells of a series.
const CELLS: u32 = 120;

/// How many there are of something, over the time of one run.
#[derive(Debug)]
pub(super) struct Level {
    value: u64,
    since: u64,
    /// What it amounted to so far.
    pub area: Area,
    steps: Option<StepFunction>,
}

/// What levels amount to, over any number of runs. Times are nanoseconds.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Area {
    /// The level's integral over time.
    pub integral: u128,
    /// All time.
    pub time: u128,
    /// Time at which the level was above 0.
    pub positive: u128,
    /// Time at which the level was above 1.
    pub several: u128,
    /// The highest level that lasted.
    pub max: u64,
}

impl Level {
    /// Nothing, from time zero. It remembers its steps only if they will be drawn.
    pub fn new(remember: bool) -> Self {
        let steps = remember.then(|| StepFunction::new(0, 0));
        Level { value: 0, since: 0, area: Area::default(), steps }
    }

    /// One more, from this moment on.
    pub fn rise(&mut self, at: u64) {
        self.set(at, self.value + 1);
    }

    /// One less, from this moment on.
    pub fn fall(&mut self, at: u64) {
        self.set(at, self.value.checked_sub(1).expect("what falls has risen"));
    }

    /// Time passes until this moment.
    pub fn last_until(&mut self, at: u64) {
        self.set(at, self.value);
    }

    fn set(&mut self, at: u64, value: u64) {
        assert!(at >= self.since, "a history is in the order of time");
        let lasted = u128::from(at - self.since);
        let area = &mut self.area;
        area.time += lasted;
        area.integral += u128::from(self.value) * lasted;
        area.positive += if self.value > 0 { lasted } else { 0 };
        area.several += if self.value > 1 { lasted } else { 0 };
        area.max = area.max.max(if lasted > 0 { self.value } else { 0 });
        self.since = at;
        self.value = value;
        if let Some(steps) = &mut self.steps {
            let value = i64::try_from(value).expect("there are not so many clients or items");
            steps.set(at / NS_PER_US, value).expect("a history is in the order of time");
        }
    }

    /// Its course, if it was remembered.
    pub fn series(&self, seed: u64) -> Option<Series> {
        let samples = self.steps.as_ref()?.resample(self.since / NS_PER_US, CELLS);
        Some(Series { seed, samples })
    }
}

impl Area {
    pub fn merge(&mut self, other: &Area) {
        self.integral += other.integral;
        self.time += other.time;
        self.positive += other.positive;
        self.several += other.several;
        self.max = self.max.max(other.max);
    }

    pub fn mean(&self) -> f64 {
        per(self.integral, self.time).unwrap_or(0.0)
    }

    pub fn summary(&self) -> LevelSummary {
        LevelSummary { mean: self.mean(), max: self.max }
    }
}

/// Of two series the one of the lower seed, so that the order of seeds does not matter.
pub(super) fn earlier(mine: &mut Option<Series>, other: Option<Series>) {
    let Some(other) = other else { return };
    if mine.as_ref().is_none_or(|mine| other.seed < mine.seed) {
        *mine = Some(other);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_counts_only_for_as_long_as_it_lasts() {
        let mut level = Level::new(false);
        level.rise(10);
        level.rise(20);
        level.rise(20);
        level.fall(20);
        level.fall(30);
        level.last_until(40);
        let Area { integral, time, positive, several, max } = level.area;
        assert_eq!((integral, time, positive, several, max), (10 + 20 + 10, 40, 30, 10, 2));
        assert_eq!(level.area.summary(), LevelSummary { mean: 1.0, max: 2 });
    }
}
