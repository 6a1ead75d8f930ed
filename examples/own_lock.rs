//! Bring your own lock: a server that grants one lock in the order of asking. Run it with
//! `cargo run --release --example own_lock`.
//!
//! 1. **Describe the client.** A process is a value with one transition, `step`: it sees an event,
//!    changes, and says what it wants done. It reads no clock and draws no random number. The
//!    caller's wish comes as `Invoke`, and is answered with `returns`, at once or later. `send`
//!    waits for an answer for ever, `call` as long as a client library does. After `Disconnected`
//!    nobody knows what became of a request, and the client has to say so. The protocol is one
//!    `match` of phase and event, and its last arm ignores the rest.
//! 2. **Describe the service** in the same way. [`Server`] is a queue of connections, and the first
//!    of them holds. Messages of your own are `Custom`: a verb and three numbers. `crashed` is what
//!    a crash leaves: here nothing, since nothing is on disk. The first service of all is the
//!    resource that the lock protects.
//! 3. **Say what you claim**: each property with the letters of the environments in which it holds,
//!    `0` calm, `m` misuse, `N` a lossy network, `C` crashes, `T` pauses and drift. Claims are
//!    two-sided: a claim that does not hold is wrong, and so is silence about what holds. Begin
//!    without claims and read the table. What the lock does not offer is said with the reason.
//! 4. **Verify.** `verify` visits every state that two clients with two acquisitions each can reach
//!    with at most one fault. Where it cannot tell, it says why: Fairness is judged from the first
//!    refusal on, and this lock never refuses anybody, so that calm shows nothing of it.
//! 5. **Read the counterexample**, the shortest there is. Here a connection ends, the server learns
//!    it first and grants the lock to the next, while the old holder still believes that it holds.
//!    A fencing token and a resource that checks it would mend what comes of that, not the belief.
//! 6. **Simulate.** The same values run under delays and faults drawn from seeds, and the metrics
//!    say what the lock costs. A seed and a scenario give the same run to the last bit.

use contend::algorithm::{Algorithm, Card, Form, Role, Service, Timing};
use contend::ident::{BACKEND, NodeId, Peer};
use contend::message::{Custom, Message};
use contend::op::{Notice, Op, Outcome};
use contend::process::{AnyProcess, Effects, Event, Process};
use contend::property::{Environment, Kind, Property};
use contend::service::resource::{Checks, Resource};
use contend::simulation::SimulationError;
use contend::{Options, reports::terminal, scenario::Scenario, simulate, verify};

const ACQUIRE: Custom = Custom { verb: "ACQUIRE", words: [0; 3] };
const GRANT: Custom = Custom { verb: "GRANT", words: [0; 3] };
const RELEASE: Custom = Custom { verb: "RELEASE", words: [0; 3] };

/// The call under way, if any.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Client(Option<Op>);

impl Process for Client {
    fn step(&mut self, event: Event, out: &mut Effects) {
        let outcome = match (self.0, event) {
            (_, Event::Invoke(op)) => {
                self.0 = Some(op);
                return out.send(BACKEND, if op == Op::Acquire { ACQUIRE } else { RELEASE });
            }
            (Some(op), Event::Deliver { message: Message::Custom(word), .. }) => match (op, word) {
                (Op::Acquire, GRANT) => Outcome::Acquired { fence: None },
                (Op::Release, RELEASE) => Outcome::Released,
                (Op::Cancel, RELEASE) => Outcome::Cancelled,
                _ => return,
            },
            (Some(_), Event::Disconnected(_)) => Outcome::Unknown,
            (None, Event::Disconnected(_)) => return out.notify(Notice::Lost),
            _ => return,
        };
        self.0 = None;
        out.returns(outcome);
    }

    fn crashed(&self) -> Self {
        Client(None)
    }
}

/// Who waits, in the order of asking; the first holds.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Server(Vec<Peer>);

impl Process for Server {
    fn step(&mut self, event: Event, out: &mut Effects) {
        let holder = self.0.first().copied();
        match event {
            Event::Deliver { from, message: Message::Custom(ACQUIRE) } => self.0.push(from),
            Event::Deliver { from, .. } => {
                self.0.retain(|peer| *peer != from);
                out.reply(from, RELEASE);
            }
            Event::Disconnected(gone) => self.0.retain(|peer| *peer != gone),
            _ => {}
        }
        if let Some(&next) = self.0.first().filter(|&&next| Some(next) != holder) {
            out.reply(next, GRANT);
        }
    }

    fn crashed(&self) -> Self {
        Server(Vec::new())
    }
}

struct TicketLock;

impl Algorithm for TicketLock {
    fn card(&self) -> Card {
        Card {
            name: "own-ticket-lock".into(),
            kind: Kind::Lock,
            document: "none".into(),
            form: Form::Intended,
            backend: "tickets".into(),
            summary: "first come, first served, while connections last".into(),
            claims: Vec::new(),
            not_offered: Vec::new(),
        }
        .claim(Property::MutualExclusion, "0mT")
        .claim(Property::Fencing, "0m")
        .claim(Property::Consistency, "0m")
        .claim(Property::DeadlockFreedom, "0mCT")
        .claim(Property::Interruptibility, "0mCT")
        .without(Property::Reentrancy, "a holder that asks again would wait for itself")
    }

    fn client(&self, _: NodeId, _: Role, _: &Timing) -> Box<dyn AnyProcess> {
        Box::new(Client(None))
    }

    fn services(&self, _: &Timing) -> Vec<Service> {
        let resource = Box::new(Resource::new(Checks::Nothing));
        let server = Box::new(Server(Vec::new()));
        let service = |name, process| Service { name, process };
        vec![service("resource", resource), service("tickets", server)]
    }
}

fn main() -> Result<(), SimulationError> {
    let rows = verify(&TicketLock, &Options::default());
    print!("{}", terminal::verdicts(&[TicketLock.card()], &rows));
    if let Some(shown) = rows.iter().find_map(|row| row.counterexample.as_ref()) {
        shown.steps.iter().for_each(|step| println!("{}", step.line));
        println!("{}\n", shown.explanation);
    }
    let calm = Scenario::within(Kind::Lock, Environment::Calm);
    print!("{}", terminal::metrics(&[simulate(&TicketLock, &calm, 0..1_000)?]));
    assert!(rows.iter().all(|row| row.as_claimed), "the table is not what the card claims");
    Ok(())
}
