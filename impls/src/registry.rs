//! All algorithms there are. A new one is one file and one line here; then it is listed, verified,
//! simulated and reported.

use contend_model::algorithm::{Algorithm, Card, Form};
use contend_model::property::Property;

use crate::lock::etcd;
use crate::lock::get_then_set::GetThenSet;
use crate::lock::redis::Redis;
use crate::lock::released_early::ReleasedEarly;
use crate::lock::set::CacheSet;
use crate::lock::set_nx::SetNx;
use crate::lock::set_nx_forever::SetNxForever;
use crate::lock::zookeeper::check_then_create::CheckThenCreate;
use crate::lock::zookeeper::create_and_get::CreateAndGet;
use crate::lock::zookeeper::recipe::Recipe;
use crate::lock::zookeeper::session_per_call::SessionPerCall;
use crate::lock::zookeeper::single_node;
use crate::lock::zookeeper::steps::Steps;
use crate::queue::blocking_list::BlockingList;
use crate::queue::list::CacheList;
use crate::queue::reliable_list::ReliableList;
use crate::retry::Retry;

/// The plain repaired lock; the others differ from it by a setting.
pub const REDIS_LOCK: Redis = Redis {
    name: "redis-lock",
    fencing: false,
    renewal: false,
    syncs_every_write: true,
    lacks: None,
    store_lacks: None,
};

/// The repaired lock over ZooKeeper.
pub const ZK_LOCK: Recipe =
    Recipe { name: "zk-lock", fencing: false, lacks: None, server_lacks: None };

/// The repaired queue.
pub const REDIS_QUEUE: ReliableList = ReliableList {
    name: "redis-reliable-list",
    syncs_every_write: true,
    lacks: None,
    store_lacks: None,
};

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
        Box::new(Steps::Set),
        Box::new(Steps::Wait),
        Box::new(CreateAndGet),
        Box::new(ZK_LOCK),
        Box::new(Recipe { name: "zk-lock-fenced", fencing: true, ..ZK_LOCK }),
        Box::new(etcd::UNCHECKED),
        Box::new(etcd::MUTEX),
        Box::new(etcd::LOCK),
        Box::new(CacheList),
        Box::new(BlockingList),
        Box::new(Retry { inner: BlockingList, card: retried_queue }),
        Box::new(REDIS_QUEUE),
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

/// The algorithm of this name.
pub fn find(name: &str) -> Option<Box<dyn Algorithm>> {
    algorithms().into_iter().find(|algorithm| algorithm.card().name == name)
}
