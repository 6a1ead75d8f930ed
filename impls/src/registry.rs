//! All algorithms there are. A new one is one file and one line here; then it is listed, verified,
//! simulated and reported.

mod presets;

use contend_model::algorithm::{Algorithm, Card, Form};
use contend_model::property::Property;

use crate::lock::cache_nx::CacheNx;
use crate::lock::etcd;
use crate::lock::exists_then_set::ExistsThenSet;
use crate::lock::file_exclusive::{Breaking, FileExclusive};
use crate::lock::file_flock::FileFlock;
use crate::lock::file_stat::FileStat;
use crate::lock::get_then_set::GetThenSet;
use crate::lock::redis::Redis;
use crate::lock::redis_read_write::ReadWrite;
use crate::lock::redis_semaphore::Semaphore;
use crate::lock::redlock::Redlock;
use crate::lock::released_early::ReleasedEarly;
use crate::lock::server::Server;
use crate::lock::server_flag::ServerFlag;
use crate::lock::set::CacheSet;
use crate::lock::set_nx::SetNx;
use crate::lock::set_nx_forever::SetNxForever;
use crate::lock::sql_check_then_access::CheckThenAccess;
use crate::lock::sql_insert_delete::InsertDelete;
use crate::lock::sql_insert_update::InsertUpdate;
use crate::lock::sql_pessimistic::Pessimistic;
use crate::lock::sql_select_insert::SelectInsert;
use crate::lock::sql_steps::Steps;
use crate::lock::sql_update::Update;
use crate::lock::sql_version::Version;
use crate::lock::sql_wait_then_enter::WaitThenEnter;
use crate::lock::steps_cache::{Reading, StepsCache};
use crate::lock::zookeeper::check_then_create::CheckThenCreate;
use crate::lock::zookeeper::create_and_get::CreateAndGet;
use crate::lock::zookeeper::recipe::{Reads, Recipe};
use crate::lock::zookeeper::session_per_call::SessionPerCall;
use crate::lock::zookeeper::single_node;
use crate::lock::zookeeper::steps::Steps as NodeSteps;
use crate::queue::blocking_list::BlockingList;
use crate::queue::delayed::Delayed;
use crate::queue::file_offset::FileOffset;
use crate::queue::file_per_message::FilePerMessage;
use crate::queue::list::CacheList;
use crate::queue::memory::InMemory;
use crate::queue::rmq::{Reading as Declared, Rmq};
use crate::queue::sql_claim::SqlClaim;
use crate::queue::sql_locked_consumer::LockedConsumer;
use crate::queue::sql_outbox::SqlOutbox;
use crate::queue::sql_table::SqlTable;
use crate::queue::task_server_prose::TaskServerProse;
use crate::retry::Retry;
use crate::service::table::Counts;

pub use presets::*;

