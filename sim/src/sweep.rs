//! Many seeds on all cores. The result does not depend on the number of threads: seeds are dealt
//! out in batches, and what came of them is put together in the order of seeds.

use std::collections::BTreeMap;
use std::hash::Hasher;
use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex};

use contend_model::digest::{Digest, Digester};
use contend_model::plan::Plan;

use crate::kernel::Kernel;
use crate::ledger::Options;
use crate::outcome::Outcome;
use crate::stage::Stage;

/// How many seeds a thread takes at a time.
const BATCH: u64 = 32;
/// How many batches for each thread may wait for an earlier one to be finished.
const AHEAD: u64 = 8;

/// What is kept of many runs. It should not grow with their number.
pub trait Tally: Send {
    /// Takes in a run and the plan that it followed.
    fn add(&mut self, outcome: &Outcome, plan: &Plan);

    /// Takes in what was kept of later seeds.
    fn merge(&mut self, later: Self);
}

/// What came of a sweep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Swept<T> {
    /// How many seeds were run to their end.
    pub seeds: u64,
    /// Whether these are all seeds; otherwise the sweep was interrupted, and some thread may have
    /// run seeds after one that was not run.
    pub complete: bool,
    /// The digest of the runs' digests, in the order of seeds.
    pub digest: Digest,
    /// What was kept.
    pub tally: T,
}

/// How a sweep is run.
#[derive(Clone, Copy)]
pub struct Sweep<'a> {
    /// On how many threads.
    pub threads: NonZeroUsize,
    /// Set this to stop early; what is finished by then is kept.
    pub stop: &'a AtomicBool,
    /// Called now and then with the number of seeds finished.
    pub progress: &'a (dyn Fn(u64) + Sync),
}

/// What came of one batch.
struct Batch<T> {
    digests: Vec<Digest>,
    complete: bool,
    tally: T,
}

/// What the threads share.
struct Desk<T> {
    /// The next batch to be dealt out.
    next: u64,
    /// How many batches have been put together.
    merged: u64,
    /// Batches that wait for an earlier one.
    waiting: BTreeMap<u64, Batch<T>>,
    digester: Digester,
    swept: Swept<T>,
}

impl Sweep<'_> {
    /// Runs all these seeds. `new` makes an empty tally.
    pub fn run<T: Tally>(
        &self,
        stage: &Stage,
        seeds: Range<u64>,
        new: impl Fn() -> T + Sync,
    ) -> Swept<T> {
        let swept = Swept { seeds: 0, complete: true, digest: Digest(0), tally: new() };
        let desk = Desk {
            next: 0,
            merged: 0,
            waiting: BTreeMap::new(),
            digester: Digester::default(),
            swept,
        };
        let (desk, turn) = (Mutex::new(desk), Condvar::new());
        std::thread::scope(|scope| {
            let most = seeds.end.saturating_sub(seeds.start).div_ceil(BATCH);
            for _ in 0..(self.threads.get() as u64).min(most.max(1)) {
                scope.spawn(|| self.work(stage, &seeds, &new, &desk, &turn));
            }
        });
        let Desk { mut swept, digester, .. } = desk.into_inner().expect("no thread has panicked");
        swept.digest = digester.digest();
        swept
    }

    fn work<T: Tally>(
        &self,
        stage: &Stage,
        seeds: &Range<u64>,
        new: &impl Fn() -> T,
        desk: &Mutex<Desk<T>>,
        turn: &Condvar,
    ) {
        let mut kernel = Kernel::new(stage, Options::default());
        let ahead = AHEAD * self.threads.get() as u64;
        loop {
            let number = {
                let desk = desk.lock().expect("no thread has panicked");
                let mut desk = turn
                    .wait_while(desk, |desk| desk.next > desk.merged + ahead)
                    .expect("no thread has panicked");
                desk.next += 1;
                desk.next - 1
            };
            let first = seeds.start.saturating_add(number.saturating_mul(BATCH));
            if first >= seeds.end {
                return;
            }
            let batch = self.batch(&mut kernel, first..seeds.end.min(first + BATCH), new());
            let mut desk = desk.lock().expect("no thread has panicked");
            desk.waiting.insert(number, batch);
            desk.merge();
            (self.progress)(desk.swept.seeds);
            turn.notify_all();
        }
    }

    fn batch<T: Tally>(&self, kernel: &mut Kernel, seeds: Range<u64>, mut tally: T) -> Batch<T> {
        let mut digests = Vec::with_capacity(BATCH as usize);
        for seed in seeds {
            if self.stop.load(Ordering::Relaxed) {
                return Batch { digests, complete: false, tally };
            }
            let digest = kernel.run(seed).digest;
            tally.add(kernel.outcome(), kernel.plan());
            digests.push(digest);
        }
        Batch { digests, complete: true, tally }
    }
}

impl<T: Tally> Desk<T> {
    /// Puts together what is next in the order of seeds.
    fn merge(&mut self) {
        while let Some(batch) = self.waiting.remove(&self.merged) {
            self.merged += 1;
            self.swept.seeds += batch.digests.len() as u64;
            self.swept.complete &= batch.complete;
            batch.digests.iter().for_each(|digest| self.digester.write_u64(digest.0));
            self.swept.tally.merge(batch.tally);
        }
    }
}
