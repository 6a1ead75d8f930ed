//! What an explored world says about each property.

use super::explain;
use super::fairness::{self, Fairness};
use crate::node::Node;
use crate::property::{Environment, Kind, Property};
use crate::search::{Explored, Labels, StateId, Trap};
use crate::verdict::{Counterexample, Row, Verdict};
use crate::world::{Mark, World};

/// Why nothing can be asked of this world, if so.
pub(super) fn obstacle(world: &World) -> Option<String> {
    let environment = world.scope().environment;
    if environment == Environment::Misuse && world.card().kind == Kind::Queue {
        return Some("not applicable: a queue has no release that could be misused".into());
    }
    let replicas = world.start().nodes().any(Node::has_replica);
    if environment == Environment::Failover && !replicas {
        return Some("not applicable: no service has a replica to fail over to".into());
    }
    None
}

/// What is found of one property.
struct Found {
    verdict: Verdict,
    reason: Option<String>,
    counterexample: Option<Counterexample>,
    overtakings: Option<u8>,
}

impl Found {
    fn of(verdict: Verdict) -> Self {
        Found { verdict, reason: None, counterexample: None, overtakings: None }
    }

    fn unknown(reason: String) -> Self {
        Found { reason: Some(reason), ..Found::of(Verdict::Unknown) }
    }
}

impl From<Fairness> for Found {
    fn from(fairness: Fairness) -> Self {
        match fairness {
            Fairness::Bounded(times) => {
                Found { overtakings: Some(times), ..Found::of(Verdict::Holds) }
            }
            Fairness::Unbounded(counterexample) => {
                Found { counterexample: Some(counterexample), ..Found::of(Verdict::Violated) }
            }
            Fairness::Undecided(times) => Found::unknown(format!(
                "a waiter is overtaken {times} times, as often as the scope allows, but no loop was \
                 found that goes on"
            )),
        }
    }
}

/// What is known of one world.
pub(super) struct Judge<'a> {
    world: &'a World,
    explored: Option<&'a Explored>,
}

impl<'a> Judge<'a> {
    pub fn new(world: &'a World, explored: &'a Explored) -> Self {
        Judge { world, explored: Some(explored) }
    }

    /// For a world that was not searched, because nothing can be asked of it.
    pub fn without_search(world: &'a World) -> Self {
        Judge { world, explored: None }
    }

    /// Whether a larger scope could tell what this one could not.
    pub fn is_undecided(&self, rows: &[Row]) -> bool {
        let searched = self.explored.is_some_and(Explored::is_exhausted);
        let vacuous = |reason: &str| reason.starts_with("vacuous");
        searched
            && rows.iter().any(|row| {
                row.verdict == Verdict::Unknown && !row.reason.as_deref().is_some_and(vacuous)
            })
    }

    /// The row of one property.
    pub fn row(&self, property: Property, obstacle: Option<&str>) -> Row {
        let card = self.world.card();
        let environment = self.world.scope().environment;
        let claimed = card.claims(property, environment);
        let not_offered = card.does_not_offer(property).map(|why| format!("not offered: {why}"));
        let beyond = not_offered.or_else(|| obstacle.map(str::to_owned));
        let found = match (beyond, self.explored) {
            (Some(reason), _) => Found::unknown(reason),
            (None, Some(explored)) => self.judge(property, explored),
            (None, None) => Found::unknown("not searched".into()),
        };
        let Found { verdict, reason, counterexample, overtakings } = found;
        let nothing_to_show = verdict == Verdict::Unknown && !claimed;
        Row {
            algorithm: card.name.clone(),
            document: card.document.clone(),
            form: card.form,
            property,
            environment,
            claimed,
            verdict,
            exhausted: self.explored.is_some_and(Explored::is_exhausted),
            states: self.explored.map_or(0, Explored::states),
            depth: self.explored.map_or(0, Explored::depth),
            trace_steps: counterexample.as_ref().map(|c| c.steps.len()),
            reason,
            scope: self.world.scope().in_words(),
            as_claimed: nothing_to_show || claimed == (verdict == Verdict::Holds),
            overtakings,
            counterexample,
        }
    }

    fn judge(&self, property: Property, explored: &Explored) -> Found {
        let broken = explored.first(bit(Mark::Violated(property)));
        if let Some(state) = broken.or_else(|| self.trap(property, explored)) {
            let counterexample = explain::counterexample(self.world, explored, state, property);
            return Found { counterexample, ..Found::of(Verdict::Violated) };
        }
        if let Some(cut) = explored.cut() {
            return Found::unknown(format!("{cut} after {} states", explored.states()));
        }
        for (mark, what) in goals(property) {
            if explored.first(bit(mark)).is_none() {
                return Found::unknown(format!("vacuous: {what}"));
            }
        }
        match property {
            Property::Fairness => Found::from(fairness::judge(self.world, explored)),
            _ => Found::of(Verdict::Holds),
        }
    }

    /// The nearest state from which what is due can no longer come about.
    fn trap(&self, property: Property, explored: &Explored) -> Option<StateId> {
        let scope = self.world.scope();
        let clients = 0..scope.roles.len();
        let items = 0..scope.roles.len() * usize::from(scope.duty.operations);
        let questions: Vec<(Mark, Mark)> = match property {
            Property::DeadlockFreedom | Property::Interruptibility => {
                clients.map(|c| (Mark::Wants(c), Mark::Holds(c))).collect()
            }
            Property::Reentrancy => clients.map(|c| (Mark::Nests(c), Mark::Unnests(c))).collect(),
            Property::NoLoss => items.map(|i| (Mark::Enqueued(i), Mark::Finished(i))).collect(),
            Property::AtLeastOnce => items.map(|i| (Mark::Enqueued(i), Mark::Applied(i))).collect(),
            Property::Progress => items.map(|i| (Mark::Enqueued(i), Mark::Delivered(i))).collect(),
            _ => Vec::new(),
        };
        questions
            .into_iter()
            .filter(|&(due, _)| explored.first(bit(due)).is_some())
            .filter_map(|(due, done)| match explored.first_trap(bit(due), bit(done)) {
                Trap::Found(state) => Some(state),
                Trap::None | Trap::Unknown => None,
            })
            .min_by_key(|&state| (explored.distance(state), state.index()))
    }
}

fn bit(mark: Mark) -> Labels {
    Labels::bit(mark.bit())
}

/// What must have come about somewhere in the scope for "holds" to mean anything.
fn goals(property: Property) -> Vec<(Mark, &'static str)> {
    let mut goals = vec![(Mark::Reached, "nobody ever got what the algorithm is for")];
    match property {
        Property::Ownership => goals.push((Mark::Disposed, "no backend told whose lock was freed")),
        Property::Fairness => goals.push((Mark::Contended, "nobody ever had to wait")),
        Property::Reentrancy => goals.push((Mark::Nested, "nobody ever acquired twice")),
        Property::Interruptibility => goals.push((Mark::Cancelled, "nobody ever gave up waiting")),
        Property::TerminalStays => goals.push((Mark::Settled, "nothing was ever acknowledged")),
        _ => {}
    }
    goals
}
