//! The properties that are judged and the environments they are judged in.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What can be right or wrong about a lock or a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Property {
    /// Locks: no two callers believe that they hold. Belief runs from `acquired` to the call of
    /// release, the notice of loss, or the crash.
    MutualExclusion,
    /// Locks: the resource never takes a write of one hold after it took one of another hold
    /// that came in between; so no stale holder's write is ever mixed into its successor's.
    Fencing,
    /// Locks: from every reachable state each live waiter can still obtain the lock, however
    /// others died.
    DeadlockFreedom,
    /// Locks: nobody ends or prolongs a grant of somebody else's. Backends tell whose grant it was.
    Ownership,
    /// Locks: a holder that acquires again gets the lock at once, and loses it only with the last
    /// release.
    Reentrancy,
    /// Locks: a waiter can always be woken or give up, and giving up leaves nothing behind.
    Interruptibility,
    /// Locks: a holder that would never let go by itself is told that somebody waits, so that from every
    /// reachable state each live waiter can still obtain the lock.
    Revocation,
    /// Locks: whoever waits is overtaken by later comers a bounded number of times.
    Fairness,
    /// Locks: the resource takes no write of a caller that does not hold while another does.
    Consistency,
    /// Queues: every acknowledged item can still reach a consumer that lives to finish it.
    NoLoss,
    /// Queues: only what was enqueued is ever delivered.
    NoPhantom,
    /// Queues: no item is delivered twice.
    NoDuplicate,
    /// Queues: the effect of every acknowledged item can still be applied.
    AtLeastOnce,
    /// Queues: no item's effect is applied twice.
    AtMostOnce,
    /// Queues: no two consumers work on one item at a time.
    Exclusive,
    /// Queues: items whose enqueuing did not overlap are first delivered in their order, so far
    /// as the deliveries did not overlap either.
    Fifo,
    /// Queues: who is told that the queue is empty is told so of some moment of the call, at which every
    /// item whose enqueuing had been acknowledged had been taken. With NoPhantom, NoDuplicate and Fifo
    /// it makes a linearizable queue.
    Emptiness,
    /// Queues: what was acknowledged as done is never delivered again.
    TerminalStays,
    /// Queues: every acknowledged item can still be delivered, and none is passed over for ever.
    Progress,
}

impl Property {
    /// All properties, in the order of reports.
    pub const ALL: [Property; 19] = [
        Property::MutualExclusion,
        Property::Fencing,
        Property::DeadlockFreedom,
        Property::Ownership,
        Property::Reentrancy,
        Property::Interruptibility,
        Property::Revocation,
        Property::Fairness,
        Property::Consistency,
        Property::NoLoss,
        Property::NoPhantom,
        Property::NoDuplicate,
        Property::AtLeastOnce,
        Property::AtMostOnce,
        Property::Exclusive,
        Property::Fifo,
        Property::Emptiness,
        Property::TerminalStays,
        Property::Progress,
    ];

    /// The properties of one kind of algorithm.
    pub fn of(kind: Kind) -> &'static [Property] {
        match kind {
            Kind::Lock => &Property::ALL[..9],
            Kind::Queue => &Property::ALL[9..],
        }
    }

    /// Whether the property speaks of what can still happen, and so needs the whole graph.
    pub fn is_no_trap(self) -> bool {
        matches!(
            self,
            Property::DeadlockFreedom
                | Property::Interruptibility
                | Property::Revocation
                | Property::NoLoss
                | Property::AtLeastOnce
                | Property::Progress
        )
    }

    /// One sentence for somebody who meets the property for the first time.
    pub fn meaning(self) -> &'static str {
        match self {
            Property::MutualExclusion => "no two callers believe at once that they hold the lock",
            Property::Fencing => {
                "the resource never takes a stale holder's write after a later holder's"
            }
            Property::DeadlockFreedom => "every live waiter can still obtain the lock",
            Property::Ownership => "nobody frees a lock that was granted to somebody else",
            Property::Reentrancy => {
                "a holder may acquire again at once, and loses the lock only with its last release"
            }
            Property::Interruptibility => {
                "a waiter can be woken or give up, and leaves nothing behind"
            }
            Property::Revocation => {
                "a holder is asked to come to an end when somebody waits, and the waiter can obtain the lock"
            }
            Property::Fairness => "a waiter is overtaken a bounded number of times",
            Property::Consistency => {
                "the resource takes no write of a non-holder while another holds"
            }
            Property::NoLoss => "every acknowledged item can still be worked on to its end",
            Property::NoPhantom => "only what was enqueued is delivered",
            Property::NoDuplicate => "no item is delivered twice",
            Property::AtLeastOnce => "every acknowledged item's effect can still be applied",
            Property::AtMostOnce => "no item's effect is applied twice",
            Property::Exclusive => "no two consumers work on one item at a time",
            Property::Fifo => "items are first delivered in the order of their enqueuing",
            Property::Emptiness => "nobody is told that the queue is empty while it never is",
            Property::TerminalStays => "what was acknowledged as done is never delivered again",
            Property::Progress => "no acknowledged item is stuck or passed over for ever",
        }
    }

    pub(crate) fn index(self) -> u32 {
        self as u32
    }
}

