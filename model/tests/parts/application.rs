//! Small histories, written by hand, and what they mean to each program.

use contend_model::application::*;
use contend_model::history::Record;
use contend_model::history::{Fact, What};
use contend_model::ident::{Hold, Item, NodeId, RESOURCE};
use contend_model::op::{Op, Outcome};
use contend_model::property::Kind;
use serde::{Deserialize, Serialize};

const A: Hold = Hold { client: NodeId::Client(0), number: 1 };
const B: Hold = Hold { client: NodeId::Client(1), number: 1 };
const C: Hold = Hold { client: NodeId::Client(2), number: 1 };
const D: Hold = Hold { client: NodeId::Client(0), number: 2 };

const P: NodeId = NodeId::Client(0);
const Q: NodeId = NodeId::Client(1);

/// What the resource did, in its order.
fn facts(facts: &[Fact]) -> Vec<Record> {
    let record = |&fact| Record { at: 0, node: RESOURCE, what: What::Fact(fact) };
    facts.iter().map(record).collect()
}

/// The writes that the resource took, in its order.
fn writes(holds: &[Hold]) -> Vec<Record> {
    facts(&holds.iter().copied().map(Fact::Accepted).collect::<Vec<_>>())
}

fn shops(stock: u32, history: &[Record]) -> (Inventory, Cart) {
    let mut applications =
        Applications::new(&[Application::Inventory { stock }, Application::Cart]);
    applications.add(history, false);
    (applications.inventory.unwrap(), applications.cart.unwrap())
}

/// Units sold and oversold; units sold and sold to two.
fn sales(stock: u32, history: &[Record]) -> [(u64, u64); 2] {
    let (inventory, cart) = shops(stock, history);
    [(inventory.sold, inventory.oversold), (cart.sold, cart.sold_to_two)]
}

fn item(producer: NodeId, number: u16) -> Item {
    Item { producer, number }
}

/// All of these items acknowledged, and then what the resource did.
fn work(acknowledged: &[Item], done: &[Fact]) -> (Orders, Tasks) {
    let enqueued = |&item: &Item| {
        let what = What::Return(Op::Enqueue(item), Outcome::Enqueued);
        Record { at: 0, node: item.producer, what }
    };
    let history: Vec<Record> = acknowledged.iter().map(enqueued).chain(facts(done)).collect();
    let mut applications = Applications::new(&Application::of(Kind::Queue));
    applications.add(&history, false);
    (applications.orders.unwrap(), applications.tasks.unwrap())
}

/// Tasks applied twice, and out of order.
fn figures(effected: Effected) -> (u64, u64) {
    (effected.applied_twice, effected.out_of_order)
}

#[test]
fn holds_that_follow_each_other_sell_what_there_is() {
    assert_eq!(sales(9, &writes(&[A, A, B, B, D, D])), [(3, 0), (3, 0)]);
}

#[test]
fn two_that_read_the_same_stock_sell_the_same_unit() {
    assert_eq!(sales(9, &writes(&[A, B, A, B])), [(2, 1), (2, 1)]);
    assert_eq!(sales(9, &writes(&[A, B, B, A])), [(2, 1), (2, 1)]);
    assert_eq!(sales(9, &writes(&[A, B, C, A, B, C])), [(3, 2), (3, 1)], "three users, one unit");
}

#[test]
fn a_late_write_brings_back_into_stock_what_was_sold_since_but_spoils_one_unit_only() {
    assert_eq!(sales(9, &writes(&[A, B, B, C, C, A])), [(3, 2), (3, 1)]);
    // What came back is sold again as a number, while on the shelf the next unit is free.
    assert_eq!(sales(9, &writes(&[A, B, B, C, C, A, D, D])), [(4, 2), (4, 1)]);
}

#[test]
fn a_look_that_overlaps_no_purchase_does_no_harm() {
    // B looks while A holds and never buys; A's purchase is not lost.
    assert_eq!(sales(9, &writes(&[A, B, A, C, C])), [(2, 0), (2, 0)]);
}

#[test]
fn a_rejected_write_neither_looks_nor_sells() {
    use Fact::{Accepted, Rejected};
    let stale = facts(&[Accepted(A), Accepted(B), Rejected(A), Accepted(B)]);
    assert_eq!(sales(9, &stale), [(1, 0), (1, 0)]);
    let late = facts(&[Accepted(B), Rejected(A), Accepted(B), Accepted(A), Accepted(A)]);
    assert_eq!(sales(9, &late), [(2, 0), (2, 0)]);
}

#[test]
fn a_hold_of_which_one_write_arrived_sells_nothing_and_one_buys_once_at_most() {
    assert_eq!(sales(9, &writes(&[A, B, B])), [(1, 0), (1, 0)]);
    assert_eq!(sales(9, &writes(&[A, A, A, A])), [(1, 0), (1, 0)]);
}

