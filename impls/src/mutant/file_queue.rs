//! RQ-FILE and its file system, each without one check.

use contend_model::property::Environment::{Calm, Crash, Expiry, Lossy};
use contend_model::property::Property::{AtMostOnce, Exclusive, NoLoss, TerminalStays};

use super::Mutant;
use crate::queue::file_claim::{FileClaim, Guard};
use crate::registry::FILE_QUEUE;
use crate::service::files;

pub(super) fn mutants() -> Vec<Mutant> {
    let own = [
        (Guard::TakesOver, NoLoss, Crash, 1),
        (Guard::ChecksAge, Exclusive, Calm, 1),
        (Guard::FreshName, Exclusive, Lossy, 1),
        (Guard::HeedsStaleness, TerminalStays, Expiry, 2),
        (Guard::EffectIsIdempotent, AtMostOnce, Expiry, 1),
    ];
    let own = own.into_iter().map(|(guard, property, environment, faults)| {
        let name = format!("{} without {guard:?}", FILE_QUEUE.name);
        let algorithm = FileClaim { lacks: Some(guard), ..FILE_QUEUE };
        Mutant::new(name, algorithm, property, environment).after(faults)
    });
    let of_the_files =
        [(files::Guard::Ages, NoLoss, Crash), (files::Guard::SyncsBeforeReply, NoLoss, Crash)];
    let of_the_files = of_the_files.into_iter().map(|(guard, property, environment)| {
        let name = format!("{} on files without {guard:?}", FILE_QUEUE.name);
        let algorithm = FileClaim { files_lack: Some(guard), ..FILE_QUEUE };
        Mutant::new(name, algorithm, property, environment)
    });
    own.chain(of_the_files).collect()
}
