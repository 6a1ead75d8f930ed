//! What nodes say to each other. Each backend's vocabulary is one file; who speaks it is `impls`.

pub mod broker;
pub mod files;
pub mod kv;
pub mod lock_server;
pub mod log;
pub mod memory;
pub mod resource;
pub mod store;
pub mod table;
pub mod task_server;
pub mod tree;

use std::fmt;

use crate::symmetry::{Permutation, Symmetric};

/// One message on one connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Message {
    /// A command to a Redis-like store.
    Store(store::Command),
    /// A store's answer.
    StoreReply(store::Reply),
    /// A call to a shared file system.
    Files(files::Request),
    /// A file system's answer.
    FilesReply(files::Reply),
    /// A request to a lock server.
    LockServer(lock_server::Request),
    /// A lock server's answer.
    LockServerReply(lock_server::Reply),
    /// A request to a log's broker.
    Log(log::Request),
    /// A broker's answer.
    LogReply(log::Reply),
    /// A request to a SQL server.
    Table(table::Request),
    /// A SQL server's answer.
    TableReply(table::Reply),
    /// A request to a message broker.
    Broker(broker::Request),
    /// A message broker's answer.
    BrokerReply(broker::Reply),
    /// A request to a task server.
    TaskServer(task_server::Request),
    /// A task server's answer.
    TaskServerReply(task_server::Reply),
    /// A call of a queue in memory.
    Memory(memory::Request),
    /// What such a call gives.
    MemoryReply(memory::Reply),
    /// A request to the protected resource.
    Resource(resource::Request),
    /// The resource's answer.
    ResourceReply(resource::Reply),
    /// A client library's request to ZooKeeper.
    Tree(tree::Request),
    /// What ZooKeeper answers, or says unasked.
    TreeReply(tree::Reply),
    /// A request to etcd.
    Kv(kv::Request),
    /// etcd's answer.
    KvReply(kv::Reply),
    /// A message of a service outside this project.
    Custom(Custom),
}

impl Message {
    /// Whether a service sends this unasked, so that it answers no request.
    pub fn is_pushed(&self) -> bool {
        matches!(
            self,
            Message::TreeReply(tree::Reply::Watched(..))
                | Message::KvReply(kv::Reply::Gone(_))
                | Message::BrokerReply(
                    broker::Reply::Deliver { .. } | broker::Reply::PreconditionFailed
                )
        )
    }

    /// Whether this arrives on a connection that lives, and in its place: TCP loses nothing but the connection.
    /// An answer that is lost or late on its own stands for a client that has given up on it; of what is
    /// pushed, and of the answer that it is pushed after, nobody gives up on one and hears the next.
    pub fn keeps_its_place(&self) -> bool {
        self.is_pushed() || *self == Message::BrokerReply(broker::Reply::ConsumeOk)
    }
}

/// A message whose meaning only its sender and its receiver know: a verb and three numbers.
/// Worlds with such messages are explored without client symmetry unless the numbers name nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Custom {
    /// What the message says; shown in traces.
    pub verb: &'static str,
    /// What it says it about.
    pub words: [u32; 3],
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Message::Store(command) => command.fmt(f),
            Message::StoreReply(reply) => reply.fmt(f),
            Message::Files(request) => request.fmt(f),
            Message::FilesReply(reply) => reply.fmt(f),
            Message::LockServer(request) => request.fmt(f),
            Message::LockServerReply(reply) => reply.fmt(f),
            Message::Log(request) => request.fmt(f),
            Message::LogReply(reply) => reply.fmt(f),
            Message::Table(request) => request.fmt(f),
            Message::TableReply(reply) => reply.fmt(f),
            Message::Broker(request) => request.fmt(f),
            Message::BrokerReply(reply) => reply.fmt(f),
            Message::TaskServer(request) => request.fmt(f),
            Message::TaskServerReply(reply) => reply.fmt(f),
            Message::Memory(request) => request.fmt(f),
            Message::MemoryReply(reply) => reply.fmt(f),
            Message::Resource(request) => request.fmt(f),
            Message::ResourceReply(reply) => reply.fmt(f),
            Message::Tree(request) => request.fmt(f),
            Message::TreeReply(reply) => reply.fmt(f),
            Message::Kv(request) => request.fmt(f),
            Message::KvReply(reply) => reply.fmt(f),
            Message::Custom(custom) => custom.fmt(f),
        }
    }
}

impl fmt::Display for Custom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c] = self.words;
        write!(f, "{} {a} {b} {c}", self.verb)
    }
}

impl From<Custom> for Message {
    fn from(custom: Custom) -> Self {
        Message::Custom(custom)
    }
}

impl Symmetric for Message {
    fn permute(&mut self, permutation: &Permutation) {
        match self {
            Message::Store(command) => command.permute(permutation),
            Message::StoreReply(reply) => reply.permute(permutation),
            Message::Files(request) => request.permute(permutation),
            Message::FilesReply(reply) => reply.permute(permutation),
            Message::LockServer(request) => request.permute(permutation),
            Message::Log(request) => request.permute(permutation),
            Message::LogReply(reply) => reply.permute(permutation),
            Message::Table(request) => request.permute(permutation),
            Message::TableReply(reply) => reply.permute(permutation),
            Message::Broker(request) => request.permute(permutation),
            Message::BrokerReply(reply) => reply.permute(permutation),
            Message::TaskServer(request) => request.permute(permutation),
            Message::TaskServerReply(reply) => reply.permute(permutation),
            Message::Memory(request) => request.permute(permutation),
            Message::MemoryReply(reply) => reply.permute(permutation),
            Message::Resource(request) => request.permute(permutation),
            Message::LockServerReply(_) => {}
            Message::Tree(request) => request.permute(permutation),
            Message::TreeReply(reply) => reply.permute(permutation),
            Message::Kv(request) => request.permute(permutation),
            Message::KvReply(reply) => reply.permute(permutation),
            Message::ResourceReply(_) | Message::Custom(_) => {}
        }
    }
}
