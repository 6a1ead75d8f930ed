//! madsim's clock, slowed down so far that what madsim adds of its own accord vanishes.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use madsim::time::TimeHandle;

/// Virtual time begins so many milliseconds of madsim's after its own beginning, when all sockets
/// are bound.
const LEAD: u64 = 1_000;

/// Virtual nanoseconds in madsim's milliseconds.
#[derive(Clone)]
pub struct Timescale {
    time: TimeHandle,
    /// The beginning of madsim's time.
    zero: Instant,
}

impl Timescale {
    /// The clock of the madsim runtime in which this is called.
    pub fn current() -> Self {
        let time = TimeHandle::current();
        let zero = time.now_instant() - time.elapsed();
        Timescale { time, zero }
    }

    /// How many nanoseconds of virtual time have passed; `None` before its beginning.
    #[inline]
    pub fn now(&self) -> Option<u64> {
        let elapsed = self.time.elapsed();
        let millis = elapsed.as_secs() * 1_000 + u64::from(elapsed.subsec_millis());
        millis.checked_sub(LEAD)
    }

    /// Waits, before virtual time begins, until all sockets are bound.
    pub async fn until_bound(&self) {
        self.time.sleep_until(self.zero + Duration::from_millis(LEAD / 2)).await;
    }

    /// Waits until every task that is ready has had its turn.
    pub async fn settle(&self) {
        self.time.sleep(Duration::ZERO).await;
    }

    /// Wakes somebody at a moment of virtual time at least a nanosecond from now. madsim cannot
    /// take this back.
    pub fn alarm(&self, at: u64, waker: &Waker) {
        let mut sleep = self.time.sleep_until(self.instant(at));
        // A sleep that is polled leaves a timer behind, which outlives it. So there is one timer a
        // wake-up, and whoever knows when another task is to wake need not wake it first.
        let _ = Pin::new(&mut sleep).poll(&mut Context::from_waker(waker));
    }

    fn instant(&self, at: u64) -> Instant {
        self.zero + Duration::from_millis(LEAD + at)
    }
}
