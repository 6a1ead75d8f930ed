use contend_model::algorithm::Role;
use contend_model::discipline::{Discipline, Holders};

#[test]
fn readers_share_and_a_writer_is_alone() {
    let free = Holders::default();
    let read = Holders { readers: 3, ..free };
    let written = Holders { writers: 1, ..free };
    let admits =
        |role| [free, read, written].map(|others| Discipline::ReadWrite.admits(role, others));
    assert_eq!(admits(Role::Reader), [true, true, false]);
    assert_eq!(admits(Role::Locker), [true, false, false]);
}

#[test]
fn the_last_permit_is_the_last() {
    let admits = |writers| {
        let others = Holders { writers, readers: 0 };
        Discipline::Semaphore(2).admits(Role::Locker, others)
    };
    assert!(admits(1));
    assert!(!admits(2));
}
