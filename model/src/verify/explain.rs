//! From a state that must not be to a story that can be read.

use crate::node::{Command, Stimulus};
use crate::property::Property;
use crate::search::{Explored, StateId};
use crate::verdict::{Counterexample, Frame, Way};
use crate::world::{Action, State, Step, World};

/// The shortest way to the state, told step by step.
pub(super) fn counterexample(
    world: &World,
    explored: &Explored,
    state: StateId,
    property: Property,
) -> Option<Counterexample> {
    let path = explored.path_to(world, state).ok()?;
    let actions: Vec<Action> = path.steps.iter().map(|(action, _)| *action).collect();
    let (steps, end) = told(world, &actions);
    let explanation = explanation(world, property, &steps, &end);
    Some(Counterexample {
        lanes: lanes(world),
        steps,
        explanation,
        command: command(world, property),
        way: Some(Way { scope: world.scope().clone(), actions }),
    })
}

/// The way into a loop, and once round. The steps are those of a world without an end, `endless`.
pub(super) fn of_loop(
    world: &World,
    endless: &World,
    way: &[Action],
    round: &[Action],
    property: Property,
) -> Counterexample {
    let actions: Vec<Action> = way.iter().chain(round).copied().collect();
    let (steps, _) = told(endless, &actions);
    let (first, last) = (way.len() + 1, actions.len());
    let explanation = format!(
        "Steps {first} to {last} can be repeated for ever: in each round somebody who came later \
         obtains the lock, and the same client goes on waiting. No fault is needed."
    );
    Counterexample {
        lanes: lanes(world),
        steps,
        explanation,
        command: command(world, property),
        way: Some(Way { scope: endless.scope().clone(), actions }),
    }
}

fn told(world: &World, actions: &[Action]) -> (Vec<Frame>, State) {
    let mut current = world.start().clone();
    let mut steps = Vec::new();
    for (number, action) in (1..).zip(actions) {
        let (next, step) = world.act(&current, *action);
        steps.push(frame(world, number, &step, &next));
        current = next;
    }
    (steps, current)
}

fn lanes(world: &World) -> Vec<String> {
    world.ids().map(|node| world.name(node)).collect()
}

fn command(world: &World, property: Property) -> String {
    let (name, environment) = (&world.card().name, world.scope().environment);
    format!("contend verify {name} --property {property} --environment {environment}")
}

fn frame(world: &World, number: usize, step: &Step, after: &State) -> Frame {
    let sends = step.commands.iter().filter_map(|command| match command {
        Command::Send { to, message, .. } => Some((world.name(*to), message.to_string())),
        _ => None,
    });
    let from = match step.stimulus {
        Some(Stimulus::Deliver { from, .. }) => Some(world.name(from.node)),
        _ => None,
    };
    Frame {
        number,
        who: step.node.map_or_else(|| "world".into(), |node| world.name(node)),
        cause: world.cause(step),
        outcome: world.outcome(step),
        fault: step.early
            || step.action.is_unreliable() && !matches!(step.action, Action::Cancel(_)),
        sends: sends.collect(),
        from,
        holders: holders(world, after),
        violates: step.violated.iter().collect(),
        line: world.line(number, step),
    }
}

fn holders(world: &World, state: &State) -> Vec<String> {
    state
        .nodes()
        .filter(|node| node.caller().is_some_and(|caller| caller.holds()))
        .map(|node| world.name(node.id))
        .collect()
}

fn explanation(world: &World, property: Property, steps: &[Frame], end: &State) -> String {
    let number = steps.len();
    let last = steps.last();
    let who = last.map_or("somebody", |frame| frame.who.as_str());
    let faults: Vec<String> = steps
        .iter()
        .filter(|frame| frame.fault)
        .map(|frame| {
            let what = frame.cause.trim_start_matches("fault: ");
            format!("step {} ({} {what})", frame.number, frame.who)
        })
        .collect();
    let what = match property {
        Property::MutualExclusion => {
            format!(
                "after step {number} {} believe at once that they hold",
                both(&holders(world, end))
            )
        }
        Property::Fencing => format!(
            "at step {number} the resource takes a write of a hold after it has taken one of \
             another hold that came in between"
        ),
        Property::DeadlockFreedom => format!(
            "from the end of step {number} {} can never obtain the lock again, whatever happens",
            both(&waiters(world, end))
        ),
        Property::Interruptibility => format!(
            "after step {number} a waiter can neither be woken nor obtain the lock any more \
             ({})",
            both(&waiters(world, end))
        ),
        Property::Revocation => format!(
            "from the end of step {number} {} can never obtain the lock, for nobody asks its holder to \
             come to an end",
            both(&waiters(world, end))
        ),
        Property::Ownership => {
            format!(
                "at step {number} {who} frees or prolongs a lock for somebody whose lock it is not"
            )
        }
        Property::Reentrancy => format!(
            "at step {number} a holder that acquires again is refused or waits for itself for ever, or \
             loses the lock with the inner release"
        ),
        Property::Fairness => {
            format!("at step {number} {who} obtains the lock before somebody who waited already")
        }
        Property::Consistency => format!(
            "at step {number} the resource takes a write of a client that does not hold, while \
             another does"
        ),
        Property::NoLoss => format!(
            "from the end of step {number} an acknowledged item can no longer be worked on to its end"
        ),
        Property::NoPhantom => format!("at step {number} {who} gets what nobody enqueued"),
        Property::NoDuplicate => {
            format!("at step {number} {who} gets an item that was delivered before")
        }
        Property::AtLeastOnce => format!(
            "from the end of step {number} the effect of an acknowledged item can no longer come about"
        ),
        Property::AtMostOnce => format!("at step {number} an effect is applied a second time"),
        Property::Exclusive => {
            format!("at step {number} {who} gets an item that another consumer still works on")
        }
        Property::Fifo => format!(
            "at step {number} {who} gets an item that was enqueued before one that was delivered \
             already"
        ),
        Property::Emptiness => format!(
            "by step {number} somebody was told that the queue is empty, and at each moment of that call \
             something was in it"
        ),
        Property::TerminalStays => {
            format!("at step {number} {who} gets an item that was acknowledged as done before")
        }
        Property::Progress => format!(
            "after step {number} an acknowledged item is stuck, or was passed over again and again"
        ),
    };
    let because = match faults.len() {
        0 if world.scope().environment == crate::property::Environment::Expiry => {
            "No fault is needed, only timers that fire at these moments".to_owned()
        }
        0 => "No fault is needed, only this order of steps".to_owned(),
        1 => format!("The one fault is {}", faults[0]),
        _ => format!("The faults are {}", both(&faults)),
    };
    let mut text = format!("{what}. {because}.");
    let waits = matches!(property, Property::DeadlockFreedom | Property::Interruptibility);
    if waits && world.has_kept_alive(end) {
        text += " What a client keeps alive is not taken to end by itself.";
    }
    if let Some(first) = text.get(..1) {
        text = first.to_uppercase() + &text[1..];
    }
    text
}

fn waiters(world: &World, state: &State) -> Vec<String> {
    state
        .nodes()
        .filter(|node| node.caller().is_some_and(|caller| caller.waits()))
        .map(|node| world.name(node.id))
        .collect()
}

fn both(names: &[String]) -> String {
    match names {
        [] => "nobody".into(),
        [one] => one.clone(),
        [init @ .., last] => format!("{} and {last}", init.join(", ")),
    }
}
