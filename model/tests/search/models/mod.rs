//! Models small enough to be counted, or known from elsewhere.

pub mod closed_lock;
pub mod random;
pub mod table;
pub mod textbook;
