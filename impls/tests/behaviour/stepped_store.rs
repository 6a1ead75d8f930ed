//! A store on its own, stepped by hand: its timers on a clock that the test moves, its replies
//! handed back.

use std::collections::BTreeMap;

use contend_impls::service::store::{Settings, Store};
use contend_model::ident::Peer;
use contend_model::message::Message;
use contend_model::message::store::{Command, Reply};
use contend_model::process::{Effect, Effects, Event, Process};
use contend_model::time::Span;
use contend_model::timer::Timer;

/// A reply, and on which connection it goes out.
pub type Answer = (Peer, Reply);

/// A store and its clock.
#[derive(Clone, Debug)]
pub struct SteppedStore {
    store: Store,
    /// Microseconds since the start.
    now: u64,
    /// Armed timers and when they fire: as late as their range allows.
    timers: BTreeMap<Timer, u64>,
    incarnation: u8,
}

impl SteppedStore {
    /// An empty store.
    pub fn new(settings: Settings) -> Self {
        let store = Store::new(settings);
        SteppedStore { store, now: 0, timers: BTreeMap::new(), incarnation: 0 }
    }

    /// The store, to be looked at.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// A command arrives; gives the replies that go out.
    pub fn ask(&mut self, from: Peer, command: Command) -> Vec<Answer> {
        self.step(Event::Deliver { from, message: Message::Store(command) })
    }

    /// The store learns that a connection is gone.
    pub fn disconnect(&mut self, peer: Peer) -> Vec<Answer> {
        self.step(Event::Disconnected(peer))
    }

    /// Time passes, and timers fire when they are due.
    pub fn pass(&mut self, span: Span) -> Vec<Answer> {
        self.now += u64::from(span.as_us());
        self.fire_what_is_due()
    }

    /// The store crashes and runs again after this long; its wall clock has gone on.
    pub fn crash(&mut self, down: Span) -> Vec<Answer> {
        self.store = self.store.crashed();
        self.resume(down)
    }

    /// The replica takes over at once.
    pub fn fail_over(&mut self) -> Vec<Answer> {
        self.store = self.store.failed_over().expect("the store has a replica");
        self.resume(Span::ZERO)
    }

    fn resume(&mut self, down: Span) -> Vec<Answer> {
        self.timers.retain(|timer, _| timer.outlives_crash());
        self.now += u64::from(down.as_us());
        self.incarnation += 1;
        let incarnation = self.incarnation;
        let mut answers = self.step(Event::Start { incarnation });
        answers.extend(self.fire_what_is_due());
        answers
    }

    fn fire_what_is_due(&mut self) -> Vec<Answer> {
        let mut answers = Vec::new();
        let first =
            |timers: &BTreeMap<Timer, u64>| timers.iter().map(|(&timer, &due)| (due, timer)).min();
        while let Some((due, timer)) = first(&self.timers)
            && due <= self.now
        {
            self.timers.remove(&timer);
            answers.extend(self.step(Event::Fire(timer)));
        }
        answers
    }

    fn step(&mut self, event: Event) -> Vec<Answer> {
        let mut effects = Effects::default();
        self.store.step(event, &mut effects);
        let mut answers = Vec::new();
        for &effect in effects.as_slice() {
            match effect {
                Effect::Reply(peer, Message::StoreReply(reply)) => answers.push((peer, reply)),
                Effect::Arm(timer, range) => {
                    self.timers.insert(timer, self.now + u64::from(range.most.as_us()));
                }
                Effect::Disarm(timer) => {
                    self.timers.remove(&timer);
                }
                // What judges are shown is no reply.
                Effect::Note(_) => {}
                other => panic!("a store has no business with {other:?}"),
            }
        }
        answers
    }
}
