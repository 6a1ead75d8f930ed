//! The timers of one node, and how long they run on its clock.

use contend_model::ident::NodeId;
use contend_model::scenario::{Law, Scenario};
use contend_model::stream::{Concern, Stream, scaled};
use contend_model::time::Range;
use contend_model::timer::Timer;
use smallvec::SmallVec;

use crate::grid::{NEVER, nanos, on_grid};

/// A timer that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Armed {
    /// When it fires.
    pub at: u64,
    /// Which it is.
    pub timer: Timer,
    /// What it was armed with.
    pub range: Range,
}

/// A law of the workload, in nanoseconds.
#[derive(Clone, Copy, Debug)]
enum Length {
    Uniform { least: u64, width: u64 },
    Exponential { mean: f64, most: u64 },
}

impl Length {
    fn new(law: Law) -> Self {
        match law {
            Law::Uniform(law) => {
                let (least, most) = (nanos(law.least_ms), nanos(law.most_ms));
                Length::Uniform { least, width: most - least + 1 }
            }
            Law::Exponential { mean_ms } => Length::Exponential {
                mean: mean_ms * 1e6,
                most: u64::from(law.range().most.as_us()) * 1_000,
            },
        }
    }

    fn draw(self, stream: &mut Stream) -> u64 {
        match self {
            Length::Uniform { least, width } => least + scaled(stream.draw(), width),
            Length::Exponential { mean, most } => {
                let length = -libm::log(1.0 - stream.fraction()) * mean;
                (length as u64).min(most)
            }
        }
    }
}

/// One node's clock, its timers, and the streams that decide how long they run.
#[derive(Clone, Debug)]
pub struct Clock {
    node: NodeId,
    slot: u64,
    think: Length,
    work: Length,
    /// Millionths by which the clock always runs fast.
    drift: i64,
    /// Millionths by which it runs fast for a while.
    drifts: Vec<(u64, u64, i64)>,
    timers: Stream,
    workload: Stream,
    armed: SmallVec<[Armed; 4]>,
    /// When the first of them fires.
    earliest: u64,
}

impl Clock {
    /// The clock of a node, with no timer running.
    pub fn new(node: NodeId, scenario: &Scenario, drift_ppm: i32) -> Self {
        Clock {
            node,
            slot: crate::grid::slot(node),
            think: Length::new(scenario.workload.think),
            work: Length::new(scenario.workload.work),
            drift: i64::from(drift_ppm),
            drifts: Vec::new(),
            timers: Stream::new(0, Concern::Timers, node.code().into()),
            workload: Stream::new(0, Concern::Workload, node.code().into()),
            armed: SmallVec::new(),
            earliest: NEVER,
        }
    }

    /// Begins a run.
    pub fn reset(&mut self, seed: u64) {
        self.drifts.clear();
        self.armed.clear();
        self.earliest = NEVER;
        self.timers = Stream::new(seed, Concern::Timers, self.node.code().into());
        if matches!(self.node, NodeId::Client(_)) {
            self.workload = Stream::new(seed, Concern::Workload, self.node.code().into());
        }
    }

    /// Lets the clock run fast by these millionths for a while.
    pub fn drift(&mut self, from: u64, until: u64, ppm: i32) {
        self.drifts.push((from, until, i64::from(ppm)));
    }

    /// When the next timer fires.
    #[inline]
    pub fn earliest(&self) -> u64 {
        self.earliest
    }

    /// Whether this timer runs.
    pub fn runs(&self, timer: Timer) -> bool {
        self.armed.iter().any(|armed| armed.timer == timer)
    }

    /// Arms a timer; says whether a passing drift of the clock made a difference.
    #[inline]
    pub fn arm(&mut self, now: u64, timer: Timer, range: Range) -> bool {
        let length = match timer {
            Timer::Next => self.think.draw(&mut self.workload),
            Timer::Work => self.work.draw(&mut self.workload),
            _ => {
                let least = u64::from(range.least.as_us()) * 1_000;
                let most = u64::from(range.most.as_us()) * 1_000;
                least + scaled(self.timers.draw(), most.saturating_sub(least) + 1)
            }
        };
        let (length, drifted) = if self.drift == 0 && self.drifts.is_empty() {
            (length, false)
        } else {
            self.on_this_clock(now, length)
        };
        let at = on_grid((now + length).max(now + 1), self.slot);
        let armed = Armed { at, timer, range };
        match self.armed.iter_mut().find(|armed| armed.timer == timer) {
            Some(old) => {
                let was = old.at;
                *old = armed;
                if was == self.earliest {
                    self.find_earliest();
                } else {
                    self.earliest = self.earliest.min(at);
                }
            }
            None => {
                self.armed.push(armed);
                self.earliest = self.earliest.min(at);
            }
        }
        drifted
    }

    /// A clock that runs fast is through with a length early.
    fn on_this_clock(&self, now: u64, length: u64) -> (u64, bool) {
        let covers = |&&(from, until, _): &&(u64, u64, i64)| from <= now && now < until;
        let passing: i64 = self.drifts.iter().filter(covers).map(|&(_, _, ppm)| ppm).sum();
        let ppm = (self.drift + passing).clamp(-500_000, 500_000);
        let length = i128::from(length) * 1_000_000 / i128::from(1_000_000 + ppm);
        (length as u64, passing != 0)
    }

    /// Stops a timer.
    #[inline]
    pub fn disarm(&mut self, timer: Timer) {
        if let Some(place) = self.armed.iter().position(|armed| armed.timer == timer) {
            let armed = self.armed.swap_remove(place);
            if armed.at == self.earliest {
                self.find_earliest();
            }
        }
    }

    /// Takes out the timer that fires first; of those that fire at the same moment, the first by
    /// their own order.
    pub fn take_first(&mut self) -> Option<Armed> {
        let first = self.armed.iter().enumerate().min_by_key(|(_, armed)| (armed.at, armed.timer));
        let place = first?.0;
        let armed = self.armed.swap_remove(place);
        self.find_earliest();
        Some(armed)
    }

    /// A crash: only what outlives it stays, and what is overdue is due now.
    pub fn crash(&mut self, now: u64) {
        self.armed.retain(|armed| armed.timer.outlives_crash());
        for armed in &mut self.armed {
            armed.at = armed.at.max(on_grid(now + 1, self.slot));
        }
        self.find_earliest();
    }

    /// The wall clock is set forward by this many nanoseconds: deadlines come as much earlier.
    /// Says whether there were any.
    pub fn set_forward(&mut self, now: u64, by: i64) -> bool {
        let mut moved = false;
        let soonest = on_grid(now + 1, self.slot);
        for armed in self.armed.iter_mut().filter(|armed| armed.timer.is_deadline()) {
            let at = armed.at.saturating_add_signed(by.saturating_neg());
            armed.at = on_grid(at.max(soonest), self.slot);
            moved = true;
        }
        self.find_earliest();
        moved
    }

    fn find_earliest(&mut self) {
        self.earliest = self.armed.iter().map(|armed| armed.at).min().unwrap_or(NEVER);
    }
}
