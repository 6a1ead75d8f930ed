//! A task server that is safe to lean on: tasks are on disk before they are acknowledged and count
//! once, every dispatch is an attempt with a number and a lease, a result counts for the current
//! attempt only, and a task that fails too often is set aside, not lost.
//!
//! The repaired form of the server in the fourth document, sections 3.3 and 3.4 (that one is
//! [`prose`]). Leases and attempt numbers are those of hosted queues' receipts and of claims in
//! tables of jobs.

pub mod prose;

use contend_model::ident::{Item, Peer};
use contend_model::message::Message;
use contend_model::message::task_server::{Reply, Request};
use contend_model::process::{Effects, Event, Process};
use contend_model::symmetry::{Permutation, Symmetric};
use contend_model::time::Span;
use contend_model::timer::Timer;

/// A check that the server makes. Tests take one away to see whether the suite notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Guard {
    /// A task that is submitted twice counts once.
    SubmitIsIdempotent,
    /// Tasks are on disk before they are acknowledged.
    SyncsBeforeReply,
    /// A dispatched task is nobody else's.
    DispatchMarks,
    /// A lease begins with the dispatch.
    LeaseAtDispatch,
    /// An end is accepted for the current attempt only.
    ComparesAttempt,
    /// A task that is done is removed.
    CompleteRemoves,
    /// Whoever was passed over once is next.
    Ageing,
}

/// Which task is next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Order {
    /// The oldest.
    Fifo,
    /// The oldest that was passed over, then the oldest that is urgent, then the oldest.
    AgeingPriority,
}

/// How a task server is set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How long an attempt may take.
    pub lease: Span,
    /// How many attempts there are before a task is set aside for somebody to look at.
    pub attempts: u8,
    /// Which task is next.
    pub order: Order,
    /// The check that this server has forgotten.
    pub lacks: Option<Guard>,
}

/// Settings are the same in all states of a world.
impl std::hash::Hash for Settings {
    fn hash<H: std::hash::Hasher>(&self, _: &mut H) {}
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Standing {
    Ready,
    /// Dispatched; this deadline ends the attempt.
    Running {
        slot: u8,
    },
    /// Set aside.
    Dead,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Task {
    item: Item,
    urgent: bool,
    passed_over: bool,
    attempt: u8,
    standing: Standing,
}

/// The server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TaskServer {
    settings: Settings,
    /// In the order in which they were submitted.
    tasks: Vec<Task>,
    /// Each producer's newest task, in order of name. A producer submits one at a time.
    newest: Vec<Item>,
}

impl TaskServer {
    /// A server without tasks.
    pub fn new(settings: Settings) -> Self {
        TaskServer { settings, tasks: Vec::new(), newest: Vec::new() }
    }

    /// The tasks that were set aside.
    pub fn set_aside(&self) -> impl Iterator<Item = Item> {
        self.tasks.iter().filter(|task| task.standing == Standing::Dead).map(|task| task.item)
    }

    fn has(&self, guard: Guard) -> bool {
        self.settings.lacks != Some(guard)
    }

    fn serve(&mut self, from: Peer, request: Request, out: &mut Effects) {
        let reply = match request {
            Request::Submit { item, urgent } => {
                self.submit(item, urgent);
                Reply::Accepted
            }
            Request::Fetch => self.dispatch(out),
            Request::Complete { item, attempt } => match self.running(item, attempt) {
                Some(place) => {
                    self.end_attempt(place, out);
                    if self.has(Guard::CompleteRemoves) {
                        self.tasks.remove(place);
                    }
                    Reply::Recorded
                }
                None => Reply::Stale,
            },
            Request::Fail { item, attempt } => match self.running(item, attempt) {
                Some(place) => {
                    self.end_attempt(place, out);
                    Reply::Recorded
                }
                None => Reply::Stale,
            },
            // Another server's vocabulary.
            Request::Send { .. } | Request::Free | Request::Result { .. } => return,
        };
        out.reply(from, reply);
    }

