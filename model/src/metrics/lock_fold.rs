//! The history of one run of a lock, folded into the metrics.

use super::Observed;
use super::level::{Level, earlier};
use super::lock::LockMetrics;
use super::units::{NS_PER_MS, NS_PER_S, NS_PER_US, per};
use crate::history::{Record, What};
use crate::measure::jain;
use crate::op::{Notice, Op, Outcome};

/// What one client is doing.
#[derive(Clone, Copy, Debug, Default)]
struct Seat {
    /// It wants the lock.
    wait: Option<Wait>,
    /// Since when it believes that it holds.
    held_since: Option<u64>,
    /// When it called acquire inside its hold, while that call is under way.
    nesting_since: Option<u64>,
    /// The inner of its two holds is not released yet.
    nested: bool,
    /// The release of its outer hold is under way.
    releasing: bool,
    /// Since when it wants nothing.
    idle_since: Option<u64>,
    /// When it crashed, while it is down.
    down_since: Option<u64>,
}

#[derive(Clone, Copy, Debug)]
struct Wait {
    since: u64,
    overtaken: u64,
}

/// The fold over one run.
pub(super) struct Fold<'m> {
    into: &'m mut LockMetrics,
    seats: Vec<Seat>,
    waiters: Level,
    holders: Level,
    /// When holders crashed that nobody has succeeded yet.
    orphaned: Vec<u64>,
    /// Who acquired, and when.
    acquired: Vec<(usize, u64)>,
    waited: u128,
}

impl<'m> Fold<'m> {
    pub fn new(into: &'m mut LockMetrics, draws: bool) -> Self {
        let idle = Seat { idle_since: Some(0), ..Seat::default() };
        Fold {
            seats: vec![idle; into.shares.len()],
            into,
            waiters: Level::new(draws),
            holders: Level::new(false),
            orphaned: Vec::new(),
            acquired: Vec::new(),
            waited: 0,
        }
    }

    pub fn observe(&mut self, record: &Record) {
        let Some(client) = record.node.client() else { return };
        let at = record.at;
        match record.what {
            What::Invoke(Op::Acquire) => self.calls_acquire(client, at),
            What::Return(Op::Acquire | Op::Cancel, Outcome::Acquired { .. }) => {
                self.acquires(client, at);
            }
            What::Return(Op::Acquire, outcome) => self.fails(client, outcome),
            What::Return(Op::Cancel, _) => self.abandons(client, at),
            What::Invoke(Op::Release) => self.calls_release(client, at),
            What::Return(Op::Release, outcome) => self.releases(client, outcome),
            What::Notify(Notice::Lost) => self.loses(client, at),
            What::Crashed => self.crashes(client, at),
            What::Restarted => {
                let seat = &mut self.seats[client];
                seat.down_since = None;
                seat.idle_since = Some(at);
            }
            _ => {}
        }
    }

    fn calls_acquire(&mut self, client: usize, at: u64) {
        let seat = &mut self.seats[client];
        if seat.held_since.is_some() {
            seat.nesting_since = Some(at);
            return;
        }
        self.into.counts.attempts += 1;
        if seat.wait.is_none() {
            self.begins_to_wait(client, at, at);
        }
    }

    /// `since` may lie before `at` if the call was not known to be an acquisition until now.
    fn begins_to_wait(&mut self, client: usize, since: u64, at: u64) {
        let seat = &mut self.seats[client];
        seat.wait = Some(Wait { since, overtaken: 0 });
        if let Some(idle_since) = seat.idle_since.take() {
            self.into.counts.pauses += 1;
            self.into.counts.pause_time += u128::from(since - idle_since);
        }
        self.waiters.rise(at);
    }

    fn acquires(&mut self, client: usize, at: u64) {
        if self.seats[client].held_since.is_some() {
            let seat = &mut self.seats[client];
            seat.nested |= seat.nesting_since.take().is_some();
            return;
        }
        let Some(wait) = self.seats[client].wait.take() else { return };
        self.waiters.fall(at);
        self.holders.rise(at);
        self.seats[client].held_since = Some(at);
        self.acquired.push((client, at));
        let waited = at - wait.since;
        self.waited += u128::from(waited);
        self.into.waits.record(waited / NS_PER_US);
        for elder in self.seats.iter_mut().filter_map(|seat| seat.wait.as_mut()) {
            elder.overtaken += u64::from(elder.since < wait.since);
        }
        let recoveries = &mut self.into.recoveries;
        self.orphaned.drain(..).for_each(|crash| recoveries.record((at - crash) / NS_PER_US));
        let counts = &mut self.into.counts;
        counts.acquisitions += 1;
        counts.wait_time += u128::from(waited);
        counts.overtakings += wait.overtaken;
        counts.overtakings_max = counts.overtakings_max.max(wait.overtaken);
    }

