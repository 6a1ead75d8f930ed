//! The history of one run of a queue, folded into the metrics.

use std::collections::BTreeMap;

use super::Observed;
use super::level::{Level, earlier};
use super::outage::Debt;
use super::queue::QueueMetrics;
use super::queue_order::{Passage, inversions};
use super::units::{NS_PER_MS, NS_PER_S, NS_PER_US, per};
use crate::history::{Fact, Record, What};
use crate::ident::{Item, RESOURCE};
use crate::measure::jain;
use crate::op::{Op, Outcome};

/// What became of one item. Times are nanoseconds.
#[derive(Clone, Copy, Debug, Default)]
struct Life {
    invoked: Option<u64>,
    acknowledged: Option<u64>,
    /// When the dequeue that delivered it first was called, and when it returned.
    first_delivery: Option<(u64, u64)>,
    deliveries: u64,
    finished: Option<u64>,
    /// A producer waits for it to be enqueued, or it was and is not delivered yet.
    owed: bool,
    applied: u64,
    /// When its consumer crashed, if it has not been delivered again since.
    orphaned: Option<u64>,
}

/// What one client is doing.
#[derive(Clone, Copy, Debug, Default)]
struct Seat {
    called_at: u64,
    /// What it is enqueuing.
    calls_for: Option<Item>,
    works_on: Option<Item>,
}

/// The fold over one run.
pub(super) struct Fold<'m> {
    into: &'m mut QueueMetrics,
    seats: Vec<Seat>,
    items: BTreeMap<Item, Life>,
    backlog: Level,
    debt: Debt,
    deliveries: Vec<u64>,
}

impl<'m> Fold<'m> {
    pub fn new(into: &'m mut QueueMetrics, draws: bool) -> Self {
        let clients = into.roles.len();
        Fold {
            into,
            seats: vec![Seat::default(); clients],
            items: BTreeMap::new(),
            backlog: Level::new(draws),
            debt: Debt::default(),
            deliveries: vec![0; clients],
        }
    }

    pub fn observe(&mut self, record: &Record) {
        let at = record.at;
        match (record.node.client(), record.what) {
            (None, What::Fact(Fact::Applied(item))) => self.life(item).applied += 1,
            (None, What::Fact(Fact::Repeated(_))) => self.into.counts.repeats_refused += 1,
            (Some(_), What::Finished(item)) => {
                self.life(item).finished.get_or_insert(at);
            }
            (Some(client), What::Invoke(op)) => {
                self.seats[client].called_at = at;
                self.calls(client, op, at);
            }
            (Some(client), What::Return(op, outcome)) => self.returns(client, op, outcome, at),
            (Some(client), What::Crashed) => self.crashes(client, at),
            (None, What::Crashed) if record.node != RESOURCE => self.debt.crashes(),
            (None, What::Restarted) if record.node != RESOURCE => {
                self.debt.restarts(at, &mut self.into.outages);
            }
            _ => {}
        }
    }

    fn life(&mut self, item: Item) -> &mut Life {
        self.items.entry(item).or_default()
    }

    fn calls(&mut self, client: usize, op: Op, at: u64) {
        match op {
            Op::Enqueue(item) => {
                self.seats[client].calls_for = Some(item);
                let life = self.life(item);
                life.invoked.get_or_insert(at);
                if life.first_delivery.is_none() && !std::mem::replace(&mut life.owed, true) {
                    self.debt.rises();
                }
            }
            Op::Dequeue => self.leaves(client),
            _ => {}
        }
    }

    fn returns(&mut self, client: usize, op: Op, outcome: Outcome, at: u64) {
        self.seats[client].calls_for = None;
        match (op, outcome) {
            (Op::Enqueue(item), Outcome::Enqueued) => self.acknowledges(client, item, at),
            (Op::Enqueue(item), Outcome::Unknown) => {
                self.into.counts.unknown_enqueues += 1;
                self.settles(item, at);
            }
            (Op::Enqueue(item), _) => {
                self.into.counts.failed_enqueues += 1;
                self.settles(item, at);
            }
            (Op::Dequeue, Outcome::Delivered { item, .. }) => self.delivers(client, item, at),
            (Op::Dequeue, Outcome::Empty) => self.into.counts.idle_polls += 1,
            (Op::Dequeue, Outcome::Unknown) => self.into.counts.unknown_polls += 1,
            (Op::Ack(_), outcome) => {
                self.into.counts.stale_acks += u64::from(outcome == Outcome::Stale);
                self.leaves(client);
            }
            _ => {}
        }
    }

