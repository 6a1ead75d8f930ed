//! The mathematics of what is measured: distributions of waiting times, confidence intervals,
//! fairness, step functions over time, and the documents' formulas beside their corrections.
//!
//! Nothing here knows of locks, queues, histories or clocks. Metrics fold a history into these
//! values; reports read the serialised results. Every stamp and duration that comes in is a whole
//! number of microseconds; every time that goes out is in milliseconds.

mod comparison;
mod error;
mod fairness;
mod formulas;
mod interval;
mod queueing;
mod series;
mod waiting;

pub use comparison::Comparison;
pub use error::MeasureError;
pub use fairness::{EqualShares, jain};
pub use formulas::{
    FORMULAS, Formula, FormulaId, attempt_success, barging_share, claimed_contention,
    claimed_success, claimed_unlock, claimed_waiting, lock_share, skewed_contention, success,
    unlock,
};
pub use interval::{
    CONFIDENCE, Estimate, mean, proportion, rate_per_million, rate_per_million_at_most,
};
pub use queueing::{
    Mm1, closed_waiting, engset_one_server, erlang_b, mg1_waiting, number_in_system, offered_load,
    saturated_fifo_waiting,
};
pub use series::{Sample, StepFunction, utilisation};
pub use waiting::{WaitSummary, WaitingTimes};
