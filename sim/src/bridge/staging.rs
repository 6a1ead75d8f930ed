//! The scope of an exploration as a scenario: the same clients, duties and durations.

use contend_model::algorithm::Role;
use contend_model::plan::Plan;
use contend_model::scenario::{Durations, Faults, Law, Limits, Links, Scenario, VERSION, Workload};
use contend_model::time::Range;
use contend_model::world::Scope;
use thiserror::Error;

use crate::stage::StageError;

/// A scope that stations cannot act out.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Unstageable {
    /// The clients stand in another order than in any scenario.
    #[error("scope.roles: a scenario has lockers, or producers and then consumers; reorder them")]
    Roles,
    /// The scenario that the scope amounts to cannot be run.
    #[error("scope: {0}")]
    Scenario(#[from] StageError),
}

/// A scenario with the scope's clients, duties and durations, in which nothing goes wrong by
/// itself.
pub fn scenario_of(algorithm: &str, scope: &Scope) -> Result<Scenario, Unstageable> {
    let count = |role| scope.roles.iter().filter(|&&other| other == role).count() as u16;
    let law = |range: Range| Law::Uniform(range.into());
    let timing = &scope.timing;
    let scenario = Scenario {
        version: VERSION,
        algorithm: algorithm.to_owned(),
        seed: None,
        application: None,
        workload: Workload {
            lockers: count(Role::Locker),
            readers: count(Role::Reader),
            producers: count(Role::Producer),
            consumers: count(Role::Consumer),
            operations: scope.duty.operations,
            think: law(scope.duty.think),
            work: law(scope.duty.work),
            nested: scope.duty.nested,
        },
        timing: Durations {
            lease_ms: timing.lease.as_ms(),
            margin_ms: timing.margin.as_ms(),
            timeout_ms: timing.timeout.as_ms(),
            retry_ms: timing.retry.into(),
            sync_every_ms: timing.sync_every.as_ms(),
            replication_lag_ms: timing.replication_lag.map(Into::into),
        },
        links: Links::default(),
        clocks: Default::default(),
        faults: Faults::none(),
        limits: Limits::default(),
        plan: Plan::default(),
    };
    if scenario.roles() != scope.roles {
        return Err(Unstageable::Roles);
    }
    scenario.check().map_err(StageError::from)?;
    Ok(scenario)
}
