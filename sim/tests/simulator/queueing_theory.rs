//! What queueing theory says of two systems, and what the simulator measures of them: a queue with
//! Poisson arrivals, exponential work and one consumer (M/M/1), and a saturated lock that is
//! granted in the order of asking.

use std::collections::{BTreeMap, VecDeque};

use contend_impls::queue::blocking_list::BlockingList;
use contend_model::algorithm::{Algorithm, Role};
use contend_model::caller::Duty;
use contend_model::history::{Record, What};
use contend_model::ident::Item;
use contend_model::measure::{
    Comparison, FormulaId, Mm1, claimed_waiting, mean, saturated_fifo_waiting,
};
use contend_model::metrics::{Observed, QueueMetrics, Traffic};
use contend_model::node::{Command, Node};
use contend_model::op::{Op, Outcome};
use contend_model::plan::Plan;
use contend_model::property::Kind;
use contend_model::scenario::{Faults, Law, Links, Scenario, Uniform, Workload};
use contend_sim::connection::{Order, Packet};
use contend_sim::grid::{Moment, NEVER};
use contend_sim::kernel::Kernel;
use contend_sim::ledger::Options;
use contend_sim::stage::Stage;
use contend_sim::station::{Station, Turn};

use crate::support::lock_server::LockServer;

const MS: f64 = 1e6;

/// A workload on sound links of constant delay.
fn scenario(kind: Kind, workload: Workload, delay_ms: f64) -> Scenario {
    let links = Links { delay_ms: Uniform::exactly(delay_ms), ..Links::default() };
    let faults = Faults::none();
    let mut scenario = Scenario { workload, links, faults, ..Scenario::default_for(kind) };
    scenario.timing.replication_lag_ms = None;
    scenario
}

mod mm1 {
    use super::*;

    const SEEDS: u64 = 30;
    /// Items of one run, and those of them that are left out because the queue was empty at first:
    /// the start fades with the time 1 / (mu (1 - sqrt(rho))^2), 90 services at four fifths, so
    /// that after a thousand items less than a hundred-thousandth of it is left.
    const ITEMS: u16 = 21_000;
    const WARM_UP: u16 = 1_000;
    const WORK_MS: f64 = 100.0;
    /// One way. Theory knows no links; theirs is a ten-thousandth of the work.
    const DELAY_MS: f64 = 0.002;

    /// One producer that thinks for exponential times, and one consumer that works for exponential
    /// times and, unlike the producer, takes the next item without a pause: a scenario gives all
    /// its clients the same pause, so each of the two comes from a stage of its own.
    struct Queue {
        arrivals: Stage,
        services: Stage,
        producer: Node,
    }

    impl Queue {
        fn new(interarrival_ms: f64) -> Self {
            let stage = |think| {
                let work = Law::Exponential { mean_ms: WORK_MS };
                let workload = Workload {
                    producers: 1,
                    consumers: 1,
                    operations: 32,
                    think,
                    work,
                    ..Workload::default()
                };
                Stage::new(&BlockingList, scenario(Kind::Queue, workload, DELAY_MS))
                    .expect("the scenario fits")
            };
            let arrivals = stage(Law::Exponential { mean_ms: interarrival_ms });
            let timing = arrivals.scenario().timing.timing();
            // Monitors follow at most 64 items, but nobody needs them here.
            let duty = Duty { operations: ITEMS, ..arrivals.scenario().duty() };
            let id = arrivals.cast().node(0);
            let process = BlockingList.client(id, Role::Producer, &timing);
            let producer = Node::client(id, Role::Producer, duty, timing.timeout, process);
            Queue { arrivals, services: stage(Law::default()), producer }
        }

        fn run(&self, seed: u64) -> (Vec<Record>, u64) {
            let stations =
                |stage: &Stage| stage.stations(seed, &Plan::default()).expect("an empty plan fits");
            let mut mixed = stations(&self.arrivals);
            mixed[0].reset(&self.producer, seed);
            mixed[1] = stations(&self.services).swap_remove(1);
            play(&self.arrivals, mixed)
        }
    }

