//! The task server against a reference that is too simple to be wrong: what is ready, what runs until
//! when, what is set aside, in the order in which it was submitted; with time as a plain number.

use std::collections::{BTreeMap, BTreeSet};

use contend_impls::service::task_server::{Guard, Order, Settings, TaskServer};
use contend_model::ident::{Item, NodeId, Peer};
use contend_model::message::Message;
use contend_model::message::task_server::{Reply, Request};
use contend_model::time::Span;
use proptest::prelude::*;

use super::reference::{conversations, notices_each};
use super::service::Stepped;

const LEASE: u32 = 10;
const ATTEMPTS: u8 = 3;
const CLIENTS: u8 = 3;

#[derive(Clone, Copy, Debug)]
enum Move {
    /// A client submits its next task, or one of the tasks before it again.
    Submit {
        client: u8,
        back: u16,
        urgent: bool,
    },
    Fetch(u8),
    /// A client ends an attempt that somebody was given, which may be over.
    End {
        client: u8,
        of: usize,
        done: bool,
    },
    Pass(u32),
    /// The server is down for so long.
    Crash(u32),
}

/// A task that is neither done nor set aside.
struct Task {
    item: Item,
    urgent: bool,
    passed_over: bool,
    attempt: u8,
    /// Until when its attempt may take, if one is under way.
    until: Option<u32>,
}

struct Reference {
    order: Order,
    now: u32,
    submitted: BTreeSet<Item>,
    /// By the how many-th it was to be submitted.
    open: BTreeMap<usize, Task>,
    set_aside: BTreeSet<Item>,
}

impl Reference {
    fn ask(&mut self, request: Request) -> Reply {
        match request {
            Request::Submit { item, urgent } => {
                if self.submitted.insert(item) {
                    let task = Task { item, urgent, passed_over: false, attempt: 0, until: None };
                    self.open.insert(self.submitted.len(), task);
                }
                Reply::Accepted
            }
            Request::Fetch => self.fetch(),
            Request::Complete { item, attempt } => self.end(item, attempt, true),
            Request::Fail { item, attempt } => self.end(item, attempt, false),
            other => panic!("the reference does not know {other}"),
        }
    }

    /// Whoever has waited longest of those that go first.
    fn fetch(&mut self) -> Reply {
        let rank = |task: &Task| match self.order {
            Order::Fifo => 0,
            Order::AgeingPriority if task.passed_over => 0,
            Order::AgeingPriority if task.urgent => 1,
            Order::AgeingPriority => 2,
        };
        let ready = self.open.iter().filter(|(_, task)| task.until.is_none());
        let Some((&place, _)) = ready.min_by_key(|&(&place, task)| (rank(task), place)) else {
            return Reply::NoTask;
        };
        for (_, older) in self.open.range_mut(..place) {
            older.passed_over |= older.until.is_none();
        }
        let task = self.open.get_mut(&place).expect("it was found");
        task.attempt += 1;
        task.until = Some(self.now + LEASE);
        Reply::Attempt { item: task.item, attempt: task.attempt }
    }

    fn end(&mut self, item: Item, attempt: u8, done: bool) -> Reply {
        let current = |task: &Task| task.item == item && task.attempt == attempt;
        let runs = |task: &Task| current(task) && task.until.is_some();
        let Some((&place, _)) = self.open.iter().find(|(_, task)| runs(task)) else {
            return Reply::Stale;
        };
        if done {
            self.open.remove(&place);
        } else {
            self.has_failed(place);
        }
        Reply::Recorded
    }

    fn has_failed(&mut self, place: usize) {
        let task = self.open.get_mut(&place).expect("an attempt at it was under way");
        task.until = None;
        if task.attempt == ATTEMPTS {
            self.set_aside.insert(task.item);
            self.open.remove(&place);
        }
    }