#[test]
fn reading_to_look_around_is_no_purchase() {
    let read = facts(&[Fact::Accepted(A), Fact::Read(B), Fact::Read(B), Fact::Accepted(A)]);
    assert_eq!(sales(9, &read), [(1, 0), (1, 0)]);
}

#[test]
fn a_sale_ends_when_the_stock_is_nothing_and_has_then_sold_too_many_or_not() {
    let [(sold, oversold), (taken, _)] = sales(2, &writes(&[A, A, B, B, C, C]));
    assert_eq!((sold, oversold, taken), (2, 0, 3), "a shelf has no end");
    assert_eq!(sales(1, &writes(&[A, B, A, B, C, C]))[0], (2, 1));
}

#[test]
fn every_order_of_writes_keeps_the_books() {
    // All ways to interleave two writes each of three holds.
    fn orders(left: [u8; 3], so_far: &mut Vec<Hold>, check: &mut impl FnMut(&[Hold])) {
        if left == [0; 3] {
            return check(so_far);
        }
        for (place, hold) in [A, B, C].into_iter().enumerate().filter(|&(p, _)| left[p] > 0) {
            let mut left = left;
            left[place] -= 1;
            so_far.push(hold);
            orders(left, so_far, check);
            so_far.pop();
        }
    }
    let mut seen = 0;
    orders([2; 3], &mut Vec::new(), &mut |order| {
        seen += 1;
        let (inventory, cart) = shops(9, &writes(order));
        let serial = order.chunks(2).all(|pair| pair[0] == pair[1]);
        assert_eq!((inventory.sold, cart.sold), (3, 3));
        assert!(inventory.oversold >= cart.sold_to_two, "{order:?}");
        assert_eq!(inventory.oversold > 0, cart.sold_to_two > 0, "{order:?}");
        assert!(!serial || inventory.oversold == 0, "{order:?}");
    });
    assert_eq!(seen, 90);
}

/// The first five items of a producer: an order that is to be shipped, and one that is cancelled.
fn two_orders(producer: NodeId) -> [Item; 5] {
    [0, 1, 2, 3, 4].map(|number| item(producer, number))
}

/// Orders out of step, and never ended.
fn of_state(orders: Orders) -> (u64, u64) {
    (orders.out_of_step, orders.never_ended)
}

#[test]
fn a_payment_is_made_once_or_it_is_told() {
    let [create, pay, ..] = two_orders(P);
    let another = item(Q, 1);
    use Fact::{Applied, Repeated};
    let done = [Applied(create), Applied(pay), Applied(pay), Applied(create)];
    let (orders, _) = work(&[create, pay, another], &done);
    assert_eq!((orders.paid, orders.paid_twice, orders.never_paid), (1, 1, 1));
    let (orders, _) = work(&[pay], &[Applied(pay), Repeated(pay), Repeated(pay)]);
    assert_eq!((orders.paid, orders.paid_twice, orders.never_paid), (1, 0, 0));
    // Nobody was promised that this one would be paid.
    let (orders, _) = work(&[], &[]);
    assert_eq!(orders, Orders::default());
}

#[test]
fn orders_go_from_step_to_step_to_one_end() {
    let steps = two_orders(P);
    let [create, pay, ship, open, cancel] = steps;
    let after = |done: &[Item]| {
        let done: Vec<Fact> = done.iter().copied().map(Fact::Applied).collect();
        of_state(work(&steps, &done).0)
    };
    assert_eq!(after(&steps), (0, 0));
    assert_eq!(after(&[open, create, cancel, pay, ship]), (0, 0), "two orders, each in its order");
    // Shipped unpaid: with a guard the payment is taken, and nobody ships any more.
    assert_eq!(after(&[create, ship, pay, open, cancel]), (1, 1));
    // The second payment harms the first order, and a guard refuses it.
    assert_eq!(after(&[create, pay, pay, ship, open, cancel]), (1, 0));
    // What is lost is out of step for those who do not look, and stays open for those who do.
    assert_eq!(after(&[create, ship, open, cancel]), (1, 1));
    assert_eq!(after(&[create, pay, open, cancel]), (0, 1));
    assert_eq!(after(&[cancel, open, create, pay, ship]), (1, 1));
    assert_eq!(after(&[]), (0, 2));
}

#[test]
fn of_an_order_that_was_not_placed_in_full_no_end_is_expected() {
    let [create, pay, ship, ..] = two_orders(P);
    let after = |placed: &[Item]| of_state(work(placed, &[Fact::Applied(create)]).0);
    assert_eq!(after(&[create, pay]), (0, 0), "nobody has asked for it to be shipped");
    assert_eq!(after(&[create, ship]), (0, 0), "nobody knows of the payment");
    assert_eq!(after(&[create, pay, ship]), (0, 1));
}

