//! Small histories of queues, written by hand, and the exact figures that they come to.

use contend_model::algorithm::Role;
use contend_model::history::Record;
use contend_model::history::{Fact, What};
use contend_model::ident::{Item, NodeId, RESOURCE};
use contend_model::metrics::*;
use contend_model::op::{Op, Outcome};

const MS: u64 = 1_000_000;
const P: NodeId = NodeId::Client(0);
const C: NodeId = NodeId::Client(1);
const D: NodeId = NodeId::Client(2);
const ROLES: [Role; 3] = [Role::Producer, Role::Consumer, Role::Consumer];
const ONE: Item = Item { producer: P, number: 0 };
const TWO: Item = Item { producer: P, number: 1 };

fn call(op: Op) -> What {
    What::Invoke(op)
}

fn enqueued(item: Item) -> What {
    What::Return(Op::Enqueue(item), Outcome::Enqueued)
}

fn delivered(item: Item) -> What {
    What::Return(Op::Dequeue, Outcome::Delivered { item, ack: true })
}

fn measured(end_ms: u64, entries: &[(u64, NodeId, What)]) -> QueueSummary {
    let history: Vec<Record> =
        entries.iter().map(|&(ms, node, what)| Record { at: ms * MS, node, what }).collect();
    let mut metrics = QueueMetrics::new(&ROLES);
    metrics.add(&Observed {
        seed: 0,
        history: &history,
        ended_at: end_ms * MS,
        cut_off: false,
        traffic: Traffic { from_clients: 7, from_services: 3, operations: 6 },
        violated: &[],
    });
    metrics.summary()
}

#[test]
fn an_item_waits_from_the_call_of_enqueue_to_its_first_delivery() {
    let summary = measured(
        20,
        &[
            (0, C, call(Op::Dequeue)),
            (1, C, What::Return(Op::Dequeue, Outcome::Empty)),
            (2, P, call(Op::Enqueue(ONE))),
            (4, P, enqueued(ONE)),
            (5, C, call(Op::Dequeue)),
            (8, C, delivered(ONE)),
            (9, RESOURCE, What::Fact(Fact::Applied(ONE))),
            (12, C, What::Finished(ONE)),
        ],
    );
    assert_eq!((summary.enqueued, summary.delivered, summary.operations), (1, 1, 1));
    assert_eq!((summary.wait_ms.max, summary.finished_ms.max), (6.0, 10.0));
    assert_eq!((summary.throughput_per_s, summary.messages_per_operation), (50.0, Some(10.0)));
    assert_eq!(summary.backlog, LevelSummary { mean: 4.0 / 20.0, max: 1 });
    assert_eq!((summary.idle_polls, summary.lost, summary.redeliveries), (1, 0, 0));
    // One delivery among two consumers says nothing of fairness.
    assert_eq!((summary.shares, summary.jain_index), (vec![1, 0], None));
}

#[test]
fn an_item_whose_consumer_crashed_recovers_with_its_next_delivery() {
    let summary = measured(
        60,
        &[
            (0, P, call(Op::Enqueue(ONE))),
            (1, P, enqueued(ONE)),
            (2, C, call(Op::Dequeue)),
            (3, C, delivered(ONE)),
            (4, RESOURCE, What::Fact(Fact::Applied(ONE))),
            (5, C, What::Crashed),
            (30, D, call(Op::Dequeue)),
            (35, D, delivered(ONE)),
            (36, RESOURCE, What::Fact(Fact::Applied(ONE))),
            (37, D, What::Finished(ONE)),
        ],
    );
    assert_eq!((summary.recovery.ms.count, summary.recovery.ms.max), (1, 30.0));
    assert_eq!((summary.redeliveries, summary.delivered_again, summary.applied_again), (1, 1, 1));
    assert_eq!((summary.jain_index, summary.recovery.never), (Some(1.0), 0));
}

#[test]
fn what_was_acknowledged_and_is_never_finished_is_lost() {
    let summary = measured(
        50,
        &[
            (0, P, call(Op::Enqueue(ONE))),
            (1, P, enqueued(ONE)),
            (2, P, call(Op::Enqueue(TWO))),
            (3, P, What::Return(Op::Enqueue(TWO), Outcome::Unknown)),
            (4, C, call(Op::Dequeue)),
            (5, C, delivered(ONE)),
            (6, C, What::Crashed),
        ],
    );
    assert_eq!((summary.lost, summary.unknown_enqueues, summary.recovery.never), (1, 1, 1));
    assert_eq!((summary.operations, summary.messages_per_operation), (0, None));
}

#[test]
fn a_stack_inverts_and_a_phantom_is_counted() {
    let summary = measured(
        50,
        &[
            (0, P, call(Op::Enqueue(ONE))),
            (1, P, enqueued(ONE)),
            (2, P, call(Op::Enqueue(TWO))),
            (3, P, enqueued(TWO)),
            (4, C, call(Op::Dequeue)),
            (5, C, delivered(TWO)),
            (6, D, call(Op::Dequeue)),
            (7, D, delivered(ONE)),
            (8, C, call(Op::Dequeue)),
            (9, C, delivered(Item { producer: P, number: 9 })),
        ],
    );
    assert_eq!((summary.inversions, summary.phantoms, summary.redeliveries), (1, 1, 0));
    assert_eq!((summary.delivered, summary.shares), (2, vec![2, 1]));
}

#[test]
fn what_is_owed_after_an_outage_is_drained_when_no_more_is_owed_than_before() {
    const BACKEND: NodeId = contend_model::ident::BACKEND;
    let entries = [
        (0, P, call(Op::Enqueue(ONE))),
        (1, P, enqueued(ONE)),
        (2, C, call(Op::Dequeue)),
        (3, C, delivered(ONE)),
        (4, BACKEND, What::Crashed),
        (5, P, call(Op::Enqueue(TWO))),
        // Nobody but its own client library can have said so.
        (6, P, enqueued(TWO)),
        (10, BACKEND, What::Restarted),
        (11, D, call(Op::Dequeue)),
        (17, D, delivered(TWO)),
    ];
    let outages = measured(20, &entries).outages.unwrap();
    assert_eq!((outages.outages, outages.acknowledged_while_down), (1, 1));
    assert_eq!((outages.owed_afterwards, outages.drain_ms.max), (Some(1.0), 7.0));
    assert_eq!((outages.drain_ms.count, outages.undrained), (1, 0));

    let never = measured(20, &entries[..9]).outages.unwrap();
    assert_eq!((never.drain_ms.count, never.undrained), (0, 1));

    // An outage during which nobody calls leaves nothing to drain.
    let idle = [(0, BACKEND, What::Crashed), (9, BACKEND, What::Restarted)];
    let idle = measured(20, &idle).outages.unwrap();
    assert_eq!((idle.owed_afterwards, idle.drain_ms.count, idle.drain_ms.max), (Some(0.0), 1, 0.0));
}
