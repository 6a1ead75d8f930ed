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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readers_share_and_a_writer_is_alone() {
        let free = Holders::default();
        let read = Holders { readers: 3, ..free };
        let written = Holders { writers: 1, ..free };
        assert_eq!(
            [free, read, written].map(|others| admits(Role::Reader, others)),
            [true, true, false]
        );
        assert_eq!(
            [free, read, written].map(|others| admits(Role::Locker, others)),
            [true, false, false]
        );
    }
}
