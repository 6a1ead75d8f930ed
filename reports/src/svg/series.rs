//! A level over the time of one run, small.

use contend_model::metrics::Series;

use super::{Anchor, Drawing};
use crate::names::number;

const WIDTH: f64 = 232.0;
const HEIGHT: f64 = 46.0;
const LEFT: f64 = 30.0;
const RIGHT: f64 = 10.0;
const BASE: f64 = 32.0;

/// The mean as an area, the peaks as a line, on a scale of its own.
pub(crate) fn sparkline(series: &Series, what: &str) -> String {
    let samples = &series.samples;
    let highest = samples.iter().map(|sample| sample.max).max().unwrap_or(0).max(1);
    let cell = (WIDTH - LEFT - RIGHT) / samples.len().max(1) as f64;
    let y = |value: f64| BASE - value / highest as f64 * (BASE - 6.0);
    let mut area = vec![(LEFT, BASE)];
    let mut peaks = Vec::new();
    for (place, sample) in samples.iter().enumerate() {
        let (left, right) = (LEFT + place as f64 * cell, LEFT + (place + 1) as f64 * cell);
        area.extend([(left, y(sample.mean)), (right, y(sample.mean))]);
        peaks.extend([(left, y(sample.max as f64)), (right, y(sample.max as f64))]);
    }
    area.push((WIDTH - RIGHT, BASE));
    let mut drawing = Drawing::default();
    drawing.path("area", &area);
    drawing.path("peaks", &peaks);
    drawing.line("grid", (LEFT, BASE), (WIDTH - RIGHT, BASE));
    drawing.text("tick", (LEFT - 6.0, 10.0), Anchor::End, &highest.to_string());
    let step = samples.get(1).map_or(0.0, |second| second.at_ms);
    let end = number(step * samples.len() as f64 / 1e3);
    drawing.text("tick", (WIDTH - RIGHT, 43.0), Anchor::End, &format!("{end} s"));
    drawing.text("tick", (LEFT, 43.0), Anchor::Start, what);
    drawing.into_svg("chart", WIDTH, HEIGHT, &format!("{what} over the time of one run"))
}
