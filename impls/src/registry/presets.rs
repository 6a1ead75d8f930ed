//! The algorithms of which there are several: what the others differ from by a setting.

use contend_model::message::log::Reset;

use crate::lock::file_exclusive::{Breaking, FileExclusive};
use crate::lock::file_flock::FileFlock;
use crate::lock::redis::Redis;
use crate::lock::redlock::Redlock;
use crate::lock::server::Server;
use crate::lock::sql_insert_update::InsertUpdate;
use crate::lock::sql_lease::{By, Lease};
use crate::lock::sql_select_insert::SelectInsert;
use crate::lock::sql_session::{Session, What};
use crate::lock::sql_update::Update;
use crate::lock::zookeeper::recipe::{Reads, Recipe};
use crate::queue::file_claim::FileClaim;
use crate::queue::kafka_group::KafkaGroup;
use crate::queue::kafka_per_call::PerCall;
use crate::queue::reliable_list::ReliableList;
use crate::queue::rmq_confirmed::Confirmed;
use crate::queue::sql_claim::SqlClaim;
use crate::queue::stream::StreamQueue;
use crate::queue::task_server::TaskServer;
use crate::queue::visibility::Visibility;
use crate::service::table::Counts;
use crate::service::task_server::Order;

/// The plain repaired lock; the others differ from it by a setting.
pub const REDIS_LOCK: Redis = Redis {
    name: "redis-lock",
    fencing: false,
    renewal: false,
    syncs_every_write: true,
    lacks: None,
    store_lacks: None,
};

/// Redlock over stores that sync every write; the others differ from it by a setting.
pub const REDLOCK: Redlock =
    Redlock { name: "redlock", syncs_every_write: true, lacks: None, store_lacks: None };

/// The repaired lock server; the others differ from it by a setting.
pub const SERVER_LOCK: Server = Server {
    name: "server-lock",
    fencing: false,
    renewal: false,
    recall: false,
    lacks: None,
    server_lacks: None,
};

/// The repaired lock file; the others differ from it by what becomes of old files.
pub const FILE_LOCK: FileExclusive =
    FileExclusive { name: "file-lock", breaking: Breaking::Never, lacks: None, files_lack: None };

/// The kernel lock on a file that is never removed.
pub const FILE_FLOCK: FileFlock =
    FileFlock { name: "file-flock", unlinks: false, lacks: None, files_lack: None };
/// The repaired lock over ZooKeeper.
pub const ZK_LOCK: Recipe = Recipe {
    name: "zk-lock",
    fencing: false,
    reads: Reads::Newest,
    lacks: None,
    server_lacks: None,
};

/// The same where clients are served by servers that lag behind, and call `sync` where it matters.
pub const ZK_LOCK_SYNCED: Recipe =
    Recipe { name: "zk-lock-followers-synced", reads: Reads::Synced, ..ZK_LOCK };

/// The repaired queue.
pub const REDIS_QUEUE: ReliableList = ReliableList {
    name: "redis-reliable-list",
    syncs_every_write: true,
    lacks: None,
    store_lacks: None,
};

/// The queue over RabbitMQ as it ought to be.
pub const RMQ_CONFIRMED: Confirmed =
    Confirmed { name: "rmq-confirmed", both_declare: true, lacks: None, broker_lacks: None };

/// The same where producers rely on consumers to declare the queue.
pub const RMQ_RETURNED: Confirmed =
    Confirmed { name: "rmq-returned", both_declare: false, ..RMQ_CONFIRMED };

/// The repaired task server, in order of submission.
pub const TASK_SERVER: TaskServer =
    TaskServer { name: "task-server", order: Order::Fifo, lacks: None, server_lacks: None };

/// The same with priorities.
pub const TASK_SERVER_AGEING: TaskServer =
    TaskServer { name: "task-server-ageing", order: Order::AgeingPriority, ..TASK_SERVER };
/// The repaired queue over a stream.
pub const REDIS_STREAM: StreamQueue =
    StreamQueue { name: "redis-stream", lacks: None, store_lacks: None };

