use contend_model::ident::NodeId;
use contend_model::plan::{FaultKind, Happened};
use contend_model::scenario::Links;
use contend_model::world::Towards;
use contend_sim::fabric::*;

const A: NodeId = NodeId::Client(0);
const SERVER: NodeId = NodeId::Service(1);
const MANY: u64 = 20_000;

fn wire(links: Links) -> Wire {
    let mut wire = Wire::new(Conduct::new(&links, []), A, SERVER, true);
    wire.reset(1);
    wire
}

fn passages(mut wire: Wire) -> (Vec<Passage>, Happened) {
    let mut happened = Happened::default();
    let message = |_| wire.message(0, 1, Towards::Service, &mut happened);
    ((0..MANY).map(message).collect(), happened)
}

#[test]
fn a_sound_link_delays_evenly_and_does_nothing_else() {
    let (passages, happened) = passages(wire(Links::default()));
    let delays: Vec<u64> = passages.iter().map(|passage| passage.arrives.unwrap()).collect();
    assert!(delays.iter().all(|delay| (1_000_000..=10_000_000).contains(delay)));
    let mean = delays.iter().sum::<u64>() / MANY;
    assert!(mean.abs_diff(5_500_000) < 60_000, "{mean}");
    assert!(passages.iter().all(|passage| !passage.held_back && passage.copy.is_none()));
    assert_eq!(happened, Happened::default());
}

#[test]
fn chance_is_as_likely_as_it_is_said_to_be() {
    let (loss, duplicate, reorder) = (0.1, 0.2, 0.3);
    let links = Links { loss, duplicate, reorder, ..Links::default() };
    let (passages, happened) = passages(wire(links));
    let share = |test: fn(&Passage) -> bool| {
        passages.iter().filter(|passage| test(passage)).count() as f64 / MANY as f64
    };
    assert!((share(|passage| passage.arrives.is_none()) - loss).abs() < 0.01);
    assert!((share(|passage| passage.copy.is_some()) - duplicate).abs() < 0.01);
    assert!((share(|passage| passage.held_back) - reorder * (1.0 - loss)).abs() < 0.01);
    let lost = passages.iter().filter(|passage| passage.arrives.is_none()).count() as u64;
    assert_eq!(happened.count(FaultKind::Loss), lost);
    assert_eq!(happened.count(FaultKind::LinkNoise), 0, "this is how the link always is");
}

#[test]
fn what_becomes_of_the_nth_packet_does_not_depend_on_what_the_others_are() {
    let mut happened = Happened::default();
    let (mut one, mut other) = (wire(Links::default()), wire(Links::default()));
    let odds = Odds::new(0.5, 0.5, 0.5);
    other.add(Spell { from: 0, until: 50, influence: Influence::Noise { odds, extra: 9 } });
    other.add(Spell { from: 50, until: 90, influence: Influence::Partition });
    for now in 0..100 {
        let (a, b) = match now % 7 {
            0 => (one.end(now), other.end(now)),
            1 => (one.end(now), other.message(now, 0, Towards::Client, &mut happened)),
            _ => (
                one.message(now, 0, Towards::Service, &mut happened),
                other.message(now, 0, Towards::Service, &mut happened),
            ),
        };
        assert_eq!((a.number, b.number), (now as u32, now as u32));
        if now >= 90 {
            assert_eq!(a, b);
        }
    }
}

#[test]
fn the_end_of_a_connection_waits_for_partitions_to_heal() {
    let mut wire = wire(Links::default());
    for (from, until) in [(50, 100), (0, 60)] {
        wire.add(Spell { from, until, influence: Influence::Partition });
    }
    let arrives = wire.end(10).arrives.unwrap();
    assert!((1_000_100..=10_000_100).contains(&arrives), "{arrives}");
}
