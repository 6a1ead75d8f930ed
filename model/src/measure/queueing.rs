//! Textbook results on waiting and loss, against which a simulation is tested.
//!
//! Rates are per unit of time and durations in that same unit, whichever it is.

use super::MeasureError;
use super::error::{at_least_one, non_negative, positive, probability};
use serde::{Deserialize, Serialize};

/// The queue with Poisson arrivals, exponential service, one server and first come, first served:
/// a FIFO lock under an open workload with exponential holds. Always stable.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Mm1 {
    arrival_rate: f64,
    service_rate: f64,
}

impl Mm1 {
    /// Arrivals at rate lambda, services at rate mu.
    ///
    /// # Errors
    /// A negative or infinite rate, or lambda not below mu.
    pub fn new(arrival_rate: f64, service_rate: f64) -> Result<Self, MeasureError> {
        non_negative("arrival rate", arrival_rate)?;
        positive("service rate", service_rate)?;
        stable(arrival_rate, service_rate)?;
        Ok(Self { arrival_rate, service_rate })
    }

    /// rho = lambda / mu, the fraction of time in which the lock is held.
    pub fn utilisation(&self) -> f64 {
        self.arrival_rate / self.service_rate
    }

    /// Wq = rho / (mu - lambda), the mean time from request to grant.
    pub fn waiting(&self) -> f64 {
        self.utilisation() / (self.service_rate - self.arrival_rate)
    }

    /// W = 1 / (mu - lambda), the mean time from request to release.
    pub fn sojourn(&self) -> f64 {
        1.0 / (self.service_rate - self.arrival_rate)
    }

    /// Lq = lambda Wq, the mean number of waiters.
    pub fn queue_length(&self) -> f64 {
        self.arrival_rate * self.waiting()
    }

    /// L = lambda W, the mean number of waiters and holders.
    pub fn number(&self) -> f64 {
        self.arrival_rate * self.sojourn()
    }

    /// The wait that a share `q` of the requests does not exceed: ln(rho / (1 - q)) / (mu -
    /// lambda), or 0 where the share `1 - rho` that does not wait at all is larger than `q`.
    ///
    /// # Errors
    /// A share outside 0 to 1, or 1 itself, since waits have no upper bound.
    pub fn waiting_quantile(&self, q: f64) -> Result<f64, MeasureError> {
        let beyond = positive("share of longer waits", 1.0 - probability("share", q)?)?;
        let waits = (self.utilisation() / beyond).max(1.0);
        Ok(waits.ln() / (self.service_rate - self.arrival_rate))
    }
}

/// The mean wait of M/G/1 by Pollaczek and Khinchine: lambda E\[S^2\] / (2 (1 - rho)), where E[S^2] =
/// E\[S\]^2 (1 + c^2) and c^2 is the squared coefficient of variation of the service time: 0 for
/// constant holds, 1 for exponential ones.
///
/// # Errors
/// Parameters that are negative or infinite, or arrivals at least as fast as services.
pub fn mg1_waiting(
    arrival_rate: f64,
    mean_service: f64,
    squared_variation: f64,
) -> Result<f64, MeasureError> {
    non_negative("arrival rate", arrival_rate)?;
    positive("mean service time", mean_service)?;
    non_negative("squared coefficient of variation", squared_variation)?;
    stable(arrival_rate, 1.0 / mean_service)?;
    let rho = arrival_rate * mean_service;
    Ok(rho / (1.0 - rho) * mean_service * (1.0 + squared_variation) / 2.0)
}

/// The wait at a saturated FIFO lock: N clients that ask again as soon as they have released, each
/// holding for `hold`, wait for all others: (N - 1) h.
///
/// # Errors
/// No clients, or a negative or infinite hold.
pub fn saturated_fifo_waiting(clients: u64, hold: f64) -> Result<f64, MeasureError> {
    Ok((at_least_one("clients", clients)? - 1.0) * non_negative("hold", hold)?)
}

/// The mean wait of a closed workload, from its throughput X by Little's law: N / X - Z - h, where
/// a client thinks for Z, waits, and holds for h. Exact for any discipline and distribution; the
/// saturated FIFO lock is the case Z = 0, X = 1/h.
///
/// # Errors
/// No clients, no throughput, negative times, or a throughput that so many clients cannot reach.
pub fn closed_waiting(
    clients: u64,
    throughput: f64,
    think: f64,
    hold: f64,
) -> Result<f64, MeasureError> {
    let clients = at_least_one("clients", clients)?;
    let cycle = clients / positive("throughput", throughput)?;
    let busy = non_negative("think time", think)? + non_negative("hold", hold)?;
    // A throughput that leaves no time to wait may come out a rounding below zero.
    if cycle < busy * (1.0 - 1e-9) {
        return Err(MeasureError::OutsideDomain {
            name: "throughput",
            value: throughput,
            domain: "at most clients / (think time + hold)",
        });
    }
    Ok((cycle - busy).max(0.0))
}

/// Little's law, L = lambda W: the mean number present, of an arrival rate and a mean stay.
///
/// # Errors
/// A negative or infinite parameter.
pub fn number_in_system(arrival_rate: f64, mean_stay: f64) -> Result<f64, MeasureError> {
    Ok(non_negative("arrival rate", arrival_rate)? * non_negative("mean stay", mean_stay)?)
}

/// The offered load a = lambda E\[hold\] in erlangs: attempts at rate lambda, successful or not,
/// times the mean hold.
///
/// # Errors
/// A negative or infinite parameter.
pub fn offered_load(attempt_rate: f64, mean_hold: f64) -> Result<f64, MeasureError> {
    Ok(non_negative("attempt rate", attempt_rate)? * non_negative("mean hold", mean_hold)?)
}

/// Erlang's loss formula B(c, a): the probability that an attempt of a Poisson stream with offered
/// load `a` finds all `servers` taken and goes away. For any distribution of holds. One server is a
/// try-lock, a / (1 + a); more are a semaphore. Takes time proportional to the number of servers.
///
/// # Errors
/// A negative or infinite load.
pub fn erlang_b(servers: u32, offered_load: f64) -> Result<f64, MeasureError> {
    let load = non_negative("offered load", offered_load)?;
    // Adding one server at a time, no factorial appears that could overflow.
    let add_server = |blocking: f64, server: u32| {
        let taken = load * blocking;
        taken / (f64::from(server) + taken)
    };
    Ok((1..=servers).fold(1.0, add_server))
}

/// Engset's loss formula with one server: the probability that a try-lock attempt fails when the
/// attempts come from N clients, each of which attempts again at `idle_rate` after a release or a
/// failure: (N - 1) b / (1 + (N - 1) b) with b = idle rate times mean hold. It tends to Erlang's
/// formula as N grows while N b stays the same.
///
/// # Errors
/// No clients, or a negative or infinite parameter.
pub fn engset_one_server(
    clients: u64,
    idle_rate: f64,
    mean_hold: f64,
) -> Result<f64, MeasureError> {
    let others = at_least_one("clients", clients)? - 1.0;
    let load = offered_load(idle_rate, mean_hold)?;
    Ok(others * load / (1.0 + others * load))
}

fn stable(arrival_rate: f64, service_rate: f64) -> Result<(), MeasureError> {
    if arrival_rate < service_rate {
        Ok(())
    } else {
        Err(MeasureError::Unstable { arrival_rate, service_rate })
    }
}
