//! The small parts of the model, one by one. What is private is compiled here by itself, and has its
//! tests beside it.

mod application;
mod cast;
mod comparison;
mod discipline;
mod emptiness;
mod fairness;
mod fault;
mod fingerprint;
mod formulas;
mod interval;
mod lock;
mod lock_metrics;
mod overtaking;
mod queue_history;
mod queue_metrics;
mod queueing;
mod run;
mod series;
mod stream;
mod symmetry;
mod waiting;

// Their names for it.
use contend_model::{measure, metrics, search};

#[path = "../../src/digest.rs"]
#[expect(dead_code, reason = "the tests need not all of it")]
mod digest;
#[path = "../../src/metrics/level.rs"]
#[expect(dead_code, reason = "the tests need not all of it")]
mod level;
#[path = "../../src/metrics/queue_order.rs"]
mod queue_order;
#[path = "../../src/search/seen.rs"]
mod seen;
#[path = "../../src/metrics/spread.rs"]
mod spread;
#[path = "../../src/metrics/units.rs"]
#[expect(dead_code, reason = "the tests need not all of it")]
mod units;
