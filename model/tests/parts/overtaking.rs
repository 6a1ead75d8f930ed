use contend_model::history::What;
use contend_model::monitor::*;
use contend_model::op::{Op, Outcome};

const GRANTED: What = What::Return(Op::Acquire, Outcome::Acquired { fence: None });
const WANTS: What = What::Invoke(Op::Acquire);
const RELEASES: What = What::Invoke(Op::Release);

#[test]
fn a_later_comer_that_is_served_first_overtakes_and_a_simultaneous_one_does_not() {
    let mut overtakings = Overtakings::new(2);
    overtakings.observe(0, &WANTS);
    overtakings.observe(1, &WANTS);
    overtakings.observe(1, &GRANTED);
    assert_eq!(overtakings.most(), 0, "neither waited when the other began");
    overtakings.time_passes();
    for round in 1..=3 {
        overtakings.observe(1, &RELEASES);
        overtakings.observe(1, &WANTS);
        overtakings.observe(1, &GRANTED);
        assert_eq!(overtakings.of(0), round);
    }
    overtakings.observe(1, &RELEASES);
    overtakings.observe(0, &GRANTED);
    assert_eq!(overtakings.most(), 0, "the count is that of one wait");
}

#[test]
fn a_nested_acquisition_overtakes_nobody() {
    let mut overtakings = Overtakings::new(2);
    overtakings.observe(1, &WANTS);
    overtakings.observe(1, &GRANTED);
    overtakings.observe(0, &WANTS);
    overtakings.time_passes();
    overtakings.observe(1, &WANTS);
    overtakings.observe(1, &GRANTED);
    assert_eq!(overtakings.most(), 0);
}
