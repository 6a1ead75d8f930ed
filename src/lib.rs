//! Contend proves, breaks and compares distributed locks and queues.
//!
//! An algorithm is written once, as a value that reacts to events, and then explored exhaustively,
//! simulated under seeded faults, replayed and reported. What the `contend` command does with the
//! algorithms of its [`registry`] is done here with one of your own.
//!
//! ```
//! use contend::property::{Environment, Kind, Property};
//! use contend::registry::REDIS_LOCK;
//! use contend::scenario::Scenario;
//! use contend::{Options, simulate, verify};
//!
//! let calm = Options { environments: vec![Environment::Calm], ..Options::default() };
//! let rows = verify(&REDIS_LOCK, &calm);
//! let exclusion = rows.iter().find(|row| row.property == Property::MutualExclusion).unwrap();
//! assert!(exclusion.as_claimed && exclusion.exhausted);
//!
//! let report = simulate(&REDIS_LOCK, &Scenario::default_for(Kind::Lock), 0..100)?;
//! println!("{} ms", report.metrics.wait_ms().mean);
//! # Ok::<(), contend::simulation::SimulationError>(())
//! ```
//!
//! # Bring your own
//! A client is a [`process::Process`]: one transition from an event to effects. An
//! [`algorithm::Algorithm`] says what the client is, which [`service`]s it leans on, and what it
//! claims. Messages to the store are in [`message::store`].

pub mod blame;
pub mod prelude;
pub mod simulation;

use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::atomic::AtomicBool;

#[doc(inline)]
pub use contend_impls::{lock, mutant, queue, registry, service};
#[doc(inline)]
pub use contend_model::{
    algorithm, application, cast, digest, history, ident, message, metrics, op, plan, process,
    property, run, scenario, search, stream, symmetry, time, timer, verdict, world,
};
#[doc(inline)]
pub use contend_reports as reports;
#[doc(inline)]
pub use contend_sim as sim;

#[doc(inline)]
pub use contend_model::verify::envelope;
pub use contend_model::verify::{Options, Study, verify as verify_all};

use algorithm::Algorithm;
use run::SimulationReport;
use scenario::Scenario;
use simulation::{Engine, Settings, SimulationError};
use verdict::Row;

/// Searches the worlds of the algorithm: a row for each property and environment, with the
/// shortest counterexample where a property is broken. See [`verify_all`] for many algorithms,
/// progress and interruption.
pub fn verify(algorithm: &dyn Algorithm, options: &Options) -> Vec<Row> {
    verify_all(&[algorithm], options, &|_| {}, &AtomicBool::new(false))
}

/// Runs these seeds of the scenario on all cores. See [`simulation::simulate`] for the choice of
/// engine, progress, interruption, and the claims that were broken.
///
/// # Errors
/// A scenario that does not fit the algorithm.
pub fn simulate(
    algorithm: &dyn Algorithm,
    scenario: &Scenario,
    seeds: Range<u64>,
) -> Result<SimulationReport, SimulationError> {
    let settings = Settings {
        engine: Engine::Kernel,
        threads: all_cores(),
        stop: &AtomicBool::new(false),
        progress: &|_| {},
    };
    simulation::simulate(algorithm, scenario, seeds, &settings).map(|simulation| simulation.report)
}

/// As many threads as there are cores.
pub fn all_cores() -> NonZeroUsize {
    std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}
