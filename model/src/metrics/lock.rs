//! What a lock costs its callers.

use serde::{Deserialize, Serialize};

use super::level::{Area, earlier};
use super::lock_fold::Fold;
use super::spread::Spread;
use super::units::{NS_PER_MS, NS_PER_S, per};
use super::violations::Tally;
use super::{
    LevelSummary, Observed, OverSeeds, Recovery, Series, ViolationRate, cdf, lock_formulas,
};
use crate::application::{Application, Applications};
use crate::measure::{Comparison, EqualShares, WaitSummary, WaitingTimes};
use crate::property::Kind;

/// Gathers runs of a lock.
#[derive(Clone, Debug)]
pub struct LockMetrics {
    pub(super) runs: u64,
    pub(super) counts: Counts,
    pub(super) waits: WaitingTimes,
    pub(super) recoveries: WaitingTimes,
    pub(super) waiters: Area,
    pub(super) holders: Area,
    /// Acquisitions of each client while all of them competed.
    pub(super) shares: Vec<u64>,
    pub(super) violations: Tally,
    pub(super) application: Applications,
    pub(super) wait_ms: Spread,
    pub(super) throughput: Spread,
    pub(super) messages: Spread,
    pub(super) jain: Spread,
    /// Waiters and holders of a seed.
    pub(super) present: Spread,
    pub(super) series: Option<Series>,
}

/// Plain sums. Times are nanoseconds.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub acquisitions: u64,
    pub attempts: u64,
    pub refused: u64,
    pub unknown: u64,
    /// Acquisitions given up, by the caller or by its crash.
    pub abandoned: u64,
    /// Acquisitions still wanted when the run ended.
    pub unserved: u64,
    pub overtakings: u64,
    pub overtakings_max: u64,
    /// Crashes of holders that nobody's acquisition followed.
    pub unrecovered: u64,
    pub from_clients: u64,
    pub from_services: u64,
    pub operations: u64,
    pub holds: u64,
    pub hold_time: u128,
    /// Holds that a crash ended.
    pub crashed: u64,
    /// Holds that the notice of loss ended.
    pub lost: u64,
    /// Holds whose owner called release.
    pub releases: u64,
    /// Releases that returned `released`.
    pub released: u64,
    /// Pauses before acquisitions.
    pub pauses: u64,
    pub pause_time: u128,
    pub wait_time: u128,
}

/// What a lock costs, over all runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LockSummary {
    /// How many runs.
    pub runs: u64,
    /// How much virtual time they lasted, together.
    pub virtual_s: f64,
    /// Clients that compete.
    pub clients: usize,
    /// Acquisitions.
    pub operations: u64,
    /// Time from the first call of acquire to `acquired`; further attempts are the same wait.
    pub wait_ms: WaitSummary,
    /// Acquisitions per virtual second.
    pub throughput_per_s: f64,
    /// Messages per acquisition, of clients and services.
    pub messages_per_operation: Option<f64>,
    /// Jain's index of the acquisitions of a seed while all clients competed; mean of the seeds.
    pub jain_index: Option<f64>,
    /// The same figures with confidence intervals.
    pub over_seeds: OverSeeds,
    /// Messages of clients per acquisition.
    pub client_messages_per_operation: Option<f64>,
    /// Requests that services took in, per acquisition.
    pub service_operations_per_operation: Option<f64>,
    /// Calls of acquire, per acquisition.
    pub attempts_per_operation: Option<f64>,
    /// Calls of acquire that were refused or ended unknown, per acquisition.
    pub failed_attempts_per_operation: Option<f64>,
    /// Calls of acquire.
    pub attempts: u64,
    /// Those refused.
    pub refused_attempts: u64,
    /// Those that ended unknown.
    pub unknown_attempts: u64,
    /// Acquisitions given up, by the caller or by its crash.
    pub abandoned: u64,
    /// Acquisitions still wanted when the run ended.
    pub unserved: u64,
    /// Clients that wait.
    pub waiters: LevelSummary,
    /// The share of time in which somebody believes that it holds.
    pub utilisation: f64,
    /// The share of time in which several believe so at once.
    pub overlap: f64,
    /// Mean time that a caller believes to hold.
    pub hold_ms: Option<f64>,
    /// Acquisitions of each client while all of them competed.
    pub shares: Vec<u64>,
    /// Whether these shares are equal; `None` with fewer than two clients or nothing served.
    pub equal_shares: Option<EqualShares>,
    /// How often waiters were overtaken.
    pub overtakings: Overtakings,
    /// From the crash of a holder to the next acquisition by anybody.
    pub recovery: Recovery,
    /// How often each property was violated.
    pub violations: Vec<ViolationRate>,
    /// What it meant to programs. Records of builds that did not ask have nothing.
    #[serde(default)]
    pub application: Applications,
    /// The documents' formulas beside what was measured.
    pub formulas: Vec<Comparison>,
    /// The distribution of the wait: pairs of milliseconds and the fraction that waits no longer.
    pub wait_cdf: Vec<(f64, f64)>,
    /// Waiters over the time of one run.
    pub series: Option<Series>,
}

