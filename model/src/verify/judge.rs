//! What an explored world says about each property.

use super::explain;
use super::fairness::{self, Fairness};
use crate::node::Node;
use crate::property::{Environment, Kind, Property};
use crate::search::{Explored, Labels, StateId, Trap};
use crate::verdict::{Extent, Finding, Row, Verdict};
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

impl From<Fairness> for Finding {
    fn from(fairness: Fairness) -> Self {
        match fairness {
            Fairness::Bounded(times) => {
                Finding { overtakings: Some(times), ..Finding::of(Verdict::Holds) }
            }
            Fairness::Unbounded(counterexample) => Finding::violated(Some(counterexample)),
            Fairness::Undecided(times) => Finding::unknown(format!(
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
        let not_offered = card.does_not_offer(property).map(|why| format!("not offered: {why}"));
        let beyond = not_offered.or_else(|| obstacle.map(str::to_owned));
        let finding = match (beyond, self.explored) {
            (Some(reason), _) => Finding::unknown(reason),
            (None, Some(explored)) => self.judge(property, explored),
            (None, None) => Finding::unknown("not searched"),
        };
        Row::new(card, property, environment, finding, self.extent())
    }

    fn extent(&self) -> Extent {
        Extent {
            scope: self.world.scope().in_words(),
            exhausted: self.explored.is_some_and(Explored::is_exhausted),
            states: self.explored.map_or(0, Explored::states),
            depth: self.explored.map_or(0, Explored::depth),
        }
    }

    fn judge(&self, property: Property, explored: &Explored) -> Finding {
        let broken = explored.first(bit(Mark::Violated(property)));
        if let Some(state) = broken.or_else(|| self.trap(property, explored)) {
            let counterexample = explain::counterexample(self.world, explored, state, property);
            return Finding::violated(counterexample);
        }
        if let Some(cut) = explored.cut() {
            return Finding::unknown(format!("{cut} after {} states", explored.states()));
        }
        for (mark, what) in goals(property) {
            if explored.first(bit(mark)).is_none() {
                return Finding::unknown(format!("vacuous: {what}"));
            }
        }
        match property {
            Property::Fairness => Finding::from(fairness::judge(self.world, explored)),
            _ => Finding::of(Verdict::Holds),
        }
    }

    /// The nearest state from which what is due can no longer come about.
    fn trap(&self, property: Property, explored: &Explored) -> Option<StateId> {
        let scope = self.world.scope();
        let clients = 0..scope.roles.len();
        let items = 0..scope.roles.len() * usize::from(scope.duty.operations);
        let questions: Vec<(Mark, Mark)> = match property {
            Property::DeadlockFreedom | Property::Interruptibility | Property::Revocation => {
                clients.map(|c| (Mark::Wants(c), Mark::Holds(c))).collect()
            }
            Property::Reentrancy => clients.map(|c| (Mark::Nests(c), Mark::Unnests(c))).collect(),
            Property::NoLoss => items.map(|i| (Mark::Enqueued(i), Mark::Finished(i))).collect(),
            Property::AtLeastOnce => items.map(|i| (Mark::Enqueued(i), Mark::Applied(i))).collect(),
            Property::Progress => items.map(|i| (Mark::Enqueued(i), Mark::Delivered(i))).collect(),
            _ => Vec::new(),
        };
        let bits: Vec<_> = questions.into_iter().map(|(due, done)| (bit(due), bit(done))).collect();
        match explored.first_trap(&bits) {
            Trap::Found(state) => Some(state),
            Trap::None | Trap::Unknown => None,
        }
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
        Property::Emptiness => {
            goals.push((Mark::FoundEmpty, "nobody was ever told that the queue is empty"));
        }
        Property::TerminalStays => goals.push((Mark::Settled, "nothing was ever acknowledged")),
        _ => {}
    }
    goals
}
