//! How evenly clients shared: Jain's index, and a test of the shares against 1/N.

use super::MeasureError;
use serde::{Deserialize, Serialize};
use statrs::distribution::{ChiSquared, ContinuousCDF};

/// Cochran's rule: below this expected count the chi-square distribution is a poor approximation.
const EXPECTED_COUNT_MIN: f64 = 5.0;

/// Pearson's chi-square test of the hypothesis that every one of N clients is as likely as any
/// other to be the next one served, so that each has a share of 1/N.
///
/// The test takes services as independent draws. A small p value speaks against equal shares *or*
/// against independence (a client that wins in streaks); a p value close to 1 says that shares are
/// more equal than chance would make them, as those of a FIFO lock are.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct EqualShares {
    /// The sum of squared deviations, each divided by the expected count.
    pub statistic: f64,
    /// Degrees of freedom, N - 1.
    pub degrees_of_freedom: u64,
    /// The probability of a statistic at least as large under equal shares.
    pub p_value: f64,
    /// Services that each client would have had: the total divided by N.
    pub expected: f64,
}

impl EqualShares {
    /// Tests how often each client was served.
    ///
    /// # Errors
    /// Fewer than two clients, or none of them served.
    pub fn test(served: &[u64]) -> Result<Self, MeasureError> {
        if served.len() < 2 {
            return Err(MeasureError::TooFewClients { got: served.len() });
        }
        let total: u128 = served.iter().copied().map(u128::from).sum();
        if total == 0 {
            return Err(MeasureError::Nothing { quantity: "services" });
        }
        let expected = total as f64 / served.len() as f64;
        let deviation = |&count: &u64| (count as f64 - expected).powi(2) / expected;
        let statistic: f64 = served.iter().map(deviation).sum();
        let degrees_of_freedom = served.len() as u64 - 1;
        let distribution = ChiSquared::new(degrees_of_freedom as f64);
        Ok(Self {
            statistic,
            degrees_of_freedom,
            p_value: distribution
                .expect("at least one degree of freedom")
                .sf(statistic)
                .clamp(0.0, 1.0),
            expected,
        })
    }

    /// Whether there were enough services for the p value to be trusted (Cochran's rule: five
    /// expected for each client).
    pub fn suffices(&self) -> bool {
        self.expected >= EXPECTED_COUNT_MIN
    }

    /// Whether equal shares are rejected at this level of significance, such as 0.01.
    pub fn rejects(&self, significance: f64) -> bool {
        self.suffices() && self.p_value < significance
    }
}

/// Jain's fairness index (1984): 1 if all were served alike, 1/N if one client had everything,
/// k/N if k clients shared alike and the others starved. `None` if nobody was served at all.
pub fn jain(served: &[u64]) -> Option<f64> {
    // Relative to the largest, the squares of huge counts do not overflow.
    let largest = *served.iter().max()?;
    if largest == 0 {
        return None;
    }
    let relative = |&count: &u64| count as f64 / largest as f64;
    let sum: f64 = served.iter().map(relative).sum();
    let squares: f64 = served.iter().map(|count| relative(count).powi(2)).sum();
    let clients = served.len() as f64;
    Some((sum * sum / (clients * squares)).clamp(1.0 / clients, 1.0))
}
