//! A service on its own, stepped by hand and written down: `A>` is a request of client A, what follows
//! the arrow is what goes out because of it, in order; `--` is something that happens.

use std::collections::BTreeMap;
use std::fmt::Write;

use contend_model::history::What;
use contend_model::ident::Peer;
use contend_model::message::Message;
use contend_model::process::{Effect, Effects, Event, Process};
use contend_model::time::Span;
use contend_model::timer::Timer;

/// A service, its clock, and what has been said.
#[derive(Clone, Debug)]
pub struct Conversation<P> {
    service: P,
    /// Microseconds since the start.
    now: u64,
    timers: BTreeMap<Timer, u64>,
    incarnation: u8,
    text: String,
}

impl<P: Process> Conversation<P> {
    /// With a service that nobody has spoken to yet.
    pub fn with(service: P) -> Self {
        let (timers, text) = (BTreeMap::new(), String::new());
        Conversation { service, now: 0, timers, incarnation: 0, text }
    }

    /// What has been said.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// A request arrives; gives what goes out.
    pub fn ask(&mut self, from: Peer, request: impl Into<Message>) -> Vec<(Peer, Message)> {
        let message = request.into();
        write!(self.text, "{from}> {message}").unwrap();
        self.step(Event::Deliver { from, message })
    }

    /// Time passes, and deadlines pass when they are due.
    pub fn pass(&mut self, span: Span) -> Vec<(Peer, Message)> {
        write!(self.text, "-- {span} ms pass").unwrap();
        let until = self.now + u64::from(span.as_us());
        let mut sent = Vec::new();
        while let Some((due, timer)) = self.first().filter(|&(due, _)| due <= until) {
            self.now = due;
            self.timers.remove(&timer);
            sent.extend(self.react(Event::Fire(timer)));
        }
        self.now = until;
        self.text.push('\n');
        sent
    }

    /// The service crashes, stays down for so long, and runs again.
    pub fn crash(&mut self, down: Span) {
        write!(self.text, "-- the server is down for {down} ms").unwrap();
        self.service = self.service.crashed();
        self.timers.retain(|timer, _| timer.outlives_crash());
        let until = self.now + u64::from(down.as_us());
        while let Some((due, timer)) = self.first().filter(|&(due, _)| due <= until) {
            self.now = due;
            self.timers.remove(&timer);
            self.react(Event::Fire(timer));
        }
        self.now = until;
        self.incarnation += 1;
        self.step(Event::Start { incarnation: self.incarnation });
    }

    /// A connection ends.
    pub fn disconnect(&mut self, peer: Peer) {
        write!(self.text, "-- the connection of {peer} ends").unwrap();
        self.step(Event::Disconnected(peer));
    }

    fn first(&self) -> Option<(u64, Timer)> {
        self.timers.iter().map(|(&timer, &due)| (due, timer)).min()
    }

    fn step(&mut self, event: Event) -> Vec<(Peer, Message)> {
        let sent = self.react(event);
        self.text.push('\n');
        sent
    }

    fn react(&mut self, event: Event) -> Vec<(Peer, Message)> {
        let mut effects = Effects::default();
        self.service.step(event, &mut effects);
        let mut sent = Vec::new();
        for &effect in effects.as_slice() {
            match effect {
                Effect::Reply(peer, message) => {
                    write!(self.text, " → {peer}: {message}").unwrap();
                    sent.push((peer, message));
                }
                Effect::Note(fact) => write!(self.text, " ({})", What::Fact(fact)).unwrap(),
                Effect::Arm(timer, range) => {
                    self.timers.insert(timer, self.now + u64::from(range.most.as_us()));
                }
                Effect::Disarm(timer) => {
                    self.timers.remove(&timer);
                }
                other => panic!("a server has no business with {other:?}"),
            }
        }
        sent
    }
}
