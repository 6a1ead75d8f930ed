//! A counterexample as a sequence diagram: a lane for each participant, a row for each step, an
//! arrow for each message, a bar along the lane for as long as a client believes that it holds.
//! What happens in each row is text beside the drawing, as high as the row.

use contend_model::verdict::{Counterexample, Frame};

use super::pairing::{Arrow, arrows};
use super::{Anchor, Drawing, Point};

/// The height of a step in pixels; the style sheet has the same for the text beside it.
const ROW: f64 = 22.0;
/// Where the first step begins, below the names of the lanes; known to the style sheet as well.
const TOP: f64 = 34.0;
const NARROWEST: f64 = 68.0;
/// A letter of the lanes' names, in a monospaced font of 11 pixels.
const LETTER: f64 = 6.65;
/// How far an arrow that arrives nowhere reaches.
const STUB: f64 = 30.0;

/// The diagram as SVG.
pub(crate) fn diagram(counterexample: &Counterexample, description: &str) -> String {
    let diagram = Diagram::new(counterexample);
    let (width, height) = diagram.size();
    diagram.draw().into_svg("diagram", width, height, description)
}

struct Diagram<'a> {
    lanes: &'a [String],
    steps: &'a [Frame],
    /// From one lane to the next.
    apart: f64,
}

impl<'a> Diagram<'a> {
    fn new(counterexample: &'a Counterexample) -> Self {
        let Counterexample { lanes, steps, .. } = counterexample;
        let longest = lanes.iter().map(|lane| lane.chars().count()).max().unwrap_or(0);
        let apart = (longest as f64 * LETTER + 12.0).max(NARROWEST).ceil();
        Diagram { lanes, steps, apart }
    }

    fn size(&self) -> (f64, f64) {
        (self.lanes.len().max(1) as f64 * self.apart, TOP + self.steps.len() as f64 * ROW + 8.0)
    }

    fn x(&self, name: &str) -> Option<f64> {
        self.lanes.iter().position(|lane| lane == name).map(|place| self.lane(place))
    }

    fn lane(&self, place: usize) -> f64 {
        (place as f64 + 0.5) * self.apart
    }

    fn y(place: usize) -> f64 {
        TOP + (place as f64 + 0.5) * ROW
    }

    fn draw(&self) -> Drawing {
        let mut drawing = Drawing::default();
        self.draw_lanes(&mut drawing);
        self.draw_holds(&mut drawing);
        self.draw_arrows(&mut drawing);
        self.draw_steps(&mut drawing);
        drawing
    }

    fn draw_lanes(&self, drawing: &mut Drawing) {
        let bottom = Self::y(self.steps.len()) - ROW / 2.0 + 4.0;
        let lines = (0..self.lanes.len())
            .map(|place| [(self.lane(place), TOP - 8.0), (self.lane(place), bottom)]);
        drawing.lines("lane", lines);
        for (place, name) in self.lanes.iter().enumerate() {
            drawing.text("lane-name", (self.lane(place), TOP - 15.0), Anchor::Middle, name);
        }
    }

    fn draw_holds(&self, drawing: &mut Drawing) {
        for (lane, name) in self.lanes.iter().enumerate() {
            let x = self.lane(lane);
            let holds = |step: &Frame| step.holders.contains(name);
            let mut since = None;
            for place in 0..=self.steps.len() {
                let held = self.steps.get(place).is_some_and(holds);
                match (since, held) {
                    (None, true) => since = Some(place),
                    (Some(first), false) => {
                        let top = Self::y(first);
                        // What is held at the end is held on.
                        let last = place == self.steps.len();
                        let bottom = if last { Self::y(place) - 6.0 } else { Self::y(place) };
                        drawing.rectangle("hold", (x - 4.0, top), (8.0, bottom - top), 2.0);
                        since = None;
                    }
                    _ => {}
                }
            }
            self.draw_overlaps(drawing, x, &holds);
        }
    }

    /// Where somebody else believes so as well.
    fn draw_overlaps(&self, drawing: &mut Drawing, x: f64, holds: &impl Fn(&Frame) -> bool) {
        for (place, step) in self.steps.iter().enumerate() {
            if holds(step) && step.holders.len() > 1 {
                let height = if place + 1 == self.steps.len() { ROW - 6.0 } else { ROW };
                drawing.rectangle("overlap", (x - 4.0, Self::y(place)), (8.0, height), 2.0);
            }
        }
    }

    fn draw_arrows(&self, drawing: &mut Drawing) {
        let (mut messages, mut astray, mut crosses) = (Vec::new(), Vec::new(), Vec::new());
        for arrow in arrows(self.steps) {
            let from = self.x(&self.steps[arrow.sent].who);
            let Some((from, to)) = from.zip(self.x(arrow.to)) else { continue };
            let start = (from, Self::y(arrow.sent));
            let direction = if to > from { 1.0 } else { -1.0 };
            match arrow.arrived {
                Some(arrived) => messages.push([start, (to - 3.0 * direction, Self::y(arrived))]),
                None => {
                    let (x, y) = (from + STUB * direction, start.1 + 5.0);
                    astray.push([start, (x, y)]);
                    if self.is_lost(&arrow) {
                        crosses.push([(x - 3.0, y - 3.0), (x + 3.0, y + 3.0)]);
                        crosses.push([(x - 3.0, y + 3.0), (x + 3.0, y - 3.0)]);
                    }
                }
            }
        }
        drawing.lines("message", messages.iter().copied());
        drawing.shapes("head", messages.iter().map(|&[from, to]| head(from, to)));
        drawing.lines("message astray", astray);
        drawing.lines("cross", crosses);
    }

    /// Whether the world says so; otherwise the message is still on its way at the end.
    fn is_lost(&self, arrow: &Arrow<'_>) -> bool {
        let from = &self.steps[arrow.sent].who;
        self.steps[arrow.sent..].iter().any(|step| {
            let cause = &step.cause;
            step.fault
                && cause.contains("is lost")
                && cause.contains(from.as_str())
                && cause.contains(arrow.to)
        })
    }

    /// Each step as a point on its lane: those that go wrong stand out.
    fn draw_steps(&self, drawing: &mut Drawing) {
        let (mut plain, mut bad) = (Vec::new(), Vec::new());
        for (place, step) in self.steps.iter().enumerate() {
            let Some(x) = self.x(&step.who) else { continue };
            let points =
                if step.fault || !step.violates.is_empty() { &mut bad } else { &mut plain };
            points.push((x, Self::y(place)));
        }
        drawing.points("step plain", plain);
        drawing.points("step bad", bad);
    }
}

/// The point of an arrow.
fn head(from: Point, to: Point) -> [Point; 3] {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let length = dx.hypot(dy).max(1.0);
    let (ux, uy) = (dx / length, dy / length);
    let base = (to.0 - 7.0 * ux, to.1 - 7.0 * uy);
    let side = |sign: f64| (base.0 - sign * 3.0 * uy, base.1 + sign * 3.0 * ux);
    [to, side(1.0), side(-1.0)]
}
