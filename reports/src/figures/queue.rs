//! The figures of queues.

use super::{
    Column, JAIN, MAX, MESSAGES, NEVER, P50, P90, P99, RATE, RECOVERY_P50, RECOVERY_P99, Sheet,
    count, if_any, of_queue, value,
};
use contend_model::metrics::{OutageSummary, Summary};

pub(super) const SHEETS: &[Sheet] = &[
    Sheet {
        title: "Waiting and cost of an item",
        calm: &[
            count("finished", "items that a consumer finished, in all runs", Summary::operations),
            P50,
            P90,
            P99,
            MAX,
            FINISHED,
            RATE,
            MESSAGES,
            value("service ops", "requests that services took in, per item", |s| {
                of_queue(s)?.service_operations_per_operation
            }),
            value("idle polls", "calls of dequeue that found nothing, per item", |s| {
                if_any(s.operations(), of_queue(s)?.idle_polls as f64 / s.operations() as f64)
            }),
            value("backlog", "items waiting, mean over time", |s| Some(of_queue(s)?.backlog.mean)),
        ],
        faults: &[P50, P99, MAX, FINISHED],
    },
    Sheet {
        title: "Fairness, what went wrong, and recovery",
        calm: &[JAIN, INVERTED, ONE_QUEUE],
        faults: &[
            JAIN,
            count("lost", "items acknowledged to their producer and never finished", |s| {
                of_queue(s).map_or(0, |queue| queue.lost)
            }),
            count("redelivered", "deliveries beyond the first of an item", |s| {
                of_queue(s).map_or(0, |queue| queue.redeliveries)
            }),
            count("applied twice", "items whose effect came about more than once", |s| {
                of_queue(s).map_or(0, |queue| queue.applied_again)
            }),
            INVERTED,
            ONE_QUEUE,
            count("stale acks", "acknowledgements that came too late", |s| {
                of_queue(s).map_or(0, |queue| queue.stale_acks)
            }),
            RECOVERY_P50,
            RECOVERY_P99,
            NEVER,
        ],
    },
    Sheet {
        title: "While the backend is down, and afterwards",
        calm: &[],
        faults: &[
            count("outages", "how often the backend was down and came back, in all runs", |s| {
                outages(s).map_or(0, |outages| outages.outages)
            }),
            count(
                "acknowledged meanwhile",
                "items whose producers were told that they are in the queue while its backend was down",
                |s| outages(s).map_or(0, |outages| outages.acknowledged_while_down),
            ),
            value(
                "owed",
                "items called for and not delivered when the backend was back, mean of the outages",
                |s| outages(s)?.owed_afterwards,
            ),
            value(
                "drain p50 ms",
                "median time until no more was owed than before the outage",
                |s| if_any(outages(s)?.drain_ms.count, outages(s)?.drain_ms.p50),
            ),
            value("drain p99 ms", "99th percentile of the same", |s| {
                if_any(outages(s)?.drain_ms.count, outages(s)?.drain_ms.p99)
            }),
            count("undrained", "outages after which as little was never owed again", |s| {
                outages(s).map_or(0, |outages| outages.undrained)
            }),
        ],
    },
];

fn outages(summary: &Summary) -> Option<&OutageSummary> {
    of_queue(summary)?.outages.as_ref()
}

const FINISHED: Column =
    value("finished p99 ms", "99th percentile from enqueue to the end of the work", |s| {
        if_any(of_queue(s)?.finished_ms.count, of_queue(s)?.finished_ms.p99)
    });

/// See [`contend_model::metrics::Linearizability`].
const ONE_QUEUE: Column = value(
    "one queue %",
    "runs in which all callers saw one first-in-first-out queue (linearizability), in percent",
    |s| {
        let seen = of_queue(s)?.linearizability;
        if_any(seen.runs(), 100.0 * seen.linearizable as f64 / seen.runs() as f64)
    },
);

const INVERTED: Column =
    count("inverted", "pairs of items that certainly came out in reverse", |s| {
        of_queue(s).map_or(0, |queue| queue.inversions)
    });