    fn pass(&mut self, span: u32) {
        self.now += span;
        let late = |task: &Task| task.until.is_some_and(|until| until <= self.now);
        let late: Vec<usize> =
            self.open.iter().filter(|(_, task)| late(task)).map(|(&place, _)| place).collect();
        late.into_iter().for_each(|place| self.has_failed(place));
    }
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let client = 0..CLIENTS;
    let submit = (client.clone(), 0..3u16, any::<bool>());
    let one = prop_oneof![
        5 => submit.prop_map(|(client, back, urgent)| Move::Submit { client, back, urgent }),
        6 => client.clone().prop_map(Move::Fetch),
        5 => (client, 0..4usize, any::<bool>())
            .prop_map(|(client, of, done)| Move::End { client, of, done }),
        3 => (1..12u32).prop_map(Move::Pass),
        1 => (0..12u32).prop_map(Move::Crash),
    ];
    prop::collection::vec(one, 0..60)
}

fn peer(client: u8) -> Peer {
    Peer { node: NodeId::Client(client), connection: 0 }
}

/// Lets both hear the same; they are to say the same, and to set the same aside.
fn agrees(order: Order, lacks: Option<Guard>, moves: Vec<Move>) -> Result<(), TestCaseError> {
    let settings = Settings { lease: Span::ms(LEASE), attempts: ATTEMPTS, order, lacks };
    let mut server = Stepped::new(TaskServer::new(settings));
    let (now, open) = (0, BTreeMap::new());
    let (submitted, set_aside) = (BTreeSet::new(), BTreeSet::new());
    let mut reference = Reference { order, now, submitted, open, set_aside };
    let mut next = [0u16; CLIENTS as usize];
    // Newest first.
    let mut given: Vec<(Item, u8)> = Vec::new();
    for step in moves {
        let (client, request) = match step {
            Move::Submit { client, back, urgent } => {
                let next = &mut next[usize::from(client)];
                let number = next.saturating_sub(back);
                *next += u16::from(number == *next);
                let item = Item { producer: NodeId::Client(client), number };
                (client, Request::Submit { item, urgent })
            }
            Move::Fetch(client) => (client, Request::Fetch),
            Move::End { client, of, done } => {
                let Some(&(item, attempt)) = given.get(of) else { continue };
                let complete = Request::Complete { item, attempt };
                (client, if done { complete } else { Request::Fail { item, attempt } })
            }
            Move::Pass(span) => {
                reference.pass(span);
                prop_assert!(server.pass(Span::ms(span)).is_empty());
                continue;
            }
            Move::Crash(span) => {
                reference.pass(span);
                prop_assert!(server.crash(Span::ms(span)).is_empty());
                continue;
            }
        };
        let expected = reference.ask(request);
        if let Reply::Attempt { item, attempt } = expected {
            given.insert(0, (item, attempt));
        }
        let answers = server.ask(peer(client), request);
        let expected = [(peer(client), Message::TaskServerReply(expected))];
        prop_assert_eq!(&answers, &expected, "{}", server.log());
        let set_aside: BTreeSet<Item> = server.service().set_aside().collect();
        prop_assert_eq!(&set_aside, &reference.set_aside, "{}", server.log());
    }
    Ok(())
}

proptest! {
    #![proptest_config(conversations(2_000))]

    #[test]
    fn any_conversation_is_answered_as_the_reference_answers_it(moves in moves(), ageing in any::<bool>()) {
        let order = if ageing { Order::AgeingPriority } else { Order::Fifo };
        agrees(order, None, moves)?;
    }
}

#[test]
fn the_reference_notices_every_check_that_is_missing() {
    let guards = [
        Guard::SubmitIsIdempotent,
        Guard::SyncsBeforeReply,
        Guard::DispatchMarks,
        Guard::LeaseAtDispatch,
        Guard::ComparesAttempt,
        Guard::CompleteRemoves,
        Guard::Ageing,
    ];
    notices_each(&guards, &moves(), |guard, moves| {
        agrees(Order::AgeingPriority, Some(guard), moves)
    });
}
