//! Bring your own lock: a key with its owner's token, over a store. Run it with
//! `cargo run --release --example own_lock`.
//!
//! 1. **Describe the client.** A process is a value with one transition, `step`: it sees an event,
//!    changes, and says what it wants done. It reads no clock and draws no random number. The
//!    caller's wish comes as `Invoke`, and is answered with `returns`, at once or later. `call` sends
//!    a request and waits as long as a client library does; after `Disconnected` nobody knows what
//!    became of it, and the client has to say so. The protocol is one `match` of phase and event,
//!    and its last arm ignores the rest.
//! 2. **Say what it leans on.** Here it is a Redis-like store that syncs every write, and a resource
//!    that checks nothing; the resource is the first service of all. A server of your own is a
//!    process like the client, with messages of your own: see `Message::Custom`.
//! 3. **Say what you claim**: each property with the letters of the environments in which it holds,
//!    `0` calm, `m` misuse, `N` a lossy network, `C` crashes, `T` pauses and drift, `F` failover.
//!    Claims are two-sided: a claim that does not hold is wrong, and so is silence about what holds.
//!    Begin without claims and read the table. What the lock does not offer is said with the reason.
//! 4. **Verify.** `verify` visits every state that two clients with two acquisitions each can reach
//!    with at most one fault. Where it cannot tell, it says why.
//! 5. **Read the counterexample**, the shortest there is. Here the first is a holder that asks again
//!    and is refused by its own key; after a crash nobody ever obtains the lock, for the key has no
//!    time to live.
//! 6. **Simulate.** The same values run under delays and faults drawn from seeds, and the metrics
//!    say what the lock costs. A seed and a scenario give the same run to the last bit.

use contend::message::store::{Command, Key, Reply, Script, Value, When};
use contend::prelude::*;

const LOCK: Key = Key::named("my-lock");

/// The token of the present acquisition, and the call under way.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Client(Token, Option<Op>);

impl Process for Client {
    fn step(&mut self, event: Event, out: &mut Effects) {
        let outcome = match (self.1, event) {
            (_, Event::Start { incarnation }) => return self.0.incarnation = incarnation,
            (_, Event::Invoke(op)) => {
                self.1 = Some(op);
                let value = Value::Token(self.0);
                return match op {
                    Op::Acquire => out.call(BACKEND, Command::set(LOCK, value, When::Absent)),
                    _ => out.call(BACKEND, Script::CompareDelete(LOCK, value)),
                };
            }
            (Some(op), Event::Deliver { message: Message::StoreReply(reply), .. }) => {
                match (op, reply) {
                    (Op::Acquire, Reply::Ok) => Outcome::Acquired { fence: None },
                    (Op::Acquire, _) => Outcome::Refused,
                    (_, Reply::Int(1)) => Outcome::Released,
                    _ => Outcome::NotHeld,
                }
            }
            (Some(_), Event::Disconnected(_)) => Outcome::Unknown,
            _ => return,
        };
        self.1 = None;
        out.returns(outcome);
    }

    fn crashed(&self) -> Self {
        Client(self.0, None)
    }
}

struct OwnLock;

impl Algorithm for OwnLock {
    fn card(&self) -> Card {
        Card::new("own-lock", Kind::Lock, "SET NX with a token, compare-and-delete to release")
            .claim(Property::MutualExclusion, "0mCT")
            .claim(Property::Fencing, "0mC")
            .claim(Property::DeadlockFreedom, "0m")
            .claim(Property::Ownership, "0mNCTF")
            .claim(Property::Consistency, "0mCF")
            .without(Property::Interruptibility, "acquire returns at once")
    }

    fn client(&self, client: NodeId, _: Role, _: &Timing) -> Box<dyn AnyProcess> {
        Box::new(Client(Token { client, incarnation: 0, serial: 1 }, None))
    }

    fn services(&self, timing: &Timing) -> Vec<Service> {
        contend::service::plain_store(timing)
    }
}

fn main() -> Result<(), contend::simulation::SimulationError> {
    let rows = verify(&OwnLock, &Options::default());
    print!("{}", terminal::verdicts(&[OwnLock.card()], &rows));
    if let Some(shown) = rows.iter().find_map(|row| row.counterexample.as_ref()) {
        shown.steps.iter().for_each(|step| println!("{}", step.line));
        println!("{}\n", shown.explanation);
    }
    let calm = Scenario::within(Kind::Lock, Environment::Calm);
    print!("{}", terminal::metrics(&[simulate(&OwnLock, &calm, 0..1_000)?]));
    assert!(rows.iter().all(|row| row.as_claimed), "the table is not what the card claims");
    Ok(())
}
