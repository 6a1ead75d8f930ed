//! The protected resource: what a lock is there to protect, and what the work on an item changes.
//! It may check fencing tokens (Chubby's sequencers, section 2.4 of the paper: a server rejects a
//! request whose sequencer is older than the newest that it has seen), and may apply each item once.

use contend_model::history::Fact;
use contend_model::ident::Item;
use contend_model::message::Message;
use contend_model::message::resource::{Reply, Request};
use contend_model::process::{Effects, Event, Process};
use contend_model::symmetry::{Permutation, Symmetric};

/// The resource. It never fails and loses nothing.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Resource {
    checks: Checks,
    /// The newest fencing token seen.
    newest: u32,
    /// Items whose effect was applied, in order of name.
    applied: Vec<Item>,
}

/// What the resource checks before it does what it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Checks {
    /// Nothing.
    Nothing,
    /// That no write comes with an older fencing token than another has come with.
    Fence,
    /// That no item's effect is applied twice.
    Repetition,
}

impl Resource {
    /// A resource that nothing has happened to yet.
    pub fn new(checks: Checks) -> Self {
        Resource { checks, newest: 0, applied: Vec::new() }
    }

    fn serve(&mut self, request: Request) -> (Fact, Reply) {
        match request {
            Request::Write { hold, fence } => {
                if self.checks == Checks::Fence {
                    // A write without a token cannot be shown to be fresh.
                    let fence = fence.unwrap_or(0);
                    if fence < self.newest {
                        return (Fact::Rejected(hold), Reply::Rejected);
                    }
                    self.newest = fence;
                }
                (Fact::Accepted(hold), Reply::Accepted)
            }
            Request::Read { hold } => (Fact::Read(hold), Reply::Accepted),
            Request::Apply { item } => {
                if self.checks == Checks::Repetition {
                    let Err(place) = self.applied.binary_search(&item) else {
                        return (Fact::Repeated(item), Reply::Accepted);
                    };
                    self.applied.insert(place, item);
                }
                (Fact::Applied(item), Reply::Accepted)
            }
        }
    }
}

impl Process for Resource {
    fn step(&mut self, event: Event, out: &mut Effects) {
        if let Event::Deliver { from, message: Message::Resource(request) } = event {
            let (fact, reply) = self.serve(request);
            out.note(fact);
            out.reply(from, reply);
        }
    }

    fn crashed(&self) -> Self {
        self.clone()
    }

    fn permute(&mut self, permutation: &Permutation) -> bool {
        self.applied.permute(permutation);
        self.applied.sort_unstable();
        true
    }
}
