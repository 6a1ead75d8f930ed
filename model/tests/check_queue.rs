//! The queue checker against a search through all orders, on hundreds of thousands of small random
//! histories, and against stateright's tester.

use std::collections::{HashSet, VecDeque};

use contend_model::check::NEVER;
use contend_model::check::queue::{Action, Operation, Violation, check};
use rand::{Rng, RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use stateright::semantics::{ConsistencyTester, LinearizabilityTester, SequentialSpec};

/// Tries every order: exact, and exponential.
struct Search<'a> {
    history: &'a [Operation],
    dead_ends: HashSet<(u32, Vec<u64>)>,
}

impl Search<'_> {
    fn is_linearizable(history: &[Operation]) -> bool {
        Search { history, dead_ends: HashSet::new() }.goes_on(0, &mut VecDeque::new())
    }

    /// Whether the operations that are not in `done` can follow, the queue being as it is.
    fn goes_on(&mut self, done: u32, queue: &mut VecDeque<u64>) -> bool {
        let open = |place: usize| done >> place & 1 == 0;
        let due = (0..self.history.len())
            .filter(|&place| open(place))
            .map(|place| self.history[place].returned)
            .min();
        // What never returned need not have happened.
        if due.is_none_or(|due| due == NEVER) {
            return true;
        }
        let key = (done, queue.iter().copied().collect());
        if self.dead_ends.contains(&key) {
            return false;
        }
        for place in (0..self.history.len()).filter(|&place| open(place)) {
            let operation = self.history[place];
            if operation.called > due.unwrap() {
                continue;
            }
            let mut after = queue.clone();
            let possible = match operation.action {
                Action::Enqueue(value) => {
                    after.push_back(value);
                    true
                }
                Action::Dequeue(value) => after.pop_front() == Some(value),
                Action::DequeueUnknown => after.pop_front().is_some(),
                Action::Empty => after.is_empty(),
            };
            if possible && self.goes_on(done | 1 << place, &mut after) {
                return true;
            }
        }
        self.dead_ends.insert(key);
        false
    }
}

/// A history that comes from a queue, or from one that errs now and then.
fn random(rng: &mut impl Rng, operations: usize) -> Vec<Operation> {
    let errs = rng.random_bool(0.7);
    let slack = rng.random_range(1..12u64);
    let err = |rng: &mut _, probability: f64| errs && RngExt::random_bool(rng, probability);
    let mut queue = VecDeque::new();
    let mut history = Vec::new();
    let mut fresh = 0;
    for turn in 0..operations as u64 {
        // The moment of effect lies within the operation.
        let moment = 4 * turn + 12 + rng.random_range(0..4u64);
        let called = moment - rng.random_range(0..slack);
        let mut returned = moment + rng.random_range(0..slack);
        let unknown = rng.random_bool(0.15);
        let lost = unknown && rng.random_bool(0.5);
        if unknown {
            returned = NEVER;
        }
        let action = if rng.random_bool(0.55) {
            fresh += 1;
            if !lost && !err(rng, 0.1) {
                if err(rng, 0.3) { queue.push_front(fresh) } else { queue.push_back(fresh) }
            }
            Action::Enqueue(fresh)
        } else {
            let got = if lost || err(rng, 0.1) { None } else { queue.pop_front() };
            match got {
                _ if unknown => Action::DequeueUnknown,
                Some(value) => {
                    if err(rng, 0.05) {
                        queue.push_front(value);
                    }
                    Action::Dequeue(value)
                }
                None if err(rng, 0.03) => Action::Dequeue(1_000 + turn),
                None => Action::Empty,
            }
        };
        history.push(Operation { called, returned, action });
    }
    history
}

#[test]
fn the_checker_agrees_with_a_search_through_all_orders() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
    let (mut good, mut bad) = (0, 0);
    let mut kinds = [0; 5];
    for round in 0..300_000 {
        let operations = 3 + round % 8;
        let history = random(&mut rng, operations);
        let verdict = check(&history);
        let expected = Search::is_linearizable(&history);
        assert_eq!(verdict.is_ok(), expected, "{verdict:?}\n{}", shown(&history));
        match verdict {
            Ok(()) => good += 1,
            Err(violation) => {
                bad += 1;
                kinds[kind(&violation)] += 1;
                is_shown_by_its_witness(&history, &violation);
            }
        }
    }
    println!("{good} linearizable, {bad} not: {kinds:?} by kind");
    assert!(good > 100_000 && bad > 50_000, "{good} good, {bad} bad");
    assert!([0, 1, 3, 4].iter().all(|&kind| kinds[kind] > 1_000), "{kinds:?}");
}

