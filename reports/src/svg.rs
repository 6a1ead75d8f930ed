//! Drawings as inline SVG. Colours come from the page's style sheet by class, so that a drawing
//! follows the reader's colour scheme; plotting libraries write colours into the elements.

mod cdf;
mod pairing;
mod sequence;
mod series;

pub(crate) use cdf::{Curves, Distributions};
pub(crate) use sequence::diagram;
pub(crate) use series::sparkline;

use std::fmt::Write;

/// A place on a drawing, in pixels from its upper left corner.
pub(crate) type Point = (f64, f64);

/// An SVG drawing in the making, or a part of one.
#[derive(Debug, Default)]
pub(crate) struct Drawing {
    body: String,
}

/// Where a text stands in relation to its point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

impl Drawing {
    pub fn line(&mut self, class: &str, from: Point, to: Point) {
        self.path(class, &[from, to]);
    }

    /// Many lines as one element.
    pub fn lines(&mut self, class: &str, lines: impl IntoIterator<Item = [Point; 2]>) {
        self.shapes(class, lines);
    }

    /// Many points as one element; they are as large as the class has its strokes.
    pub fn points(&mut self, class: &str, points: impl IntoIterator<Item = Point>) {
        let data: String =
            points.into_iter().map(|(x, y)| format!("M{} {}h0", Short(x), Short(y))).collect();
        self.put_path(class, &data);
    }

    /// Many shapes as one element.
    pub fn shapes<const N: usize>(
        &mut self,
        class: &str,
        shapes: impl IntoIterator<Item = [Point; N]>,
    ) {
        let data: String = shapes.into_iter().map(|shape| path_data(&shape)).collect();
        self.put_path(class, &data);
    }

    /// A closed or open shape by its points.
    pub fn path(&mut self, class: &str, points: &[Point]) {
        self.put_path(class, &path_data(points));
    }

    fn put_path(&mut self, class: &str, data: &str) {
        if !data.is_empty() {
            self.put(format_args!(r#"<path class="{class}" d="{data}"/>"#));
        }
    }

    pub fn rectangle(&mut self, class: &str, at: (f64, f64), size: (f64, f64), radius: f64) {
        let (x, y, w, h) = (Short(at.0), Short(at.1), Short(size.0), Short(size.1));
        let rx = Short(radius);
        self.put(format_args!(
            r#"<rect class="{class}" x="{x}" y="{y}" width="{w}" height="{h}" rx="{rx}"/>"#
        ));
    }

    pub fn text(&mut self, class: &str, at: (f64, f64), anchor: Anchor, text: &str) {
        let (x, y) = (Short(at.0), Short(at.1));
        let anchor = match anchor {
            Anchor::Start => "",
            Anchor::Middle => r#" text-anchor="middle""#,
            Anchor::End => r#" text-anchor="end""#,
        };
        let text = escaped(text);
        self.put(format_args!(r#"<text class="{class}" x="{x}" y="{y}"{anchor}>{text}</text>"#));
    }

    /// The elements without a frame.
    pub fn into_elements(self) -> String {
        self.body
    }

    /// Elements that are drawn elsewhere under this name.
    pub fn reuse(&mut self, class: &str, name: &str) {
        self.put(format_args!(r##"<use class="{class}" href="#{name}"/>"##));
    }

    /// The whole drawing with a description for those who cannot see it.
    pub fn into_svg(self, class: &str, width: f64, height: f64, description: &str) -> String {
        let (width, height, label) = (Short(width), Short(height), escaped(description));
        let elements = self.body;
        format!(
            r#"<svg class="{class}" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" aria-label="{label}">{elements}</svg>"#
        )
    }

    fn put(&mut self, element: std::fmt::Arguments<'_>) {
        self.body.write_fmt(element).expect("a string takes everything");
    }
}

/// Points as the data of a path, as short as can be.
pub(crate) fn path_data(points: &[Point]) -> String {
    let mut data = String::new();
    let mut last: Option<(String, String)> = None;
    for &(x, y) in points {
        let (x, y) = (Short(x).to_string(), Short(y).to_string());
        let written = match &last {
            None => write!(data, "M{x} {y}"),
            Some((old_x, old_y)) if *old_x == x && *old_y == y => Ok(()),
            Some((_, old_y)) if *old_y == y => write!(data, "H{x}"),
            Some((old_x, _)) if *old_x == x => write!(data, "V{y}"),
            Some(_) => write!(data, "L{x} {y}"),
        };
        written.expect("a string takes everything");
        last = Some((x, y));
    }
    data
}

/// A coordinate with at most one decimal.
struct Short(f64);

impl std::fmt::Display for Short {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let tenths = (self.0 * 10.0).round();
        if tenths % 10.0 == 0.0 {
            write!(f, "{:.0}", tenths / 10.0 + 0.0)
        } else {
            write!(f, "{:.1}", tenths / 10.0)
        }
    }
}

/// Text as XML takes it.
pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            _ => escaped.push(letter),
        }
    }
    escaped
}
