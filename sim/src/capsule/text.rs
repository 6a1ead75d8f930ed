//! Actions of the explored world as short text: `deliver A->redis`, `fire A poll`, `tick`. A
//! connection that is not the first has its number behind the service's name: `redis#1`.

use contend_model::cast::Cast;
use contend_model::ident::NodeId;
use contend_model::timer::Timer;
use contend_model::world::{Action, Link, Towards};
use thiserror::Error;

/// A text that is no action.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("actions.{place}: `{text}` is no action; write for example `deliver A->{example}`")]
pub struct UnreadableAction {
    /// Its place in the list, from 0.
    pub place: usize,
    /// The text.
    pub text: String,
    /// The name of a service that there is.
    pub example: String,
}

/// Actions as text.
pub fn actions_to_text(cast: &Cast, actions: &[Action]) -> Vec<String> {
    actions.iter().map(|action| write(cast, action)).collect()
}

/// Actions from text.
pub fn actions_from_text(cast: &Cast, texts: &[String]) -> Result<Vec<Action>, UnreadableAction> {
    let read = |(place, text): (usize, &String)| {
        read(cast, text).ok_or_else(|| UnreadableAction {
            place,
            text: text.clone(),
            example: cast.names().last().cloned().unwrap_or_default(),
        })
    };
    texts.iter().enumerate().map(read).collect()
}

fn write(cast: &Cast, action: &Action) -> String {
    let name = |node| cast.name(node);
    let numbered = |node, number| match number {
        0 => name(node).to_owned(),
        number => format!("{}#{number}", name(node)),
    };
    let arrow = |link: Link| {
        let service = numbered(link.service, link.connection);
        match link.towards {
            Towards::Service => format!("{}->{service}", name(link.client)),
            Towards::Client => format!("{service}->{}", name(link.client)),
        }
    };
    match *action {
        Action::Deliver(link) => format!("deliver {}", arrow(link)),
        Action::DeliverLate(number) => format!("deliver-late {number}"),
        Action::Fire(node, timer) => format!("fire {} {}", name(node), write_timer(cast, timer)),
        Action::Tick => "tick".into(),
        Action::Restart(node) => format!("restart {}", name(node)),
        Action::Lose(link) => format!("lose {}", arrow(link)),
        Action::HoldBack(link) => format!("hold-back {}", arrow(link)),
        Action::Repeat(link) => format!("repeat {}", arrow(link)),
        Action::Disconnect { client, service, connection } => {
            format!("disconnect {} {}", name(client), numbered(service, connection))
        }
        Action::Crash(node) => format!("crash {}", name(node)),
        Action::FailOver(node) => format!("fail-over {}", name(node)),
        Action::Misuse(node) => format!("misuse {}", name(node)),
        Action::Cancel(node) => format!("cancel {}", name(node)),
    }
}

fn write_timer(cast: &Cast, timer: Timer) -> String {
    match timer {
        Timer::Next => "next".into(),
        Timer::Again => "again".into(),
        Timer::Work => "work".into(),
        Timer::Answer(node) => format!("answer {}", cast.name(node)),
        Timer::Poll => "poll".into(),
        Timer::Lease => "lease".into(),
        Timer::Renew => "renew".into(),
        Timer::Reap => "reap".into(),
        Timer::Deadline(number) => format!("deadline {number}"),
        Timer::DeadlineOf(node, number) => format!("deadline {} {number}", cast.name(node)),
        Timer::Sync => "sync".into(),
        Timer::Replicate => "replicate".into(),
        Timer::ReplicateTo(node, number) => format!("replicate {} {number}", cast.name(node)),
        Timer::Custom(number) => format!("custom {number}"),
    }
}

fn read(cast: &Cast, text: &str) -> Option<Action> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let node = |name: &str| cast.find(name).map(|index| cast.node(index));
    Some(match *words {
        ["tick"] => Action::Tick,
        ["deliver", link] => Action::Deliver(read_link(cast, link)?),
        ["deliver-late", number] => Action::DeliverLate(number.parse().ok()?),
        ["lose", link] => Action::Lose(read_link(cast, link)?),
        ["hold-back", link] => Action::HoldBack(read_link(cast, link)?),
        ["repeat", link] => Action::Repeat(read_link(cast, link)?),
        ["fire", name, ref timer @ ..] => Action::Fire(node(name)?, read_timer(cast, timer)?),
        ["restart", name] => Action::Restart(node(name)?),
        ["crash", name] => Action::Crash(node(name)?),
        ["fail-over", name] => Action::FailOver(node(name)?),
        ["misuse", name] => Action::Misuse(node(name)?),
        ["cancel", name] => Action::Cancel(node(name)?),
        ["disconnect", client, service] => {
            let (service, connection) = read_numbered(cast, service)?;
            let client = node(client)?;
            Action::Disconnect { client, service, connection }
        }
        _ => return None,
    })
}

fn read_link(cast: &Cast, text: &str) -> Option<Link> {
    let (sender, receiver) = text.split_once("->")?;
    let (sender, sent_on) = read_numbered(cast, sender)?;
    let (receiver, received_on) = read_numbered(cast, receiver)?;
    match (sender, receiver) {
        (NodeId::Client(_), NodeId::Service(_)) if sent_on == 0 => Some(Link {
            client: sender,
            service: receiver,
            connection: received_on,
            towards: Towards::Service,
        }),
        (NodeId::Service(_), NodeId::Client(_)) if received_on == 0 => Some(Link {
            client: receiver,
            service: sender,
            connection: sent_on,
            towards: Towards::Client,
        }),
        _ => None,
    }
}

fn read_numbered(cast: &Cast, text: &str) -> Option<(NodeId, u16)> {
    let (name, number) = match text.rsplit_once('#') {
        Some((name, number)) => (name, number.parse().ok()?),
        None => (text, 0),
    };
    cast.find(name).map(|index| (cast.node(index), number))
}

fn read_timer(cast: &Cast, words: &[&str]) -> Option<Timer> {
    Some(match *words {
        ["next"] => Timer::Next,
        ["again"] => Timer::Again,
        ["work"] => Timer::Work,
        ["answer", name] => Timer::Answer(cast.node(cast.find(name)?)),
        ["poll"] => Timer::Poll,
        ["lease"] => Timer::Lease,
        ["renew"] => Timer::Renew,
        ["reap"] => Timer::Reap,
        ["deadline", number] => Timer::Deadline(number.parse().ok()?),
        ["deadline", name, number] => {
            Timer::DeadlineOf(cast.node(cast.find(name)?), number.parse().ok()?)
        }
        ["sync"] => Timer::Sync,
        ["replicate"] => Timer::Replicate,
        ["replicate", name, number] => {
            Timer::ReplicateTo(cast.node(cast.find(name)?), number.parse().ok()?)
        }
        ["custom", number] => Timer::Custom(number.parse().ok()?),
        _ => return None,
    })
}
