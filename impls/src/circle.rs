//! Numbers that come round. What a client draws again and again (tokens, ids, leases) is numbered in a circle, or worlds
//! in which it draws another for ever would have no end.

use contend_model::time::Span;

/// How many numbers there are: a few where leases are short, as they are where all is explored, and otherwise so
/// many that a request would have to be late by about a lease to meet one that it does not mean.
pub(crate) fn numbers(lease: Span, few: u16) -> u16 {
    const AT_LEAST_MS: f64 = 16.0;
    ((lease.as_ms() / AT_LEAST_MS) as u16).max(few)
}
