//! Stations that follow a script instead of their clocks: what the bridge needs to act out a path
//! of the explored world. Everything but the moment is as it is in a run.

use contend_model::node::Stimulus;
use contend_model::timer::Timer;

use super::{Cause, Station, Turn};

impl Station {
    /// Does the first thing on the agenda if it is due by now; timers wait.
    pub fn attend_by_hand(&mut self, now: u64, turn: &mut Turn) -> bool {
        turn.clear();
        if self.agenda_at > now {
            return false;
        }
        self.attend(now, turn);
        self.consider(now);
        true
    }

    /// Lets a timer fire now, whatever the clock says; false if it does not run.
    pub fn fire_by_hand(&mut self, now: u64, timer: Timer, turn: &mut Turn) -> bool {
        turn.clear();
        if !self.clock.runs(timer) {
            return false;
        }
        self.clock.disarm(timer);
        turn.cause = Cause::Fire(timer);
        self.step(now, Stimulus::Fire(timer), turn);
        self.consider(now);
        true
    }
}
