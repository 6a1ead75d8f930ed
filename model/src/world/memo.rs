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

/// What nodes and judges did, and what connections came to hold. It is looked up and never walked through,
/// so that its order decides nothing, and a lookup compares the values, so that no fingerprint is trusted.
#[derive(Debug, Default)]
pub(super) struct Memo {
    /// The world whose steps these are.
    world: u64,
    scratch: Scratch,
    reactions: Table<Reaction>,
    judgements: Table<Judgement>,
    takings: Table<Taking>,
    puttings: Table<Putting>,
    nodes: Pool<Node>,
    connections: Pool<Connection>,
    monitors: Pool<Monitors>,
}

type Table<T> = HashMap<u64, T, BuildHasherDefault<Fingerprinter>>;

/// A node that saw something, what it did, and what became of it.
#[derive(Debug)]
struct Reaction {
    before: Shared<Node>,
    stimulus: Stimulus,
    after: Shared<Node>,
    commands: Arc<[Command]>,
}

/// The first in line of a connection, taken from it.
#[derive(Debug)]
struct Taking {
    before: Shared<Connection>,
    towards: Towards,
    content: Content,
    after: Shared<Connection>,
}

/// A connection on which something was sent.
#[derive(Debug)]
struct Putting {
    before: Shared<Connection>,
    towards: Towards,
    packet: Packet,
    after: Shared<Connection>,
}

/// Judges who took in an entry of the history.
#[derive(Debug)]
struct Judgement {
    before: Shared<Monitors>,
    node: NodeId,
    what: What,
    after: Shared<Monitors>,
    violated: Properties,
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
        let reaction = self.reaction(node, stimulus);
        *node = reaction.after.clone();
        reaction.commands.clone()
    }

    /// Whether the node would do nothing, and be what it was.
    pub fn ignores(&mut self, node: &Shared<Node>, stimulus: Stimulus) -> bool {
        let Reaction { before, after, commands, .. } = self.reaction(node, stimulus);
        commands.is_empty() && before.fingerprint() == after.fingerprint() && before == after
    }

    fn reaction(&mut self, node: &Shared<Node>, stimulus: Stimulus) -> &Reaction {
        let is_it = |known: &Reaction| known.stimulus == stimulus && known.before == *node;
        make_room(&mut self.reactions);
        match self.reactions.entry(Fingerprinter::of(&(node, stimulus))) {
            Entry::Occupied(known) if is_it(known.get()) => known.into_mut(),
            entry => {
                let before = self.nodes.one(node.clone());
                let (mut after, mut commands) = (before.clone(), Vec::new());
                after.edit().handle(stimulus, &mut self.scratch, &mut commands);
                let after = self.nodes.one(after);
                let commands = commands.into();
                let reaction = Reaction { before, stimulus, after, commands };
                entry.insert_entry(reaction).into_mut()
            }
        }
    }

    /// Takes the first in line from a connection, on which something is.
    pub fn take(&mut self, connection: &mut Shared<Connection>, towards: Towards) -> Content {
        let key = Fingerprinter::of(&(&*connection, towards));
        if let Some(known) = self.takings.get(&key)
            && known.towards == towards
            && known.before == *connection
        {
            *connection = known.after.clone();
            return known.content;
        }
        let before = self.connections.one(connection.clone());
        let mut after = before.clone();
        let content = after.edit().queue_mut(towards).remove(0).content;
        *connection = self.connections.one(after);
        let after = connection.clone();
        enter(&mut self.takings, key, Taking { before, towards, content, after });
        content
    }

    /// Puts something on a connection, behind what is there.
    pub fn put(&mut self, connection: &mut Shared<Connection>, towards: Towards, packet: Packet) {
        let key = Fingerprinter::of(&(&*connection, towards, packet));
        if let Some(known) = self.puttings.get(&key)
            && (known.towards, known.packet) == (towards, packet)
            && known.before == *connection
        {
            *connection = known.after.clone();
            return;
        }
        let before = self.connections.one(connection.clone());
        let mut after = before.clone();
        after.edit().queue_mut(towards).push(packet);
        *connection = self.connections.one(after);
        let after = connection.clone();
        enter(&mut self.puttings, key, Putting { before, towards, packet, after });
    }

    /// Lets the judges take in one entry of the history.
    pub fn observe(
        &mut self,
        monitors: &mut Shared<Monitors>,
        node: NodeId,
        what: What,
    ) -> Properties {
        let key = Fingerprinter::of(&(&*monitors, node, what));
        if let Some(known) = self.judgements.get(&key)
            && (known.node, known.what) == (node, what)
            && known.before == *monitors
        {
            *monitors = known.after.clone();
            return known.violated;
        }
        let before = self.monitors.one(monitors.clone());
        let mut after = before.clone();
        let violated = after.edit().observe(node, &what);
        *monitors = self.monitors.one(after);
        let after = monitors.clone();
        let judgement = Judgement { before, node, what, after, violated };
        enter(&mut self.judgements, key, judgement);
        violated
    }
}

fn make_room<T>(table: &mut Table<T>) {
    if table.len() >= ENTRIES_MAX {
        table.clear();
    }
}

fn enter<T>(table: &mut Table<T>, key: u64, value: T) {
    make_room(table);
    table.insert(key, value);
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
                enter(&mut self.0, key, value.clone());
                value
            }
        }
    }
}
