//! A counterexample as a sequence diagram: a lane for each participant, a row for each step, an
//! arrow for each message, a bar along the lane for as long as a client believes that it holds.

use contend_model::verdict::{Counterexample, Frame};

use super::pairing::{Arrow, arrows};
use super::{Anchor, Drawing};

const ROW: f64 = 22.0;
const TOP: f64 = 40.0;
const FIRST_LANE: f64 = 70.0;
const LANE: f64 = 96.0;
const GAP: f64 = 52.0;
/// A letter of the captions, in a monospaced font of 11 pixels.
const LETTER: f64 = 6.65;
/// Captions are cut after so many letters; the steps in words below the drawing have them whole.
const CAPTION: usize = 96;
/// How far an arrow that arrives nowhere reaches.
const STUB: f64 = 34.0;

/// The elements of a diagram and its size. `explains` is the step that violates.
pub(crate) fn diagram(counterexample: &Counterexample) -> (String, (f64, f64)) {
    let diagram = Diagram::new(counterexample);
    let size = diagram.size();
    (diagram.draw(), size)
}

struct Diagram<'a> {
    lanes: &'a [String],
    steps: &'a [Frame],
    captions: Vec<String>,
}

impl<'a> Diagram<'a> {
    fn new(counterexample: &'a Counterexample) -> Self {
        let Counterexample { lanes, steps, .. } = counterexample;
        let captions = steps.iter().map(caption).collect();
        Diagram { lanes, steps, captions }
    }

    fn size(&self) -> (f64, f64) {
        let longest = self.captions.iter().map(|caption| caption.chars().count()).max();
        let width = self.captions_at() + longest.unwrap_or(0) as f64 * LETTER + 8.0;
        (width.ceil(), TOP + self.steps.len() as f64 * ROW + 12.0)
    }

    fn captions_at(&self) -> f64 {
        FIRST_LANE + (self.lanes.len().max(1) - 1) as f64 * LANE + GAP
    }

    fn x(&self, name: &str) -> Option<f64> {
        let place = self.lanes.iter().position(|lane| lane == name)?;
        Some(FIRST_LANE + place as f64 * LANE)
    }

    fn y(place: usize) -> f64 {
        TOP + (place as f64 + 0.5) * ROW
    }

    fn draw(&self) -> String {
        let mut drawing = Drawing::default();
        self.draw_rows(&mut drawing);
        self.draw_lanes(&mut drawing);
        self.draw_holds(&mut drawing);
        for arrow in arrows(self.steps) {
            self.draw_arrow(&mut drawing, &arrow);
        }
        self.draw_steps(&mut drawing);
        drawing.into_elements()
    }

    /// Backgrounds of the steps at which something goes wrong. A trap is no single step: then the
    /// last one is where it has closed.
    fn draw_rows(&self, drawing: &mut Drawing) {
        let width = self.size().0;
        let nowhere = self.steps.iter().all(|step| step.violates.is_empty());
        for (place, step) in self.steps.iter().enumerate() {
            let last = place + 1 == self.steps.len();
            if !step.violates.is_empty() || (nowhere && last) {
                let at = (0.0, Self::y(place) - ROW / 2.0);
                drawing.rectangle("bad-row", at, (width, ROW), 3.0);
            }
        }
    }

    fn draw_lanes(&self, drawing: &mut Drawing) {
        let bottom = TOP + self.steps.len() as f64 * ROW + 6.0;
        for (place, name) in self.lanes.iter().enumerate() {
            let x = FIRST_LANE + place as f64 * LANE;
            drawing.line("lane", (x, TOP - 10.0), (x, bottom));
            drawing.text("lane-name", (x, TOP - 18.0), Anchor::Middle, name);
        }
    }

    fn draw_holds(&self, drawing: &mut Drawing) {
        for (lane, name) in self.lanes.iter().enumerate() {
            let x = FIRST_LANE + lane as f64 * LANE;
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
                        let bottom = if last { Self::y(place) - 4.0 } else { Self::y(place) };
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
                let height = if place + 1 == self.steps.len() { ROW - 4.0 } else { ROW };
                drawing.rectangle("overlap", (x - 4.0, Self::y(place)), (8.0, height), 2.0);
            }
        }
    }

    fn draw_arrow(&self, drawing: &mut Drawing, arrow: &Arrow<'_>) {
        let (Some(from), Some(to)) = (self.x(&self.steps[arrow.sent].who), self.x(arrow.to)) else {
            return;
        };
        let start = (from, Self::y(arrow.sent));
        let direction = if to > from { 1.0 } else { -1.0 };
        match arrow.arrived {
            Some(arrived) => {
                let end = (to - 2.0 * direction, Self::y(arrived));
                drawing.line("message", start, end);
                draw_head(drawing, start, end);
            }
            None => {
                let end = (from + STUB * direction, start.1 + 5.0);
                drawing.line("message astray", start, end);
                if self.is_lost(arrow) {
                    let (x, y) = end;
                    drawing.line("cross", (x - 3.0, y - 3.0), (x + 3.0, y + 3.0));
                    drawing.line("cross", (x - 3.0, y + 3.0), (x + 3.0, y - 3.0));
                }
            }
        }
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

    fn draw_steps(&self, drawing: &mut Drawing) {
        for (place, step) in self.steps.iter().enumerate() {
            let y = Self::y(place);
            let class = match (step.fault, step.violates.is_empty()) {
                (true, _) => "fault",
                (false, false) => "bad",
                (false, true) => "plain",
            };
            let number = step.number.to_string();
            drawing.text("number", (24.0, y + 4.0), Anchor::End, &number);
            match self.x(&step.who) {
                Some(x) => drawing.circle(&format!("step {class}"), (x, y), 3.0),
                None if step.fault => drawing.circle("step fault", (36.0, y), 3.0),
                None => {}
            }
            let at = (self.captions_at(), y + 4.0);
            drawing.text(&format!("caption {class}"), at, Anchor::Start, &self.captions[place]);
        }
    }
}

/// The point of an arrow.
fn draw_head(drawing: &mut Drawing, from: (f64, f64), to: (f64, f64)) {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let length = dx.hypot(dy).max(1.0);
    let (ux, uy) = (dx / length, dy / length);
    let base = (to.0 - 7.0 * ux, to.1 - 7.0 * uy);
    let side = |sign: f64| (base.0 - sign * 3.0 * uy, base.1 + sign * 3.0 * ux);
    drawing.path("head", &[to, side(1.0), side(-1.0)]);
}

/// One line for one step: messages are arrows already, so only what they say is repeated.
fn caption(step: &Frame) -> String {
    let text = match (step.cause.as_str(), step.outcome.as_str()) {
        (cause, "") => format!("{}: {cause}", step.who),
        (cause, outcome) => format!("{}: {cause}; {outcome}", step.who),
    };
    match text.char_indices().nth(CAPTION) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
