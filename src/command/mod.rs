//! The commands, one a file.

pub mod compare;
pub mod list;
pub mod replay;
mod setting;
pub mod shrink;
pub mod simulate;
pub mod verify;