/// All algorithms, in the order of lists and tables.
pub fn algorithms() -> Vec<Box<dyn Algorithm>> {
    vec![
        Box::new(CacheSet),
        Box::new(GetThenSet),
        Box::new(ReleasedEarly),
        Box::new(SetNxForever),
        Box::new(SetNx),
        Box::new(Retry { inner: SetNx, card: retried_lock }),
        Box::new(REDIS_LOCK),
        Box::new(Redis { name: "redis-lock-renewed", renewal: true, ..REDIS_LOCK }),
        Box::new(Redis { name: "redis-lock-fenced", fencing: true, ..REDIS_LOCK }),
        Box::new(Redis {
            name: "redis-lock-fenced-everysec",
            fencing: true,
            syncs_every_write: false,
            ..REDIS_LOCK
        }),
        Box::new(CacheNx),
        Box::new(ExistsThenSet),
        Box::new(StepsCache(Reading::WritesWhenHeld)),
        Box::new(StepsCache(Reading::WaitsForSet)),
        Box::new(StepsCache(Reading::ReadsToObtain)),
        Box::new(ServerFlag),
        Box::new(SERVER_LOCK),
        Box::new(Server { name: "server-lock-renewed", renewal: true, ..SERVER_LOCK }),
        Box::new(Server {
            name: "server-lock-recalled",
            renewal: true,
            recall: true,
            ..SERVER_LOCK
        }),
        Box::new(Server { name: "server-lock-fenced", fencing: true, ..SERVER_LOCK }),
        Box::new(FileStat { steals: false }),
        Box::new(FileStat { steals: true }),
        Box::new(FILE_LOCK),
        Box::new(FileExclusive {
            name: "file-lock-rename-breaking",
            breaking: Breaking::ByRename,
            ..FILE_LOCK
        }),
        Box::new(FileExclusive {
            name: "file-lock-guarded-breaking",
            breaking: Breaking::Guarded,
            ..FILE_LOCK
        }),
        Box::new(FILE_FLOCK),
        Box::new(FileFlock { name: "file-flock-unlinked", unlinks: true, ..FILE_FLOCK }),
        Box::new(InsertDelete { primary_key: false }),
        Box::new(InsertDelete { primary_key: true }),
        Box::new(InsertUpdate {
            name: "sql-insert-update-raw",
            quoted: false,
            ..SQL_INSERT_UPDATE
        }),
        Box::new(InsertUpdate {
            name: "sql-insert-update-no-key",
            primary_key: false,
            ..SQL_INSERT_UPDATE
        }),
        Box::new(SQL_INSERT_UPDATE),
        Box::new(SelectInsert {
            name: "sql-select-insert-no-key",
            primary_key: false,
            ..SQL_SELECT_INSERT
        }),
        Box::new(SQL_SELECT_INSERT),
        Box::new(SQL_SERIALIZABLE),
        Box::new(Steps),
        Box::new(SQL_UPDATE),
        Box::new(Update { name: "sql-update-if-matched", tests: true, ..SQL_UPDATE }),
        Box::new(Update { name: "sql-update-if-changed", tests: true, counts: Counts::Changed }),
        Box::new(Pessimistic),
        Box::new(CheckThenAccess),
        Box::new(WaitThenEnter),
        Box::new(SQL_LEASE),
        Box::new(SQL_LEASE_FENCED),
        Box::new(SQL_CAS),
        Box::new(SQL_ROW_LOCK),
        Box::new(SQL_ADVISORY_LOCK),
        Box::new(Version { lacks: None }),
        Box::new(ReadWrite::default()),
        Box::new(Semaphore::default()),
        Box::new(REDLOCK),
        Box::new(Redlock { name: "redlock-unsynced", syncs_every_write: false, ..REDLOCK }),
        Box::new(single_node::EPHEMERAL),
        Box::new(single_node::PERSISTENT),
        Box::new(SessionPerCall { ephemeral: true }),
        Box::new(SessionPerCall { ephemeral: false }),
        Box::new(single_node::LEAKED),
        Box::new(CheckThenCreate { ephemeral: true, heeds: true }),
        Box::new(CheckThenCreate { ephemeral: false, heeds: true }),
        Box::new(CheckThenCreate { ephemeral: true, heeds: false }),
        Box::new(single_node::ESCAPING),
        Box::new(single_node::UNHEEDED),
        Box::new(NodeSteps::Set),
        Box::new(NodeSteps::Wait),
        Box::new(CreateAndGet),
        Box::new(ZK_LOCK),
        Box::new(Recipe { name: "zk-lock-fenced", fencing: true, ..ZK_LOCK }),
        Box::new(Recipe { name: "zk-lock-followers", reads: Reads::Lagging, ..ZK_LOCK }),
        Box::new(ZK_LOCK_SYNCED),
        Box::new(etcd::UNCHECKED),
        Box::new(etcd::MUTEX),
        Box::new(etcd::LOCK),
        Box::new(CacheList),
        Box::new(BlockingList),
        Box::new(Retry { inner: BlockingList, card: retried_queue }),
        Box::new(REDIS_QUEUE),
        Box::new(Rmq(Declared::PublishSubscribe)),
        Box::new(Rmq(Declared::PointToPoint)),
        Box::new(Rmq(Declared::Unbound)),
        Box::new(Rmq(Declared::Bound { ack_timeout: true })),
        Box::new(Rmq(Declared::Bound { ack_timeout: false })),
        Box::new(RMQ_CONFIRMED),
        Box::new(RMQ_RETURNED),
        Box::new(TaskServerProse),
        Box::new(TASK_SERVER),
        Box::new(TASK_SERVER_AGEING),
        Box::new(InMemory),
        Box::new(REDIS_STREAM),
        Box::new(REDIS_VISIBILITY_BY_ID),
        Box::new(REDIS_VISIBILITY),
        Box::new(Delayed::Unchecked),
        Box::new(Delayed::Checked),
        Box::new(REDIS_DELAYED),
        Box::new(KAFKA_PER_CALL_RAW),
        Box::new(KAFKA_PER_CALL),
        Box::new(KAFKA_FLUSHED_BATCH),
        Box::new(KAFKA_FLUSHED),
        Box::new(KAFKA_GROUP),
        Box::new(KAFKA_GROUP_KEYED),
        Box::new(SqlTable { selects_id: false }),
        Box::new(SqlTable { selects_id: true }),
        Box::new(SQL_QUEUE),
        Box::new(SqlClaim { name: "sql-visibility", names_attempt: false, ..SQL_QUEUE }),
        Box::new(SqlOutbox),
        Box::new(SqlClaim { name: "sql-outbox-claim", outbox: true, ..SQL_QUEUE }),
        Box::new(LockedConsumer),
        Box::new(FileOffset),
        Box::new(FilePerMessage),
        Box::new(FILE_QUEUE),
    ]
}

