//! No claim of any algorithm may fall to the usual scenario, in which every kind of fault happens and more
//! clients do more than is explored. What falls here and not to exploration is a study that is missing.

use std::sync::atomic::AtomicBool;

use contend::registry;
use contend::scenario::Scenario;
use contend::simulation::simulate;

use super::agreement::settings;

const SEEDS: u64 = 300;

#[test]
fn no_claim_falls_when_everything_goes_wrong_at_once() {
    let stop = AtomicBool::new(false);
    let (mut wrong, mut violations) = (Vec::new(), 0);
    for algorithm in registry::algorithms() {
        let card = algorithm.card();
        let scenario = Scenario::default_for(card.kind);
        let simulation = simulate(&*algorithm, &scenario, 0..SEEDS, &settings(&stop)).unwrap();
        assert!(simulation.complete);
        violations += simulation.report.violations.len();
        for broken in &simulation.broken {
            wrong.push(format!("{}: {} by seed {}", card.name, broken.property, broken.seed));
        }
    }
    assert!(wrong.is_empty(), "claims that fell:\n{}", wrong.join("\n"));
    assert!(violations > 10_000, "{violations} violations of what nobody claims are too few");
}
