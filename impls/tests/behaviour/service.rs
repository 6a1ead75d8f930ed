//! A service on its own, stepped by hand: its timers on a clock that the test moves, and everything
//! that is said written down, one line each.

use std::collections::BTreeMap;
use std::fmt::Write;

use contend_model::ident::{NodeId, Peer};
use contend_model::message::Message;
use contend_model::process::{Effect, Effects, Event, Process};
use contend_model::time::Span;
use contend_model::timer::Timer;

/// A client, on its first connection.
pub const A: Peer = Peer { node: NodeId::Client(0), connection: 0 };
/// Another.
pub const B: Peer = Peer { node: NodeId::Client(1), connection: 0 };
/// A third.
pub const C: Peer = Peer { node: NodeId::Client(2), connection: 0 };

/// A service, its clock, and what was said.
pub struct Stepped<P> {
    service: P,
    now: u32,
    timers: BTreeMap<Timer, u32>,
    incarnation: u8,
    log: String,
}

impl<P: Process> Stepped<P> {
    /// The service has just begun to run.
    pub fn new(service: P) -> Self {
        let (timers, log) = (BTreeMap::new(), String::new());
        let mut stepped = Stepped { service, now: 0, timers, incarnation: 0, log };
        stepped.step(Event::Start { incarnation: 0 });
        stepped
    }

    /// The service, to be looked at.
    pub fn service(&self) -> &P {
        &self.service
    }

    /// A request arrives; gives the replies that go out.
    pub fn ask(&mut self, from: Peer, request: impl Into<Message>) -> Vec<(Peer, Message)> {
        let message = request.into();
        let _ = write!(self.log, "{from}> {message}");
        self.log.push('\n');
        self.step(Event::Deliver { from, message })
    }

    /// The service learns that a connection is gone.
    pub fn end(&mut self, peer: Peer) -> Vec<(Peer, Message)> {
        let _ = writeln!(self.log, "-- the connection to {peer} ends");
        self.step(Event::Disconnected(peer))
    }

    /// Time passes, and timers fire as late as their range allows.
    pub fn pass(&mut self, span: Span) -> Vec<(Peer, Message)> {
        let _ = writeln!(self.log, "-- {span} ms pass");
        self.now += span.as_us();
        self.fire_what_is_due()
    }

    /// The service crashes, and runs again after so long.
    pub fn crash(&mut self, down: Span) -> Vec<(Peer, Message)> {
        let _ = writeln!(self.log, "-- crashes, and runs again after {down} ms");
        self.service = self.service.crashed();
        self.timers.retain(|timer, _| timer.outlives_crash());
        self.now += down.as_us();
        let mut answers = self.fire_what_is_due();
        self.incarnation += 1;
        let incarnation = self.incarnation;
        answers.extend(self.step(Event::Start { incarnation }));
        answers
    }

    /// All that was said.
    pub fn log(&self) -> &str {
        &self.log
    }

    fn fire_what_is_due(&mut self) -> Vec<(Peer, Message)> {
        let mut answers = Vec::new();
        while let Some((&timer, _)) =
            self.timers.iter().filter(|&(_, &due)| due <= self.now).min_by_key(|&(_, &due)| due)
        {
            self.timers.remove(&timer);
            answers.extend(self.step(Event::Fire(timer)));
        }
        answers
    }

    fn step(&mut self, event: Event) -> Vec<(Peer, Message)> {
        let mut effects = Effects::default();
        self.service.step(event, &mut effects);
        let mut answers = Vec::new();
        for &effect in effects.as_slice() {
            match effect {
                Effect::Reply(peer, message) => {
                    let _ = writeln!(self.log, "    {peer}< {message}");
                    answers.push((peer, message));
                }
                Effect::Note(fact) => {
                    let _ = writeln!(self.log, "    ({fact})");
                }
                Effect::Arm(timer, range) => {
                    self.timers.insert(timer, self.now + range.most.as_us());
                }
                Effect::Disarm(timer) => {
                    self.timers.remove(&timer);
                }
                other => panic!("a service has no business with {other:?}"),
            }
        }
        answers
    }
}
