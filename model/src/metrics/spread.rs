//! The mean of many seeds and its confidence interval, in constant memory and exact whatever the
//! order in which the seeds arrive.

use statrs::distribution::{ContinuousCDF, StudentsT};

use crate::measure::Estimate;

/// Values are kept as whole millionths: nanoseconds of a millisecond, say.
const UNIT: f64 = 1e6;
/// The largest value, in millionths: the squares of a billion of them fit into the sum.
const LIMIT: f64 = (1_u64 << 48) as f64;
/// The quantile that leaves out 2.5 % above.
const QUANTILE: f64 = 0.975;

/// Gathers one value of each seed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Spread {
    seeds: u64,
    sum: i128,
    squares: i128,
}

impl Spread {
    /// Adds the value of one seed, if the seed measured any.
    pub fn add(&mut self, value: Option<f64>) {
        let Some(value) = value.filter(|value| value.is_finite()) else { return };
        let millionths = (value * UNIT).round().clamp(-LIMIT, LIMIT) as i128;
        self.seeds += 1;
        self.sum += millionths;
        self.squares += millionths * millionths;
    }

    pub fn merge(&mut self, other: &Spread) {
        self.seeds += other.seeds;
        self.sum += other.sum;
        self.squares += other.squares;
    }

    /// The mean of the seeds; `None` without any.
    pub fn mean(&self) -> Option<f64> {
        (self.seeds > 0).then(|| self.sum as f64 / self.seeds as f64 / UNIT)
    }

    /// The mean with its 95 % interval by Student's t; `None` from fewer than two seeds.
    pub fn estimate(&self) -> Option<Estimate> {
        let value = self.mean().filter(|_| self.seeds >= 2)?;
        let seeds = i128::from(self.seeds);
        // Deviations are summed about the rounded mean in whole numbers, so that nothing cancels.
        let (mean, rest) = (self.sum / seeds, self.sum % seeds);
        let about_rounded = self.squares - mean * (self.sum + rest);
        let deviations = about_rounded as f64 - rest as f64 * rest as f64 / seeds as f64;
        let freedom = self.seeds as f64 - 1.0;
        let standard_error = (deviations.max(0.0) / freedom / self.seeds as f64).sqrt() / UNIT;
        let student = StudentsT::new(0.0, 1.0, freedom).expect("at least one degree of freedom");
        let half = student.inverse_cdf(QUANTILE) * standard_error;
        Some(Estimate { value, low: value - half, high: value + half })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure;
    use proptest::prelude::*;

    #[test]
    fn a_hundred_thousand_seeds_have_the_normal_interval() {
        let mut spread = Spread::default();
        (0..100_000).for_each(|seed| spread.add(Some(f64::from(seed % 2))));
        let Estimate { value, low, high } = spread.estimate().unwrap();
        assert_eq!(value, 0.5);
        let half = 1.959_988 * 0.5 / 100_000_f64.sqrt();
        assert!((high - value - half).abs() < 1e-7 && (value - low - half).abs() < 1e-7);
    }

    #[test]
    fn one_seed_has_a_mean_and_no_interval() {
        let mut spread = Spread::default();
        spread.add(None);
        assert_eq!(spread.mean(), None);
        spread.add(Some(2.5));
        assert_eq!((spread.mean(), spread.estimate()), (Some(2.5), None));
    }

    proptest! {
        #[test]
        fn it_agrees_with_the_mean_of_a_vector_in_any_order(
            values in prop::collection::vec(0_i64..100_000_000_000, 2..40),
            cut in 0_usize..40,
        ) {
            let values: Vec<f64> = values.iter().map(|&value| value as f64 / UNIT).collect();
            let spread = |values: &[f64]| {
                let mut spread = Spread::default();
                values.iter().for_each(|&value| spread.add(Some(value)));
                spread
            };
            let (left, right) = values.split_at(cut.min(values.len()));
            let mut merged = spread(right);
            merged.merge(&spread(left));
            prop_assert_eq!(merged, spread(&values));
            let expected = measure::mean(&values).unwrap();
            let estimate = merged.estimate().unwrap();
            let near = |a: f64, b: f64| (a - b).abs() <= 1e-6 * b.abs().max(1.0);
            prop_assert!(near(estimate.value, expected.value) && near(estimate.low, expected.low));
        }
    }
}
