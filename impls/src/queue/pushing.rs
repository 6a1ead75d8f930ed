//! A push that is repeated until there is an answer. The backend takes each item once, whoever asks again.

use contend_model::ident::{BACKEND, Item};
use contend_model::message::Message;
use contend_model::op::Outcome;
use contend_model::process::{Effects, Event};
use contend_model::symmetry::{Permutation, Symmetric};
use contend_model::time::Range;
use contend_model::timer::Timer;

/// A push under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Pushing {
    Asked(Item),
    /// No answer; about to push again.
    InDoubt(Item),
}

impl Pushing {
    /// Asks the backend to take the item.
    pub fn start(item: Item, request: impl Into<Message>, out: &mut Effects) -> Self {
        out.call(BACKEND, request);
        Pushing::Asked(item)
    }

    /// What becomes of the push, with a pause before it asks again; `None` once the item is in the queue.
    pub fn step<M: Into<Message>>(
        self,
        event: Event,
        retry: Range,
        request: impl Fn(Item) -> M,
        out: &mut Effects,
    ) -> Option<Self> {
        Some(match (self, event) {
            (Pushing::Asked(_), Event::Deliver { .. }) => {
                out.returns(Outcome::Enqueued);
                return None;
            }
            (Pushing::Asked(item), Event::Disconnected(_)) => {
                out.arm(Timer::Poll, retry);
                Pushing::InDoubt(item)
            }
            (Pushing::InDoubt(item), Event::Fire(Timer::Poll)) => {
                Pushing::start(item, request(item), out)
            }
            (pushing, _) => pushing,
        })
    }
}

impl Symmetric for Pushing {
    fn permute(&mut self, permutation: &Permutation) {
        let (Pushing::Asked(item) | Pushing::InDoubt(item)) = self;
        item.permute(permutation);
    }
}
