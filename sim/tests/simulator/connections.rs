//! What connections do, sentence by sentence of the explored world's description of them. The
//! client speaks at about 0 ms and at 200 ms; links take 1 to 10 ms.

use crate::support;
use crate::support::chatter::{Chatter, word};
use contend_model::ident::NodeId;
use contend_model::node::Stimulus;
use contend_model::plan::{Entry, FaultKind, Plan};
use contend_model::scenario::{Faults, Law, Scenario};
use contend_sim::kernel::Kernel;
use contend_sim::ledger::Options;
use contend_sim::outcome::{Outcome, TimedStep};
use contend_sim::stage::Stage;

const A: NodeId = NodeId::Client(0);
const ECHO: NodeId = NodeId::Service(1);
const SEEDS: u64 = 200;

/// What a node saw of a connection: its number and a word, or its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Saw {
    Word(u16, u32),
    End(u16),
}
use Saw::{End, Word};

/// Runs many seeds of the chatter, and shows each to a judge.
fn runs(entries: Vec<Entry>, judge: impl Fn(&Outcome, Vec<Saw>, Vec<Saw>)) {
    let mut scenario = support::scenario(contend_model::property::Kind::Lock, Faults::none());
    scenario.workload.lockers = 1;
    scenario.workload.operations = 1;
    scenario.workload.think = Law::exactly(0.0);
    scenario.limits.patience_ms = Some(2_000.0);
    let scenario = Scenario { plan: Plan { entries }, ..scenario };
    let stage = Stage::new(&Chatter, scenario).expect("the scenario fits");
    let mut kernel = Kernel::new(&stage, Options { trace: true, actions: true });
    for seed in 0..SEEDS {
        let outcome = kernel.run(seed);
        judge(outcome, seen(outcome, A), seen(outcome, ECHO));
    }
}

fn seen(outcome: &Outcome, node: NodeId) -> Vec<Saw> {
    let steps = outcome.trace.iter().filter(|step| step.node == node);
    steps
        .filter_map(|step| match step.stimulus {
            Stimulus::Deliver { from, message } => {
                let number = (1..=4).find(|number| message == word(*number)).expect("a word");
                Some(Word(from.connection, number))
            }
            Stimulus::Disconnected(from) => Some(End(from.connection)),
            _ => None,
        })
        .collect()
}

fn noise(from: &str, to: &str, loss: f64, duplicate: f64, reorder: f64) -> Entry {
    let (from, to) = (from.into(), to.into());
    Entry::LinkNoise {
        at_ms: 0.0,
        from,
        to,
        loss,
        duplicate,
        reorder,
        extra_ms: 0.0,
        for_ms: 1_000.0,
    }
}

fn crash(node: &str, at_ms: f64, back_after_ms: Option<f64>) -> Entry {
    Entry::Crash { at_ms, node: node.into(), back_after_ms }
}

fn disconnect(at_ms: f64, news_after_ms: f64) -> Entry {
    Entry::Disconnect { at_ms, client: "A".into(), service: "echo".into(), news_after_ms }
}

fn all_in_order() -> Vec<Saw> {
    (1..=4).map(|number| Word(0, number)).collect()
}

#[test]
fn words_arrive_in_order_both_ways() {
    runs(Vec::new(), |_, client, echo| {
        assert_eq!(echo, all_in_order());
        assert_eq!(client, all_in_order());
    });
}

#[test]
fn a_lost_word_leaves_the_others_in_order() {
    runs(vec![noise("A", "echo", 0.5, 0.0, 0.0)], |outcome, client, echo| {
        assert_eq!(echo.len() as u64, 4 - outcome.happened.count(FaultKind::Loss));
        let mut rest = all_in_order().into_iter();
        assert!(echo.iter().all(|word| rest.any(|other| other == *word)), "{echo:?}");
        assert_eq!(client, echo);
    });
}

