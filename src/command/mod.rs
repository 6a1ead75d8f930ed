//! The commands, one a file.

pub mod compare;
pub mod envelope;
pub mod list;
pub mod replay;
mod setting;
pub mod shrink;
pub mod simulate;
pub mod verify;
