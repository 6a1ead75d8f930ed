//! The documents' formulas, each beside its correction.
//!
//! What a document claims is computed by a function `claimed_...`, what holds by one without that
//! prefix, here or among the textbook results.

use super::MeasureError;
use super::error::{at_least_one, non_negative, positive, probability};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Names a formula of the documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum FormulaId {
    /// Success is the complement of failure.
    F1,
    /// Each of N processes gets the lock with probability 1/N.
    F2,
    /// The expected wait is the reciprocal of the rate of success.
    F3,
    /// Contention is processes for each lock.
    F4,
    /// A lock is released for certain.
    F5,
    /// One bit is the state of a lock.
    F6,
}

/// What a document claims, and what holds instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Formula {
    /// The short name that tables use.
    pub id: FormulaId,
    /// Documents and sections that state it.
    pub document: &'static str,
    /// The claim in words.
    pub claimed: &'static str,
    /// When the claim holds, and what holds otherwise.
    pub corrected: &'static str,
}

/// All formulas, in the order of their names.
pub const FORMULAS: [Formula; 6] = [
    Formula {
        id: FormulaId::F1,
        document: "S000 §3.1.3, §3.2.3, §3.3.3, §5.3; for queues P(A) and P(G), §5.6",
        claimed: "P(S) = 1 - P(F): the probability of success is one minus that of failure.",
        corrected: "A tautology while success and failure are the only outcomes, and wrong once a \
                    request may end unknown: P(S) = 1 - P(F) - P(U). What predicts is Erlang's \
                    loss formula: a try-lock under Poisson attempts with offered load a = \
                    (attempt rate) x (mean hold) fails with probability a / (1 + a).",
    },
    Formula {
        id: FormulaId::F2,
        document: "S002 §3.3",
        claimed: "P(lock) = 1/N: each of N processes obtains the lock with equal probability.",
        corrected: "True of one round of N simultaneous, symmetric attempts on a free lock, and of \
                    long-run shares under FIFO. Polling at rates r_i shares as r_i / (sum of r). A \
                    single try-lock attempt succeeds with probability 1 / (1 + a), which is 1/N \
                    only at the offered load a = N - 1.",
    },
    Formula {
        id: FormulaId::F3,
        document: "S000 §3.1.3, §3.2.3, §3.3.3, §5.3; for queues §5.6",
        claimed: "E(W) = 1/lambda: the expected wait is the reciprocal of the rate of successes.",
        corrected: "1/lambda is the time between successes, not the wait. By Little's law N clients \
                    that think for Z and hold for h wait N/lambda - Z - h; saturated (Z = 0, \
                    lambda = 1/h) that is (N - 1) h, equal to 1/lambda only at N = 2. Under open \
                    Poisson arrivals and exponential holds (M/M/1) the wait is rho / (mu - lambda). \
                    1/lambda is right for an idle consumer that waits for the next Poisson arrival.",
    },
    Formula {
        id: FormulaId::F4,
        document: "S000 §3.1.3, §3.2.3, §3.3.3, §5.3; for queues §5.6",
        claimed: "C = N/M: contention is the number of processes for each lock.",
        corrected: "The mean over locks, and what a client meets only if all M locks are chosen \
                    alike. If lock i is chosen with probability p_i, a client meets N x (sum of \
                    p_i^2), which is never less.",
    },
    Formula {
        id: FormulaId::F5,
        document: "S002 §3.3",
        claimed: "P(unlock) = 1, because a process must release when it has finished.",
        corrected: "A duty is no guarantee: holders crash and releases get lost. With crashes at \
                    rate k during a hold h and a loss l of releases the holder releases with \
                    probability exp(-k h) (1 - l). That the lock becomes free all the same is \
                    freedom from deadlock, to be checked and not assumed.",
    },
    Formula {
        id: FormulaId::F6,
        document: "S002 §3.3",
        claimed: "The state of a lock is one bit: 1 locked, 0 free.",
        corrected: "One bit cannot tell whose lock it is, so that anybody can release it; nor which \
                    grant it is, so that a stale holder can write; nor until when, so that a crash \
                    blocks it for ever. The state is owner, generation and expiry.",
    },
];