#[test]
fn an_idempotency_key_drops_what_was_applied_before_and_no_more_than_that() {
    let [one, two, three] = [item(P, 0), item(P, 1), item(P, 2)];
    use Fact::{Applied, Repeated};
    let done = [Applied(one), Applied(two), Applied(one), Applied(one)];
    let (_, tasks) = work(&[one, two, three], &done);
    assert_eq!((tasks.ran, tasks.never_ran), (2, 1));
    // Without a key the repetition of the first comes after the second.
    assert_eq!((figures(tasks.without_key), figures(tasks.with_key)), ((1, 1), (0, 0)));
    // A resource that has a key already shows what it would be without.
    let (_, same) = work(
        &[one, two, three],
        &done.map(|fact| match fact {
            Applied(item) if item == one => Repeated(item),
            other => other,
        }),
    );
    assert_eq!((same.without_key, same.with_key), (tasks.without_key, tasks.with_key));
}

#[test]
fn a_run_that_was_cut_off_does_not_tell_what_would_never_have_come() {
    let enqueued = |item| What::Return(Op::Enqueue(item), Outcome::Enqueued);
    let history = two_orders(P).map(|item| Record { at: 0, node: P, what: enqueued(item) });
    for (cut_off, never) in [(false, 1), (true, 0)] {
        let mut applications = Applications::new(&Application::of(Kind::Queue));
        applications.add(&history, cut_off);
        let (orders, tasks) = (applications.orders.unwrap(), applications.tasks.unwrap());
        assert_eq!((orders.never_paid, orders.never_ended), (never, 2 * never));
        assert_eq!(tasks.never_ran, 5 * never);
    }
}

#[test]
fn only_tasks_of_one_producer_are_in_an_order_and_only_if_they_were_acknowledged() {
    let [one, two, other] = [item(P, 0), item(P, 1), item(Q, 5)];
    let done = [other, two, one].map(Fact::Applied);
    let (_, tasks) = work(&[one, two, other], &done);
    assert_eq!((figures(tasks.without_key), figures(tasks.with_key)), ((0, 1), (0, 1)));
    let (_, tasks) = work(&[two, other], &done);
    assert_eq!((figures(tasks.without_key), figures(tasks.with_key)), ((0, 0), (0, 0)));
}

#[test]
fn runs_add_up_in_any_order_and_seeds_are_counted_once() {
    let runs = [writes(&[A, B, C, A, B, C]), writes(&[A, A]), writes(&[A, B, A, B])];
    let asked = Application::of(Kind::Lock);
    let of = |runs: &[&Vec<Record>]| {
        let mut all = Applications::new(&asked);
        runs.iter().for_each(|run| all.add(run, false));
        all
    };
    let whole = of(&[&runs[0], &runs[1], &runs[2]]);
    let inventory = whole.inventory.unwrap();
    assert_eq!((inventory.sold, inventory.oversold, inventory.oversold_seeds), (6, 3, 2));
    let mut merged = of(&[&runs[2]]);
    merged.merge(&of(&[&runs[1], &runs[0]]));
    assert_eq!(merged, whole);
}

#[test]
fn nobody_answers_who_was_not_asked() {
    let mut cart = Applications::new(&[Application::Cart]);
    cart.add(&writes(&[A, B, A, B]), false);
    assert!(cart.inventory.is_none() && cart.orders.is_none() && cart.tasks.is_none());
    assert_eq!(
        serde_json::to_string(&cart).unwrap(),
        r#"{"cart":{"sold":2,"sold_to_two":1,"sold_to_two_seeds":1}}"#
    );
    assert_eq!(serde_json::from_str::<Applications>("{}").unwrap(), Applications::default());
}

#[test]
fn an_application_is_written_as_a_name_or_as_a_table() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct File {
        application: Application,
    }
    let read = |text: &str| toml::from_str::<File>(text).map(|file| file.application);
    for (text, application) in [
        ("application = \"cart\"", Application::Cart),
        ("[application.tasks]", Application::Tasks),
        ("application = \"inventory\"", Application::Inventory { stock: 20 }),
        ("[application.inventory]", Application::Inventory { stock: 20 }),
        ("application = { inventory = { stock = 7 } }", Application::Inventory { stock: 7 }),
    ] {
        assert_eq!(read(text).unwrap(), application, "{text}");
        let again = toml::to_string(&File { application }).unwrap();
        assert_eq!(read(&again).unwrap(), application, "{again}");
    }
    for text in [
        "application = \"carts\"",
        "application = 3",
        "[application]",
        "[application.orders]\nstock = 1",
        "[application]\ncart = {}\ntasks = {}",
    ] {
        assert!(read(text).is_err(), "{text}");
    }
}