    fn submit(&mut self, item: Item, urgent: bool) {
        let known = self.newest.binary_search_by_key(&item.producer, |newest| newest.producer);
        match known {
            Ok(place) if self.newest[place] >= item && self.has(Guard::SubmitIsIdempotent) => {
                return;
            }
            Ok(place) => self.newest[place] = self.newest[place].max(item),
            Err(place) => self.newest.insert(place, item),
        }
        let standing = Standing::Ready;
        self.tasks.push(Task { item, urgent, passed_over: false, attempt: 0, standing });
    }

    fn dispatch(&mut self, out: &mut Effects) -> Reply {
        let Some(place) = self.next() else { return Reply::NoTask };
        for task in &mut self.tasks[..place] {
            task.passed_over |= task.standing == Standing::Ready;
        }
        let taken =
            |slot| self.tasks.iter().any(|task| task.standing == Standing::Running { slot });
        let slot = (0..=u8::MAX).find(|&slot| !taken(slot)).expect("fewer than 256 attempts run");
        if self.has(Guard::LeaseAtDispatch) {
            out.arm(Timer::Deadline(slot), self.settings.lease);
        }
        let marks = self.has(Guard::DispatchMarks);
        let last = self.settings.attempts;
        let task = &mut self.tasks[place];
        task.attempt = (task.attempt + 1).min(last);
        if marks {
            task.standing = Standing::Running { slot };
        }
        Reply::Attempt { item: task.item, attempt: task.attempt }
    }

    fn next(&self) -> Option<usize> {
        let ready = |task: &Task| task.standing == Standing::Ready;
        let first = |wanted: fn(&Task) -> bool| {
            self.tasks.iter().position(|task| ready(task) && wanted(task))
        };
        match self.settings.order {
            Order::Fifo => first(|_| true),
            Order::AgeingPriority => first(|task| task.passed_over)
                .filter(|_| self.has(Guard::Ageing))
                .or_else(|| first(|task| task.urgent))
                .or_else(|| first(|_| true)),
        }
    }

    /// The task, if this attempt at it is under way.
    fn running(&self, item: Item, attempt: u8) -> Option<usize> {
        self.tasks.iter().position(|task| {
            let runs = matches!(task.standing, Standing::Running { .. });
            let current = task.attempt == attempt && runs;
            task.item == item && (current || !self.has(Guard::ComparesAttempt))
        })
    }

    /// The task is ready again, or set aside if it was tried often enough.
    fn end_attempt(&mut self, place: usize, out: &mut Effects) {
        let last = self.settings.attempts;
        let task = &mut self.tasks[place];
        if let Standing::Running { slot } = task.standing {
            out.disarm(Timer::Deadline(slot));
        }
        task.standing = if task.attempt >= last { Standing::Dead } else { Standing::Ready };
    }
}

impl Process for TaskServer {
    fn step(&mut self, event: Event, out: &mut Effects) {
        match event {
            Event::Deliver { from, message: Message::TaskServer(request) } => {
                self.serve(from, request, out);
            }
            Event::Fire(Timer::Deadline(slot)) => {
                let running = Standing::Running { slot };
                if let Some(place) = self.tasks.iter().position(|task| task.standing == running) {
                    self.end_attempt(place, out);
                }
            }
            _ => {}
        }
    }

    /// Everything is on disk, the deadlines on the wall clock included.
    fn crashed(&self) -> Self {
        let keeps = self.has(Guard::SyncsBeforeReply);
        if keeps { self.clone() } else { TaskServer::new(self.settings) }
    }

    fn permute(&mut self, permutation: &Permutation) -> bool {
        self.tasks.iter_mut().for_each(|task| task.item.permute(permutation));
        self.newest.permute(permutation);
        self.newest.sort_unstable();
        true
    }
}
