//! What can happen in a state, and what comes of it.
//! A long file, since what can happen and what comes of it are read side by side.

use std::cell::RefCell;
use std::sync::Arc;

use super::World;
use super::action::{Action, Link, Towards};
use super::memo::Memo;
use super::scope::Reading;
use super::state::{Armed, Content, Packet, Running, State};
use crate::ident::{NodeId, Peer, RESOURCE};
use crate::monitor::Question;
use crate::node::{Command, Stimulus};
use crate::property::{Kind, Properties};
use crate::time::{Range, Span};
use crate::timer::Timer;

thread_local! {
    /// The search takes millions of steps, most of them again and again.
    static MEMO: RefCell<Memo> = RefCell::default();
}

/// One step as it happened: what a node saw and what it did. Worlds are compared by their steps.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Step {
    /// What the world did.
    pub action: Action,
    /// To whom, if the step reached a node.
    pub node: Option<NodeId>,
    /// What the node saw.
    pub stimulus: Option<Stimulus>,
    /// What the node did.
    pub commands: Vec<Command>,
    /// What was violated by it.
    pub violated: Properties,
    /// Whether something ended before its time by it, where that is a fault.
    pub early: bool,
}

/// A node that a step reached, what it saw and what it wanted.
struct Reached {
    node: NodeId,
    stimulus: Stimulus,
    commands: Arc<[Command]>,
}

impl World {
    /// Everything that can happen next, in an order that depends on the state alone.
    pub fn possible(&self, state: &State, actions: &mut Vec<Action>) {
        self.deliveries(state, actions);
        self.firings(state, actions);
        for (index, node) in state.nodes.iter().enumerate() {
            if state.running[index] == Running::Down {
                actions.push(Action::Restart(node.id));
            }
        }
        self.network_faults(state, actions);
        self.node_faults(state, actions);
    }

    fn deliveries(&self, state: &State, actions: &mut Vec<Action>) {
        for connection in &state.connections {
            for towards in [Towards::Service, Towards::Client] {
                if !connection.queue(towards).is_empty() {
                    actions.push(Action::Deliver(connection.link(towards)));
                }
            }
        }
        actions.extend((0..state.late.len()).map(|n| Action::DeliverLate(n as u8)));
    }

    fn firings(&self, state: &State, actions: &mut Vec<Action>) {
        if self.scope.reading == Reading::Free {
            let allowed = |timer| match timer {
                timer if self.is_early(state, timer) => {
                    state.budget.early > 0 || self.is_granted(timer)
                }
                Timer::Again => !self.scope.patient || is_quiet(state),
                Timer::Poll if self.card.kind == Kind::Lock => {
                    !self.scope.patient || is_quiet(state)
                }
                _ => true,
            };
            let free = state.timers.iter().filter(|armed| allowed(armed.timer));
            actions.extend(free.map(|armed| Action::Fire(armed.node, armed.timer)));
            return;
        }
        let left = state.budget.early > 0;
        let ready = state
            .timers
            .iter()
            .filter(|armed| armed.least == Span::ZERO || left && self.ends_before_its_time(armed));
        actions.extend(ready.map(|armed| Action::Fire(armed.node, armed.timer)));
        // What is late by a fault does not stop the clock.
        let overdue = state.timers.iter().any(|armed| armed.most == Span::ZERO)
            || packets(state).any(|left| left == Span::ZERO);
        if !overdue && (!state.timers.is_empty() || has_packets(state)) {
            actions.push(Action::Tick);
        }
    }

    /// Whether, with free time, a timer that fires now ends something before its time. A client that
    /// always gives up too early would start over for ever, each time in a new state, and items
    /// whose leases always end too early would go round for ever; so these are counted.
    fn is_early(&self, state: &State, timer: Timer) -> bool {
        let of_an_item = timer.is_deadline() && self.card.kind == Kind::Queue;
        timer.is_clients_end() || of_an_item && !is_quiet(state)
    }

    /// Whether, where time is punctual, a timer that fires now ends something before its time: a lease, the
    /// client's own reading or renewal of it, or its patience. It counts as a fault.
    fn ends_before_its_time(&self, armed: &Armed) -> bool {
        let ends = armed.timer.is_deadline() || armed.timer.is_clients_end();
        self.lets_end_early() && armed.least > Span::ZERO && ends
    }

    /// Whether time is punctual but for so many things that end too early.
    fn lets_end_early(&self) -> bool {
        self.scope.budget.early > 0 && self.scope.reading == Reading::Punctual
    }