impl FormulaId {
    /// The formula of this name.
    pub fn formula(self) -> &'static Formula {
        &FORMULAS[self as usize]
    }
}

impl fmt::Display for FormulaId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "F{}", *self as usize + 1)
    }
}

/// F1 as claimed: 1 - P(F).
///
/// # Errors
/// Not a probability.
pub fn claimed_success(failed: f64) -> Result<f64, MeasureError> {
    success(failed, 0.0)
}

/// F1 corrected: 1 - P(F) - P(U), where U is an outcome that the caller never learns.
///
/// # Errors
/// Not probabilities of disjoint outcomes.
pub fn success(failed: f64, unknown: f64) -> Result<f64, MeasureError> {
    let known = 1.0 - probability("P(U)", unknown)?;
    // Measured frequencies may add up to a rounding above one.
    let rest = known - probability("P(F)", failed)?;
    probability("1 - P(F) - P(U)", if rest.abs() < 1e-12 { 0.0 } else { rest })
}

/// F2 as claimed, and right for a single round or a FIFO lock: 1/N.
///
/// # Errors
/// No clients.
pub fn lock_share(clients: u64) -> Result<f64, MeasureError> {
    Ok(1.0 / at_least_one("clients", clients)?)
}

/// F2 corrected for one attempt at a try-lock under Poisson attempts of offered load a: 1 / (1 +
/// a), the complement of Erlang's loss.
///
/// # Errors
/// A negative or infinite load.
pub fn attempt_success(offered_load: f64) -> Result<f64, MeasureError> {
    Ok(1.0 / (1.0 + non_negative("offered load", offered_load)?))
}

/// F2 corrected for clients that poll a saturated lock at exponential intervals: client i takes it
/// with probability r_i / (sum of r), whoever held it before.
///
/// # Errors
/// A negative or infinite rate, or no positive one.
pub fn barging_share(polling_rates: &[f64], client: usize) -> Result<f64, MeasureError> {
    for &rate in polling_rates {
        non_negative("polling rate", rate)?;
    }
    let sum = positive("sum of polling rates", polling_rates.iter().sum())?;
    let own = polling_rates.get(client).copied();
    own.map(|rate| rate / sum).ok_or(MeasureError::OutsideDomain {
        name: "client",
        value: client as f64,
        domain: "an index into the polling rates",
    })
}

/// F3 as claimed: 1/lambda, where lambda is the rate of successes.
///
/// # Errors
/// A rate that is not positive.
pub fn claimed_waiting(success_rate: f64) -> Result<f64, MeasureError> {
    Ok(1.0 / positive("success rate", success_rate)?)
}

/// F4 as claimed: N/M.
///
/// # Errors
/// No locks.
pub fn claimed_contention(clients: u64, locks: u64) -> Result<f64, MeasureError> {
    Ok(clients as f64 / at_least_one("locks", locks)?)
}

/// F4 corrected: N times the sum of p_i squared, the mean number of N clients at the lock that one
/// more client picks, where lock i is chosen with probability w_i / (sum of w). For the others that
/// one of the N itself meets, give N - 1.
///
/// # Errors
/// A negative or infinite weight, or no positive one.
pub fn skewed_contention(clients: u64, weights: &[f64]) -> Result<f64, MeasureError> {
    for &weight in weights {
        non_negative("weight of a lock", weight)?;
    }
    let sum = positive("sum of weights", weights.iter().sum())?;
    let coincidence: f64 = weights.iter().map(|weight| (weight / sum).powi(2)).sum();
    Ok(clients as f64 * coincidence)
}

/// F5 as claimed: certainty.
pub const fn claimed_unlock() -> f64 {
    1.0
}

/// F5 corrected: the probability exp(-k h) (1 - l) that a holder lives through its hold and its
/// release arrives, for crashes at rate k, a fixed hold h and a loss l.
///
/// # Errors
/// A negative or infinite rate or hold, or a loss that is not a probability.
pub fn unlock(crash_rate: f64, hold: f64, loss: f64) -> Result<f64, MeasureError> {
    let crashes = non_negative("crash rate", crash_rate)? * non_negative("hold", hold)?;
    Ok((-crashes).exp() * (1.0 - probability("loss", loss)?))
}
