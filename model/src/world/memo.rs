//! Steps that were taken before. Among millions of states there are few different nodes and judges, and
//! most steps of one are repetitions; a node that is looked up is neither copied nor hashed again.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hash};

use super::shared::Shared;
use crate::history::What;
use crate::ident::NodeId;
use crate::monitor::Monitors;
use crate::node::{Command, Node, Scratch, Stimulus};
use crate::property::Properties;
use crate::search::Fingerprinter;

/// What nodes and judges did. It is looked up and never walked through, so that its order decides
/// nothing, and a lookup compares the values, so that no fingerprint is trusted.
#[derive(Debug, Default)]
pub(super) struct Memo {
    /// The world whose steps these are.
    world: u64,
    scratch: Scratch,
    reactions: Table<Reaction>,
    judgements: Table<Judgement>,
    nodes: Pool<Node>,
    monitors: Pool<Monitors>,
}

type Table<T> = HashMap<u64, T, BuildHasherDefault<Fingerprinter>>;

/// A node that saw something, what it did, and what became of it.
#[derive(Debug)]
struct Reaction {
    before: Shared<Node>,
    stimulus: Stimulus,
    after: Shared<Node>,
    commands: Box<[Command]>,
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

    /// Lets one thing happen to the node and appends what it wants of the world.
    pub fn handle(
        &mut self,
        node: &mut Shared<Node>,
        stimulus: Stimulus,
        commands: &mut Vec<Command>,
    ) {
        let key = Fingerprinter::of(&(&*node, stimulus));
        match self.reactions.get(&key) {
            Some(known) if known.before == *node && known.stimulus == stimulus => {
                commands.extend_from_slice(&known.commands);
                *node = known.after.clone();
            }
            _ => {
                let (before, first) = (self.nodes.one(node.clone()), commands.len());
                let mut after = before.clone();
                after.edit().handle(stimulus, &mut self.scratch, commands);
                *node = self.nodes.one(after);
                let commands = commands[first..].into();
                let after = node.clone();
                enter(&mut self.reactions, key, Reaction { before, stimulus, after, commands });
            }
        }
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

fn enter<T>(table: &mut Table<T>, key: u64, value: T) {
    if table.len() >= ENTRIES_MAX {
        table.clear();
    }
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
