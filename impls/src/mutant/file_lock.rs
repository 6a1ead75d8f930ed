//! R-FILE and its file system, each without one check. That the holder of a kernel lock heeds its
//! connection matters only where messages take their time: `tests/bounded_mutants.rs`. That release
//! compares the token matters only after network faults, in which no form excludes. That a renamed file is
//! looked at again has no mutant: with three clients the form does not exclude even so.

use contend_model::property::Environment::{Calm, Crash};
use contend_model::property::Property::{DeadlockFreedom, MutualExclusion, Reentrancy};

use super::Mutant;
use crate::lock::file_exclusive::{self, Breaking, FileExclusive};
use crate::lock::file_flock::{self, FileFlock};
use crate::registry::{FILE_FLOCK, FILE_LOCK};
use crate::service::files;

const GUARDED: FileExclusive =
    FileExclusive { name: "file-lock-guarded-breaking", breaking: Breaking::Guarded, ..FILE_LOCK };
const UNLINKED: FileFlock = FileFlock { name: "file-flock-unlinked", unlinks: true, ..FILE_FLOCK };

pub(super) fn mutants() -> Vec<Mutant> {
    let mut mutants = of_the_lock_file();
    mutants.extend(of_the_kernel_lock());
    mutants
}

fn of_the_lock_file() -> Vec<Mutant> {
    use file_exclusive::Guard;
    let own = [
        (GUARDED, Guard::WatchesLease, MutualExclusion, Crash),
        (GUARDED, Guard::LooksUnderLock, MutualExclusion, Crash),
        (FILE_LOCK, Guard::CountsDepth, Reentrancy, Calm),
    ];
    let own = own.into_iter().map(|(base, guard, property, environment)| {
        let name = format!("{} without {guard:?}", base.name);
        let algorithm = FileExclusive { lacks: Some(guard), ..base };
        Mutant::new(name, algorithm, property, environment)
    });
    let of_the_files = [
        (FILE_LOCK, files::Guard::CreateIsExclusive, MutualExclusion, Calm),
        (FILE_LOCK, files::Guard::SyncsBeforeReply, MutualExclusion, Crash),
        (GUARDED, files::Guard::Ages, DeadlockFreedom, Crash),
    ];
    let of_the_files = of_the_files.into_iter().map(|(base, guard, property, environment)| {
        let name = format!("{} on files without {guard:?}", base.name);
        let algorithm = FileExclusive { files_lack: Some(guard), ..base };
        Mutant::new(name, algorithm, property, environment)
    });
    own.chain(of_the_files).collect()
}

fn of_the_kernel_lock() -> Vec<Mutant> {
    use file_flock::Guard;
    let own = [
        (UNLINKED, Guard::ComparesInode, MutualExclusion, Calm),
        (FILE_FLOCK, Guard::CountsDepth, Reentrancy, Calm),
    ];
    let own = own.into_iter().map(|(base, guard, property, environment)| {
        let name = format!("{} without {guard:?}", base.name);
        let algorithm = FileFlock { lacks: Some(guard), ..base };
        Mutant::new(name, algorithm, property, environment)
    });
    let of_the_files = [
        (FILE_FLOCK, files::Guard::LocksExclude, MutualExclusion, Calm),
        (FILE_FLOCK, files::Guard::LocksEndWithConnection, DeadlockFreedom, Crash),
        (FILE_FLOCK, files::Guard::GracePeriod, MutualExclusion, Crash),
    ];
    let of_the_files = of_the_files.into_iter().map(|(base, guard, property, environment)| {
        let name = format!("{} on files without {guard:?}", base.name);
        let algorithm = FileFlock { files_lack: Some(guard), ..base };
        Mutant::new(name, algorithm, property, environment)
    });
    own.chain(of_the_files).collect()
}
