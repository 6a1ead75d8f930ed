//! Distributions of waiting times as small multiples: one panel for each algorithm, which shows
//! its own curves among the faint curves of its neighbours. So none needs a colour of its own.

use super::{Anchor, Drawing, Point, path_data};

const WIDTH: f64 = 232.0;
const HEIGHT: f64 = 128.0;
const LEFT: f64 = 30.0;
const RIGHT: f64 = 10.0;
const TOP: f64 = 8.0;
const BOTTOM: f64 = 22.0;

/// A cumulative distribution: pairs of milliseconds and a fraction.
pub(crate) type Curve<'a> = &'a [(f64, f64)];

/// The curves of one algorithm; an empty one is not drawn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Curves<'a> {
    /// With nobody failing.
    pub calm: Curve<'a>,
    /// Under every kind of fault.
    pub faulty: Curve<'a>,
}

/// Curves over one axis of time, logarithmic from `low` to `high` milliseconds.
pub(crate) struct Distributions<'a> {
    prefix: &'static str,
    curves: Vec<Curves<'a>>,
    low: f64,
    high: f64,
}

impl<'a> Distributions<'a> {
    /// The curves of all panels. The prefix keeps names apart on the page.
    pub fn new(prefix: &'static str, curves: Vec<Curves<'a>>) -> Self {
        let all = curves.iter().flat_map(|curves| [curves.calm, curves.faulty]);
        let (mut low, mut high) = (f64::INFINITY, 0.0_f64);
        for &(wait, _) in all.flatten().filter(|(wait, _)| *wait > 0.0) {
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

    /// The axes and all curves, each drawn once under a name.
    pub fn definitions(&self) -> String {
        let mut axes = Drawing::default();
        self.draw_axes(&mut axes);
        let mut text = format!(r#"<g id="{}axes">{}</g>"#, self.prefix, axes.into_elements());
        for (place, curves) in self.curves.iter().enumerate() {
            for (name, curve) in [("calm", curves.calm), ("faulty", curves.faulty)] {
                if !curve.is_empty() {
                    let data = path_data(&self.stairs(curve));
                    text += &format!(r#"<path id="{}{name}-{place}" d="{data}"/>"#, self.prefix);
                }
            }
        }
        text
    }

    /// The panel that brings out one of them among the calm curves of its neighbours.
    pub fn panel(&self, chosen: usize, neighbours: &[usize], name: &str) -> String {
        let mut drawing = Drawing::default();
        drawing.reuse("axes", &format!("{}axes", self.prefix));
        for &place in neighbours.iter().filter(|&&place| place != chosen) {
            if !self.curves[place].calm.is_empty() {
                drawing.reuse("faint", &format!("{}calm-{place}", self.prefix));
            }
        }
        let Curves { calm, faulty } = self.curves[chosen];
        if !faulty.is_empty() {
            drawing.reuse("faulty", &format!("{}faulty-{chosen}", self.prefix));
        }
        if !calm.is_empty() {
            drawing.reuse("strong", &format!("{}calm-{chosen}", self.prefix));
        }
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
    fn stairs(&self, curve: Curve<'_>) -> Vec<Point> {
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
