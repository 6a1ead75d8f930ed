//! Rates with their confidence intervals on one logarithmic scale.

use contend_model::measure::Estimate;

use super::{Anchor, Drawing};
use crate::names::number;

const WIDTH: f64 = 300.0;
const HEIGHT: f64 = 18.0;
const MARGIN: f64 = 10.0;

/// A scale of rates per million, in decades.
pub(crate) struct RateScale {
    low: f64,
    high: f64,
}

impl RateScale {
    /// A scale on which all these intervals fit.
    pub fn new(estimates: impl Iterator<Item = Estimate>) -> Self {
        let (mut low, mut high) = (f64::INFINITY, 1.0_f64);
        for estimate in estimates.filter(|estimate| estimate.value > 0.0) {
            low = low.min(if estimate.low > 0.0 { estimate.low } else { estimate.value });
            high = high.max(estimate.high);
        }
        let low = if low.is_finite() { low } else { 0.1 };
        let decade = |rate: f64, up: bool| {
            let exponent = rate.max(1e-3).log10();
            10_f64.powf(if up { exponent.ceil() } else { exponent.floor() })
        };
        let low = decade(low, false);
        RateScale { low, high: decade(high, true).max(10.0 * low) }
    }

    /// The axis, to stand above the rows.
    pub fn axis(&self) -> String {
        let mut drawing = Drawing::default();
        let decades = (self.high / self.low).log10().round() as i32;
        let skip = if decades > 5 { 2 } else { 1 };
        for decade in (0..=decades).step_by(skip) {
            let rate = self.low * 10_f64.powi(decade);
            let label = number(rate).trim_end_matches(".00").to_owned();
            let (x, anchor) = match decade {
                0 => (self.x(rate) - 4.0, Anchor::Start),
                last if last == decades => (WIDTH, Anchor::End),
                _ => (self.x(rate), Anchor::Middle),
            };
            drawing.text("tick", (x, 12.0), anchor, &label);
        }
        drawing.into_svg("rate", WIDTH, HEIGHT, "violations per million operations, logarithmic")
    }

    /// One row.
    pub fn row(&self, estimate: Estimate) -> String {
        let mut drawing = Drawing::default();
        let middle = HEIGHT / 2.0;
        let decades = (self.high / self.low).log10().round() as i32;
        for decade in 0..=decades {
            let x = self.x(self.low * 10_f64.powi(decade));
            drawing.line("grid", (x, 0.0), (x, HEIGHT));
        }
        let (low, high) = (self.x(estimate.low), self.x(estimate.high));
        drawing.line("whisker", (low, middle), (high, middle));
        drawing.circle("point", (self.x(estimate.value), middle), 3.2);
        drawing.into_svg("rate", WIDTH, HEIGHT, &format!("{} per million", number(estimate.value)))
    }

    fn x(&self, rate: f64) -> f64 {
        let share = (rate / self.low).max(1.0).log10() / (self.high / self.low).log10();
        MARGIN + share.min(1.0) * (WIDTH - 2.0 * MARGIN)
    }
}
