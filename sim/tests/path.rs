//! What a run does is something that the explored world can do: every action of a run, under all
//! faults, is carried out by the explored world, which must see the same and do the same.

mod support;

use std::collections::{BTreeMap, BTreeSet};

use contend_model::algorithm::Algorithm;
use contend_model::ident::{NodeId, Peer};
use contend_model::node::{Command, Stimulus};
use contend_model::property::{Environment, Kind};
use contend_model::scenario::Faults;
use contend_model::world::{Action, Budget, Link, Scope, State, Towards, World};
use contend_sim::actions::{Brings, Taken};
use contend_sim::kernel::Kernel;
use contend_sim::ledger::Options;
use contend_sim::outcome::TimedStep;

/// What is left of the steps of a run.
type Steps<'a> = std::iter::Peekable<std::slice::Iter<'a, TimedStep>>;

/// The explored world on its way along a run.
struct Follower {
    world: World,
    state: State,
    /// Connections by the numbers of the run, with those of the world.
    numbers: BTreeMap<(NodeId, NodeId, u16), u16>,
    /// How many connections there have been between two nodes.
    opened: BTreeMap<(NodeId, NodeId), u16>,
    /// Between which nodes there is a connection that the client has not closed.
    current: BTreeSet<(NodeId, NodeId)>,
}

/// More faults than any run has.
fn unbounded() -> Budget {
    Budget {
        network: 250,
        crashes: 250,
        failovers: 250,
        misuses: 250,
        cancels: 250,
        ..Budget::default()
    }
}

impl Follower {
    fn new(kind: Kind, algorithm: &dyn Algorithm) -> Self {
        let scenario = support::scenario(kind, Faults::none());
        let mut scope = Scope::of(kind, Environment::Calm, 1);
        scope.roles = scenario.roles();
        scope.duty = scenario.duty();
        scope.timing = scenario.timing.timing();
        scope.budget = unbounded();
        let world = World::new(algorithm, scope);
        let state = world.start().clone();
        let (numbers, opened, current) = Default::default();
        Follower { world, state, numbers, opened, current }
    }

    fn link(&self, link: Link) -> Option<Link> {
        let number = self.numbers.get(&(link.client, link.service, link.connection))?;
        Some(Link { connection: *number, ..link })
    }

    fn peer(&self, me: NodeId, peer: Peer) -> Peer {
        let (client, service) = match me {
            NodeId::Client(_) => (me, peer.node),
            NodeId::Service(_) => (peer.node, me),
        };
        let number = self.numbers.get(&(client, service, peer.connection));
        Peer { connection: *number.expect("a known connection"), ..peer }
    }

    fn action(&self, action: Action) -> Option<Action> {
        Some(match action {
            Action::Deliver(link) => Action::Deliver(self.link(link)?),
            Action::Lose(link) => Action::Lose(self.link(link)?),
            Action::HoldBack(link) => Action::HoldBack(self.link(link)?),
            Action::Repeat(link) => Action::Repeat(self.link(link)?),
            Action::Disconnect { client, service, connection } => {
                let number = *self.numbers.get(&(client, service, connection))?;
                Action::Disconnect { client, service, connection: number }
            }
            other => other,
        })
    }

    /// The step in the world's numbers.
    fn expected(&self, step: &TimedStep) -> (NodeId, Stimulus, Vec<Command>) {
        let stimulus = match step.stimulus {
            Stimulus::Deliver { from, message } => {
                Stimulus::Deliver { from: self.peer(step.node, from), message }
            }
            Stimulus::Disconnected(from) => Stimulus::Disconnected(self.peer(step.node, from)),
            other => other,
        };
        let commands = step.commands.iter().map(|command| match *command {
            Command::Send { to, connection: Some(number), message } => {
                let peer = self.peer(step.node, Peer { node: to, connection: number });
                Command::Send { to, connection: Some(peer.connection), message }
            }
            other => other,
        });
        (step.node, stimulus, commands.collect())
    }

    /// The world's connections on which something travels towards the service.
    fn deliverable(&self) -> Vec<Link> {
        let mut actions = Vec::new();
        self.world.possible(&self.state, &mut actions);
        let link = |action| match action {
            Action::Deliver(link) => Some(link),
            _ => None,
        };
        actions.into_iter().filter_map(link).collect()
    }

