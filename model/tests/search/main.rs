//! The search of states: its order, its counts, its limits, and what it says of traps, starvation
//! and symmetry.

mod counts;
mod limits;
mod models;
mod order;
mod starvation;
mod symmetry;
mod symmetry_traps;
mod trap;
