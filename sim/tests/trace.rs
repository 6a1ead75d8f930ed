//! What a run looks like in words.

mod support;

use contend_model::plan::Entry;
use contend_model::property::Kind;
use contend_sim::kernel::Kernel;
use contend_sim::ledger::Options;
use contend_sim::stage::Stage;
use contend_sim::trace::{LEGEND, text};
use expect_test::expect;

#[test]
fn a_holder_that_crashes_gives_way_to_the_next() {
    let mut scenario = support::scenario(Kind::Lock, contend_model::scenario::Faults::none());
    scenario.workload.lockers = 2;
    scenario.workload.operations = 1;
    let crash = Entry::Crash { at_ms: 30.0, node: "A".into(), back_after_ms: None };
    scenario.plan.entries.push(crash);
    let stage = Stage::new(support::algorithm(Kind::Lock), scenario).unwrap();
    let mut kernel = Kernel::new(&stage, Options { trace: true, ..Options::default() });
    let outcome = kernel.run(1);
    let text = format!("{LEGEND}\n{}", text(stage.cast(), &outcome.trace));
    expect![[r#"
        columns: virtual time in milliseconds; the node; what happens to it; what it does.
        A, B, C are clients; -> is a message that is sent, <- one that arrives; #1 is a later connection
        between the same two. What is lost on the way shows only in its never arriving.
              0.000000  A         starts
              0.000001  B         starts
              0.000500  resource  starts
              0.000501  server    starts
              5.755001  B         next operation                                     calls acquire; -> server: acquire 0 0 0
              7.470501  server    <- B: acquire 0 0 0                                -> B: granted 0 0 0
              9.188000  A         next operation                                     calls acquire; -> server: acquire 0 0 0
             10.268501  server    <- A: acquire 0 0 0
             10.624001  B         <- server: granted 0 0 0                           acquire returns: acquired; -> resource: write as hold B1
             13.098500  resource  <- B: write as hold B1                             takes the write of hold B1; -> B: accepted
             30.000000  A         fault: crashes
             31.363501  server    the connection to A is lost
             41.823001  B         <- resource: accepted
             50.218001  B         work done                                          -> resource: write as hold B1
             62.403500  resource  <- B: write as hold B1                             takes the write of hold B1; -> B: accepted
             92.528001  B         <- resource: accepted                              calls release; -> server: release 0 0 0
             94.502501  server    <- B: release 0 0 0                                -> B: released 0 0 0
            107.685001  B         <- server: released 0 0 0                          release returns: released
    "#]].assert_eq(&text);
}