#[test]
fn a_word_that_is_held_back_may_be_overtaken_but_arrives() {
    let overtaken = std::cell::Cell::new(0);
    runs(vec![noise("A", "echo", 0.0, 0.0, 0.4)], |outcome, _, mut echo| {
        if echo != all_in_order() {
            assert!(outcome.happened.count(FaultKind::Reorder) > 0);
            overtaken.set(overtaken.get() + 1);
        }
        echo.sort_by_key(|saw| match saw {
            Word(_, number) => *number,
            End(_) => 0,
        });
        assert_eq!(echo, all_in_order());
    });
    assert!(overtaken.get() > SEEDS / 4, "{}", overtaken.get());
}

#[test]
fn a_word_that_is_sent_twice_comes_again_on_an_old_connection_whose_reply_nobody_reads() {
    runs(vec![noise("A", "echo", 0.0, 1.0, 0.0)], |_, client, echo| {
        let on = |number| {
            let on = |saw: &&Saw| matches!(saw, Word(n, _) | End(n) if *n == number);
            echo.iter().filter(on).copied().collect::<Vec<_>>()
        };
        assert_eq!(on(0), all_in_order());
        for copy in 1..=4 {
            assert_eq!(on(copy), [Word(copy, u32::from(copy)), End(copy)]);
        }
        assert_eq!(client, all_in_order());
    });
}

#[test]
fn the_end_of_a_connection_is_seen_after_what_was_sent_before_it() {
    // The client is gone before anything has arrived.
    runs(vec![crash("A", 0.5, None)], |_, client, echo| {
        assert_eq!(echo, [Word(0, 1), Word(0, 2), Word(0, 3), End(0)]);
        assert_eq!(client, []);
    });
}

#[test]
fn what_comes_back_to_a_closed_end_is_dropped_and_a_new_connection_has_a_new_number() {
    // Back at once, the client speaks again, while replies to its former life still travel.
    runs(vec![crash("A", 0.5, Some(0.1))], |_, client, echo| {
        assert!(client.iter().all(|saw| matches!(saw, Word(1, _))), "{client:?}");
        let again = echo.iter().filter(|saw| matches!(saw, Word(1, _))).count();
        assert_eq!((again, client.len(), echo.len()), (0, 0, 4), "its one operation has begun");
    });
    runs(vec![crash("echo", 50.0, Some(10.0))], |_, client, _| {
        assert_eq!(client[3..], [End(0), Word(1, 4)]);
    });
}

#[test]
fn a_service_that_is_down_answers_by_the_end() {
    runs(vec![crash("echo", 0.1, Some(100.0))], |_, client, echo| {
        // The first words went with the crash or came to nobody; the last is on a new connection.
        assert_eq!(echo, [Word(1, 4)]);
        assert_eq!(client, [End(0), Word(1, 4)]);
    });
}

#[test]
fn what_was_on_its_way_when_a_service_crashed_has_gone_with_it() {
    // Up again long before the words arrive.
    runs(vec![crash("echo", 0.3, Some(0.2))], |_, client, echo| {
        assert_eq!(echo, [Word(1, 4)]);
        assert_eq!(client, [End(0), Word(1, 4)]);
    });
}

#[test]
fn a_service_that_crashes_tells_the_clients_it_knows_and_forgets_them() {
    runs(vec![crash("echo", 100.0, None)], |outcome, client, echo| {
        assert_eq!(echo, [Word(0, 1), Word(0, 2), Word(0, 3)]);
        assert_eq!(client[3..], [End(0), End(1)], "the second is refused");
        // Two ends from the service, two from the client.
        let ends: u64 = outcome.sent.by_node.iter().map(|sent| sent.ends).sum();
        assert_eq!(ends, 4);
    });
}

#[test]
fn both_ends_of_a_lost_connection_see_its_end_and_what_travelled_is_lost() {
    let entry = disconnect(0.5, 0.0);
    runs(vec![entry], |_, client, echo| {
        assert_eq!(echo, [End(0), Word(1, 4)]);
        assert_eq!(client, [End(0), Word(1, 4)]);
    });
}