    /// Whether a service ends what a client keeps alive. With free time that may happen at any moment, to a
    /// client that is slow; but nobody can rely on it, as one can on the end of what was left behind. In punctual
    /// time, whether anything ends before its time.
    pub(super) fn is_premature(&self, state: &State, action: &Action) -> bool {
        match *action {
            Action::Fire(node, timer) if self.scope.reading == Reading::Free => {
                state.nodes[self.index(node)].keeps_alive(timer)
            }
            _ => self.is_too_early(state, action),
        }
    }

    /// Whether, where time is punctual, something ends before its time by this action.
    fn is_too_early(&self, state: &State, action: &Action) -> bool {
        match *action {
            Action::Fire(node, timer) if self.lets_end_early() => {
                let armed = state.timers.iter().find(|it| it.node == node && it.timer == timer);
                armed.is_some_and(|armed| self.ends_before_its_time(armed))
            }
            _ => false,
        }
    }

    /// Whether there is something that a service could end though a client keeps it alive.
    pub fn has_kept_alive(&self, state: &State) -> bool {
        let mut ends = state.timers.iter().map(|armed| Action::Fire(armed.node, armed.timer));
        ends.any(|end| self.is_premature(state, &end))
    }

    /// A caller may give up on the protected resource even where a scope is narrowed to no early end of
    /// anything: it does so at most once for each of its writes.
    fn is_granted(&self, timer: Timer) -> bool {
        self.scope.budget.early == 0
            && self.card.kind == Kind::Lock
            && timer == Timer::Answer(RESOURCE)
    }

    fn network_faults(&self, state: &State, actions: &mut Vec<Action>) {
        if state.budget.network == 0 {
            return;
        }
        for connection in &state.connections {
            for towards in [Towards::Service, Towards::Client] {
                let link = connection.link(towards);
                if self.is_indifferent(&link) {
                    continue;
                }
                // What keeps its place is lost or late only along with its connection.
                let first = connection.queue(towards).first();
                if !first.is_some_and(
                    |p| matches!(p.content, Content::Message(message) if !message.keeps_its_place()),
                ) {
                    continue;
                }
                actions.push(Action::Lose(link));
                if !self.scope.none_held_back {
                    actions.push(Action::HoldBack(link));
                }
                let protects = self.card.kind == Kind::Lock && link.service == RESOURCE;
                if towards == Towards::Service && connection.client_open && !protects {
                    actions.push(Action::Repeat(link));
                }
            }
            let indifferent = self.is_indifferent(&connection.link(Towards::Client));
            if connection.client_open && connection.service_open && !indifferent {
                actions.push(Action::Disconnect {
                    client: connection.client,
                    service: connection.service,
                    connection: connection.number,
                });
            }
        }
    }

    /// A holder goes on whatever the resource answers, so losing the answer to a write is no
    /// different from losing the write, and is not explored a second time.
    fn is_indifferent(&self, link: &Link) -> bool {
        self.card.kind == Kind::Lock && link.service == RESOURCE && link.towards == Towards::Client
    }

    fn node_faults(&self, state: &State, actions: &mut Vec<Action>) {
        let budget = &state.budget;
        for (index, node) in state.nodes.iter().enumerate() {
            if state.running[index] != Running::Up {
                continue;
            }
            let id = node.id;
            match node.caller() {
                Some(caller) => {
                    if budget.crashes > 0 {
                        actions.push(Action::Crash(id));
                    }
                    if budget.misuses > 0 && caller.can_misuse() {
                        actions.push(Action::Misuse(id));
                    }
                    if budget.cancels > 0 && caller.can_cancel() {
                        actions.push(Action::Cancel(id));
                    }
                }
                // The resource stands for whatever is protected; that it may fail is another story.
                None if id == RESOURCE => {}
                None => {
                    if budget.crashes > 0 {
                        actions.push(Action::Crash(id));
                    }
                    if budget.failovers > 0 && node.has_replica() {
                        actions.push(Action::FailOver(id));
                    }
                }
            }
        }
    }

    /// What comes of an action.
    pub fn after(&self, state: &State, action: Action) -> State {
        let mut after = state.clone();
        self.remembering(|memo| self.advance(&mut after, action, memo));
        after
    }

    fn remembering<R>(&self, step: impl FnOnce(&mut Memo) -> R) -> R {
        MEMO.with_borrow_mut(|memo| {
            memo.serve(self.id);
            step(memo)
        })
    }

