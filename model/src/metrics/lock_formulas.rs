//! The documents' formulas for locks beside what was measured.
//!
//! What a formula needs to know (rates, holds, pauses) is taken from the same runs, so that a
//! disagreement is the formula's and not that of its parameters.

use super::lock::LockMetrics;
use super::units::{NS_PER_MS, NS_PER_S, per};
use crate::measure::{
    Comparison, FormulaId, claimed_contention, claimed_success, claimed_unlock, claimed_waiting,
    closed_waiting, engset_one_server, lock_share, number_in_system, proportion, success, unlock,
};

/// Every formula that these runs say something about.
pub(super) fn compare(metrics: &LockMetrics) -> Vec<Comparison> {
    [
        attempts(metrics),
        try_lock(metrics),
        largest_share(metrics),
        waiting(metrics),
        contention(metrics),
        release(metrics),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// F1: attempts that succeed, of those that ended.
fn attempts(metrics: &LockMetrics) -> Option<Comparison> {
    let counts = &metrics.counts;
    let ended = counts.acquisitions + counts.refused + counts.unknown;
    let share = |count: u64| per(count.into(), ended.into());
    let (failed, unknown) = (share(counts.refused)?, share(counts.unknown)?);
    Some(Comparison::new(
        FormulaId::F1,
        "attempts that succeed",
        claimed_success(failed).ok()?,
        success(failed, unknown).ok()?,
        proportion(counts.acquisitions, ended).ok()?,
    ))
}

/// F2 for a single attempt at a lock that refuses: the clients are a finite source of attempts,
/// whose loss is Engset's.
fn try_lock(metrics: &LockMetrics) -> Option<Comparison> {
    let counts = &metrics.counts;
    let ended = counts.acquisitions + counts.refused;
    let clients = metrics.shares.len() as u64;
    if counts.refused == 0 {
        return None;
    }
    let client_time = metrics.holders.time * u128::from(clients);
    let idle_time = client_time.saturating_sub(counts.hold_time);
    let idle_rate = per(counts.attempts.into(), idle_time)?;
    let hold = per(counts.hold_time, counts.holds.into())?;
    let refused = engset_one_server(clients, idle_rate, hold).ok()?;
    Some(Comparison::new(
        FormulaId::F2,
        format!("an answered attempt of one of {clients} clients succeeds (finite source)"),
        lock_share(clients).ok()?,
        1.0 - refused,
        proportion(counts.acquisitions, ended).ok()?,
    ))
}

/// F2 in the long run: the share of the client that is served most.
fn largest_share(metrics: &LockMetrics) -> Option<Comparison> {
    let clients = metrics.shares.len() as u64;
    let all: u64 = metrics.shares.iter().sum();
    let most = *metrics.shares.iter().max()?;
    let expected = lock_share(clients).ok()?;
    let situation = format!("long-run share of the client that is served most, of {clients}");
    let measured = proportion(most, all).ok()?;
    Some(Comparison::new(FormulaId::F2, situation, expected, expected, measured))
}

/// F3: the time between acquisitions against the wait by Little's law.
fn waiting(metrics: &LockMetrics) -> Option<Comparison> {
    let counts = &metrics.counts;
    let throughput = per(counts.acquisitions.into(), metrics.waiters.time)?;
    let pause = per(counts.pause_time, counts.pauses.into())?;
    let hold = per(counts.hold_time, counts.holds.into())?;
    // Clients finish at different times, so what counts is the time that one client needs for one
    // acquisition, and not the number of clients divided by the throughput of all.
    let active = counts.pause_time + counts.wait_time + counts.hold_time;
    let by_client = per(counts.acquisitions.into(), active)?;
    Some(Comparison::new(
        FormulaId::F3,
        "mean wait, ms; the correction is Little's law for a closed workload",
        claimed_waiting(throughput).ok()? / NS_PER_MS,
        closed_waiting(1, by_client, pause, hold).ok()? / NS_PER_MS,
        metrics.wait_ms.estimate()?,
    ))
}

/// F4: clients for each lock against clients that are at the lock.
fn contention(metrics: &LockMetrics) -> Option<Comparison> {
    let counts = &metrics.counts;
    let clients = metrics.shares.len() as u64;
    let wait = per(counts.wait_time, counts.acquisitions.into())?;
    let hold = per(counts.hold_time, counts.holds.into())?;
    let rate = metrics.throughput_per_s() / NS_PER_S;
    Some(Comparison::new(
        FormulaId::F4,
        format!("clients at the one lock, of {clients}; the correction is X (W + h)"),
        claimed_contention(clients, 1).ok()?,
        number_in_system(rate, wait + hold).ok()?,
        metrics.present.estimate()?,
    ))
}

/// F5: holds that end in a release that is confirmed.
fn release(metrics: &LockMetrics) -> Option<Comparison> {
    let counts = &metrics.counts;
    let ends = per(u128::from(counts.crashed + counts.lost), counts.hold_time)?;
    let hold = per(counts.hold_time, counts.holds.into())?;
    let unconfirmed = per(u128::from(counts.releases - counts.released), counts.releases.into())?;
    Some(Comparison::new(
        FormulaId::F5,
        "holds that end in a confirmed release, despite crashes and losses",
        claimed_unlock(),
        unlock(ends, hold, unconfirmed).ok()?,
        proportion(counts.released, counts.holds).ok()?,
    ))
}
