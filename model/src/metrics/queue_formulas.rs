//! The documents' formulas for queues beside what was measured.

use super::queue::QueueMetrics;
use super::units::{NS_PER_MS, per};
use crate::measure::{
    Comparison, FormulaId, claimed_success, claimed_waiting, lock_share, proportion, success,
};

/// Every formula that these runs say something about.
pub(super) fn compare(metrics: &QueueMetrics) -> Vec<Comparison> {
    [enqueuing(metrics), largest_share(metrics), waiting(metrics)].into_iter().flatten().collect()
}

/// F1: calls of enqueue that are acknowledged.
fn enqueuing(metrics: &QueueMetrics) -> Option<Comparison> {
    let counts = &metrics.counts;
    let ended = counts.enqueued + counts.failed_enqueues + counts.unknown_enqueues;
    let share = |count: u64| per(count.into(), ended.into());
    let (failed, unknown) = (share(counts.failed_enqueues)?, share(counts.unknown_enqueues)?);
    Some(Comparison::new(
        FormulaId::F1,
        "calls of enqueue that are acknowledged",
        claimed_success(failed).ok()?,
        success(failed, unknown).ok()?,
        proportion(counts.enqueued, ended).ok()?,
    ))
}

/// F2 for consumers: the share of the one that is served most.
fn largest_share(metrics: &QueueMetrics) -> Option<Comparison> {
    let shares = metrics.of_consumers(&metrics.deliveries);
    let expected = lock_share(shares.len() as u64).ok()?;
    let situation =
        format!("long-run share of the consumer that is served most, of {}", shares.len());
    let measured = proportion(*shares.iter().max()?, shares.iter().sum()).ok()?;
    Some(Comparison::new(FormulaId::F2, situation, expected, expected, measured))
}

/// F3: the time between acknowledged items against the wait by Little's law: an item waits for
/// the end of its enqueuing, and then as long as the backlog takes at the rate of arrivals.
fn waiting(metrics: &QueueMetrics) -> Option<Comparison> {
    let counts = &metrics.counts;
    let arrivals = per(counts.enqueued.into(), metrics.backlog.time)?;
    let enqueuing = per(counts.enqueue_time, counts.enqueued.into())?;
    let claimed = claimed_waiting(arrivals).ok()?;
    Some(Comparison::new(
        FormulaId::F3,
        "mean wait of an item, ms; the correction is Little's law",
        claimed / NS_PER_MS,
        (metrics.backlog.mean() * claimed + enqueuing) / NS_PER_MS,
        metrics.wait_ms.estimate()?,
    ))
}