#[test]
fn a_paused_client_comes_to_know_of_its_lost_connection_when_it_goes_on() {
    let pause = Entry::Pause { at_ms: 0.2, node: "A".into(), for_ms: 250.0 };
    let entry = disconnect(100.0, 0.0);
    runs(vec![pause, entry], |outcome, client, echo| {
        assert_eq!(client, [End(0), Word(1, 4)], "what had arrived was never read");
        assert_eq!(echo, [Word(0, 1), Word(0, 2), Word(0, 3), End(0), Word(1, 4)]);
        let known = outcome
            .trace
            .iter()
            .find(|step| step.node == A && matches!(step.stimulus, Stimulus::Disconnected(_)));
        assert!(known.is_some_and(|step| step.at / 1_000_000 == 250));
    });
}

#[test]
fn a_client_that_hears_late_of_its_lost_connection_talks_to_nobody_meanwhile() {
    // Three words are on their way to the service, and the fourth is spoken to nobody.
    runs(vec![disconnect(0.5, 249.5)], |outcome, client, echo| {
        assert_eq!((client, echo), (vec![End(0)], vec![End(0)]));
        let known = |node| {
            let told = |step: &&TimedStep| matches!(step.stimulus, Stimulus::Disconnected(_));
            let steps = outcome.trace.iter().filter(move |step| step.node == node);
            steps.filter(told).map(|step| step.at / 1_000_000).collect::<Vec<_>>()
        };
        assert_eq!(known(A), [250]);
        assert!(known(ECHO)[0] < 50, "the service hears of it in time: {:?}", known(ECHO));
    });
}

#[test]
fn news_of_a_lost_connection_that_come_during_a_pause_wait_for_its_end() {
    let pause = Entry::Pause { at_ms: 150.0, node: "A".into(), for_ms: 100.0 };
    runs(vec![disconnect(100.0, 100.0), pause], |outcome, client, _| {
        assert_eq!(client.iter().filter(|heard| **heard == End(0)).count(), 1);
        let known = outcome
            .trace
            .iter()
            .find(|step| step.node == A && matches!(step.stimulus, Stimulus::Disconnected(_)));
        assert!(known.is_some_and(|step| step.at / 1_000_000 == 250), "{known:?}");
    });
}

#[test]
fn a_pause_puts_off_what_arrives_and_keeps_its_order() {
    let pause = Entry::Pause { at_ms: 0.5, node: "echo".into(), for_ms: 100.0 };
    runs(vec![pause], |outcome, client, echo| {
        assert_eq!((client, echo), (all_in_order(), all_in_order()));
        assert_eq!(outcome.happened.count(FaultKind::Pause), 3);
        let first = outcome
            .trace
            .iter()
            .filter(|step| step.node == ECHO && matches!(step.stimulus, Stimulus::Deliver { .. }));
        assert!(first.take(3).all(|step| step.at / 1_000 == 100_500));
    });
}

#[test]
fn a_partition_swallows_words_one_way_and_keeps_back_ends() {
    let partition = Entry::Partition {
        at_ms: 0.0,
        from: "A".into(),
        to: "echo".into(),
        both: false,
        for_ms: 300.0,
    };
    runs(vec![partition, crash("A", 100.0, None)], |outcome, client, echo| {
        assert_eq!(client, []);
        // The service has never heard of the connection, and hears of its end alone.
        assert_eq!(echo, [End(0)]);
        assert_eq!(outcome.happened.count(FaultKind::Partition), 3);
        let end = outcome.trace.last().expect("the end");
        assert!((301..=310).contains(&(end.at / 1_000_000)), "{}", end.at);
    });
}

#[test]
fn a_client_that_crashed_for_good_never_runs_again() {
    runs(vec![crash("A", 100.0, None), crash("A", 150.0, Some(1.0))], |outcome, _, _| {
        let lives = outcome.trace.iter().filter(|step| step.stimulus == Stimulus::Restart);
        assert_eq!(lives.count(), 0);
        let crashes = outcome.trace.iter().filter(|step| step.stimulus == Stimulus::Crash);
        assert_eq!(crashes.count(), 1, "and cannot crash twice");
    });
}
