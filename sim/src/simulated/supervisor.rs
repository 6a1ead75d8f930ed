//! Who watches a driver: tells the world of each turn, kills the process when its node crashes,
//! and starts it afresh when the node comes back.

use std::ops::ControlFlow;

use madsim::runtime::Handle;

use super::sockets::Site;
use crate::network::Witness;
use crate::station::{Running, Station, Turn};

/// Who watches a driver.
pub struct Supervisor<'a> {
    site: &'a Site,
    madsim: Handle,
    over: bool,
}

impl<'a> Supervisor<'a> {
    /// Watches the driver of this machine. To be called from a task of madsim.
    pub fn new(site: &'a Site) -> Self {
        Supervisor { site, madsim: Handle::current(), over: false }
    }

    /// Whether the run is over.
    pub fn has_seen_enough(&self) -> bool {
        self.over
    }

    /// Lets the process be what the station says.
    fn enforce(&self, running: Running) -> ControlFlow<()> {
        let machine = &self.site.machine;
        let process = *machine.process.get().expect("there is a process before time begins");
        match (machine.is_down(), running == Running::Up) {
            (false, false) => {
                // The process dies where it next waits.
                self.madsim.kill(process);
                machine.take_over();
                ControlFlow::Continue(())
            }
            (true, true) => {
                assert!(self.madsim.is_exit(process), "what is down has been killed");
                machine.hand_over();
                self.madsim.restart(process);
                ControlFlow::Break(())
            }
            _ => ControlFlow::Continue(()),
        }
    }
}

impl Witness for Supervisor<'_> {
    fn before(&mut self, now: u64) -> ControlFlow<()> {
        let goes_on = self.site.world.before(now);
        self.over |= goes_on.is_break();
        goes_on
    }

    fn after(&mut self, now: u64, station: &Station, turn: &Turn) -> ControlFlow<()> {
        let goes_on = self.site.world.after(now, self.site.machine.place, station, turn);
        self.over |= goes_on.is_break();
        goes_on?;
        self.enforce(station.running())
    }
}
