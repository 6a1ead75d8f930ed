//! What a queue costs its callers.

use serde::{Deserialize, Serialize};

use super::level::{Area, earlier};
use super::outage::{OutageSummary, Outages};
use super::queue_fold::Fold;
use super::queue_history::Linearizability;
use super::spread::Spread;
use super::units::{NS_PER_S, per};
use super::violations::Tally;
use super::{
    LevelSummary, Observed, OverSeeds, Recovery, Series, ViolationRate, cdf, queue_formulas,
};
use crate::algorithm::Role;
use crate::application::{Application, Applications};
use crate::measure::{Comparison, EqualShares, WaitSummary, WaitingTimes};
use crate::property::Kind;

/// Gathers runs of a queue.
#[derive(Clone, Debug)]
pub struct QueueMetrics {
    pub(super) runs: u64,
    pub(super) roles: Vec<Role>,
    pub(super) counts: Counts,
    pub(super) waits: WaitingTimes,
    pub(super) ends: WaitingTimes,
    pub(super) recoveries: WaitingTimes,
    pub(super) outages: Outages,
    pub(super) backlog: Area,
    /// First deliveries and redeliveries to each client; producers have none.
    pub(super) deliveries: Vec<u64>,
    pub(super) violations: Tally,
    pub(super) application: Applications,
    pub(super) linearizability: Linearizability,
    pub(super) wait_ms: Spread,
    pub(super) throughput: Spread,
    pub(super) messages: Spread,
    pub(super) jain: Spread,
    pub(super) series: Option<Series>,
}

/// Plain sums. Times are nanoseconds.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub enqueued: u64,
    pub unknown_enqueues: u64,
    pub failed_enqueues: u64,
    pub enqueue_time: u128,
    pub delivered: u64,
    pub finished: u64,
    pub redeliveries: u64,
    pub delivered_again: u64,
    pub applied_again: u64,
    pub repeats_refused: u64,
    pub lost: u64,
    pub phantoms: u64,
    pub inversions: u64,
    pub idle_polls: u64,
    pub unknown_polls: u64,
    pub stale_acks: u64,
    pub unrecovered: u64,
    pub from_clients: u64,
    pub from_services: u64,
    pub operations: u64,
}

/// What a queue costs, over all runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QueueSummary {
    /// How many runs.
    pub runs: u64,
    /// How much virtual time they lasted, together.
    pub virtual_s: f64,
    /// Clients that enqueue.
    pub producers: usize,
    /// Clients that dequeue.
    pub consumers: usize,
    /// Items that some consumer finished.
    pub operations: u64,
    /// From the call of enqueue to the first delivery.
    pub wait_ms: WaitSummary,
    /// From the call of enqueue until a consumer has finished the item for the first time.
    pub finished_ms: WaitSummary,
    /// Items finished per virtual second.
    pub throughput_per_s: f64,
    /// Messages per item finished, of clients and services, idle polls included.
    pub messages_per_operation: Option<f64>,
    /// Jain's index of the deliveries to each consumer of a seed; mean of the seeds.
    pub jain_index: Option<f64>,
    /// The same figures with confidence intervals.
    pub over_seeds: OverSeeds,
    /// Requests that services took in, per item finished.
    pub service_operations_per_operation: Option<f64>,
    /// Items whose enqueuing was acknowledged.
    pub enqueued: u64,
    /// Calls of enqueue that ended unknown.
    pub unknown_enqueues: u64,
    /// Items delivered at least once.
    pub delivered: u64,
    /// Deliveries beyond the first of an item.
    pub redeliveries: u64,
    /// Items delivered more than once.
    pub delivered_again: u64,
    /// Items whose effect was applied more than once.
    pub applied_again: u64,
    /// Effects that the resource recognised as applied before.
    pub repeats_refused: u64,
    /// Items acknowledged to their producer and finished by nobody until the end of the run.
    pub lost: u64,
    /// Deliveries of items that nobody had enqueued.
    pub phantoms: u64,
    /// Pairs of items that were enqueued one after the other and delivered in reverse.
    pub inversions: u64,
    /// Calls of dequeue that found nothing.
    pub idle_polls: u64,
    /// Acknowledgements that came too late.
    pub stale_acks: u64,
    /// Items that are acknowledged and not yet delivered for the first time.
    pub backlog: LevelSummary,
    /// Deliveries to each consumer.
    pub shares: Vec<u64>,
    /// Whether these shares are equal; `None` with fewer than two consumers or nothing delivered.
    pub equal_shares: Option<EqualShares>,
    /// From the crash of a consumer at work to the next delivery of its item.
    pub recovery: Recovery,
    /// What became of it while the backend was down, and afterwards. Records of builds that did not ask have
    /// nothing.
    #[serde(default)]
    pub outages: Option<OutageSummary>,
    /// How often each property was violated.
    pub violations: Vec<ViolationRate>,
    /// What it meant to programs. Records of builds that did not ask have nothing.
    #[serde(default)]
    pub application: Applications,
    /// In how many runs it was one queue to all callers. Records of builds that did not ask have none.
    #[serde(default)]
    pub linearizability: Linearizability,
    /// The documents' formulas beside what was measured.
    pub formulas: Vec<Comparison>,
    /// The distribution of the wait: pairs of milliseconds and the fraction that waits no longer.
    pub wait_cdf: Vec<(f64, f64)>,
    /// The backlog over the time of one run.
    pub series: Option<Series>,
}

