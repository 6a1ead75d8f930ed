//! The simulator: fabric, engines, capsules, shrinking and the bridge. One program, so that it is linked once.

mod bridge_follow;
mod bridge_reenact;
mod capsule;
mod clock;
mod connections;
mod delayed_jobs;
mod determinism;
mod engines_agree;
mod fabric;
mod faults;
mod grid;
mod queueing_theory;
mod scenario;
mod shrink;
mod streams;
mod support;
mod trace;
mod verdicts;
