//! RQ-FILE and its file system, each without one check.

use contend_model::property::Environment::{Calm, Crash, Expiry};
use contend_model::property::Property::{AtMostOnce, Exclusive, NoLoss, TerminalStays};

use super::Mutant;
use crate::queue::file_claim::{FileClaim, Guard};
use crate::registry::FILE_QUEUE;
use crate::service::files;

pub(super) fn mutants() -> Vec<Mutant> {
    let own = [
        (Guard::TakesOver, NoLoss, Crash),
        (Guard::ChecksAge, Exclusive, Calm),
        (Guard::FreshName, Exclusive, Crash),
        (Guard::HeedsStaleness, TerminalStays, Expiry),
        (Guard::EffectIsIdempotent, AtMostOnce, Expiry),
    ];
    let own = own.into_iter().map(|(guard, property, environment)| {
        let name = format!("{} without {guard:?}", FILE_QUEUE.name);
        let algorithm = FileClaim { lacks: Some(guard), ..FILE_QUEUE };
        Mutant::new(name, algorithm, property, environment)
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
