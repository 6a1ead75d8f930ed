use contend_model::history::{Record, What};
use contend_model::ident::{Item, NodeId};
use contend_model::metrics::*;
use contend_model::op::{Op, Outcome};

const ITEMS: [Item; 2] = [
    Item { producer: NodeId::Client(0), number: 1 },
    Item { producer: NodeId::Client(0), number: 2 },
];

/// A history of one producer and one consumer, a call and its return at a time.
fn history(steps: &[(u8, Op, Option<Outcome>)]) -> Vec<Record> {
    let mut records = Vec::new();
    for (at, &(client, op, outcome)) in (0..).zip(steps) {
        let record = |at, what| Record { at, node: NodeId::Client(client), what };
        records.push(record(10 * at, What::Invoke(op)));
        let end = outcome.map_or(What::Crashed, |outcome| What::Return(op, outcome));
        records.push(record(10 * at + 5, end));
    }
    records
}

fn put(item: usize) -> (u8, Op, Option<Outcome>) {
    (0, Op::Enqueue(ITEMS[item]), Some(Outcome::Enqueued))
}

fn got(item: usize) -> (u8, Op, Option<Outcome>) {
    (1, Op::Dequeue, Some(Outcome::Delivered { item: ITEMS[item], ack: false }))
}

fn judged(steps: &[(u8, Op, Option<Outcome>)]) -> Linearizability {
    let mut all = Linearizability::default();
    all.add(&history(steps));
    assert_eq!(all.runs(), 1);
    all
}

#[test]
fn each_reason_has_its_count() {
    let empty = (1, Op::Dequeue, Some(Outcome::Empty));
    assert_eq!(judged(&[empty, put(0), put(1), got(0), got(1), empty]).linearizable, 1);
    assert_eq!(judged(&[put(0), got(1)]).phantom, 1);
    assert_eq!(judged(&[put(0), got(0), got(0)]).duplicate, 1);
    assert_eq!(judged(&[put(0), put(1), got(1), got(0)]).out_of_order, 1);
    assert_eq!(judged(&[put(0), empty, got(0)]).never_empty, 1);
}

#[test]
fn what_nobody_knows_may_have_happened_or_not() {
    let lost = (0, Op::Enqueue(ITEMS[0]), Some(Outcome::Unknown));
    let crashed = (0, Op::Enqueue(ITEMS[0]), None);
    for put_in_doubt in [lost, crashed] {
        assert_eq!(judged(&[put_in_doubt, put(1), got(1)]).linearizable, 1);
        assert_eq!(judged(&[put_in_doubt, put(1), got(0), got(1)]).linearizable, 1);
    }
    let taken_in_doubt = (1, Op::Dequeue, Some(Outcome::Unknown));
    assert_eq!(judged(&[put(0), put(1), taken_in_doubt, got(1)]).linearizable, 1);
    let failed = (0, Op::Enqueue(ITEMS[0]), Some(Outcome::Refused));
    assert_eq!(judged(&[failed, got(0)]).phantom, 1);
}
