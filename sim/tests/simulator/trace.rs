//! What a run looks like in words.

use contend_model::plan::Entry;
use contend_model::property::Kind;
use contend_sim::kernel::Kernel;
use contend_sim::ledger::Options;
use contend_sim::stage::Stage;
use contend_sim::trace::{LEGEND, text};
use expect_test::expect;

use crate::support;

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
              9.188000  A         next operation                                     calls acquire; -> server: acquire 0 0 0
             10.831501  server    <- A: acquire 0 0 0                                -> A: granted 0 0 0
             12.472501  server    <- B: acquire 0 0 0
             20.813000  A         <- server: granted 0 0 0                           acquire returns: acquired; -> resource: write as hold A1
             25.329500  resource  <- A: write as hold A1                             takes the write of hold A1; -> A: accepted
             30.000000  A         fault: crashes
             33.903501  server    the connection to A is lost                        -> B: granted 0 0 0
             35.442001  B         <- server: granted 0 0 0                           acquire returns: acquired; -> resource: write as hold B1
             36.978500  resource  the connection to A is lost
             37.179500  resource  <- B: write as hold B1                             takes the write of hold B1; -> B: accepted
             45.111001  B         <- resource: accepted
             53.506001  B         work done                                          -> resource: write as hold B1
             60.099500  resource  <- B: write as hold B1                             takes the write of hold B1; -> B: accepted
             68.381001  B         <- resource: accepted                              calls release; -> server: release 0 0 0
             77.174501  server    <- B: release 0 0 0                                -> B: released 0 0 0
             81.220001  B         <- server: released 0 0 0                          release returns: released
    "#]].assert_eq(&text);
}
