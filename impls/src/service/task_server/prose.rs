//! The task server that the fourth document describes in sections 3.3 and 3.4: a list in memory,
//! urgent tasks first, and a retry whose timeout is set when a result has come.
//!
//! Its defects: a task whose node crashes is `running` for ever, because nothing runs out before a
//! result has come; tasks are told apart by their name alone, so that a late result ends whatever
//! attempt is under way, and a late failure revives what is done; nothing is on disk.

use contend_model::ident::{Item, Peer};
use contend_model::message::Message;
use contend_model::message::task_server::{Reply, Request};
use contend_model::process::{Effects, Event, Process};
use contend_model::symmetry::{Permutation, Symmetric};
use contend_model::time::Span;
use contend_model::timer::Timer;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum State {
    /// Never dispatched, or to be dispatched again.
    Waiting,
    Running,
    Done,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Task {
    item: Item,
    urgent: bool,
    state: State,
    /// Whether a failure has armed a timeout. There is one for the whole table: the text speaks of
    /// one, and to be dispatched too often is not what is wrong with it.
    timed: bool,
}

/// The server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ProseServer {
    timeout: Span,
    tasks: Vec<Task>,
    /// Nodes that are free, in the order in which they said so.
    free: Vec<Peer>,
}

const TIMEOUT: Timer = Timer::Deadline(0);

impl ProseServer {
    /// A server that sets this timeout.
    pub fn new(timeout: Span) -> Self {
        ProseServer { timeout, tasks: Vec::new(), free: Vec::new() }
    }

    fn result(&mut self, item: Item, success: bool, out: &mut Effects) {
        let state = |wanted| move |task: &Task| task.item == item && task.state == wanted;
        let running = self.tasks.iter().position(state(State::Running));
        let place = running.or_else(|| self.tasks.iter().position(|task| task.item == item));
        let Some(place) = place else { return };
        let task = &mut self.tasks[place];
        if success {
            task.state = State::Done;
            task.timed = false;
        } else {
            task.state = State::Waiting;
            task.timed = true;
            out.arm(TIMEOUT, self.timeout);
        }
    }

    fn dispatch(&mut self, out: &mut Effects) {
        while !self.free.is_empty() {
            let waits = |task: &Task| task.state == State::Waiting;
            let urgent = self.tasks.iter().position(|task| waits(task) && task.urgent);
            let Some(place) = urgent.or_else(|| self.tasks.iter().position(waits)) else { return };
            self.tasks[place].state = State::Running;
            let node = self.free.remove(0);
            out.reply(node, Reply::Task(self.tasks[place].item));
        }
    }
}

impl Process for ProseServer {
    fn step(&mut self, event: Event, out: &mut Effects) {
        match event {
            Event::Deliver { from, message: Message::TaskServer(request) } => match request {
                Request::Send { item, urgent } => {
                    self.tasks.push(Task { item, urgent, state: State::Waiting, timed: false });
                }
                Request::Free => self.free.push(from),
                Request::Result { item, success } => self.result(item, success, out),
                // Another server's vocabulary.
                Request::Submit { .. }
                | Request::Fetch
                | Request::Complete { .. }
                | Request::Fail { .. } => {}
            },
            Event::Fire(TIMEOUT) => {
                let late = |task: &&mut Task| task.timed && task.state == State::Running;
                self.tasks.iter_mut().filter(late).for_each(|task| task.state = State::Waiting);
            }
            Event::Disconnected(peer) => self.free.retain(|&node| node != peer),
            _ => {}
        }
        self.dispatch(out);
    }

    fn crashed(&self) -> Self {
        ProseServer::new(self.timeout)
    }

    fn permute(&mut self, permutation: &Permutation) -> bool {
        self.free.permute(permutation);
        self.tasks.iter_mut().for_each(|task| task.item.permute(permutation));
        true
    }
}
