//! A counterexample in words: one line a step, in fixed columns.
//!
//! ```text
//!  #  who        what happens                                what comes of it
//!  1  A          next operation                              calls acquire; A->redis SET lock ...
//! ```

use std::fmt::Write;

use super::step::Step;
use super::{Action, World};
use crate::ident::NodeId;
use crate::node::{Command, Stimulus};

/// The explanation of the columns.
pub const LEGEND: &str = "\
columns: number of the step; the node that it reaches; what happens to it; what it does.
A, B, C are clients; -> is a message that is sent, <- one that arrives; #1 is a later connection
between the same two; \"fault\" is what the world does wrong. Time passes only where it says so.";

impl World {
    /// One line for one step.
    pub fn line(&self, number: usize, step: &Step) -> String {
        let who = step.node.map_or_else(|| "world".to_owned(), |node| self.name(node));
        let cause = self.cause(step);
        let outcome = self.outcome(step);
        let mut line = format!("{number:3}  {who:9} {cause:58} {outcome}");
        for property in step.violated.iter() {
            let _ = write!(line, "  <== {property} is violated");
        }
        line.truncate(line.trim_end().len());
        line
    }

    /// What happened, in the words of the backend.
    pub fn cause(&self, step: &Step) -> String {
        let fault = |text: String| format!("fault: {text}");
        match (step.action, step.stimulus) {
            (Action::DeliverLate(_), Some(Stimulus::Deliver { from, message })) => {
                format!("<- {}: {message} (late)", self.peer(from.node, from.connection))
            }
            (_, Some(Stimulus::Deliver { from, message })) => {
                format!("<- {}: {message}", self.peer(from.node, from.connection))
            }
            (_, Some(Stimulus::Disconnected(peer))) => {
                format!("the connection to {} is lost", self.peer(peer.node, peer.connection))
            }
            (Action::Fire(_, timer), _) if step.early => fault(format!("{timer}, before its time")),
            (Action::Fire(_, timer), _) => timer.to_string(),
            (Action::Deliver(link), _) => {
                format!("{} arrives where nobody listens", self.arrow(&link))
            }
            (Action::DeliverLate(_), _) => "a late message arrives where nobody listens".into(),
            (Action::Tick, _) => "time passes".into(),
            (Action::Restart(_), _) => "runs again".into(),
            (Action::Lose(link), _) => fault(format!("{} is lost", self.arrow(&link))),
            (Action::HoldBack(link), _) => fault(format!("{} is held back", self.arrow(&link))),
            (Action::Repeat(link), _) => fault(format!("{} is sent twice", self.arrow(&link))),
            (Action::Disconnect { client, service, connection }, _) => {
                let service = self.peer(service, connection);
                fault(format!("connection {client}-{service} breaks"))
            }
            (Action::Crash(_), _) => fault("crashes".into()),
            (Action::FailOver(_), _) => fault("its replica takes over".into()),
            (Action::Misuse(_), _) => fault("releases what it does not hold".into()),
            (Action::Cancel(_), _) => "gives up waiting".into(),
        }
    }

    fn arrow(&self, link: &super::Link) -> String {
        let service = self.peer(link.service, link.connection);
        match link.towards {
            super::Towards::Service => format!("request {}->{service}", link.client),
            super::Towards::Client => format!("reply {service}->{}", link.client),
        }
    }

    fn peer(&self, node: NodeId, connection: u16) -> String {
        match connection {
            0 => self.name(node),
            number => format!("{}#{number}", self.name(node)),
        }
    }

    /// What the node did, history first.
    pub fn outcome(&self, step: &Step) -> String {
        let mut parts = Vec::new();
        for command in &step.commands {
            match *command {
                Command::Record(
                    crate::history::What::Crashed | crate::history::What::Restarted,
                ) => {}
                Command::Record(what) => parts.push(what.to_string()),
                Command::Send { to, connection, message } => {
                    let peer = self.peer(to, connection.unwrap_or(0));
                    parts.push(format!("-> {peer}: {message}"));
                }
                Command::Reset(service) => {
                    parts.push(format!("closes the connection to {}", self.name(service)));
                }
                Command::Arm(..) | Command::Disarm(_) => {}
            }
        }
        parts.join("; ")
    }
}
