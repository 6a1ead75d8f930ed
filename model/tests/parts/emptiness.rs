//! The judge of emptiness that rides in a state, against the checker of whole histories, on random histories
//! of a queue that now and then says that it is empty when it is not.

use std::collections::VecDeque;

use contend_model::algorithm::Role;
use contend_model::check::NEVER;
use contend_model::check::queue::{Action, Operation, Violation, check};
use contend_model::history::What;
use contend_model::ident::{Item, NodeId};
use contend_model::monitor::QueueMonitor;
use contend_model::op::{Op, Outcome};
use contend_model::property::Property;
use rand::{Rng, RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

const PRODUCERS: usize = 2;
const ITEMS: u16 = 3;

/// What a client is at.
enum At {
    Rest,
    Called {
        place: usize,
    },
    /// The call has taken effect.
    Done {
        place: usize,
        outcome: Outcome,
    },
}

/// A history and what the judge made of it.
struct Told {
    history: Vec<Operation>,
    emptiness: bool,
}

fn value(item: Item) -> u64 {
    let NodeId::Client(producer) = item.producer else { unreachable!("clients produce") };
    u64::from(producer) << 8 | u64::from(item.number)
}

/// Plays some turns: a call begins, takes effect, returns, or its client crashes.
fn play(rng: &mut impl Rng, consumers: usize, crashes: bool) -> Told {
    let roles: Vec<Role> = std::iter::repeat_n(Role::Producer, PRODUCERS)
        .chain(std::iter::repeat_n(Role::Consumer, consumers))
        .collect();
    let mut monitor = QueueMonitor::new(&roles, ITEMS).judging_emptiness();
    let mut clients: Vec<At> = roles.iter().map(|_| At::Rest).collect();
    let mut queue = VecDeque::new();
    let mut history: Vec<Operation> = Vec::new();
    let mut made = [0; PRODUCERS];
    let mut emptiness = false;
    for now in 0..rng.random_range(6..60u64) {
        let client = rng.random_range(0..roles.len());
        let node = NodeId::Client(client as u8);
        let mut tell = |what| {
            emptiness |= monitor.observe(node, &what).contains(Property::Emptiness);
        };
        let item = |number| Item { producer: node, number };
        match clients[client] {
            At::Rest => {
                let (op, action) = match roles[client] {
                    Role::Producer if made[client] == ITEMS => continue,
                    Role::Producer => {
                        made[client] += 1;
                        let item = item(made[client] - 1);
                        (Op::Enqueue(item), Action::Enqueue(value(item)))
                    }
                    _ => (Op::Dequeue, Action::DequeueUnknown),
                };
                tell(What::Invoke(op));
                clients[client] = At::Called { place: history.len() };
                history.push(Operation { called: now, returned: NEVER, action });
            }
            At::Called { .. } | At::Done { .. } if crashes && rng.random_bool(0.05) => {
                tell(What::Crashed);
                clients[client] = At::Rest;
            }
            At::Called { place } => {
                let outcome = match roles[client] {
                    Role::Producer => {
                        queue.push_back(item(made[client] - 1));
                        Outcome::Enqueued
                    }
                    _ if rng.random_bool(0.1) => Outcome::Empty,
                    _ => match queue.pop_front() {
                        Some(item) => Outcome::Delivered { item, ack: false },
                        None => Outcome::Empty,
                    },
                };
                clients[client] = At::Done { place, outcome };
            }
            At::Done { place, outcome } => {
                let operation = &mut history[place];
                operation.returned = now;
                let op = match outcome {
                    Outcome::Enqueued => Op::Enqueue(item(made[client] - 1)),
                    Outcome::Delivered { item, .. } => {
                        operation.action = Action::Dequeue(value(item));
                        Op::Dequeue
                    }
                    _ => {
                        operation.action = Action::Empty;
                        Op::Dequeue
                    }
                };
                tell(What::Return(op, outcome));
                clients[client] = At::Rest;
            }
        }
    }
    Told { history, emptiness }
}

/// How many histories in which the queue was never wrongly said to be empty, and in how many it was.
fn compare(
    consumers: usize,
    crashes: bool,
    judge: impl Fn(bool, bool, &[Operation]),
) -> [usize; 2] {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(7);
    let mut seen = [0; 2];
    for _ in 0..60_000 {
        let Told { history, emptiness } = play(&mut rng, consumers, crashes);
        let wrong = match check(&history) {
            Ok(()) => false,
            Err(Violation::NeverEmpty { .. }) => true,
            Err(other) => panic!("the queue keeps its order: {other}\n{history:?}"),
        };
        seen[usize::from(wrong)] += 1;
        judge(emptiness, wrong, &history);
    }
    seen
}

#[test]
fn of_two_consumers_the_judge_says_what_the_checker_says() {
    for consumers in 1..=2 {
        let seen = compare(consumers, false, |judged, checked, history| {
            assert_eq!(judged, checked, "{history:#?}");
        });
        assert!(seen.iter().all(|&count| count > 5_000), "{seen:?}");
    }
}

#[test]
fn of_calls_without_an_outcome_and_of_many_consumers_the_judge_says_nothing_wrong() {
    for (consumers, crashes) in [(2, true), (3, false), (3, true)] {
        let found = std::cell::Cell::new(0);
        let seen = compare(consumers, crashes, |judged, checked, history| {
            assert!(checked || !judged, "{history:#?}");
            found.set(found.get() + usize::from(judged));
        });
        assert!(found.get() > 300, "{} found of {seen:?}", found.get());
    }
}
