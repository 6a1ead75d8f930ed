//! The commands, one a file.

pub mod compare;
pub mod list;
pub mod replay;
pub mod shrink;
pub mod simulate;
pub mod verify;
