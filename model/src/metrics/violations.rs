//! How often properties were violated, relative to the work done.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::measure::{Estimate, rate_per_million, rate_per_million_at_most};
use crate::property::{Kind, Property};

/// How often one property was violated.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ViolationRate {
    /// Which.
    pub property: Property,
    /// Runs that violated it: violations within a run follow from each other.
    pub runs: u64,
    /// Such runs per million operations, with the exact Poisson interval; `None` without any
    /// operation.
    pub per_million: Option<Estimate>,
    /// The rate that is not exceeded with 95 % confidence; `None` without any operation.
    pub at_most_per_million: Option<f64>,
}

/// Runs that violated, by property.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally(BTreeMap<Property, u64>);

impl Tally {
    pub fn add(&mut self, violated: &[Property]) {
        for (place, &property) in violated.iter().enumerate() {
            if !violated[..place].contains(&property) {
                *self.0.entry(property).or_default() += 1;
            }
        }
    }

    pub fn merge(&mut self, other: &Tally) {
        for (&property, runs) in &other.0 {
            *self.0.entry(property).or_default() += runs;
        }
    }

    /// Every property of the kind, those that were never violated included.
    pub fn rates(&self, kind: Kind, operations: u64) -> Vec<ViolationRate> {
        let rate = |&property: &Property| {
            let runs = self.0.get(&property).copied().unwrap_or(0);
            ViolationRate {
                property,
                runs,
                per_million: rate_per_million(runs, operations).ok(),
                at_most_per_million: rate_per_million_at_most(runs, operations).ok(),
            }
        };
        Property::of(kind).iter().map(rate).collect()
    }
}