/// How many acquisitions by clients that came later happened during one wait.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Overtakings {
    /// Mean of all waits that ended in an acquisition.
    pub mean: f64,
    /// The most that one wait suffered, waits without end included.
    pub max: u64,
}

impl LockMetrics {
    /// Nothing measured yet, of so many clients.
    pub fn new(clients: usize) -> Self {
        LockMetrics {
            runs: 0,
            counts: Counts::default(),
            waits: WaitingTimes::new(),
            recoveries: WaitingTimes::new(),
            waiters: Area::default(),
            holders: Area::default(),
            shares: vec![0; clients],
            violations: Tally::default(),
            application: Applications::new(&Application::of(Kind::Lock)),
            wait_ms: Spread::default(),
            throughput: Spread::default(),
            messages: Spread::default(),
            jain: Spread::default(),
            present: Spread::default(),
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
    }

    /// Takes in what was measured elsewhere.
    ///
    /// # Panics
    /// If the numbers of clients differ.
    pub fn merge(&mut self, other: &LockMetrics) {
        assert_eq!(self.shares.len(), other.shares.len(), "both measure the same scenario");
        self.runs += other.runs;
        self.counts.merge(&other.counts);
        self.waits.merge(&other.waits);
        self.recoveries.merge(&other.recoveries);
        self.waiters.merge(&other.waiters);
        self.holders.merge(&other.holders);
        for (share, other) in self.shares.iter_mut().zip(&other.shares) {
            *share += other;
        }
        self.violations.merge(&other.violations);
        self.application.merge(&other.application);
        self.wait_ms.merge(&other.wait_ms);
        self.throughput.merge(&other.throughput);
        self.messages.merge(&other.messages);
        self.jain.merge(&other.jain);
        self.present.merge(&other.present);
        earlier(&mut self.series, other.series.clone());
    }

    /// Acquisitions per virtual second.
    pub(super) fn throughput_per_s(&self) -> f64 {
        let acquisitions = u128::from(self.counts.acquisitions);
        per(acquisitions, self.waiters.time).unwrap_or(0.0) * NS_PER_S
    }

    /// The figures.
    pub fn summary(&self) -> LockSummary {
        let counts = &self.counts;
        let each = |sum: u64| per(sum.into(), counts.acquisitions.into());
        let share = |time: u128| per(time, self.holders.time).unwrap_or(0.0);
        LockSummary {
            runs: self.runs,
            virtual_s: self.waiters.time as f64 / NS_PER_S,
            clients: self.shares.len(),
            operations: counts.acquisitions,
            wait_ms: self.waits.summary(),
            throughput_per_s: self.throughput_per_s(),
            messages_per_operation: each(counts.from_clients + counts.from_services),
            jain_index: self.jain.mean(),
            over_seeds: OverSeeds {
                wait_ms: self.wait_ms.estimate(),
                throughput_per_s: self.throughput.estimate(),
                messages_per_operation: self.messages.estimate(),
                jain_index: self.jain.estimate(),
            },
            client_messages_per_operation: each(counts.from_clients),
            service_operations_per_operation: each(counts.operations),
            attempts_per_operation: each(counts.attempts),
            failed_attempts_per_operation: each(counts.refused + counts.unknown),
            attempts: counts.attempts,
            refused_attempts: counts.refused,
            unknown_attempts: counts.unknown,
            abandoned: counts.abandoned,
            unserved: counts.unserved,
            waiters: self.waiters.summary(),
            utilisation: share(self.holders.positive),
            overlap: share(self.holders.several),
            hold_ms: per(counts.hold_time, counts.holds.into()).map(|ns| ns / NS_PER_MS),
            shares: self.shares.clone(),
            equal_shares: EqualShares::test(&self.shares).ok(),
            overtakings: Overtakings {
                mean: each(counts.overtakings).unwrap_or(0.0),
                max: counts.overtakings_max,
            },
            recovery: Recovery { ms: self.recoveries.summary(), never: counts.unrecovered },
            violations: self.violations.rates(Kind::Lock, counts.acquisitions),
            application: self.application,
            formulas: lock_formulas::compare(self),
            wait_cdf: cdf::thinned(&self.waits),
            series: self.series.clone(),
        }
    }
}

impl Counts {
    fn merge(&mut self, other: &Counts) {
        self.acquisitions += other.acquisitions;
        self.attempts += other.attempts;
        self.refused += other.refused;
        self.unknown += other.unknown;
        self.abandoned += other.abandoned;
        self.unserved += other.unserved;
        self.overtakings += other.overtakings;
        self.overtakings_max = self.overtakings_max.max(other.overtakings_max);
        self.unrecovered += other.unrecovered;
        self.from_clients += other.from_clients;
        self.from_services += other.from_services;
        self.operations += other.operations;
        self.holds += other.holds;
        self.hold_time += other.hold_time;
        self.crashed += other.crashed;
        self.lost += other.lost;
        self.releases += other.releases;
        self.released += other.released;
        self.pauses += other.pauses;
        self.pause_time += other.pause_time;
        self.wait_time += other.wait_time;
    }
}