    /// Takes one action, and checks that the world does what the run did.
    fn follow(&mut self, taken: &Taken, steps: &mut Steps) {
        let action = self.action(taken.action);
        let carried = match action {
            Some(Action::Deliver(link)) => self.deliverable().contains(&link),
            Some(_) => true,
            None => false,
        };
        if !carried && taken.brings == Brings::End {
            self.left_out(taken, steps);
            return;
        }
        assert!(carried, "{taken:?}: nothing travels there");
        let action = action.expect("it is carried");
        let before = self.deliverable();
        let (state, step) = self.world.act(&self.state, action);
        self.state = state;
        let run = match step.stimulus {
            // What stands in line there now came after the end, and is not read.
            None if taken.brings == Brings::End => {
                self.left_out(taken, steps);
                None
            }
            None => None,
            Some(_) => steps.next(),
        };
        let does = step
            .node
            .zip(step.stimulus)
            .map(|(node, stimulus)| (node, stimulus, step.commands.clone()));
        assert_eq!(does, run.map(|run| self.expected(run)), "{taken:?}");
        self.learn(taken, run, &before);
    }

    /// The world has left out an end that means nothing to its service.
    fn left_out(&self, taken: &Taken, steps: &mut Steps) {
        let Action::Deliver(link) = taken.action else { panic!("{taken:?}: ends are delivered") };
        let news = Stimulus::Disconnected(Peer { node: link.client, connection: link.connection });
        if let Some(step) = steps.next_if(|step| step.at == taken.at && step.stimulus == news) {
            assert!(step.commands.is_empty(), "{step:?}");
        }
    }

    /// Learns the world's numbers of new connections.
    fn learn(&mut self, taken: &Taken, run: Option<&TimedStep>, before: &[Link]) {
        let new: Vec<Link> = self
            .deliverable()
            .into_iter()
            .filter(|link| link.towards == Towards::Service && !before.contains(link))
            .collect();
        if let (Action::Repeat(link), Brings::Copy(number)) = (taken.action, taken.brings) {
            assert_eq!(self.open(link.client, link.service, &new), number);
        }
        let Some(step) = run.filter(|step| step.node.client().is_some()) else { return };
        let client = step.node;
        match step.stimulus {
            Stimulus::Crash => self.current.retain(|&(node, _)| node != client),
            Stimulus::Disconnected(peer) => {
                self.current.remove(&(client, peer.node));
            }
            _ => {}
        }
        for command in &step.commands {
            match *command {
                Command::Reset(service) => {
                    self.current.remove(&(client, service));
                }
                Command::Send { to, connection: None, .. } if self.current.insert((client, to)) => {
                    self.open(client, to, &new);
                }
                _ => {}
            }
        }
    }

    fn open(&mut self, client: NodeId, service: NodeId, new: &[Link]) -> u16 {
        let opened = self.opened.entry((client, service)).or_default();
        let number = *opened;
        *opened += 1;
        let mut new = new.iter().filter(|new| (new.client, new.service) == (client, service));
        let link = new.next().expect("something travels on the new connection");
        // The world uses a number again once it has forgotten the connection that had it.
        self.numbers.retain(|known, taken| {
            (known.0, known.1) != (client, service) || *taken != link.connection
        });
        self.numbers.insert((client, service, number), link.connection);
        number
    }
}

#[test]
fn runs_under_all_faults_are_paths_of_the_explored_world() {
    for kind in [Kind::Lock, Kind::Queue] {
        let algorithm = support::algorithm(kind);
        let stage = support::stage(kind, Faults::every_kind());
        let mut kernel = Kernel::new(&stage, Options { trace: true, actions: true });
        let mut actions = 0;
        for seed in 0..500 {
            kernel.run(seed);
            let mut follower = Follower::new(kind, algorithm);
            let clients = stage.cast().nodes();
            let mut steps = kernel.outcome().trace[clients..].iter().peekable();
            for taken in kernel.actions() {
                follower.follow(taken, &mut steps);
            }
            actions += kernel.actions().len();
        }
        assert!(actions > 10_000, "{kind}: {actions}");
    }
}
