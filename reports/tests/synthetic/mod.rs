//! Comparisons built in code: a small one with verdicts of every kind, and one as large as the
//! registry may become.

mod wide;

pub use wide::wide;

use contend_model::algorithm::{Card, Form, Role};
use contend_model::digest::Digest;
use contend_model::history::{Fact, Record, What};
use contend_model::ident::{Hold, Item, NodeId, RESOURCE};
use contend_model::metrics::{Metrics, Observed, Traffic};
use contend_model::op::{Op, Outcome};
use contend_model::plan::Happened;
use contend_model::property::{Environment, Kind, Property};
use contend_model::run::{Build, Comparison, SeedViolation, SimulationReport, VERSION};
use contend_model::verdict::{Counterexample, Extent, Finding, Frame, Row, Verdict};

/// The comparison.
pub fn comparison() -> Comparison {
    let cards = vec![
        card("get-then-set", Kind::Lock, Form::Intended)
            .without(Property::Interruptibility, "nobody waits"),
        card("token-lock", Kind::Lock, Form::Repaired)
            .claim(Property::MutualExclusion, "0mN")
            .claim(Property::Fencing, "0mNT"),
        card("list-queue", Kind::Queue, Form::Raw),
    ];
    let rows = rows(&cards);
    Comparison {
        version: VERSION,
        build: Build {
            contend: "0.1.0".into(),
            rustc: "rustc 1.95.0".into(),
            target: "x86_64-unknown-linux-gnu".into(),
            profile: "release".into(),
        },
        commands: vec!["contend compare --seeds 4".into()],
        rows,
        calm: locks(&cards).map(|card| simulation(card, 4, false)).collect(),
        simulations: locks(&cards).map(|card| simulation(card, 4, true)).collect(),
        partial: false,
        cards,
    }
}

fn locks(cards: &[Card]) -> impl Iterator<Item = &Card> {
    cards.iter().filter(|card| card.kind == Kind::Lock)
}

fn card(name: &str, kind: Kind, form: Form) -> Card {
    Card {
        name: name.into(),
        kind,
        document: "L-002-CACHE-C".into(),
        form,
        backend: "redis".into(),
        summary: "GET, then SET <if> nothing was there".into(),
        claims: Vec::new(),
        not_offered: Vec::new(),
        discipline: Default::default(),
    }
}

fn rows(cards: &[Card]) -> Vec<Row> {
    use Environment::{Calm, Crash, Expiry, Lossy};
    use Property::{Fencing, Interruptibility, MutualExclusion, NoLoss};
    let (first, token, queue) = (&cards[0], &cards[1], &cards[2]);
    vec![
        row(first, MutualExclusion, Calm, Verdict::Violated, ""),
        row(first, MutualExclusion, Expiry, Verdict::Violated, ""),
        row(first, Interruptibility, Calm, Verdict::Unknown, "not offered: nobody waits"),
        row(token, MutualExclusion, Calm, Verdict::Holds, ""),
        row(token, MutualExclusion, Lossy, Verdict::Unknown, "the budget of states ended"),
        row(token, MutualExclusion, Expiry, Verdict::Violated, ""),
        row(token, Fencing, Calm, Verdict::Holds, ""),
        row(token, Fencing, Expiry, Verdict::Holds, ""),
        row(queue, NoLoss, Calm, Verdict::Holds, ""),
        row(queue, NoLoss, Crash, Verdict::Violated, ""),
    ]
}

fn row(
    card: &Card,
    property: Property,
    environment: Environment,
    verdict: Verdict,
    reason: &str,
) -> Row {
    let finding = Finding {
        reason: (!reason.is_empty()).then(|| reason.to_owned()),
        counterexample: (verdict == Verdict::Violated).then(|| story(card, property, environment)),
        ..Finding::of(verdict)
    };
    let exhausted = verdict != Verdict::Unknown;
    let scope = "2 clients, 1 operation each".into();
    let extent = Extent { scope, exhausted, states: 1234, depth: 17 };
    Row::new(card, property, environment, finding, extent)
}

/// Who, what happens, what comes of it, from whom, to whom, and what is said.
type Told<'a> = (&'a str, &'a str, &'a str, Option<&'a str>, Option<&'a str>, &'a str);

