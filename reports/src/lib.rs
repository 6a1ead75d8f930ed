//! Reports: run records in; HTML, Markdown, JSON and terminal tables out.
//!
//! Nothing here runs anything, and no sentence is written by hand: whatever a report says is
//! computed from the rows and figures of a [`Comparison`].

mod applications;
mod causes;
mod choice;
mod figures;
mod files;
mod html;
mod markdown;
mod matrix;
mod names;
mod stories;
mod svg;
pub mod terminal;

pub use files::{ReportError, Written, write};
pub use html::html;
pub use markdown::markdown;

#[doc(inline)]
pub use contend_model::run::Comparison;