    /// What comes of an action, and the step as it happened.
    pub fn act(&self, before: &State, action: Action) -> (State, Step) {
        let early = self.is_too_early(before, &action);
        let mut state = before.clone();
        let step = self.remembering(|memo| self.advance(&mut state, action, memo));
        let (node, stimulus) = step.as_ref().map(|step| (step.node, step.stimulus)).unzip();
        let commands = step.map_or_else(Vec::new, |step| step.commands.to_vec());
        let violated = state.violated;
        (state, Step { action, node, stimulus, commands, violated, early })
    }

    fn advance(&self, state: &mut State, action: Action, memo: &mut Memo) -> Option<Reached> {
        state.violated = Properties::NONE;
        let reaction = self.reach(state, action, memo).map(|(node, stimulus)| {
            let index = self.index(node);
            let commands = memo.handle(&mut state.nodes[index], stimulus);
            self.obey(state, node, &commands, memo);
            Reached { node, stimulus, commands }
        });
        self.drop_meaningless_ends(state, memo);
        state.forget_closed();
        reaction
    }

    /// The end of a connection that means nothing to its service, because it keeps nothing about
    /// it, means nothing later either: no request can follow it, but for those that were held
    /// back before it. It need not travel.
    fn drop_meaningless_ends(&self, state: &mut State, memo: &mut Memo) {
        for index in 0..state.connections.len() {
            let connection = &state.connections[index];
            if connection.client_open {
                continue;
            }
            let requests = connection.link(Towards::Service);
            let awaited = state.late.iter().any(|(late, _)| *late == requests);
            let first = connection.to_service.first().map(|packet| packet.content);
            let over = match first {
                Some(Content::End) => self.means_nothing(state, index, memo),
                // There is nothing left to be dropped, or not yet.
                None if awaited || !connection.service_open => false,
                // Its end was dropped while something was still to come, and what came has given
                // the end a meaning.
                None if !self.means_nothing(state, index, memo) => {
                    let end = Packet { content: Content::End, left: Span::ZERO };
                    state.connections[index].edit().to_service.push(end);
                    false
                }
                None => true,
                Some(Content::Message(_)) => false,
            };
            if over {
                let connection = state.connections[index].edit();
                connection.to_service.drain(..connection.to_service.len().min(1));
                connection.service_open &= awaited;
            }
        }
    }

    fn means_nothing(&self, state: &State, index: usize, memo: &mut Memo) -> bool {
        let connection = &state.connections[index];
        let service = self.index(connection.service);
        if !connection.service_open || state.running[service] != Running::Up {
            return true;
        }
        let peer = Peer { node: connection.client, connection: connection.number };
        memo.ignores(&state.nodes[service], Stimulus::Disconnected(peer))
    }

    /// Carries the action out up to the node that it reaches, if it reaches one.
    fn reach(
        &self,
        state: &mut State,
        action: Action,
        memo: &mut Memo,
    ) -> Option<(NodeId, Stimulus)> {
        match action {
            Action::Deliver(link) => {
                let content = take_first(state, &link, memo);
                self.receive(state, &link, content)
            }
            Action::DeliverLate(number) => {
                let (link, message) = state.late.remove(usize::from(number));
                self.receive(state, &link, Content::Message(message))
            }
            Action::Fire(node, timer) => {
                let counted = match self.scope.reading {
                    Reading::Free => self.is_early(state, timer) && !self.is_granted(timer),
                    Reading::Punctual => self.is_premature(state, &action),
                    Reading::Bounded { .. } => false,
                };
                state.budget.early -= u8::from(counted);
                disarm(state, node, timer);
                Some((node, Stimulus::Fire(timer)))
            }
            Action::Tick => {
                pass_time(state);
                if self.scope.question == Some(Question::Overtakings) {
                    state.monitors.edit().time_passes();
                }
                None
            }
            Action::Restart(node) => {
                state.running[self.index(node)] = Running::Up;
                Some((node, Stimulus::Restart))
            }
            Action::Lose(link) => {
                state.budget.network -= 1;
                take_first(state, &link, memo);
                None
            }
            Action::HoldBack(link) => {
                state.budget.network -= 1;
                if let Content::Message(message) = take_first(state, &link, memo) {
                    state.late.push((link, message));
                }
                None
            }
            Action::Repeat(link) => {
                state.budget.network -= 1;
                state.repeat(&link);
                None
            }
            Action::Disconnect { client, service, connection } => {
                state.budget.network -= 1;
                let towards = Towards::Service;
                state.disconnect(&Link { client, service, connection, towards });
                None
            }
            Action::Crash(node) => {
                self.stop(state, node);
                Some((node, Stimulus::Crash))
            }
            Action::FailOver(node) => {
                state.budget.failovers -= 1;
                state.sever(node);
                state.timers.retain(|armed| armed.node != node || armed.timer.outlives_crash());
                Some((node, Stimulus::FailOver))
            }
            Action::Misuse(node) => {
                state.budget.misuses -= 1;
                Some((node, Stimulus::Misuse))
            }
            Action::Cancel(node) => {
                state.budget.cancels -= 1;
                Some((node, Stimulus::Cancel))
            }
        }
    }

