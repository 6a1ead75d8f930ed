//! Distributions of waiting times as small multiples: one panel for each algorithm, which shows
//! its own curve among the faint curves of all others. So none needs a colour of its own.

use super::{Anchor, Drawing, path_data};

const WIDTH: f64 = 232.0;
const HEIGHT: f64 = 128.0;
const LEFT: f64 = 30.0;
const RIGHT: f64 = 10.0;
const TOP: f64 = 8.0;
const BOTTOM: f64 = 22.0;

/// Curves over one axis of time, logarithmic from `low` to `high` milliseconds.
pub(crate) struct Distributions<'a> {
    prefix: &'static str,
    curves: Vec<&'a [(f64, f64)]>,
    low: f64,
    high: f64,
}

impl<'a> Distributions<'a> {
    /// Curves of pairs of milliseconds and a fraction. The prefix keeps names apart on the page.
    pub fn new(prefix: &'static str, curves: Vec<&'a [(f64, f64)]>) -> Self {
        let waits = curves.iter().flat_map(|curve| curve.iter()).map(|point| point.0);
        let (mut low, mut high) = (f64::INFINITY, 0.0_f64);
        for wait in waits.filter(|wait| *wait > 0.0) {
            low = low.min(wait);
            high = high.max(wait);
        }
        if high == 0.0 {
            (low, high) = (1.0, 10.0);
        }
        // Below a tenth of a millisecond nobody waits.
        let low = 10_f64.powf(low.max(0.1).log10().floor());
        let high = 10_f64.powf(high.log10().ceil()).max(low * 10.0);
        Distributions { prefix, curves, low, high }
    }

    /// All curves, each drawn once under a name.
    pub fn definitions(&self) -> String {
        let curve = |(place, curve): (usize, &&[(f64, f64)])| {
            let data = path_data(&self.stairs(curve));
            format!(r#"<path id="{}{place}" d="{data}"/>"#, self.prefix)
        };
        self.curves.iter().enumerate().map(curve).collect()
    }

    /// The panel that brings out one of them.
    pub fn panel(&self, chosen: usize, name: &str) -> String {
        let mut drawing = Drawing::default();
        self.draw_axes(&mut drawing);
        for place in (0..self.curves.len()).filter(|&place| place != chosen) {
            drawing.reuse("faint", &format!("{}{place}", self.prefix));
        }
        drawing.reuse("strong", &format!("{}{chosen}", self.prefix));
        drawing.into_svg("chart", WIDTH, HEIGHT, &format!("distribution of the wait of {name}"))
    }

    fn draw_axes(&self, drawing: &mut Drawing) {
        for (fraction, label) in [(0.0, "0"), (0.5, "½"), (1.0, "1")] {
            let y = self.y(fraction);
            drawing.line("grid", (LEFT, y), (WIDTH - RIGHT, y));
            drawing.text("tick", (LEFT - 6.0, y + 3.5), Anchor::End, label);
        }
        let decades = (self.high / self.low).log10().round() as i32;
        let skip = if decades > 4 { 2 } else { 1 };
        for decade in (0..=decades).step_by(skip) {
            let wait = self.low * 10_f64.powi(decade);
            let x = self.x(wait);
            drawing.line("grid", (x, TOP), (x, HEIGHT - BOTTOM));
            let label = match wait {
                seconds if seconds >= 999.0 => format!("{:.0} s", seconds / 1e3),
                ms if ms >= 0.99 => format!("{ms:.0} ms"),
                ms => format!("{ms:.1} ms"),
            };
            drawing.text("tick", (x, HEIGHT - 7.0), Anchor::Middle, &label);
        }
    }

    fn x(&self, wait: f64) -> f64 {
        let share = (wait.max(self.low) / self.low).log10() / (self.high / self.low).log10();
        LEFT + share * (WIDTH - LEFT - RIGHT)
    }

    fn y(&self, fraction: f64) -> f64 {
        TOP + (1.0 - fraction) * (HEIGHT - TOP - BOTTOM)
    }

    /// A distribution rises in steps.
    fn stairs(&self, curve: &[(f64, f64)]) -> Vec<(f64, f64)> {
        let mut points = vec![(self.x(0.0), self.y(0.0))];
        let mut level = 0.0;
        for &(wait, fraction) in curve {
            points.push((self.x(wait), self.y(level)));
            points.push((self.x(wait), self.y(fraction)));
            level = fraction;
        }
        points.push((self.x(self.high), self.y(level)));
        points.dedup();
        points
    }
}
