//! A queue in the memory of one process: first in, first out, and gone with the process.

use contend_model::ident::Item;
use contend_model::message::Message;
use contend_model::message::memory::{Reply, Request};
use contend_model::process::{Effects, Event, Process};
use contend_model::symmetry::{Permutation, Symmetric};

/// The queue; the oldest item comes first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Memory {
    items: Vec<Item>,
}

impl Process for Memory {
    fn step(&mut self, event: Event, out: &mut Effects) {
        if let Event::Deliver { from, message: Message::Memory(request) } = event {
            let reply = match request {
                Request::Put(item) => {
                    self.items.push(item);
                    Reply::Done
                }
                Request::Take if self.items.is_empty() => Reply::Empty,
                Request::Take => Reply::Taken(self.items.remove(0)),
            };
            out.reply(from, reply);
        }
    }

    fn crashed(&self) -> Self {
        Memory::default()
    }

    fn permute(&mut self, permutation: &Permutation) -> bool {
        self.items.permute(permutation);
        true
    }
}