    fn acknowledges(&mut self, client: usize, item: Item, at: u64) {
        let called_at = self.seats[client].called_at;
        self.into.counts.enqueue_time += u128::from(at - called_at);
        self.into.counts.enqueued += 1;
        self.debt.acknowledged(&mut self.into.outages);
        let life = self.life(item);
        if life.acknowledged.is_none() {
            life.acknowledged = Some(at);
            if life.first_delivery.is_none() {
                self.backlog.rise(at);
            }
        }
    }

    /// The item is no longer owed to its producer.
    fn settles(&mut self, item: Item, at: u64) {
        if std::mem::take(&mut self.life(item).owed) {
            self.debt.falls(at, &mut self.into.outages);
        }
    }

    fn delivers(&mut self, client: usize, item: Item, at: u64) {
        let called_at = self.seats[client].called_at;
        self.seats[client].works_on = Some(item);
        self.deliveries[client] += 1;
        let life = self.life(item);
        life.deliveries += 1;
        let orphaned = life.orphaned.take();
        let is_first = life.first_delivery.is_none();
        life.first_delivery.get_or_insert((called_at, at));
        let (invoked, acknowledged) = (life.invoked, life.acknowledged);
        if let Some(crash) = orphaned {
            self.into.recoveries.record((at - crash) / NS_PER_US);
        }
        if is_first && acknowledged.is_some() {
            self.backlog.fall(at);
        }
        self.settles(item, at);
        match invoked {
            None => self.into.counts.phantoms += 1,
            Some(_) if !is_first => self.into.counts.redeliveries += 1,
            Some(_) => {}
        }
    }

    /// The consumer no longer works on its item.
    fn leaves(&mut self, client: usize) {
        self.seats[client].works_on = None;
    }

    fn crashes(&mut self, client: usize, at: u64) {
        if let Some(item) = self.seats[client].calls_for.take() {
            self.settles(item, at);
        }
        let Some(item) = self.seats[client].works_on.take() else { return };
        let life = self.life(item);
        // What was finished before the crash need not come back.
        if life.finished.is_none() {
            life.orphaned.get_or_insert(at);
        }
    }

    pub fn conclude(mut self, run: &Observed<'_>) {
        let last = run.history.last().map_or(0, |record| record.at);
        let end = run.ended_at.max(last);
        self.backlog.last_until(end);
        self.debt.conclude(&mut self.into.outages);
        let metrics = self.into;
        metrics.runs += 1;
        let counts = &mut metrics.counts;
        counts.from_clients += run.traffic.from_clients;
        counts.from_services += run.traffic.from_services;
        counts.operations += run.traffic.operations;
        let (mut waited, mut delivered, mut finished) = (0_u128, 0_u128, 0_u128);
        for life in self.items.values() {
            counts.delivered_again += u64::from(life.deliveries > 1);
            counts.applied_again += u64::from(life.applied > 1);
            counts.lost += u64::from(life.acknowledged.is_some() && life.finished.is_none());
            counts.unrecovered += u64::from(life.orphaned.is_some() && life.finished.is_none());
            let Some(invoked) = life.invoked else { continue };
            if let Some((_, at)) = life.first_delivery {
                waited += u128::from(at - invoked);
                delivered += 1;
                metrics.waits.record((at - invoked) / NS_PER_US);
            }
            if let Some(at) = life.finished {
                finished += 1;
                metrics.ends.record((at - invoked) / NS_PER_US);
            }
        }
        counts.delivered += delivered as u64;
        counts.finished += finished as u64;
        counts.inversions += inversions(self.items.values().filter_map(Life::passage).collect());
        metrics.violations.add(run.violated);
        let messages = u128::from(run.traffic.from_clients + run.traffic.from_services);
        metrics.wait_ms.add(per(waited, delivered).map(|ns| ns / NS_PER_MS));
        metrics.throughput.add(per(finished, end.into()).map(|rate| rate * NS_PER_S));
        metrics.messages.add(per(messages, finished));
        let shares = metrics.of_consumers(&self.deliveries);
        // With fewer deliveries than consumers the index says nothing of fairness.
        let enough = shares.iter().sum::<u64>() >= shares.len() as u64;
        metrics.jain.add(jain(&shares).filter(|_| enough));
        for (total, deliveries) in metrics.deliveries.iter_mut().zip(self.deliveries) {
            *total += deliveries;
        }
        metrics.backlog.merge(&self.backlog.area);
        earlier(&mut metrics.series, self.backlog.series(run.seed));
    }
}

impl Life {
    /// Its way through the queue, if it came through.
    fn passage(&self) -> Option<Passage> {
        let (called_at, delivered) = self.first_delivery?;
        let enqueued = (self.invoked?, self.acknowledged.unwrap_or(u64::MAX));
        Some(Passage { enqueued, delivered: (called_at, delivered) })
    }
}
