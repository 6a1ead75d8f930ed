//! The locks over a SQL server, and the server, each without one check.

use contend_model::property::Environment::{Calm, Crash, Expiry, Lossy, Misuse};
use contend_model::property::Property::{
    DeadlockFreedom, Fencing, Interruptibility, MutualExclusion, Ownership, Reentrancy,
};

use super::Mutant;
use crate::lock::sql_insert_update::InsertUpdate;
use crate::lock::sql_lease::{Guard as LeaseGuard, Lease};
use crate::lock::sql_select_insert::SelectInsert;
use crate::lock::sql_session::{Guard as SessionGuard, Session};
use crate::lock::sql_version::{Guard as VersionGuard, Version};
use crate::registry::{
    SQL_ADVISORY_LOCK, SQL_CAS, SQL_INSERT_UPDATE, SQL_LEASE, SQL_LEASE_FENCED, SQL_ROW_LOCK,
    SQL_SELECT_INSERT, SQL_SERIALIZABLE,
};
use crate::service::table::Guard;

pub(super) fn mutants() -> Vec<Mutant> {
    let mut all = of_the_leases();
    all.extend(of_the_sessions());
    all.extend(of_the_version());
    all.extend(of_the_server_below_leases());
    all.extend(of_the_server_below_sessions());
    all.extend(of_the_server_below_the_documents());
    all
}

fn of_the_leases() -> Vec<Mutant> {
    [
        (SQL_LEASE, LeaseGuard::OnlyWhenFree, MutualExclusion, Calm, 1),
        (SQL_CAS, LeaseGuard::OnlyWhenFree, MutualExclusion, Calm, 1),
        (SQL_LEASE, LeaseGuard::Expiry, DeadlockFreedom, Crash, 1),
        (SQL_LEASE_FENCED, LeaseGuard::CountsFence, Fencing, Expiry, 1),
        (SQL_LEASE_FENCED, LeaseGuard::SendsFence, Fencing, Expiry, 1),
        (SQL_LEASE_FENCED, LeaseGuard::ResourceChecks, Fencing, Expiry, 1),
        (SQL_LEASE, LeaseGuard::ComparesOwner, Ownership, Lossy, 1),
        (SQL_LEASE, LeaseGuard::RefusesStaleGrant, MutualExclusion, Lossy, 2),
        (SQL_LEASE, LeaseGuard::FreshToken, MutualExclusion, Lossy, 2),
        (SQL_LEASE, LeaseGuard::CountsDepth, Reentrancy, Calm, 1),
    ]
    .into_iter()
    .map(|(base, guard, property, environment, faults)| {
        let name = format!("{} without {guard:?}", base.name);
        let algorithm = Lease { lacks: Some(guard), ..base };
        Mutant::new(name, algorithm, property, environment).after(faults)
    })
    .collect()
}

fn of_the_sessions() -> Vec<Mutant> {
    [
        (SQL_ROW_LOCK, SessionGuard::OpensTransaction, MutualExclusion, Calm),
        (SQL_ROW_LOCK, SessionGuard::LocksRow, MutualExclusion, Calm),
        (SQL_ROW_LOCK, SessionGuard::CountsDepth, Reentrancy, Calm),
        (SQL_ROW_LOCK, SessionGuard::CancelGivesBack, Interruptibility, Calm),
        (SQL_ADVISORY_LOCK, SessionGuard::CancelGivesBack, Interruptibility, Calm),
    ]
    .into_iter()
    .map(|(base, guard, property, environment)| {
        let name = format!("{} without {guard:?}", base.name);
        let algorithm = Session { lacks: Some(guard), ..base };
        Mutant::new(name, algorithm, property, environment)
    })
    .collect()
}

fn of_the_version() -> Vec<Mutant> {
    [
        VersionGuard::ComparesVersion,
        VersionGuard::ChecksAffected,
        VersionGuard::SendsFence,
        VersionGuard::ResourceChecks,
    ]
    .into_iter()
    .map(|guard| {
        let name = format!("sql-version without {guard:?}");
        Mutant::new(name, Version { lacks: Some(guard) }, Fencing, Calm)
    })
    .collect()
}

fn of_the_server_below_leases() -> Vec<Mutant> {
    [
        (SQL_LEASE, Guard::UniqueKey, MutualExclusion, Calm),
        (SQL_LEASE, Guard::Expiry, DeadlockFreedom, Crash),
        (SQL_LEASE, Guard::SyncsBeforeReply, MutualExclusion, Crash),
        (SQL_CAS, Guard::LocksRows, MutualExclusion, Calm),
        (SQL_CAS, Guard::RechecksAfterWait, MutualExclusion, Calm),
    ]
    .into_iter()
    .map(|(base, guard, property, environment)| {
        let name = format!("{} on a server without {guard:?}", base.name);
        let algorithm = Lease { server_lacks: Some(guard), ..base };
        Mutant::new(name, algorithm, property, environment)
    })
    .collect()
}

fn of_the_server_below_sessions() -> Vec<Mutant> {
    [
        (SQL_ROW_LOCK, Guard::LocksRows, MutualExclusion, Calm),
        (SQL_ROW_LOCK, Guard::EndsSessions, DeadlockFreedom, Crash),
        (SQL_ADVISORY_LOCK, Guard::EndsSessions, DeadlockFreedom, Crash),
        (SQL_ADVISORY_LOCK, Guard::ForgetsTheDisconnected, DeadlockFreedom, Crash),
        (SQL_ADVISORY_LOCK, Guard::AdvisoryExcludes, MutualExclusion, Calm),
        (SQL_ADVISORY_LOCK, Guard::AdvisoryCounts, Reentrancy, Calm),
        (SQL_ADVISORY_LOCK, Guard::UnlockNeedsHolder, Ownership, Misuse),
    ]
    .into_iter()
    .map(|(base, guard, property, environment)| {
        let name = format!("{} on a server without {guard:?}", base.name);
        let algorithm = Session { server_lacks: Some(guard), ..base };
        Mutant::new(name, algorithm, property, environment)
    })
    .collect()
}

/// What no repaired lock leans on: keys that are not committed yet, and what serializability adds.
fn of_the_server_below_the_documents() -> Vec<Mutant> {
    let server_lacks = Some(Guard::SeesUncommittedKeys);
    let uncommitted = InsertUpdate { server_lacks, ..SQL_INSERT_UPDATE };
    let server_lacks = Some(Guard::UniqueKey);
    let duplicate = SelectInsert { server_lacks, ..SQL_SELECT_INSERT };
    let server_lacks = Some(Guard::DetectsSerializationFailures);
    let overtaken = SelectInsert { server_lacks, ..SQL_SERIALIZABLE };
    let server_lacks = Some(Guard::RollbackUndoes);
    let left_behind = SelectInsert { server_lacks, ..SQL_SERIALIZABLE };
    vec![
        Mutant::new(
            "sql-select-insert-serializable on a server without RollbackUndoes",
            left_behind,
            DeadlockFreedom,
            Calm,
        ),
        Mutant::new(
            "sql-insert-update on a server without SeesUncommittedKeys",
            uncommitted,
            MutualExclusion,
            Calm,
        ),
        Mutant::new(
            "sql-select-insert on a server without UniqueKey",
            duplicate,
            MutualExclusion,
            Calm,
        ),
        Mutant::new(
            "sql-select-insert-serializable on a server without DetectsSerializationFailures",
            overtaken,
            MutualExclusion,
            Calm,
        ),
    ]
}
