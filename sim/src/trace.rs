//! A run in words: one line a step, in fixed columns.
//!
//! ```text
//!       12.345001  A         next operation          calls acquire; -> redis: SET lock ...
//! ```

use std::fmt::Write;

use contend_model::cast::Cast;
use contend_model::history::What;
use contend_model::ident::NodeId;
use contend_model::node::{Command, Stimulus};

use crate::outcome::TimedStep;

/// The explanation of the columns.
pub const LEGEND: &str = "\
columns: virtual time in milliseconds; the node; what happens to it; what it does.
A, B, C are clients; -> is a message that is sent, <- one that arrives; #1 is a later connection
between the same two. What is lost on the way shows only in its never arriving.";

/// The steps of a run, one line each, without the legend.
pub fn text(cast: &Cast, steps: &[TimedStep]) -> String {
    let mut text = String::new();
    for step in steps {
        text.push_str(&line(cast, step));
        text.push('\n');
    }
    text
}

/// One line for one step, without its end.
pub fn line(cast: &Cast, step: &TimedStep) -> String {
    let time = format!("{}.{:06}", step.at / 1_000_000, step.at % 1_000_000);
    let who = cast.name(step.node);
    let cause = cause(cast, step.stimulus);
    let mut line = format!("{time:>14}  {who:9} {cause:50} ");
    let mut first = true;
    for command in &step.commands {
        let Some(does) = does(cast, command) else { continue };
        let separator = if first { "" } else { "; " };
        first = false;
        write!(line, "{separator}{does}").expect("a string takes everything");
    }
    line.truncate(line.trim_end().len());
    line
}

fn cause(cast: &Cast, stimulus: Stimulus) -> String {
    match stimulus {
        Stimulus::Start => "starts".into(),
        Stimulus::Deliver { from, message } => {
            format!("<- {}: {message}", peer(cast, from.node, from.connection))
        }
        Stimulus::Fire(timer) => timer.to_string(),
        Stimulus::Disconnected(from) => {
            format!("the connection to {} is lost", peer(cast, from.node, from.connection))
        }
        Stimulus::Crash => "fault: crashes".into(),
        Stimulus::Restart => "runs again".into(),
        Stimulus::FailOver => "fault: its replica takes over".into(),
        Stimulus::Misuse => "fault: releases what it does not hold".into(),
        Stimulus::Cancel => "gives up waiting".into(),
    }
}

fn does(cast: &Cast, command: &Command) -> Option<String> {
    match *command {
        Command::Record(What::Crashed | What::Restarted) => None,
        Command::Record(what) => Some(what.to_string()),
        Command::Send { to, connection, message } => {
            Some(format!("-> {}: {message}", peer(cast, to, connection.unwrap_or(0))))
        }
        Command::Reset(service) => Some(format!("closes the connection to {}", cast.name(service))),
        Command::Arm(..) | Command::Disarm(_) => None,
    }
}

fn peer(cast: &Cast, node: NodeId, connection: u16) -> String {
    match connection {
        0 => cast.name(node).to_owned(),
        number => format!("{}#{number}", cast.name(node)),
    }
}
