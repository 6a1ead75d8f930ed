//! The command line as its users meet it: what it prints, writes and returns.

mod applications;
mod bench;
mod compare;
mod envelope;
mod list;
mod replay;
mod shrink;
mod simulate;
mod verify;
