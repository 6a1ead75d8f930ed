use contend_model::ident::NodeId;
use contend_sim::grid::*;

#[test]
fn every_node_has_moments_of_its_own() {
    let client = slot(NodeId::Client(3));
    assert_eq!(on_grid(0, client), 3);
    assert_eq!(on_grid(3, client), 3);
    assert_eq!(on_grid(4, client), 1_003);
    assert_eq!(on_grid(5_999, slot(NodeId::Service(1))), 6_501);
}

#[test]
fn at_one_moment_the_plan_comes_before_packets_and_packets_before_timers() {
    assert!(Moment::plan(5) < Moment::packet(5));
    assert!(Moment::packet(5) < Moment::timer(5));
    assert!(Moment::timer(5) < Moment::plan(6));
    assert!(Moment::timer(5) < Moment::NEVER);
    assert_eq!(Moment::timer(5).time(), 5);
}