    /// An engine as small as can be: whatever comes first happens first. Gives the history and
    /// when it ended.
    pub fn play(stage: &Stage, mut stations: Vec<Station>) -> (Vec<Record>, u64) {
        let mut flights: BTreeMap<(Moment, Order), Packet> = BTreeMap::new();
        let mut turn = Turn::default();
        let (mut history, mut now) = (Vec::new(), 0);
        loop {
            let dues = stations.iter().map(Station::due).enumerate();
            let (station, due) = dues.min_by_key(|&(_, due)| due).expect("there are stations");
            let arrival = flights.first_key_value().map(|(&(moment, _), _)| moment);
            let first = arrival.unwrap_or(Moment::NEVER).min(due);
            if first == Moment::NEVER {
                return (history, now);
            }
            now = first.time();
            let index = if first == due {
                stations[station].wake(now, &mut turn);
                station
            } else {
                let ((_, order), packet) = flights.pop_first().expect("a packet arrives");
                let index = stage.cast().index(packet.link.receiver());
                stations[index].receive(now, &packet, order, &mut turn);
                index
            };
            let arriving = turn.flights.iter().filter(|flight| flight.arrives != NEVER);
            flights.extend(arriving.map(|f| ((Moment::packet(f.arrives), f.order), f.packet)));
            let node = stations[index].id();
            history.extend(turn.commands.iter().filter_map(|command| match *command {
                Command::Record(what) => Some(Record { at: now, node, what }),
                _ => None,
            }));
        }
    }

    fn item(what: What) -> Option<Item> {
        match what {
            What::Invoke(Op::Enqueue(item) | Op::Ack(item))
            | What::Return(Op::Enqueue(item) | Op::Ack(item), _)
            | What::Return(Op::Dequeue, Outcome::Delivered { item, .. })
            | What::Finished(item) => Some(item),
            _ => None,
        }
    }

    /// The wait from the call of enqueue to the delivery at this utilisation, in milliseconds.
    fn compare(utilisation: f64) -> (Mm1, Comparison) {
        let queue = Queue::new(WORK_MS / utilisation);
        let roles = queue.arrivals.scenario().roles();
        let mut metrics = QueueMetrics::new(&roles);
        for seed in 0..SEEDS {
            let (mut history, ended_at) = queue.run(seed);
            history.retain(|record| item(record.what).is_none_or(|item| item.number >= WARM_UP));
            let traffic = Traffic::default();
            let history = &history[..];
            let (cut_off, violated) = (false, &[]);
            metrics.add(&Observed { seed, history, ended_at, cut_off, traffic, violated });
        }
        let summary = metrics.summary();
        assert_eq!(
            summary.operations,
            SEEDS * u64::from(ITEMS - WARM_UP),
            "all items are finished"
        );
        assert_eq!(summary.inversions, 0);
        let measured = summary.over_seeds.wait_ms.expect("many seeds");
        let theory = Mm1::new(utilisation / WORK_MS, 1.0 / WORK_MS).expect("a stable queue");
        let claimed = claimed_waiting(utilisation / WORK_MS).expect("a rate");
        let situation = format!("M/M/1, utilisation {utilisation}");
        let comparison =
            Comparison::new(FormulaId::F3, situation, claimed, theory.waiting(), measured);
        println!("{comparison:?}");
        (theory, comparison)
    }

    #[test]
    fn a_half_used_queue_waits_as_theory_says() {
        let (theory, comparison) = compare(0.5);
        assert!((theory.waiting() - 100.0).abs() < 1e-9, "rho / (mu - lambda)");
        meets_theory_and_not_the_claim(&comparison);
    }

    #[test]
    fn a_queue_used_to_four_fifths_waits_as_theory_says() {
        let (theory, comparison) = compare(0.8);
        assert!((theory.waiting() - 400.0).abs() < 1e-9, "rho / (mu - lambda)");
        meets_theory_and_not_the_claim(&comparison);
    }

    fn meets_theory_and_not_the_claim(comparison: &Comparison) {
        assert!(comparison.agrees_corrected, "rho / (mu - lambda) is measured: {comparison:?}");
        assert!(!comparison.agrees_document, "1 / lambda is not: {comparison:?}");
        let width = comparison.measured.high - comparison.measured.low;
        let relative = width / comparison.corrected_value;
        assert!(relative < 0.08, "an interval of {relative} times the wait tells nothing");
    }

    #[test]
    fn the_small_engine_runs_as_the_kernel_does() {
        let queue = Queue::new(2.0 * WORK_MS);
        for seed in 0..20 {
            let stations =
                queue.arrivals.stations(seed, &Plan::default()).expect("an empty plan fits");
            let (history, _) = play(&queue.arrivals, stations);
            let mut kernel = Kernel::new(&queue.arrivals, Options::default());
            let outcome = kernel.run(seed);
            // The kernel ends a run when all is done, and what a consumer then asks is idle.
            let length = outcome.history.len();
            assert_eq!(outcome.history, history[..length]);
            let delivered = history.iter().filter(|record| {
                matches!(record.what, What::Return(Op::Dequeue, Outcome::Delivered { .. }))
            });
            assert_eq!(delivered.count(), 32);
            assert!(history[length..].iter().all(|record| item(record.what).is_none()));
        }
    }
}