fn story(card: &Card, property: Property, environment: Environment) -> Counterexample {
    let steps = [
        ("A", "next operation", "calls acquire; -> redis: GET lock", Some("redis"), None, ""),
        ("redis", "<- A: GET lock", "-> A: nil", Some("A"), Some("A"), ""),
        ("B", "fault: crashes", "", None, None, ""),
        ("A", "<- redis: nil", "acquire returns: acquired", None, Some("redis"), "A"),
        ("B", "next operation", "acquire returns: acquired", None, None, "AB"),
    ];
    let frame = |(place, step): (usize, Told)| {
        let (who, cause, outcome, to, from, holders) = step;
        let message = if who == "A" { "GET lock" } else { "nil" };
        Frame {
            number: place + 1,
            who: who.into(),
            cause: cause.into(),
            outcome: outcome.into(),
            fault: cause.starts_with("fault"),
            sends: to.map(|to| (to.into(), message.into())).into_iter().collect(),
            from: from.map(str::to_owned),
            holders: holders.chars().map(String::from).collect(),
            violates: if place == 4 { vec![property] } else { Vec::new() },
            line: format!("{:3}  {who:6} {cause:16} {outcome}", place + 1).trim_end().into(),
        }
    };
    Counterexample {
        lanes: ["A", "B", "resource", "redis"].map(String::from).into(),
        steps: steps.into_iter().enumerate().map(frame).collect(),
        explanation: "After step 5 A and B believe at once that they hold.".into(),
        command: format!(
            "contend verify {} --property {property} --environment {environment}",
            card.name
        ),
        way: None,
    }
}

fn simulation(card: &Card, seeds: u64, faults: bool) -> SimulationReport {
    let roles = match card.kind {
        Kind::Lock => vec![Role::Locker; 2],
        Kind::Queue => vec![Role::Producer, Role::Consumer],
    };
    let mut metrics = Metrics::new(card.kind, &roles);
    for seed in 0..seeds {
        let history = match card.kind {
            Kind::Lock => history(3 + seed % 7 + if faults { 4 } else { 0 }, faults && seed == 2),
            Kind::Queue => payments(faults),
        };
        metrics.add(&Observed {
            seed,
            history: &history,
            ended_at: 100_000_000,
            cut_off: false,
            traffic: Traffic { from_clients: 9, from_services: 8, operations: 8 },
            violated: if faults && seed == 2 { &[Property::MutualExclusion] } else { &[] },
        });
    }
    let violated = faults.then_some(SeedViolation {
        seed: 2,
        property: Property::MutualExclusion,
        file: None,
    });
    let within = if faults { "" } else { " --environment calm" };
    SimulationReport {
        version: VERSION,
        algorithm: card.name.clone(),
        seeds,
        from: 0,
        engine: "kernel".into(),
        digest: Digest(0xfeed),
        violations: violated.into_iter().collect(),
        metrics: metrics.summary(),
        happened: Happened::default(),
        scenario: "version = 1\n".into(),
        command: format!("contend simulate {} --seeds {seeds}{within}", card.name),
    }
}

/// Two clients take turns; each waits for so many milliseconds, then writes twice. If the first
/// writes late, its second write reaches the resource between those of its successor.
fn history(wait_ms: u64, late: bool) -> Vec<Record> {
    let acquired = Outcome::Acquired { fence: None };
    let mut history: Vec<Record> = (0..4_u64)
        .flat_map(|turn| {
            let start = 20 * turn;
            let client = NodeId::Client((turn % 2) as u8);
            let record =
                move |ms: u64, node, what| Record { at: (start + ms) * 1_000_000, node, what };
            let hold = Hold { client, number: turn as u16 / 2 + 1 };
            let write = What::Fact(Fact::Accepted(hold));
            let delay = if late && turn == 0 { 20 } else { 0 };
            [
                record(0, client, What::Invoke(Op::Acquire)),
                record(wait_ms, client, What::Return(Op::Acquire, acquired)),
                record(wait_ms + 1, RESOURCE, write),
                record(wait_ms + 3 + delay, RESOURCE, write),
                record(wait_ms + 5, client, What::Invoke(Op::Release)),
                record(wait_ms + 6, client, What::Return(Op::Release, Outcome::Released)),
            ]
        })
        .collect();
    history.sort_by_key(|record| record.at);
    history
}

/// The payments of two orders are acknowledged; under faults the first takes effect twice, the second never.
fn payments(faults: bool) -> Vec<Record> {
    let (producer, consumer) = (NodeId::Client(0), NodeId::Client(1));
    let [first, second] = [1, 6].map(|number| Item { producer, number });
    let enqueue = |item| {
        let called = What::Invoke(Op::Enqueue(item));
        let returned = What::Return(Op::Enqueue(item), Outcome::Enqueued);
        [(producer, called), (producer, returned)]
    };
    let work = |given, applied| {
        let outcome = Outcome::Delivered { item: given, ack: true };
        [
            (consumer, What::Invoke(Op::Dequeue)),
            (consumer, What::Return(Op::Dequeue, outcome)),
            (RESOURCE, What::Fact(Fact::Applied(applied))),
            (consumer, What::Finished(given)),
        ]
    };
    let entries = [enqueue(first), enqueue(second)].into_iter().flatten();
    let entries = entries.chain(work(first, first));
    let entries = entries.chain(work(second, if faults { first } else { second }));
    let record = |(place, (node, what))| Record { at: place as u64 * 1_000_000, node, what };
    entries.enumerate().map(record).collect()
}