    fn fails(&mut self, client: usize, outcome: Outcome) {
        let seat = &mut self.seats[client];
        if seat.held_since.is_some() {
            seat.nesting_since = None;
        } else if outcome == Outcome::Unknown {
            self.into.counts.unknown += 1;
        } else {
            self.into.counts.refused += 1;
        }
    }

    fn abandons(&mut self, client: usize, at: u64) {
        if let Some(wait) = self.seats[client].wait.take() {
            self.waiters.fall(at);
            self.seats[client].idle_since = Some(at);
            self.into.counts.abandoned += 1;
            self.suffers(wait);
        }
    }

    /// A wait that did not end in an acquisition counts for the longest only.
    fn suffers(&mut self, wait: Wait) {
        let most = &mut self.into.counts.overtakings_max;
        *most = (*most).max(wait.overtaken);
    }

    fn calls_release(&mut self, client: usize, at: u64) {
        let seat = &mut self.seats[client];
        if seat.held_since.is_none() {
            return;
        }
        if seat.nested {
            seat.nested = false;
            return;
        }
        seat.releasing = true;
        self.ends_hold(client, at);
        self.into.counts.releases += 1;
    }

    fn releases(&mut self, client: usize, outcome: Outcome) {
        let seat = &mut self.seats[client];
        if std::mem::take(&mut seat.releasing) && outcome == Outcome::Released {
            self.into.counts.released += 1;
        }
    }

    fn loses(&mut self, client: usize, at: u64) {
        if self.ends_hold(client, at) {
            self.into.counts.lost += 1;
            // A second acquire that is under way has now become an acquisition of its own.
            if let Some(since) = self.seats[client].nesting_since.take() {
                self.into.counts.attempts += 1;
                self.seats[client].idle_since = None;
                self.begins_to_wait(client, since, at);
            }
        }
    }

    fn crashes(&mut self, client: usize, at: u64) {
        self.abandons(client, at);
        if self.ends_hold(client, at) {
            self.into.counts.crashed += 1;
            self.orphaned.push(at);
        }
        self.seats[client] = Seat { down_since: Some(at), ..Seat::default() };
    }

    /// Whether there was a hold to be ended.
    fn ends_hold(&mut self, client: usize, at: u64) -> bool {
        let seat = &mut self.seats[client];
        let Some(since) = seat.held_since.take() else { return false };
        seat.nested = false;
        seat.idle_since = Some(at);
        self.holders.fall(at);
        self.into.counts.holds += 1;
        self.into.counts.hold_time += u128::from(at - since);
        true
    }

    pub fn conclude(mut self, run: &Observed<'_>) {
        let last = run.history.last().map_or(0, |record| record.at);
        let end = run.ended_at.max(last);
        self.waiters.last_until(end);
        self.holders.last_until(end);
        for client in 0..self.seats.len() {
            if let Some(wait) = self.seats[client].wait {
                self.into.counts.unserved += 1;
                self.suffers(wait);
            }
        }
        let shares = self.shares();
        let metrics = self.into;
        metrics.runs += 1;
        let counts = &mut metrics.counts;
        counts.unrecovered += self.orphaned.len() as u64;
        counts.from_clients += run.traffic.from_clients;
        counts.from_services += run.traffic.from_services;
        counts.operations += run.traffic.operations;
        metrics.violations.add(run.violated);
        let acquisitions = self.acquired.len() as u128;
        let messages = u128::from(run.traffic.from_clients + run.traffic.from_services);
        metrics.wait_ms.add(per(self.waited, acquisitions).map(|ns| ns / NS_PER_MS));
        metrics.throughput.add(per(acquisitions, end.into()).map(|rate| rate * NS_PER_S));
        metrics.messages.add(per(messages, acquisitions));
        // With fewer services than clients the index says nothing of fairness.
        let enough = shares.iter().sum::<u64>() >= shares.len() as u64;
        metrics.jain.add(jain(&shares).filter(|_| enough));
        let present = self.waiters.area.integral + self.holders.area.integral;
        metrics.present.add(per(present, end.into()));
        for (total, share) in metrics.shares.iter_mut().zip(shares) {
            *total += share;
        }
        metrics.waiters.merge(&self.waiters.area);
        metrics.holders.merge(&self.holders.area);
        earlier(&mut metrics.series, self.waiters.series(run.seed));
    }

    /// Acquisitions of each client until the first of them stopped competing: every client has a
    /// fixed number to make, so that in the end all shares are equal, however unfair the way.
    fn shares(&self) -> Vec<u64> {
        let mut last = vec![None; self.seats.len()];
        for &(client, at) in &self.acquired {
            last[client] = Some(at);
        }
        let deaths = self.seats.iter().filter_map(|seat| seat.down_since);
        let until = last.into_iter().flatten().chain(deaths).min().unwrap_or(0);
        let mut shares = vec![0; self.seats.len()];
        for &(client, _) in self.acquired.iter().filter(|&&(_, at)| at <= until) {
            shares[client] += 1;
        }
        shares
    }
}