/// The queue with a visibility time-out, and a receipt for each delivery.
pub const REDIS_VISIBILITY: Visibility = Visibility {
    name: "redis-visibility-receipt",
    receipts: true,
    delayed: false,
    lacks: None,
    store_lacks: None,
};

/// The same without receipts.
pub const REDIS_VISIBILITY_BY_ID: Visibility =
    Visibility { name: "redis-visibility", receipts: false, ..REDIS_VISIBILITY };

/// Delayed jobs as they ought to be.
pub const REDIS_DELAYED: Visibility =
    Visibility { name: "redis-delayed-claimed", delayed: true, ..REDIS_VISIBILITY };

/// The first document's queue over a log, as it stands.
pub const KAFKA_PER_CALL_RAW: PerCall = PerCall {
    name: "kafka-per-call-raw",
    group: false,
    flushes: false,
    reset: Reset::Latest,
    commits_batch: false,
};

/// The same with a group to commit to.
pub const KAFKA_PER_CALL: PerCall =
    PerCall { name: "kafka-per-call", group: true, ..KAFKA_PER_CALL_RAW };

/// The same, read from the beginning and pushed for sure.
pub const KAFKA_FLUSHED: PerCall =
    PerCall { name: "kafka-flushed", flushes: true, reset: Reset::Earliest, ..KAFKA_PER_CALL };

/// The same, where a commit is about all that was fetched.
pub const KAFKA_FLUSHED_BATCH: PerCall =
    PerCall { name: "kafka-flushed-batch", commits_batch: true, ..KAFKA_FLUSHED };

/// The repaired queue over a log.
pub const KAFKA_GROUP: KafkaGroup =
    KafkaGroup { name: "kafka-group", partitions: 1, lacks: None, log_lacks: None };

/// The same with two partitions: order is kept within each.
pub const KAFKA_GROUP_KEYED: KafkaGroup =
    KafkaGroup { name: "kafka-group-keyed", partitions: 2, ..KAFKA_GROUP };

/// The repaired queue over files.
pub const FILE_QUEUE: FileClaim = FileClaim { name: "file-claim", lacks: None, files_lack: None };

/// The repaired queue over a table; the others differ from it by a setting.
pub const SQL_QUEUE: SqlClaim = SqlClaim {
    name: "sql-claim",
    outbox: false,
    names_attempt: true,
    lacks: None,
    server_lacks: None,
};

/// The first document's lock over a table, with a primary key.
pub const SQL_INSERT_UPDATE: InsertUpdate =
    InsertUpdate { name: "sql-insert-update", quoted: true, primary_key: true, server_lacks: None };

/// The second document's lock over a table, with a primary key.
pub const SQL_SELECT_INSERT: SelectInsert = SelectInsert {
    name: "sql-select-insert",
    primary_key: true,
    serializable: false,
    server_lacks: None,
};

/// The same in one serializable transaction.
pub const SQL_SERIALIZABLE: SelectInsert = SelectInsert {
    name: "sql-select-insert-serializable",
    primary_key: false,
    serializable: true,
    ..SQL_SELECT_INSERT
};

/// The third document's lock over a table.
pub(super) const SQL_UPDATE: Update =
    Update { name: "sql-update", tests: false, counts: Counts::Matched };

/// The plain lease over a table.
pub const SQL_LEASE: Lease =
    Lease { name: "sql-lease", by: By::Upsert, fencing: false, lacks: None, server_lacks: None };

/// The same with a fencing token.
pub const SQL_LEASE_FENCED: Lease = Lease { name: "sql-lease-fenced", fencing: true, ..SQL_LEASE };

/// The compare-and-set over a table.
pub const SQL_CAS: Lease = Lease { name: "sql-cas", by: By::CompareAndSet, ..SQL_LEASE };

/// The lock that is a locked row.
pub const SQL_ROW_LOCK: Session =
    Session { name: "sql-row-lock", what: What::Row, lacks: None, server_lacks: None };

/// The session advisory lock.
pub const SQL_ADVISORY_LOCK: Session =
    Session { name: "sql-advisory-lock", what: What::Advisory, ..SQL_ROW_LOCK };
