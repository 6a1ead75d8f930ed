//! Steps that were taken before. Among millions of states there are few different nodes, connections and
//! judges, and most steps of one are repetitions; what is looked up is neither copied nor hashed again.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasherDefault, Hash};
use std::sync::Arc;

use super::action::Towards;
use super::shared::Shared;
use super::state::{Connection, Content, Packet};
use crate::history::What;
use crate::ident::NodeId;
use crate::monitor::Monitors;
use crate::node::{Command, Node, Scratch, Stimulus};
use crate::property::Properties;
use crate::search::Fingerprinter;

/// What nodes, connections and judges did. It is looked up and never walked through, so that its order
/// decides nothing, and a lookup compares the values, so that no fingerprint is trusted.
#[derive(Debug, Default)]
pub(super) struct Memo {
    /// The world whose steps these are.
    world: u64,
    scratch: Scratch,
    /// What nodes saw, and what they wanted.
    reactions: Steps<Node, Stimulus, Arc<[Command]>>,
    /// What was first in line.
    takings: Steps<Connection, Towards, Content>,
    /// What was sent.
    puttings: Steps<Connection, (Towards, Packet), ()>,
    /// Entries of the history, and what they violated.
    judgements: Steps<Monitors, (NodeId, What), Properties>,
    nodes: Pool<Node>,
    connections: Pool<Connection>,
    monitors: Pool<Monitors>,
}

type Table<T> = HashMap<u64, T, BuildHasherDefault<Fingerprinter>>;

/// The steps of one kind that were taken.
#[derive(Debug)]
struct Steps<T, Event, Outcome>(Table<Known<T, Event, Outcome>>);

/// What something happened to, what became of it, and what came of that.
#[derive(Debug)]
struct Known<T, Event, Outcome> {
    before: Shared<T>,
    event: Event,
    after: Shared<T>,
    outcome: Outcome,
}

/// One copy of each value, so that equal ones are mostly one and the same.
#[derive(Debug)]
struct Pool<T>(Table<Shared<T>>);

/// More than this would cost more memory than it saves time.
const ENTRIES_MAX: usize = 1 << 17;

impl Memo {
    /// Forgets everything unless it is of this world.
    pub fn serve(&mut self, world: u64) {
        if self.world != world {
            *self = Memo { world, ..Memo::default() };
        }
    }

    /// Lets one thing happen to the node, and says what it wants of the world.
    pub fn handle(&mut self, node: &mut Shared<Node>, stimulus: Stimulus) -> Arc<[Command]> {
        let known = self.reaction(node, stimulus);
        *node = known.after.clone();
        known.outcome.clone()
    }

    /// Whether the node would do nothing, and be what it was.
    pub fn ignores(&mut self, node: &Shared<Node>, stimulus: Stimulus) -> bool {
        let Known { before, after, outcome, .. } = self.reaction(node, stimulus);
        outcome.is_empty() && before.fingerprint() == after.fingerprint() && before == after
    }

    fn reaction(
        &mut self,
        node: &Shared<Node>,
        stimulus: Stimulus,
    ) -> &Known<Node, Stimulus, Arc<[Command]>> {
        let Memo { reactions, nodes, scratch, .. } = self;
        reactions.step(node, stimulus, nodes, |node| {
            let mut commands = Vec::new();
            node.handle(&stimulus, scratch, &mut commands);
            commands.into()
        })
    }

    /// Takes the first in line from a connection, on which something is.
    pub fn take(&mut self, connection: &mut Shared<Connection>, towards: Towards) -> Content {
        let known = self.takings.step(connection, towards, &mut self.connections, |connection| {
            connection.queue_mut(towards).remove(0).content
        });
        *connection = known.after.clone();
        known.outcome
    }

    /// Puts something on a connection, behind what is there.
    pub fn put(&mut self, connection: &mut Shared<Connection>, towards: Towards, packet: Packet) {
        let sent = (towards, packet);
        let known = self.puttings.step(connection, sent, &mut self.connections, |connection| {
            connection.queue_mut(towards).push(packet);
        });
        *connection = known.after.clone();
    }

    /// Lets the judges take in one entry of the history.
    pub fn observe(
        &mut self,
        monitors: &mut Shared<Monitors>,
        node: NodeId,
        what: What,
    ) -> Properties {
        let entry = (node, what);
        let known = self
            .judgements
            .step(monitors, entry, &mut self.monitors, |monitors| monitors.observe(node, &what));
        *monitors = known.after.clone();
        known.outcome
    }
}

impl<T, Event, Outcome> Default for Steps<T, Event, Outcome> {
    fn default() -> Self {
        Steps(Table::default())
    }
}

impl<T: Clone + Eq + Hash, Event: Copy + Eq + Hash, Outcome> Steps<T, Event, Outcome> {
    /// What comes of it if this happens to the value: looked up, or tried.
    fn step(
        &mut self,
        value: &Shared<T>,
        event: Event,
        pool: &mut Pool<T>,
        act: impl FnOnce(&mut T) -> Outcome,
    ) -> &Known<T, Event, Outcome> {
        let is_it = |known: &Known<T, _, _>| known.event == event && known.before == *value;
        make_room(&mut self.0);
        match self.0.entry(Fingerprinter::of(&(value, event))) {
            Entry::Occupied(known) if is_it(known.get()) => known.into_mut(),
            entry => {
                let before = pool.one(value.clone());
                let mut after = before.clone();
                let outcome = act(after.edit());
                let after = pool.one(after);
                entry.insert_entry(Known { before, event, after, outcome }).into_mut()
            }
        }
    }
}

fn make_room<T>(table: &mut Table<T>) {
    if table.len() >= ENTRIES_MAX {
        table.clear();
    }
}

impl<T> Default for Pool<T> {
    fn default() -> Self {
        Pool(Table::default())
    }
}

impl<T: Clone + Eq + Hash> Pool<T> {
    /// The copy that all share.
    fn one(&mut self, value: Shared<T>) -> Shared<T> {
        let key = value.fingerprint();
        match self.0.get(&key) {
            Some(known) if *known == value => known.clone(),
            _ => {
                make_room(&mut self.0);
                self.0.insert(key, value.clone());
                value
            }
        }
    }
}