mod saturated_lock {
    use super::*;

    const HOLD_MS: f64 = 8.0;
    const OPERATIONS: u16 = 50;
    /// One way.
    const DELAY_MS: f64 = 0.25;
    /// A request and its answer: the two delays, and what is left of one microsecond on the grid.
    const ROUND_TRIP: u64 = 501_000;
    /// The pause of a caller that does not pause: timers take one step of the grid at least.
    const PAUSE: u64 = 1_000;
    /// From one grant to the next, as the server sees it: the grant and the release travel, the
    /// holder writes twice, and works in between.
    const PERIOD: u64 = 3 * ROUND_TRIP + (HOLD_MS * MS) as u64;

    /// The waits of each client, in nanoseconds, in order.
    fn waits(lockers: u16) -> Vec<VecDeque<u64>> {
        let work = Law::exactly(HOLD_MS);
        let workload = Workload { lockers, operations: OPERATIONS, work, ..Workload::default() };
        let stage = Stage::new(&LockServer, scenario(Kind::Lock, workload, DELAY_MS))
            .expect("the scenario fits");
        let mut kernel = Kernel::new(&stage, Options::default());
        let outcome = kernel.run(0);
        assert!(outcome.violations.is_empty(), "{:?}", outcome.violations);
        let mut called = vec![0; usize::from(lockers)];
        let mut waits = vec![VecDeque::new(); usize::from(lockers)];
        for record in &outcome.history {
            let Some(client) = record.node.client() else { continue };
            match record.what {
                What::Invoke(Op::Acquire) => called[client] = record.at,
                What::Return(Op::Acquire, Outcome::Acquired { .. }) => {
                    waits[client].push_back(record.at - called[client]);
                }
                _ => {}
            }
        }
        waits
    }

    #[test]
    fn every_wait_is_the_hold_of_all_others_to_the_nanosecond() {
        for lockers in [2, 3, 5, 8, 16] {
            for (place, mut waits) in waits(lockers).into_iter().enumerate() {
                // At first all ask at once, and are served in the order of their slots.
                let first = waits.pop_front().expect("everybody acquires");
                assert_eq!(first, ROUND_TRIP + place as u64 * PERIOD, "{lockers} clients");
                // Afterwards a client asks again a pause after its release has been answered,
                // which is when its successor hears of its grant. All others hold in between.
                let wait = u64::from(lockers - 1) * PERIOD - PAUSE;
                assert_eq!(waits.len(), usize::from(OPERATIONS) - 1);
                assert!(waits.iter().all(|&other| other == wait), "{lockers}: {wait}, {waits:?}");
            }
        }
    }

    #[test]
    fn the_mean_wait_is_the_hold_of_all_others_and_not_the_time_between_grants() {
        let period_ms = PERIOD as f64 / MS;
        for lockers in [3, 5, 8, 16] {
            // The first round is still filling the queue.
            let means: Vec<f64> = waits(lockers)
                .iter()
                .map(|waits| waits.iter().skip(1).sum::<u64>() as f64 / MS)
                .map(|sum| sum / f64::from(OPERATIONS - 1))
                // The pause is between the waits; without it each wait would be that much longer.
                .map(|wait| wait + PAUSE as f64 / MS)
                .collect();
            let comparison = Comparison::new(
                FormulaId::F3,
                format!("saturated FIFO lock, {lockers} clients"),
                claimed_waiting(1.0 / period_ms).expect("a rate"),
                saturated_fifo_waiting(u64::from(lockers), period_ms).expect("clients"),
                mean(&means).expect("many clients"),
            );
            println!("{comparison:?}");
            assert!(comparison.agrees_corrected && !comparison.agrees_document, "{comparison:?}");
            // The work alone, which is all that the formula's h is said to be, is the hold up to
            // what the messages take.
            let work = saturated_fifo_waiting(u64::from(lockers), HOLD_MS).expect("clients");
            let share = comparison.measured.value / work;
            assert!((share - period_ms / HOLD_MS).abs() < 1e-9, "{share}");
        }
    }
}
