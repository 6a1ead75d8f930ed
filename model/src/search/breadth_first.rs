//! Level after level, block after block: expansion by many threads, admission in order.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, RwLock};
use std::time::Instant;

use super::expansion::{Candidate, Expander, Expansion};
use super::ledger::Ledger;
use super::renaming::Renamings;
use super::seen::Seen;
use super::{Cut, Explored, Limits, Progress, Subject};

/// A search that has not begun.
pub(super) struct Search<'a, S: Subject> {
    subject: &'a S,
    limits: &'a Limits,
    progress: &'a (dyn Fn(&Progress) + Sync),
    stop: &'a AtomicBool,
    started: Instant,
    seen: RwLock<Seen>,
}

/// One level's work: which blocks are taken, which await admission, and the ledger that admits them.
struct Level<'a, State> {
    ledger: &'a mut Ledger<State>,
    states: usize,
    block_states: usize,
    claimed: usize,
    /// The block whose turn it is to be admitted.
    due: usize,
    early: BTreeMap<usize, Expansion<State>>,
    spare: Vec<Expansion<State>>,
    reported_states: usize,
}

/// A block of so many states costs a lock each time it is claimed and admitted, which is little
/// beside its expansion, and its candidates stay within a core's own cache.
const BLOCK_STATES_MAX: usize = 256;
const BLOCK_STATES_MIN: usize = 16;
/// Levels of fewer states are not worth the start of a thread.
const PARALLEL_STATES_MIN: usize = 512;
const REPORT_EVERY_STATES: usize = 1 << 17;

impl<'a, S: Subject> Search<'a, S> {
    pub fn new(
        subject: &'a S,
        limits: &'a Limits,
        progress: &'a (dyn Fn(&Progress) + Sync),
        stop: &'a AtomicBool,
    ) -> Self {
        let started = Instant::now();
        let seen = RwLock::new(Seen::new(limits.keep_graph));
        Search { subject, limits, progress, stop, started, seen }
    }

    pub fn run(self) -> Explored {
        let mut ledger = Ledger::new(self.limits);
        ledger.admit_roots(&mut self.roots(), &mut self.seen.write().expect("no thread yet"));
        let mut frontier = Vec::new();
        loop {
            if ledger.is_cut() {
                break;
            }
            ledger.next_level(&mut frontier);
            if frontier.is_empty() {
                break;
            }
            self.expand_level(&frontier, &mut ledger);
            (self.progress)(&ledger.progress());
            if ledger.has_met(self.limits.until) {
                ledger.cut(Cut::Met);
            }
        }
        let seen = self.seen.into_inner().expect("no writer panicked");
        ledger.close(seen, Renamings::of(self.subject))
    }

    /// The model's initial states, as one block's candidates.
    fn roots(&self) -> Expansion<S::State> {
        let mut roots = Expansion::default();
        for (index, state) in self.subject.init_states().into_iter().enumerate() {
            if !self.subject.within_boundary(&state) {
                continue;
            }
            let known_as = self.subject.canonical(&state);
            roots.fingerprints.push(known_as.fingerprint);
            roots.candidates.push(Candidate {
                labels: self.subject.labels(&state),
                bytes: self.subject.state_bytes(&state) as u32,
                state,
                edge: index as u32,
                parent: 0,
                action: 0,
                renaming: known_as.renaming,
            });
        }
        roots
    }

    fn expand_level(&self, frontier: &[S::State], ledger: &mut Ledger<S::State>) {
        let threads = self.limits.threads.max(1);
        let level = Mutex::new(Level::new(ledger, frontier.len(), threads));
        if threads == 1 || frontier.len() < PARALLEL_STATES_MIN {
            return self.expand_blocks(frontier, &level);
        }
        std::thread::scope(|scope| {
            for _ in 1..threads {
                scope.spawn(|| self.expand_blocks(frontier, &level));
            }
            self.expand_blocks(frontier, &level);
        });
    }

    /// One thread's share of a level: as many blocks as it gets hold of.
    fn expand_blocks(&self, frontier: &[S::State], level: &Mutex<Level<'_, S::State>>) {
        const POISON: &str = "another thread panicked while it admitted a block";
        let mut expander = Expander::new(self.subject, self.limits.keep_graph);
        let mut expansion = Expansion::default();
        let mut turn = level.lock().expect(POISON);
        while let Some((block, states)) = turn.claim(self) {
            drop(turn);
            expander.expand(&frontier[states], &self.seen, &mut expansion);
            turn = level.lock().expect(POISON);
            expansion = turn.deliver(block, expansion, self);
        }
    }

    fn end(&self) -> Option<Cut> {
        if self.stop.load(Ordering::Relaxed) {
            return Some(Cut::Interrupted);
        }
        let late = self.limits.deadline.is_some_and(|allowed| self.started.elapsed() > allowed);
        late.then_some(Cut::Deadline)
    }
}

impl<'a, State> Level<'a, State> {
    fn new(ledger: &'a mut Ledger<State>, states: usize, threads: usize) -> Self {
        let block_states = (states / (8 * threads)).clamp(BLOCK_STATES_MIN, BLOCK_STATES_MAX);
        let reported_states = ledger.progress().states;
        Level {
            ledger,
            states,
            block_states,
            claimed: 0,
            due: 0,
            early: BTreeMap::new(),
            spare: Vec::new(),
            reported_states,
        }
    }

    /// The next block that nobody has taken, unless the search is to end.
    fn claim<S: Subject<State = State>>(
        &mut self,
        search: &Search<'_, S>,
    ) -> Option<(usize, Range<usize>)> {
        let first = self.claimed * self.block_states;
        if first >= self.states || self.ledger.is_cut() {
            return None;
        }
        if let Some(reason) = search.end() {
            self.ledger.cut(reason);
            return None;
        }
        let block = self.claimed;
        self.claimed += 1;
        Some((block, first..self.states.min(first + self.block_states)))
    }

    /// Takes an expanded block, admits all those whose turn has come, and gives an empty expansion
    /// in exchange.
    fn deliver<S: Subject<State = State>>(
        &mut self,
        block: usize,
        expansion: Expansion<State>,
        search: &Search<'_, S>,
    ) -> Expansion<State> {
        self.early.insert(block, expansion);
        while let Some(mut expansion) = self.early.remove(&self.due) {
            self.ledger.admit(&mut expansion, &search.seen);
            self.spare.push(expansion);
            self.due += 1;
        }
        let progress = self.ledger.progress();
        if progress.states >= self.reported_states + REPORT_EVERY_STATES {
            self.reported_states = progress.states;
            (search.progress)(&progress);
        }
        self.spare.pop().unwrap_or_default()
    }
}