    fn stop(&self, state: &mut State, node: NodeId) {
        state.budget.crashes -= 1;
        state.running[self.index(node)] = Running::Down;
        state.sever(node);
        state.timers.retain(|armed| armed.node != node || armed.timer.outlives_crash());
    }

    fn receive(
        &self,
        state: &mut State,
        link: &Link,
        content: Content,
    ) -> Option<(NodeId, Stimulus)> {
        let receiver = link.receiver();
        let runs = state.running[self.index(receiver)] == Running::Up;
        state.arrive(link, content, runs).map(|stimulus| (receiver, stimulus))
    }

    /// Does what a node wants.
    pub(super) fn obey(
        &self,
        state: &mut State,
        node: NodeId,
        commands: &[Command],
        memo: &mut Memo,
    ) {
        let delay = self.scope.reading.delay();
        for command in commands {
            match *command {
                Command::Send { to, connection: None, message } => {
                    state.request(node, to, message, delay, memo);
                }
                Command::Send { to, connection: Some(connection), message } => {
                    let to = Peer { node: to, connection };
                    state.respond(node, to, message, delay, memo);
                }
                Command::Arm(timer, range) => self.arm(state, node, timer, range),
                Command::Disarm(timer) => disarm(state, node, timer),
                Command::Reset(service) => state.close(node, service),
                Command::Record(what) => {
                    state.violated |= memo.observe(&mut state.monitors, node, what);
                }
            }
        }
    }

    fn arm(&self, state: &mut State, node: NodeId, timer: Timer, range: Range) {
        disarm(state, node, timer);
        // What is on disk or at a replica matters only while something can still crash or fail over.
        let idle = match timer {
            Timer::Sync => state.budget.crashes == 0,
            Timer::Replicate => state.budget.failovers == 0,
            _ => false,
        };
        if idle {
            return;
        }
        let Range { least, most } = range;
        let (least, most) = match self.scope.reading {
            Reading::Punctual => (least, most),
            Reading::Free => (Span::ZERO, Span::ZERO),
            Reading::Bounded { pause, drift, .. } => {
                let pause = if node.client().is_some() { pause } else { Span::ZERO };
                (least.saturating_sub(drift), most + drift + pause)
            }
        };
        state.arm(Armed { node, timer, least, most });
    }
}

/// Nothing travels, and nobody is about to do anything.
fn is_quiet(state: &State) -> bool {
    let busy = |armed: &Armed| matches!(armed.timer, Timer::Next | Timer::Work);
    !has_packets(state) && state.late.is_empty() && !state.timers.iter().any(busy)
}

fn take_first(state: &mut State, link: &Link, memo: &mut Memo) -> Content {
    let index = state.connection(link).expect("an action names a connection that exists");
    memo.take(&mut state.connections[index], link.towards)
}

fn disarm(state: &mut State, node: NodeId, timer: Timer) {
    state.timers.retain(|armed| armed.node != node || armed.timer != timer);
}

fn packets(state: &State) -> impl Iterator<Item = Span> {
    state
        .connections
        .iter()
        .flat_map(|connection| connection.to_service.iter().chain(&connection.to_client))
        .map(|packet| packet.left)
}

fn has_packets(state: &State) -> bool {
    packets(state).next().is_some()
}

/// Lets time pass up to the next moment that could make a difference. While something may happen
/// at any moment, every millisecond could.
fn pass_time(state: &mut State) {
    const MOMENT: Span = Span::ms(1);
    let timers = state.timers.iter().map(|armed| match armed.least {
        Span::ZERO => armed.most.min(MOMENT),
        least => least,
    });
    let span = timers.chain(packets(state).map(|left| left.min(MOMENT))).min();
    let span = span.expect("time passes towards something");
    for armed in &mut state.timers {
        armed.least = armed.least.saturating_sub(span);
        armed.most = armed.most.saturating_sub(span);
    }
    for connection in &mut state.connections {
        let busy = |queue: &[Packet]| queue.iter().any(|packet| packet.left != Span::ZERO);
        if !busy(&connection.to_service) && !busy(&connection.to_client) {
            continue;
        }
        let connection = connection.edit();
        for packet in connection.to_service.iter_mut().chain(&mut connection.to_client) {
            packet.left = packet.left.saturating_sub(span);
        }
    }
}
