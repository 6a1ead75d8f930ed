//! Which claims a simulated run has broken.
//!
//! A claim is made for one environment, a run has many causes. The faults that *happened* in the
//! run say which environments it was in: a crash puts it in `crash`, a lost message in `lossy`, and
//! a run without any fault is `calm`. A violation breaks a claim if, and only if, the run was in one
//! environment alone and the property is claimed there: what several causes do together nobody has
//! promised, and nobody has explored. Such a violation is reported all the same.
//!
//! Causes are assigned as [`Faults::of`](contend_model::scenario::Faults::of) draws them, so a sweep
//! within one environment is judged by the claims for that environment.

use contend_model::algorithm::Card;
use contend_model::plan::{FaultKind, Happened};
use contend_model::property::{Environment, Property};
use contend_model::scenario::Scenario;

/// The environments that a run was in, the weakest first; `calm` if nothing went wrong.
pub fn environments(scenario: &Scenario, happened: &Happened) -> Vec<Environment> {
    let faults = happened.iter().filter(|&(_, count)| count > 0);
    let mut causes: Vec<Environment> = faults.filter_map(|(kind, _)| cause(kind)).collect();
    causes.extend(standing(scenario));
    if causes.is_empty() {
        causes.push(Environment::Calm);
    }
    causes.sort();
    causes.dedup();
    causes
}

/// How a violation came about.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances<'a> {
    /// What the run was in.
    pub environments: &'a [Environment],
    /// Whether callers acquire what they hold.
    pub nested: bool,
    /// Whether an event shows it; otherwise only the end of the run does.
    pub by_event: bool,
}

/// Whether a violation in these circumstances breaks a claim. What only the end of a run shows came about
/// after the faults were over, so it must be claimed in calm as well. To callers who acquire what they hold,
/// a lock that is not claimed to be re-entrant has promised nothing.
pub fn breaks_claim(card: &Card, property: Property, circumstances: Circumstances<'_>) -> bool {
    let Circumstances { environments, nested, by_event } = circumstances;
    let claimed = |environment| card.claims(property, environment);
    let reentrant = |environment| !nested || card.claims(Property::Reentrancy, environment);
    matches!(environments, [only] if claimed(*only) && reentrant(*only))
        && (by_event || claimed(Environment::Calm))
}

/// The environment to which a fault belongs; `None` for what callers may do anywhere.
pub fn cause(fault: FaultKind) -> Option<Environment> {
    match fault {
        // Giving up is the caller's right.
        FaultKind::Cancel => None,
        FaultKind::Misuse => Some(Environment::Misuse),
        FaultKind::Loss
        | FaultKind::Duplicate
        | FaultKind::Reorder
        | FaultKind::Partition
        | FaultKind::Disconnect
        | FaultKind::LinkNoise
        // To the client, a slow service is a late message.
        | FaultKind::Slow => Some(Environment::Lossy),
        FaultKind::ClientCrash
        | FaultKind::ServiceCrash
        | FaultKind::Death
        | FaultKind::LostSync => Some(Environment::Crash),
        FaultKind::Pause | FaultKind::ClockJump | FaultKind::Drift => Some(Environment::Expiry),
        FaultKind::Failover => Some(Environment::Failover),
    }
}

/// Causes that are no fault of the plan, but lie in the scenario itself.
fn standing(scenario: &Scenario) -> impl Iterator<Item = Environment> {
    let skewed = scenario.clocks.values().any(|clock| clock.drift_ppm != 0);
    let longest_ms = scenario.workload.work.range().most.as_ms();
    let outlasted = longest_ms >= scenario.timing.lease_ms;
    let late = 2.0 * scenario.longest_delay_ms() >= scenario.timing.timeout_ms;
    let expiry = (skewed || outlasted).then_some(Environment::Expiry);
    expiry.into_iter().chain(late.then_some(Environment::Lossy))
}

#[cfg(test)]
mod tests {
    use contend_model::algorithm::Algorithm;
    use contend_model::property::Kind;
    use contend_model::scenario::Faults;

    use super::*;

    fn run_with(faults: &[FaultKind]) -> Vec<Environment> {
        let mut happened = Happened::default();
        faults.iter().for_each(|&fault| happened.note(fault));
        environments(&Scenario::default_for(Kind::Lock), &happened)
    }

    fn judged(
        card: &Card,
        property: Property,
        faults: &[FaultKind],
        nested: bool,
        by_event: bool,
    ) -> bool {
        let environments = &run_with(faults);
        breaks_claim(card, property, Circumstances { environments, nested, by_event })
    }

    #[test]
    fn a_fault_belongs_to_the_environment_that_draws_it() {
        for environment in Environment::ALL {
            let faults = Faults::of(environment);
            for kind in FaultKind::ALL.into_iter().filter(|&kind| faults.at_most(kind) > 0) {
                assert_eq!(cause(kind), Some(environment), "{kind}");
            }
        }
    }

    #[test]
    fn a_run_without_faults_is_calm_and_giving_up_changes_nothing() {
        assert_eq!(run_with(&[]), [Environment::Calm]);
        assert_eq!(run_with(&[FaultKind::Cancel]), [Environment::Calm]);
        assert_eq!(
            run_with(&[FaultKind::Pause, FaultKind::Loss, FaultKind::Drift]),
            [Environment::Lossy, Environment::Expiry]
        );
    }

    #[test]
    fn a_claim_is_broken_only_by_the_cause_that_it_is_about() {
        let mut card = contend_impls::registry::REDIS_LOCK.card();
        card.claims.clear();
        let card = card.claim(Property::MutualExclusion, "0NC");
        let breaks =
            |faults: &[FaultKind]| judged(&card, Property::MutualExclusion, faults, false, true);
        assert!(breaks(&[]));
        assert!(breaks(&[FaultKind::Loss, FaultKind::Duplicate]));
        assert!(!breaks(&[FaultKind::Loss, FaultKind::Death]));
        assert!(!breaks(&[FaultKind::Loss, FaultKind::Pause]));
        assert!(!judged(&card, Property::Fencing, &[], false, true));
        let card = card.claim(Property::DeadlockFreedom, "T");
        let paused = [FaultKind::Pause];
        assert!(judged(&card, Property::DeadlockFreedom, &paused, false, true));
        assert!(!judged(&card, Property::DeadlockFreedom, &paused, false, false));
    }

    #[test]
    fn a_lock_that_is_not_reentrant_promises_nothing_to_who_acquires_it_twice() {
        let mut card = contend_impls::registry::REDIS_LOCK.card();
        card.claims.clear();
        let card = card.claim(Property::DeadlockFreedom, "0").claim(Property::Fencing, "0");
        let breaks = |card: &Card| judged(card, Property::DeadlockFreedom, &[], true, true);
        assert!(!breaks(&card));
        assert!(breaks(&card.claim(Property::Reentrancy, "0")));
    }

    #[test]
    fn work_that_outlasts_the_lease_is_no_calm() {
        let mut scenario = Scenario::default_for(Kind::Lock);
        scenario.timing.lease_ms = 5.0;
        assert_eq!(environments(&scenario, &Happened::default()), [Environment::Expiry]);
    }
}
