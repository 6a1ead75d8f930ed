//! The figures of locks.

use super::{
    Column, JAIN, MAX, MESSAGES, NEVER, P50, P90, P99, RATE, RECOVERY_P50, RECOVERY_P99, Sheet,
    count, of_lock, value,
};
use contend_model::metrics::Summary;

pub(super) const SHEETS: &[Sheet] = &[
    Sheet {
        title: "Waiting and cost of an acquisition",
        calm: &[
            count("acquired", "acquisitions in all runs", Summary::operations),
            P50,
            P90,
            P99,
            MAX,
            RATE,
            MESSAGES,
            value("service ops", "requests that services took in, per acquisition", |s| {
                of_lock(s)?.service_operations_per_operation
            }),
            value("attempts", "calls of acquire per acquisition", |s| {
                of_lock(s)?.attempts_per_operation
            }),
            FAILED,
        ],
        faults: &[P50, P99, MAX, FAILED],
    },
    Sheet {
        title: "Fairness, use and recovery",
        calm: &[
            JAIN,
            value("overtaken", "later comers served first during a wait, mean", |s| {
                Some(of_lock(s)?.overtakings.mean)
            }),
            MOST_OVERTAKEN,
            value("waiters", "clients waiting, mean over time", |s| Some(of_lock(s)?.waiters.mean)),
            value("held %", "share of time in which somebody believes that it holds", |s| {
                Some(100.0 * of_lock(s)?.utilisation)
            }),
        ],
        faults: &[
            JAIN,
            MOST_OVERTAKEN,
            value(
                "twice %",
                "share of time in which several believe at once that they hold",
                |s| Some(100.0 * of_lock(s)?.overlap),
            ),
            RECOVERY_P50,
            RECOVERY_P99,
            NEVER,
        ],
    },
];

const FAILED: Column =
    value("failed", "calls of acquire refused or without an answer, per acquisition", |s| {
        of_lock(s)?.failed_attempts_per_operation
    });

const MOST_OVERTAKEN: Column = count("at most", "later comers served first during one wait", |s| {
    of_lock(s).map_or(0, |lock| lock.overtakings.max)
});
