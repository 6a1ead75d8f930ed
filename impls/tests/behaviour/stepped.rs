//! A server on its own, stepped by hand. Each test says what is sent and sees what comes back, in the
//! words of the server's own vocabulary.

use contend_model::ident::{Item, NodeId, Peer};
use contend_model::message::Message;
use contend_model::process::{Effect, Effects, Event, Process};
use contend_model::timer::Timer;

/// Clients, each on a connection.
pub const A: Peer = Peer { node: NodeId::Client(0), connection: 0 };
pub const B: Peer = Peer { node: NodeId::Client(1), connection: 0 };
pub const C: Peer = Peer { node: NodeId::Client(2), connection: 0 };

/// The how many-th item of A, from 1.
pub fn item(number: u16) -> Item {
    Item { producer: A.node, number: number - 1 }
}

/// A server and what was said.
pub struct Stepped<P> {
    pub process: P,
    transcript: String,
}

impl<P: Process> Stepped<P> {
    pub fn new(process: P) -> Self {
        Stepped { process, transcript: String::new() }
    }

    /// A request arrives.
    pub fn says(mut self, from: Peer, request: impl Into<Message>) -> Self {
        let message = request.into();
        self.transcript += &format!("{from}: {message}\n");
        self.step(Event::Deliver { from, message });
        self
    }

    /// A connection ends.
    pub fn leaves(mut self, peer: Peer) -> Self {
        self.transcript += &format!("{peer} is gone\n");
        self.step(Event::Disconnected(peer));
        self
    }

    /// A deadline passes.
    pub fn waits(mut self, slot: u8) -> Self {
        self.transcript += "time passes\n";
        self.step(Event::Fire(Timer::Deadline(slot)));
        self
    }

    /// What is due is written to disk.
    pub fn syncs(mut self) -> Self {
        self.transcript += "the disk is written\n";
        self.step(Event::Fire(Timer::Sync));
        self
    }

    /// The server crashes and runs again.
    pub fn restarts(mut self) -> Self {
        self.transcript += "the server restarts\n";
        self.process = self.process.crashed();
        self.step(Event::Start { incarnation: 1 });
        self
    }

    pub fn check(self, expected: expect_test::Expect) {
        expected.assert_eq(&self.transcript);
    }

    fn step(&mut self, event: Event) {
        let mut effects = Effects::default();
        self.process.step(event, &mut effects);
        for effect in effects.as_slice() {
            if let Effect::Reply(to, message) = effect {
                self.transcript += &format!("  → {to}: {message}\n");
            }
        }
    }
}
