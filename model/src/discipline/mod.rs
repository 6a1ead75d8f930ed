//! Who may hold a lock at once: the specification that a lock is judged by. Each is one file.

mod read_write;
mod semaphore;

use serde::{Deserialize, Serialize};

use crate::algorithm::Role;

/// Who may hold at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Discipline {
    /// One at a time.
    #[default]
    Exclusive,
    /// One writer, or any number of readers.
    ReadWrite,
    /// At most this many.
    Semaphore(u8),
}

/// How many hold, by what they may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Holders {
    /// Who may write.
    pub writers: usize,
    /// Who may only read.
    pub readers: usize,
}

impl Discipline {
    /// Whether a client of this role may hold along with these others.
    pub fn admits(self, newcomer: Role, others: Holders) -> bool {
        match self {
            Discipline::Exclusive => others == Holders::default(),
            Discipline::ReadWrite => read_write::admits(newcomer, others),
            Discipline::Semaphore(permits) => semaphore::admits(permits, others),
        }
    }

    /// The clients of a small world in which the specification can be told from a stronger one.
    pub fn roles(self) -> Vec<Role> {
        match self {
            Discipline::Exclusive => vec![Role::Locker; 2],
            Discipline::ReadWrite => vec![Role::Locker, Role::Reader, Role::Reader],
            Discipline::Semaphore(permits) => vec![Role::Locker; usize::from(permits) + 1],
        }
    }
}