impl fmt::Display for Property {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl FromStr for Property {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Property::ALL
            .into_iter()
            .find(|property| property.to_string().eq_ignore_ascii_case(text))
            .ok_or(())
    }
}

/// A set of properties.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Properties(u32);

impl Properties {
    /// No property.
    pub const NONE: Properties = Properties(0);

    /// Adds one.
    pub fn insert(&mut self, property: Property) {
        self.0 |= 1 << property.index();
    }

    /// Whether the property is among them.
    pub fn contains(self, property: Property) -> bool {
        self.0 >> property.index() & 1 == 1
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The properties, in the order of reports.
    pub fn iter(self) -> impl Iterator<Item = Property> {
        Property::ALL.into_iter().filter(move |&property| self.contains(property))
    }

    /// One bit for each property, in the order of [`Property::ALL`].
    pub fn bits(self) -> u32 {
        self.0
    }
}

impl std::ops::BitOrAssign for Properties {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

impl FromIterator<Property> for Properties {
    fn from_iter<I: IntoIterator<Item = Property>>(properties: I) -> Self {
        let mut set = Properties::NONE;
        properties.into_iter().for_each(|property| set.insert(property));
        set
    }
}

/// What an algorithm is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// One holder at a time.
    Lock,
    /// Items in, items out.
    Queue,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Lock => "lock",
            Kind::Queue => "queue",
        })
    }
}

/// What the world may do. Each adds one cause to `calm`, so that a violation names its cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Environment {
    /// Any interleaving, small delays; nobody fails; leases outlast every critical section.
    Calm,
    /// Somebody who does not hold calls release.
    Misuse,
    /// Requests or replies are lost, late or repeated; connections drop.
    Lossy,
    /// Clients stop at any step; services restart and lose what was not synced.
    Crash,
    /// Leases and deadlines end while their owner lives: pauses, slow work, drifting clocks.
    Expiry,
    /// A replica without the last writes takes over.
    Failover,
}

impl Environment {
    /// The ladder, weakest first.
    pub const ALL: [Environment; 6] = [
        Environment::Calm,
        Environment::Misuse,
        Environment::Lossy,
        Environment::Crash,
        Environment::Expiry,
        Environment::Failover,
    ];

    /// The letter by which tables of causes name the environment.
    pub fn letter(self) -> char {
        match self {
            Environment::Calm => '0',
            Environment::Misuse => 'm',
            Environment::Lossy => 'N',
            Environment::Crash => 'C',
            Environment::Expiry => 'T',
            Environment::Failover => 'F',
        }
    }

    /// One sentence for somebody who meets the environment for the first time.
    pub fn meaning(self) -> &'static str {
        match self {
            Environment::Calm => "any interleaving, but nobody fails",
            Environment::Misuse => "somebody who does not hold the lock calls release",
            Environment::Lossy => "messages are lost, late or repeated; connections drop",
            Environment::Crash => "clients stop at any step; servers restart",
            Environment::Expiry => "leases end while their holder lives: pauses, slow work, drift",
            Environment::Failover => "a replica without the last writes takes over",
        }
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Environment::Calm => "calm",
            Environment::Misuse => "misuse",
            Environment::Lossy => "lossy",
            Environment::Crash => "crash",
            Environment::Expiry => "expiry",
            Environment::Failover => "failover",
        })
    }
}

impl FromStr for Environment {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Environment::ALL
            .into_iter()
            .find(|environment| environment.to_string().eq_ignore_ascii_case(text))
            .ok_or(())
    }
}
