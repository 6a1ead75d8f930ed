//! Drawings as inline SVG. Colours come from the page's style sheet by class, so that a drawing
//! follows the reader's colour scheme; plotting libraries write colours into the elements.

mod cdf;
mod interval;
mod pairing;
mod sequence;
mod series;

pub(crate) use cdf::Distributions;
pub(crate) use interval::RateScale;
pub(crate) use sequence::diagram;
pub(crate) use series::sparkline;

use std::fmt::Write;

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
    pub fn line(&mut self, class: &str, from: (f64, f64), to: (f64, f64)) {
        let (x1, y1, x2, y2) = (Short(from.0), Short(from.1), Short(to.0), Short(to.1));
        self.put(format_args!(r#"<path class="{class}" d="M{x1} {y1}L{x2} {y2}"/>"#));
    }

    /// A closed or open shape by its points.
    pub fn path(&mut self, class: &str, points: &[(f64, f64)]) {
        if !points.is_empty() {
            let d = path_data(points);
            self.put(format_args!(r#"<path class="{class}" d="{d}"/>"#));
        }
    }

    pub fn rectangle(&mut self, class: &str, at: (f64, f64), size: (f64, f64), radius: f64) {
        let (x, y, w, h) = (Short(at.0), Short(at.1), Short(size.0), Short(size.1));
        let rx = Short(radius);
        self.put(format_args!(
            r#"<rect class="{class}" x="{x}" y="{y}" width="{w}" height="{h}" rx="{rx}"/>"#
        ));
    }

    pub fn circle(&mut self, class: &str, at: (f64, f64), radius: f64) {
        let (x, y, r) = (Short(at.0), Short(at.1), Short(radius));
        self.put(format_args!(r#"<circle class="{class}" cx="{x}" cy="{y}" r="{r}"/>"#));
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

    /// Elements that are drawn elsewhere under this name.
    pub fn reuse(&mut self, class: &str, name: &str) {
        self.put(format_args!(r##"<use class="{class}" href="#{name}"/>"##));
    }

    /// The elements without a frame.
    pub fn into_elements(self) -> String {
        self.body
    }

    /// The whole drawing with a description for those who cannot see it.
    pub fn into_svg(self, class: &str, width: f64, height: f64, description: &str) -> String {
        framed(class, (width, height), description, &self.body)
    }

    fn put(&mut self, element: std::fmt::Arguments<'_>) {
        self.body.write_fmt(element).expect("a string takes everything");
    }
}

/// Elements in a frame.
pub(crate) fn framed(class: &str, size: (f64, f64), description: &str, elements: &str) -> String {
    let (width, height) = (Short(size.0), Short(size.1));
    let label = escaped(description);
    format!(
        r#"<svg class="{class}" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" aria-label="{label}">{elements}</svg>"#
    )
}

/// Points as the data of a path.
pub(crate) fn path_data(points: &[(f64, f64)]) -> String {
    let mut data = String::new();
    for (place, &(x, y)) in points.iter().enumerate() {
        let command = if place == 0 { 'M' } else { 'L' };
        write!(data, "{command}{} {}", Short(x), Short(y)).expect("a string takes everything");
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