fn retried_lock() -> Card {
    Card {
        name: "redis-set-nx-retried".into(),
        document: "L-000-RETRY".into(),
        summary:
            "redis-set-nx, each call made again on error: a repeated DEL frees the next holder"
                .into(),
        form: Form::Intended,
        ..SetNx.card()
    }
}

fn retried_queue() -> Card {
    let card = Card {
        name: "redis-blocking-list-retried".into(),
        document: "Q-000-RETRY".into(),
        summary:
            "redis-blocking-list, each call made again on error: a repeated LPUSH enqueues twice"
                .into(),
        form: Form::Intended,
        claims: Vec::new(),
        ..BlockingList.card()
    };
    card.claim(Property::NoLoss, "0T")
        .claim(Property::NoPhantom, "0NCTF")
        .claim(Property::NoDuplicate, "0C")
        .claim(Property::AtLeastOnce, "0T")
        .claim(Property::AtMostOnce, "0C")
        .claim(Property::Exclusive, "0C")
        .claim(Property::Fifo, "0C")
        .claim(Property::Progress, "0T")
}

/// Those to look at first: what the documents and most blogs do with a store, and for every other backend
/// a form that is sound within its assumptions, beside one that is not.
pub const SHORTLIST: [&str; 34] = [
    "cache-set",
    "cache-get-then-set",
    "redis-released-early",
    "redis-set-nx-forever",
    "redis-set-nx",
    "redis-set-nx-retried",
    "redis-lock",
    "redis-lock-renewed",
    "redis-lock-fenced",
    "redis-lock-fenced-everysec",
    "redis-exists-then-set",
    "server-flag",
    "server-lock-fenced",
    "file-lock",
    "file-flock",
    "sql-insert-delete",
    "sql-lease-fenced",
    "sql-row-lock",
    "sql-advisory-lock",
    "redlock",
    "zk-node-ephemeral",
    "zk-lock-fenced",
    "etcd-lock-fenced",
    "cache-list",
    "redis-blocking-list",
    "redis-blocking-list-retried",
    "redis-reliable-list",
    "rmq-p2p",
    "rmq-confirmed",
    "task-server",
    "kafka-group",
    "sql-claim",
    "sql-outbox-claim",
    "file-offset",
];

/// The algorithm of this name.
pub fn find(name: &str) -> Option<Box<dyn Algorithm>> {
    algorithms().into_iter().find(|algorithm| algorithm.card().name == name)
}
