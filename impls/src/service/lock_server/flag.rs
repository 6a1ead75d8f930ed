//! The lock server as the fourth document describes it in section 3.2: one flag in memory, set by
//! whoever finds it clear, cleared by whoever says so.
//!
//! The document says what the server does if the lock is available, and not what it does if it is
//! not; here it answers that it is not, which is the least that lets anybody try again.

use contend_model::history::Fact;
use contend_model::ident::NodeId;
use contend_model::message::Message;
use contend_model::message::lock_server::{Reply, Request};
use contend_model::process::{Effects, Event, Process};
use contend_model::symmetry::{Permutation, Symmetric};

/// The server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct FlagServer {
    /// Set while the lock is locked. By whom it was set is for the judges; the server cannot tell.
    locked_by: Option<NodeId>,
}

impl Process for FlagServer {
    fn step(&mut self, event: Event, out: &mut Effects) {
        let Event::Deliver { from, message: Message::LockServer(request) } = event else { return };
        match (request, self.locked_by) {
            (Request::Lock, None) => {
                self.locked_by = Some(from.node);
                out.reply(from, Reply::Locked);
            }
            (Request::Lock, Some(_)) => out.reply(from, Reply::Refused),
            (Request::Unlock, Some(of)) => {
                out.note(Fact::Disposed { by: from.node, of });
                self.locked_by = None;
            }
            _ => {}
        }
    }

    fn crashed(&self) -> Self {
        FlagServer::default()
    }

    fn permute(&mut self, permutation: &Permutation) -> bool {
        self.locked_by.permute(permutation);
        true
    }
}
