//! Simulated worlds on virtual time.
//!
//! A [`Stage`](stage::Stage) is an algorithm and a scenario, made ready to run. Its
//! [`Station`](station::Station)s are the nodes, each with its half of every connection, its timers
//! and its outgoing links; they share no state, so any engine that carries their packets can run
//! them. The [`Kernel`](kernel::Kernel) is such an engine: an event queue, for sweeps over many
//! seeds. All decisions about links, clocks and faults are the stations' own and depend on the
//! seed alone, so every engine gives the same run. [`simulated`] is another: each node is an
//! asynchronous program over madsim.

#[cfg(not(madsim))]
compile_error!(
    "contend-sim is built on madsim, which is switched on by `--cfg madsim`. .cargo/config.toml \
     passes that flag, but an exported RUSTFLAGS replaces it: unset RUSTFLAGS, or add \
     `--cfg madsim` to it"
);

pub mod actions;
pub mod bridge;
pub mod capsule;
pub mod clock;
pub mod connection;
pub mod fabric;
pub mod grid;
pub mod kernel;
pub mod ledger;
pub mod network;
pub mod outcome;
pub mod shrink;
#[cfg(madsim)]
pub mod simulated;
pub mod stage;
pub mod station;
pub mod sweep;
pub mod trace;