fn kind(violation: &Violation) -> usize {
    match violation {
        Violation::Phantom { .. } => 0,
        Violation::Duplicate { .. } => 1,
        Violation::Reused { .. } => 2,
        Violation::OutOfOrder { .. } => 3,
        Violation::NeverEmpty { .. } => 4,
    }
}

/// The operations of the witness, with those that took its values, are wrong by themselves. What
/// dequeues of unknown outcome can explain depends on all of them, so only histories without are asked.
fn is_shown_by_its_witness(history: &[Operation], violation: &Violation) {
    if history.iter().any(|operation| operation.action == Action::DequeueUnknown) {
        return;
    }
    let witness = violation.witness();
    let values: Vec<u64> = witness
        .iter()
        .filter_map(|&place| match history[place].action {
            Action::Enqueue(value) | Action::Dequeue(value) => Some(value),
            _ => None,
        })
        .collect();
    let concerns = |action: Action| match action {
        Action::Enqueue(value) | Action::Dequeue(value) => values.contains(&value),
        _ => false,
    };
    let part: Vec<Operation> = (0..history.len())
        .filter(|place| witness.contains(place) || concerns(history[*place].action))
        .map(|place| history[place])
        .collect();
    assert!(!Search::is_linearizable(&part), "{}", violation.in_words(history));
}

fn shown(history: &[Operation]) -> String {
    history.iter().map(|operation| format!("{operation}\n")).collect()
}

/// A queue as stateright's testers know specifications.
#[derive(Clone, Debug, Default, PartialEq)]
struct Specification(VecDeque<u64>);

#[derive(Clone, Debug, PartialEq)]
enum Op {
    Enqueue(u64),
    Dequeue,
}

#[derive(Clone, Debug, PartialEq)]
enum Ret {
    Enqueued,
    Dequeued(Option<u64>),
}

impl SequentialSpec for Specification {
    type Op = Op;
    type Ret = Ret;

    fn invoke(&mut self, op: &Op) -> Ret {
        match op {
            Op::Enqueue(value) => {
                self.0.push_back(*value);
                Ret::Enqueued
            }
            Op::Dequeue => Ret::Dequeued(self.0.pop_front()),
        }
    }
}

#[test]
fn the_checker_agrees_with_staterights_tester() {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(2);
    let (mut good, mut bad) = (0, 0);
    for _ in 0..3_000 {
        let history = random(&mut rng, 7);
        let mut tester = LinearizabilityTester::new(Specification::default());
        let mut events: Vec<(u64, bool, usize)> = Vec::new();
        for (place, operation) in history.iter().enumerate() {
            events.push((operation.called, false, place));
            if operation.returned != NEVER {
                events.push((operation.returned, true, place));
            }
        }
        // Equal times are concurrent: calls come first.
        events.sort_unstable();
        for (_, returns, place) in events {
            let thread = place;
            let action = history[place].action;
            if returns {
                let ret = match action {
                    Action::Enqueue(_) => Ret::Enqueued,
                    Action::Dequeue(value) => Ret::Dequeued(Some(value)),
                    _ => Ret::Dequeued(None),
                };
                tester.on_return(thread, ret).unwrap();
            } else {
                let op = match action {
                    Action::Enqueue(value) => Op::Enqueue(value),
                    _ => Op::Dequeue,
                };
                tester.on_invoke(thread, op).unwrap();
            }
        }
        let expected = tester.is_consistent();
        assert_eq!(check(&history).is_ok(), expected, "{}", shown(&history));
        if expected { good += 1 } else { bad += 1 }
    }
    assert!(good > 500 && bad > 500, "{good} good, {bad} bad");
}

#[test]
fn a_lost_value_shows_before_an_empty_dequeue() {
    let history = [
        Operation { called: 0, returned: 1, action: Action::Enqueue(7) },
        Operation { called: 2, returned: 3, action: Action::Empty },
    ];
    let violation = check(&history).unwrap_err();
    let story = "[0, 1] enqueue 7\n[2, 3] dequeue -> empty\n\
                 a dequeue found the queue empty, but at each moment of it some value was in the queue";
    assert_eq!(violation.in_words(&history), story);
}

#[test]
fn a_dequeue_whose_reply_was_lost_explains_one_lost_value_and_not_two() {
    let enqueue =
        |at, value| Operation { called: at, returned: at, action: Action::Enqueue(value) };
    let empty = Operation { called: 9, returned: 9, action: Action::Empty };
    let lost = Operation { called: 5, returned: NEVER, action: Action::DequeueUnknown };
    assert_eq!(check(&[enqueue(1, 1), lost, empty]), Ok(()));
    let two = [enqueue(1, 1), enqueue(2, 2), lost, empty];
    assert_eq!(check(&two), Err(Violation::NeverEmpty { dequeue: 3, covered_by: vec![1] }));
}