impl QueueMetrics {
    /// Nothing measured yet, of clients with these roles.
    pub fn new(roles: &[Role]) -> Self {
        QueueMetrics {
            runs: 0,
            roles: roles.to_vec(),
            counts: Counts::default(),
            waits: WaitingTimes::new(),
            ends: WaitingTimes::new(),
            recoveries: WaitingTimes::new(),
            outages: Outages::new(),
            backlog: Area::default(),
            deliveries: vec![0; roles.len()],
            violations: Tally::default(),
            application: Applications::new(&Application::of(Kind::Queue)),
            linearizability: Linearizability::default(),
            wait_ms: Spread::default(),
            throughput: Spread::default(),
            messages: Spread::default(),
            jain: Spread::default(),
            series: None,
        }
    }

    /// Takes in a run.
    ///
    /// # Panics
    /// If the history is not in the order of time, or names a client that there is not.
    pub fn add(&mut self, run: &Observed<'_>) {
        let draws = self.series.as_ref().is_none_or(|series| run.seed < series.seed);
        let mut fold = Fold::new(self, draws);
        run.history.iter().for_each(|record| fold.observe(record));
        fold.conclude(run);
        self.application.add(run.history, run.cut_off);
        self.linearizability.add(run.history);
    }

    /// Takes in what was measured elsewhere.
    ///
    /// # Panics
    /// If the roles of the clients differ.
    pub fn merge(&mut self, other: &QueueMetrics) {
        assert_eq!(self.roles, other.roles, "both measure the same scenario");
        self.runs += other.runs;
        self.counts.merge(&other.counts);
        self.waits.merge(&other.waits);
        self.ends.merge(&other.ends);
        self.recoveries.merge(&other.recoveries);
        self.outages.merge(&other.outages);
        self.backlog.merge(&other.backlog);
        for (deliveries, other) in self.deliveries.iter_mut().zip(&other.deliveries) {
            *deliveries += other;
        }
        self.violations.merge(&other.violations);
        self.application.merge(&other.application);
        self.linearizability.merge(&other.linearizability);
        self.wait_ms.merge(&other.wait_ms);
        self.throughput.merge(&other.throughput);
        self.messages.merge(&other.messages);
        self.jain.merge(&other.jain);
        earlier(&mut self.series, other.series.clone());
    }

    /// Of figures by client, those of the consumers.
    pub(super) fn of_consumers(&self, by_client: &[u64]) -> Vec<u64> {
        let roles = self.roles.iter().zip(by_client);
        roles.filter(|(role, _)| **role == Role::Consumer).map(|(_, &figure)| figure).collect()
    }

    /// The figures.
    pub fn summary(&self) -> QueueSummary {
        let counts = &self.counts;
        let each = |sum: u64| per(sum.into(), counts.finished.into());
        let rate = per(counts.finished.into(), self.backlog.time).unwrap_or(0.0) * NS_PER_S;
        let shares = self.of_consumers(&self.deliveries);
        let producers = self.roles.iter().filter(|role| **role == Role::Producer).count();
        QueueSummary {
            runs: self.runs,
            virtual_s: self.backlog.time as f64 / NS_PER_S,
            producers,
            consumers: shares.len(),
            operations: counts.finished,
            wait_ms: self.waits.summary(),
            finished_ms: self.ends.summary(),
            throughput_per_s: rate,
            messages_per_operation: each(counts.from_clients + counts.from_services),
            jain_index: self.jain.mean(),
            over_seeds: OverSeeds {
                wait_ms: self.wait_ms.estimate(),
                throughput_per_s: self.throughput.estimate(),
                messages_per_operation: self.messages.estimate(),
                jain_index: self.jain.estimate(),
            },
            service_operations_per_operation: each(counts.operations),
            enqueued: counts.enqueued,
            unknown_enqueues: counts.unknown_enqueues,
            delivered: counts.delivered,
            redeliveries: counts.redeliveries,
            delivered_again: counts.delivered_again,
            applied_again: counts.applied_again,
            repeats_refused: counts.repeats_refused,
            lost: counts.lost,
            phantoms: counts.phantoms,
            inversions: counts.inversions,
            idle_polls: counts.idle_polls,
            stale_acks: counts.stale_acks,
            backlog: self.backlog.summary(),
            equal_shares: EqualShares::test(&shares).ok(),
            shares,
            recovery: Recovery { ms: self.recoveries.summary(), never: counts.unrecovered },
            outages: Some(self.outages.summary()),
            violations: self.violations.rates(Kind::Queue, counts.finished),
            application: self.application,
            linearizability: self.linearizability,
            formulas: queue_formulas::compare(self),
            wait_cdf: cdf::thinned(&self.waits),
            series: self.series.clone(),
        }
    }
}

impl Counts {
    fn merge(&mut self, other: &Counts) {
        self.enqueued += other.enqueued;
        self.unknown_enqueues += other.unknown_enqueues;
        self.failed_enqueues += other.failed_enqueues;
        self.enqueue_time += other.enqueue_time;
        self.delivered += other.delivered;
        self.finished += other.finished;
        self.redeliveries += other.redeliveries;
        self.delivered_again += other.delivered_again;
        self.applied_again += other.applied_again;
        self.repeats_refused += other.repeats_refused;
        self.lost += other.lost;
        self.phantoms += other.phantoms;
        self.inversions += other.inversions;
        self.idle_polls += other.idle_polls;
        self.unknown_polls += other.unknown_polls;
        self.stale_acks += other.stale_acks;
        self.unrecovered += other.unrecovered;
        self.from_clients += other.from_clients;
        self.from_services += other.from_services;
        self.operations += other.operations;
    }
}
