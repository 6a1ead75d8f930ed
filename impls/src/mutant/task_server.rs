//! RQ-SERVER and its server, each without one check. That ends are compared with the current attempt
//! takes two faults to matter (a task that is given up because an answer was lost, and whose failure
//! is reported twice), in a world of three million states; `tests/task_server_examples.rs` has it.

use contend_model::property::Environment::{Calm, Crash, Expiry, Lossy};
use contend_model::property::Property::{AtMostOnce, Exclusive, NoLoss, Progress, TerminalStays};

use super::Mutant;
use crate::queue::task_server::{Guard, TaskServer};
use crate::registry::{TASK_SERVER, TASK_SERVER_AGEING};
use crate::service::task_server;

pub(super) fn mutants() -> Vec<Mutant> {
    let own = [
        (Guard::EffectIsIdempotent, AtMostOnce, Expiry),
        (Guard::HeedsStaleness, TerminalStays, Expiry),
    ];
    let own = own.into_iter().map(|(guard, property, environment)| {
        let name = format!("{} without {guard:?}", TASK_SERVER.name);
        let algorithm = TaskServer { lacks: Some(guard), ..TASK_SERVER };
        Mutant::new(name, algorithm, property, environment)
    });
    let of_the_server = [
        (TASK_SERVER, task_server::Guard::SubmitIsIdempotent, TerminalStays, Lossy, 1),
        (TASK_SERVER, task_server::Guard::SyncsBeforeReply, NoLoss, Crash, 1),
        (TASK_SERVER, task_server::Guard::DispatchMarks, Exclusive, Calm, 0),
        (TASK_SERVER, task_server::Guard::LeaseAtDispatch, NoLoss, Crash, 1),
        (TASK_SERVER, task_server::Guard::CompleteRemoves, TerminalStays, Calm, 0),
        (TASK_SERVER_AGEING, task_server::Guard::Ageing, Progress, Calm, 0),
    ];
    let of_the_server = of_the_server.into_iter().map(|(base, guard, property, env, faults)| {
        let name = format!("{} on a server without {guard:?}", base.name);
        let algorithm = TaskServer { server_lacks: Some(guard), ..base };
        Mutant::new(name, algorithm, property, env).after(faults)
    });
    own.chain(of_the_server).collect()
}
