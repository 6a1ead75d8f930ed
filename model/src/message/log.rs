//! The vocabulary of a Kafka-like log: one topic, its partitions, and one consumer group. Sources:
//! kafka.apache.org/documentation (design, producer and consumer configurations) and
//! kafka.apache.org/protocol, whose API names the requests bear.

use std::fmt;

use crate::ident::{Item, Token};
use crate::message::Message;
use crate::symmetry::{Permutation, Symmetric};

/// The most partitions that a topic of this model has.
pub const PARTITIONS: usize = 2;

/// How many copies of a record there are before the leader answers the producer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Acks {
    /// `acks=0`: nobody waits for an answer, and there is none.
    None,
    /// `acks=1`: the leader has it.
    Leader,
    /// `acks=all` with `min.insync.replicas=2`: the in-sync replica has it as well.
    All,
}

/// Where a group begins to read a partition of which it has committed no offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reset {
    /// `auto.offset.reset=earliest`: at the first record.
    Earliest,
    /// `auto.offset.reset=latest`, the default: after the last record.
    Latest,
}

/// An idempotent producer's name for a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Sequence {
    /// The producer id, which the broker hands out anew to every life of a producer.
    pub producer: Token,
    /// The how many-th record of that producer in the partition, from 0.
    pub number: u32,
}

/// A request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Request {
    /// `Produce` → `Appended`, `OutOfOrder`, or nothing with `acks=0`.
    Produce {
        /// To which partition.
        partition: u8,
        /// The record.
        item: Item,
        /// How many copies are waited for.
        acks: Acks,
        /// Its name, if the producer is idempotent.
        sequence: Option<Sequence>,
    },
    /// `Fetch` → `Record`, `NoRecord` or `OutOfRange`. The broker does not ask who fetches.
    Fetch {
        /// From which partition.
        partition: u8,
        /// From where on.
        offset: u32,
    },
    /// `JoinGroup`, `SyncGroup`, `OffsetFetch` and, where nothing is committed, `ListOffsets`, in
    /// one → `Assigned`. Partitions that no member has become the member's.
    Join {
        /// The member id, new with every joining.
        member: Token,
        /// Where to begin if nothing is committed.
        reset: Reset,
    },
    /// `ListOffsets` of all partitions, for a consumer that is in no group → `Assigned`.
    ListOffsets(Reset),
    /// `Heartbeat` → `Alive`, or `Fenced` if the member has no partition any more.
    Heartbeat {
        /// Who is alive.
        member: Token,
    },
    /// `OffsetCommit` → `Committed`, or `Fenced` if the partition is not the member's.
    Commit {
        /// Who commits.
        member: Token,
        /// Which partition.
        partition: u8,
        /// The next offset to be read.
        offset: u32,
    },
    /// `LeaveGroup` → `Left`: the member's partitions are free at once.
    Leave {
        /// Who leaves.
        member: Token,
    },
}

/// An answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reply {
    /// The record is in the log, be it by this request or by an earlier one of the same name.
    Appended,
    /// `OUT_OF_ORDER_SEQUENCE_NUMBER`: a record of this producer is missing.
    OutOfOrder,
    /// The record at the offset, and what follows.
    Record {
        /// The record.
        item: Item,
        /// Where the fetched batch ends: the offset after its last record.
        end: u32,
    },
    /// There is no record at the offset yet.
    NoRecord,
    /// `OFFSET_OUT_OF_RANGE`: the log is shorter than that.
    OutOfRange {
        /// How long it is.
        end: u32,
    },
    /// For each partition of the member: from where on to read it.
    Assigned([Option<u32>; PARTITIONS]),
    /// The session goes on.
    Alive,
    /// `UNKNOWN_MEMBER_ID`, `ILLEGAL_GENERATION`: it is not the member's, or no longer.
    Fenced,
    /// The offset is the group's.
    Committed,
    /// The member is gone.
    Left,
}

impl From<Request> for Message {
    fn from(request: Request) -> Self {
        Message::Log(request)
    }
}

impl From<Reply> for Message {
    fn from(reply: Reply) -> Self {
        Message::LogReply(reply)
    }
}

impl fmt::Display for Acks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Acks::None => "0",
            Acks::Leader => "1",
            Acks::All => "all",
        })
    }
}

impl fmt::Display for Reset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Reset::Earliest => "earliest",
            Reset::Latest => "latest",
        })
    }
}

/// Member and producer ids are tokens, shown without that word.
struct Id(Token);

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.0.client, self.0.serial)?;
        match self.0.incarnation {
            0 => Ok(()),
            life => write!(f, "'{life}"),
        }
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Request::Produce { partition, item, acks, sequence } => {
                write!(f, "Produce {item} to p{partition}, acks={acks}")?;
                match sequence {
                    None => Ok(()),
                    Some(Sequence { producer, number }) => {
                        write!(f, ", producer {}, sequence {number}", Id(producer))
                    }
                }
            }
            Request::Fetch { partition, offset } => write!(f, "Fetch p{partition} from {offset}"),
            Request::Join { member, reset } => {
                write!(f, "JoinGroup as member {}, else {reset}", Id(member))
            }
            Request::ListOffsets(reset) => write!(f, "ListOffsets {reset}"),
            Request::Heartbeat { member } => write!(f, "Heartbeat of member {}", Id(member)),
            Request::Commit { member, partition, offset } => {
                write!(f, "OffsetCommit p{partition} at {offset} by member {}", Id(member))
            }
            Request::Leave { member } => write!(f, "LeaveGroup of member {}", Id(member)),
        }
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reply::Appended => f.write_str("APPENDED"),
            Reply::OutOfOrder => f.write_str("OUT_OF_ORDER_SEQUENCE_NUMBER"),
            Reply::Record { item, end } => write!(f, "RECORD {item}, batch ends at {end}"),
            Reply::NoRecord => f.write_str("NO RECORD"),
            Reply::OutOfRange { end } => write!(f, "OFFSET_OUT_OF_RANGE, log ends at {end}"),
            Reply::Assigned(starts) => {
                f.write_str("ASSIGNED")?;
                if starts.iter().all(Option::is_none) {
                    return f.write_str(" nothing");
                }
                for (partition, start) in starts.iter().enumerate() {
                    if let Some(start) = start {
                        write!(f, " p{partition} from {start}")?;
                    }
                }
                Ok(())
            }
            Reply::Alive => f.write_str("ALIVE"),
            Reply::Fenced => f.write_str("UNKNOWN_MEMBER_ID"),
            Reply::Committed => f.write_str("COMMITTED"),
            Reply::Left => f.write_str("LEFT"),
        }
    }
}

impl Symmetric for Sequence {
    fn permute(&mut self, permutation: &Permutation) {
        self.producer.permute(permutation);
    }
}

impl Symmetric for Request {
    fn permute(&mut self, permutation: &Permutation) {
        match self {
            Request::Produce { item, sequence, .. } => {
                item.permute(permutation);
                sequence.permute(permutation);
            }
            Request::Join { member, .. }
            | Request::Heartbeat { member }
            | Request::Commit { member, .. }
            | Request::Leave { member } => member.permute(permutation),
            Request::Fetch { .. } | Request::ListOffsets(_) => {}
        }
    }
}

impl Symmetric for Reply {
    fn permute(&mut self, permutation: &Permutation) {
        if let Reply::Record { item, .. } = self {
            item.permute(permutation);
        }
    }
}
