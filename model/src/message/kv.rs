//! The vocabulary of etcd, as far as locks speak it: leases, one transaction, ranges, deletions and
//! watches. Source: etcd.io/docs, "etcd API" (revisions, transactions, lease and watch).

use std::fmt;

use crate::ident::NodeId;
use crate::message::Message;
use crate::symmetry::{Permutation, Symmetric};

/// A lease, as the server numbers it. A server never gives an id twice; here a client's leases go round some
/// numbers, so that worlds in which leases end again and again stay finite, and what is late by fewer leases
/// than that is still told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lease {
    /// To whom it was granted.
    pub client: NodeId,
    /// Which of that client's.
    pub number: u8,
}

/// A key: a prefix, and the lease that it is attached to (`lock/leaseA0`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// The prefix that keys of one lock share.
    pub prefix: &'static str,
    /// The lease whose end deletes the key.
    pub lease: Lease,
}

/// A request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Request {
    /// `LeaseGrant`.
    Grant,
    /// `LeaseKeepAlive`.
    KeepAlive(Lease),
    /// `LeaseRevoke`: deletes all keys that are attached to it.
    Revoke(Lease),
    /// `Txn`: if the key's create revision is 0 then put it, attached to its lease, else get it; in
    /// either case get the key of its prefix that was created first.
    CreateOrGet(Key),
    /// `Range` over the prefix: the key that was created last among those created before this
    /// revision.
    LastBefore {
        /// The prefix.
        prefix: &'static str,
        /// The revision.
        revision: u32,
    },
    /// `Range` of one key.
    Get(Key),
    /// `DeleteRange` of one key.
    Delete(Key),
    /// `Watch` of one key from the revision at which it was seen: its deletion is reported, even if
    /// that has been before.
    Watch {
        /// The key.
        key: Key,
        /// Its create revision; a later key of the same name is another.
        created: u32,
    },
}

/// An answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reply {
    /// The lease.
    Granted(Lease),
    /// The lease has its whole time to live again.
    KeptAlive,
    /// `requested lease not found`: it has ended.
    LeaseNotFound,
    /// The lease has ended as wished.
    Revoked,
    /// What the transaction found or made.
    Created {
        /// The key's create revision.
        own: u32,
        /// The create revision of the first key of the prefix.
        first: u32,
    },
    /// The key and its create revision.
    Found(Key, u32),
    /// No such key.
    Nothing,
    /// How many keys were deleted.
    Deleted(u8),
    /// The watch is set.
    Watching,
    /// The watched key was deleted; said when it happens.
    Gone(Key),
}

impl From<Request> for Message {
    fn from(request: Request) -> Self {
        Message::Kv(request)
    }
}

impl From<Reply> for Message {
    fn from(reply: Reply) -> Self {
        Message::KvReply(reply)
    }
}

impl fmt::Display for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "lease{}{}", self.client, self.number)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.prefix, self.lease)
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Request::Grant => f.write_str("LeaseGrant"),
            Request::KeepAlive(lease) => write!(f, "LeaseKeepAlive {lease}"),
            Request::Revoke(lease) => write!(f, "LeaseRevoke {lease}"),
            Request::CreateOrGet(key) => {
                write!(f, "Txn if create({key})=0 then put else get; get first of {}", key.prefix)
            }
            Request::LastBefore { prefix, revision } => {
                write!(f, "Range {prefix} last created before {revision}")
            }
            Request::Get(key) => write!(f, "Range {key}"),
            Request::Delete(key) => write!(f, "DeleteRange {key}"),
            Request::Watch { key, created } => write!(f, "Watch {key} of {created}"),
        }
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reply::Granted(lease) => write!(f, "granted {lease}"),
            Reply::KeptAlive => f.write_str("kept alive"),
            Reply::LeaseNotFound => f.write_str("lease not found"),
            Reply::Revoked => f.write_str("revoked"),
            Reply::Created { own, first } => write!(f, "own revision {own}, first {first}"),
            Reply::Found(key, revision) => write!(f, "{key} of {revision}"),
            Reply::Nothing => f.write_str("nothing"),
            Reply::Deleted(number) => write!(f, "deleted {number}"),
            Reply::Watching => f.write_str("watching"),
            Reply::Gone(key) => write!(f, "watch: {key} deleted"),
        }
    }
}

impl Symmetric for Lease {
    fn permute(&mut self, permutation: &Permutation) {
        self.client.permute(permutation);
    }
}

impl Symmetric for Key {
    fn permute(&mut self, permutation: &Permutation) {
        self.lease.permute(permutation);
    }
}

impl Symmetric for Request {
    fn permute(&mut self, permutation: &Permutation) {
        match self {
            Request::KeepAlive(lease) | Request::Revoke(lease) => lease.permute(permutation),
            Request::CreateOrGet(key)
            | Request::Get(key)
            | Request::Delete(key)
            | Request::Watch { key, .. } => key.permute(permutation),
            Request::Grant | Request::LastBefore { .. } => {}
        }
    }
}

impl Symmetric for Reply {
    fn permute(&mut self, permutation: &Permutation) {
        match self {
            Reply::Granted(lease) => lease.permute(permutation),
            Reply::Found(key, _) | Reply::Gone(key) => key.permute(permutation),
            _ => {}
        }
    }
}
