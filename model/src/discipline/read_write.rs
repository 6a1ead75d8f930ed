//! A read/write lock: readers share, a writer is alone (Courtois, Heymans and Parnas, "Concurrent
//! control with readers and writers", 1971).

use super::Holders;
use crate::algorithm::Role;

pub(super) fn admits(newcomer: Role, others: Holders) -> bool {
    match newcomer {
        Role::Reader => others.writers == 0,
        _ => others == Holders::default(),
    }
}
