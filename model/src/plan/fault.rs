//! The kinds of fault, and the count of those that really happened: a fault that is planned and
//! changes nothing proves nothing.

use std::fmt;
use std::ops::AddAssign;

use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize};

/// A kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// A message was lost by chance.
    Loss,
    /// A request was sent twice.
    Duplicate,
    /// A message was held back, exempt from its connection's order.
    Reorder,
    /// A client crashed that comes back.
    ClientCrash,
    /// A service crashed.
    ServiceCrash,
    /// A client crashed for good.
    Death,
    /// Something had to wait for the end of a pause.
    Pause,
    /// A partition swallowed a message.
    Partition,
    /// A connection was lost.
    Disconnect,
    /// A deadline moved because a clock was set.
    ClockJump,
    /// A timer was armed on a clock that was made to drift.
    Drift,
    /// A service's answer left late.
    Slow,
    /// A sync did not reach the disk.
    LostSync,
    /// A replica took over.
    Failover,
    /// A caller called release without holding.
    Misuse,
    /// A caller gave up waiting.
    Cancel,
    /// A message was lost, repeated, held back or late because of noise on its link.
    LinkNoise,
}

impl FaultKind {
    /// All kinds.
    pub const ALL: [FaultKind; 17] = [
        FaultKind::Loss,
        FaultKind::Duplicate,
        FaultKind::Reorder,
        FaultKind::ClientCrash,
        FaultKind::ServiceCrash,
        FaultKind::Death,
        FaultKind::Pause,
        FaultKind::Partition,
        FaultKind::Disconnect,
        FaultKind::ClockJump,
        FaultKind::Drift,
        FaultKind::Slow,
        FaultKind::LostSync,
        FaultKind::Failover,
        FaultKind::Misuse,
        FaultKind::Cancel,
        FaultKind::LinkNoise,
    ];
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            FaultKind::Loss => "loss",
            FaultKind::Duplicate => "duplicate",
            FaultKind::Reorder => "reorder",
            FaultKind::ClientCrash => "client-crash",
            FaultKind::ServiceCrash => "service-crash",
            FaultKind::Death => "death",
            FaultKind::Pause => "pause",
            FaultKind::Partition => "partition",
            FaultKind::Disconnect => "disconnect",
            FaultKind::ClockJump => "clock-jump",
            FaultKind::Drift => "drift",
            FaultKind::Slow => "slow",
            FaultKind::LostSync => "lost-sync",
            FaultKind::Failover => "failover",
            FaultKind::Misuse => "misuse",
            FaultKind::Cancel => "cancel",
            FaultKind::LinkNoise => "link-noise",
        })
    }
}

/// How many faults of each kind have happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Happened([u64; FaultKind::ALL.len()]);

impl Happened {
    /// Counts one more.
    #[inline]
    pub fn note(&mut self, kind: FaultKind) {
        self.0[kind as usize] += 1;
    }

    /// How many of this kind.
    pub fn count(&self, kind: FaultKind) -> u64 {
        self.0[kind as usize]
    }

    /// How many of all kinds.
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// The kinds and their counts.
    pub fn iter(&self) -> impl Iterator<Item = (FaultKind, u64)> {
        FaultKind::ALL.into_iter().zip(self.0)
    }
}

impl AddAssign for Happened {
    fn add_assign(&mut self, other: Happened) {
        for (sum, count) in self.0.iter_mut().zip(other.0) {
            *sum += count;
        }
    }
}

impl Serialize for Happened {
    /// A map from the names of the kinds to their counts, those that did not happen included.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(FaultKind::ALL.len()))?;
        for (kind, count) in self.iter() {
            map.serialize_entry(&kind, &count)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Happened {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let counts = std::collections::BTreeMap::<FaultKind, u64>::deserialize(deserializer)?;
        let mut happened = Happened::default();
        for (kind, count) in counts {
            happened.0[kind as usize] = count;
        }
        Ok(happened)
    }
}
