//! A client that says three things at once and listens, and a service that repeats what it hears:
//! something to look at connections with.

use contend_model::algorithm::{Algorithm, Card, Form, Role, Service, Timing};
use contend_model::ident::{BACKEND, NodeId};
use contend_model::message::{Custom, Message};
use contend_model::op::Op;
use contend_model::process::{AnyProcess, Effects, Event, Process};
use contend_model::property::Kind;
use contend_model::time::Span;
use contend_model::timer::Timer;

use super::lock_server::Resource;

/// How long after the first words the client says more.
pub const LATER: Span = Span::ms(200);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Client;

/// A word with a number.
pub fn word(number: u32) -> Message {
    Message::Custom(Custom { verb: "word", words: [number, 0, 0] })
}

impl Process for Client {
    fn step(&mut self, event: Event, out: &mut Effects) {
        match event {
            Event::Invoke(Op::Acquire) => {
                (1..=3).for_each(|number| out.send(BACKEND, word(number)));
                out.arm(Timer::Custom(0), LATER);
            }
            Event::Fire(Timer::Custom(0)) => out.send(BACKEND, word(4)),
            _ => {}
        }
    }

    fn crashed(&self) -> Self {
        Client
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Echo;

impl Process for Echo {
    fn step(&mut self, event: Event, out: &mut Effects) {
        if let Event::Deliver { from, message } = event {
            out.reply(from, message);
        }
    }

    fn crashed(&self) -> Self {
        Echo
    }
}

/// The algorithm, which is no lock.
#[derive(Debug)]
pub struct Chatter;

impl Algorithm for Chatter {
    fn card(&self) -> Card {
        Card {
            name: "chatter".into(),
            kind: Kind::Lock,
            document: "none".into(),
            form: Form::Intended,
            backend: "echo".into(),
            summary: "Says three things.".into(),
            claims: Vec::new(),
            not_offered: Vec::new(),
            discipline: Default::default(),
        }
    }

    fn client(&self, _me: NodeId, _role: Role, _timing: &Timing) -> Box<dyn AnyProcess> {
        Box::new(Client)
    }

    fn services(&self, _timing: &Timing) -> Vec<Service> {
        vec![
            Service { name: "resource", process: Box::new(Resource) },
            Service { name: "echo", process: Box::new(Echo) },
        ]
    }
}
