//! How: the backends and the algorithms that lean on them, one a file, and the registry.

mod circle;
pub mod lock;
pub mod mutant;
pub mod queue;
pub mod registry;
pub mod retry;
pub mod service;
