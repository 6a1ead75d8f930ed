//! The engine over madsim: every node is an asynchronous program on a machine of its own, the same
//! program that real servers would meet, and packets travel through madsim's endpoints. A run
//! comes to the same [`Outcome`] as in the [`Kernel`](crate::kernel::Kernel), field by field, so
//! that what sweeps find holds for the asynchronous driver as well.
//!
//! # Time
//! A nanosecond of virtual time is a millisecond of madsim's. madsim sleeps no less than a
//! millisecond, and sending and receiving each take such a sleep; slowed down like this, that is a
//! nanosecond or two, and stays below everything that the scenario decides. The sender decides
//! when a packet arrives; the receiver's machine holds it until then. So chance is the scenario's
//! alone: madsim draws only what vanishes, from a seed that comes of the run's.
//!
//! A packet must travel for at least three nanoseconds and one more for each other packet that its
//! sender sends at the same moment. Nodes act on grids that are hundreds of nanoseconds apart, so
//! even a scenario without any delay keeps to it, unless a node sends hundreds of packets at once;
//! then the run fails with [`SimulatedError::Late`], and never differs in silence.
//!
//! # Crashes
//! A machine and the process on it are two nodes of madsim. A crash kills the process's, with its
//! task wherever it waits, and a restart starts it afresh. The machine goes on: it has the sockets,
//! what they hold, and the station; and while the process is down, it refuses what arrives.

mod cluster;
mod machine;
mod sockets;
mod supervisor;
mod timescale;
mod world;

use std::sync::Arc;
use std::time::Duration;

use contend_model::ident::NodeId;
use contend_model::plan::Plan;
use madsim::Config;
use madsim::runtime::Runtime;
use thiserror::Error;

use crate::ledger::Options;
use crate::outcome::Outcome;
use crate::stage::{Stage, StageError};
use machine::Machine;
use world::World;

/// Why a run came to nothing.
#[derive(Debug, Error)]
pub enum SimulatedError {
    /// The plan does not fit the scenario.
    #[error(transparent)]
    Stage(#[from] StageError),
    /// madsim was too slow for the scenario.
    #[error(
        "at {at} ns of virtual time {node} came too late: a packet needs 3 ns of delay, and 1 ns \
         more for each other packet sent at the same moment; raise the links' least delay"
    )]
    Late {
        /// For whom.
        node: NodeId,
        /// When it was to act.
        at: u64,
    },
    /// madsim's network has failed.
    #[error("madsim's network failed for {node}: {source}")]
    Network {
        /// For whom.
        node: NodeId,
        /// How.
        source: std::io::Error,
    },
}

/// Runs a seed.
pub fn run(stage: &Stage, seed: u64, options: Options) -> Result<Outcome, SimulatedError> {
    run_plan(stage, seed, &stage.plan(seed), options)
}

/// Runs a seed with this plan in place of its own.
pub fn run_plan(
    stage: &Stage,
    seed: u64,
    plan: &Plan,
    options: Options,
) -> Result<Outcome, SimulatedError> {
    let stations = stage.stations(seed, plan)?;
    let world = Arc::new(World::new(stage, seed, plan, &stations, options));
    let mut config = Config::default();
    // What is left of madsim's own latency is the least that it can draw from.
    config.net.send_latency = Duration::ZERO..Duration::from_nanos(1);
    let runtime = Runtime::with_seed_and_config(seed ^ MADSIM, config);
    let machines = runtime.block_on(cluster::play(stage.cast(), stations, &world));
    drop(runtime);
    // If a task were left over, it would stay for ever, and everything it knows with it.
    let alone = machines.into_iter().map(Arc::into_inner).collect::<Option<Vec<_>>>();
    let machines = alone.expect("no task of a run outlives it");
    let world = Arc::into_inner(world).expect("no task of a run outlives it");
    world.conclude(machines.into_iter().map(Machine::into_station).collect())
}

/// Keeps madsim's generator apart from ours.
const MADSIM: u64 = 0x6d61_6473_696d_0000;
