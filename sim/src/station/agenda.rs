//! What a station does of its own accord, timers apart: it starts, what the plan says befalls it,
//! it runs again, and it catches up after a pause.

use contend_model::caller::Caller;
use contend_model::ident::Peer;
use contend_model::node::Stimulus;
use contend_model::plan::FaultKind;
use contend_model::world::{Link, Towards};

use super::{Cause, Postponed, Running, Station, Turn};
use crate::connection::{Dialled, link};
use crate::fabric::Wire;
use crate::grid::{MILLISECOND, NEVER, on_grid};

/// How often a caller tries to give up waiting.
const CANCEL_EVERY: u64 = MILLISECOND;
/// For how long it tries.
const CANCEL_WITHIN: u64 = 1_000 * MILLISECOND;

/// Something that the plan says, at the moment of the station's grid at which it takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Planned {
    /// When.
    pub at: u64,
    /// What.
    pub what: Happening,
}

/// What befalls a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happening {
    /// It stops, and runs again at this time if at all.
    Crash {
        /// When it runs again.
        back_at: Option<u64>,
    },
    /// It stands still up to this time.
    Pause {
        /// Up to when.
        until: u64,
    },
    /// The client's half of a lost connection with the service of this index.
    Disconnect {
        /// The service's index.
        service: usize,
        /// When the client comes to know of it.
        known_at: u64,
    },
    /// The client comes to know that its connection of this number is lost.
    Known {
        /// The service's index.
        service: usize,
        /// The connection's number.
        number: u16,
    },
    /// The service's half: what the client of this index sent before is lost.
    Cut {
        /// The client's index.
        client: usize,
        /// Before when.
        before: u64,
    },
    /// Its wall clock is set forward by this many nanoseconds.
    ClockJump {
        /// Nanoseconds; negative for backward.
        by: i64,
    },
    /// Its replica takes over.
    FailOver,
    /// Its caller calls release as soon as it stands idle.
    Misuse,
    /// Its caller gives up waiting as soon as it tries to and waits.
    Cancel,
}

impl Station {
    /// Adds to the plan of the run; entries of one moment keep their order.
    pub fn plan(&mut self, planned: Planned) {
        let place = self.plan.partition_point(|other| other.at <= planned.at);
        self.plan.insert(place, planned);
        self.look_ahead();
    }

    /// The outgoing link to the node of this index, for spells to be laid on it.
    pub fn wire(&mut self, to: usize) -> &mut Wire {
        &mut self.wires[to]
    }

    /// Lets the disk lie for a while.
    pub fn lie(&mut self, from: u64, until: u64) {
        self.lies.push((from, until));
    }

    /// Lets the clock run fast by these millionths for a while.
    pub fn drift(&mut self, from: u64, until: u64, ppm: i32) {
        self.clock.drift(from, until, ppm);
    }

    pub(super) fn look_ahead(&mut self) {
        let start = if self.started { NEVER } else { self.slot };
        let planned = self.plan.get(self.past).map_or(NEVER, |planned| planned.at);
        let resume = if self.paused_until == 0 { NEVER } else { self.paused_until };
        self.agenda_at = start
            .min(planned)
            .min(self.restart_at)
            .min(resume)
            .min(self.misuse_at)
            .min(self.cancel_at);
    }

    /// Does the first thing on the agenda.
    pub(super) fn attend(&mut self, now: u64, turn: &mut Turn) {
        if !self.started {
            self.started = true;
            turn.cause = Cause::Start;
            self.step(now, Stimulus::Start, turn);
        } else if self.plan.get(self.past).is_some_and(|planned| planned.at <= now) {
            let what = self.plan[self.past].what;
            self.past += 1;
            self.befall(now, what, turn);
        } else if self.restart_at <= now {
            self.restart_at = NEVER;
            self.running = Running::Up;
            turn.cause = Cause::Restart;
            self.step(now, Stimulus::Restart, turn);
        } else if self.paused_until != 0 && self.paused_until <= now {
            self.catch_up(now, turn);
        } else if self.misuse_at <= now {
            self.misuse_at = NEVER;
            if self.can(Caller::can_misuse) {
                self.misuse = false;
                self.happened.note(FaultKind::Misuse);
                turn.cause = Cause::Misuse;
                self.step(now, Stimulus::Misuse, turn);
            }
        } else {
            self.try_to_cancel(now, turn);
        }
        self.look_ahead();
    }

    fn can(&self, test: impl Fn(&Caller) -> bool) -> bool {
        self.running == Running::Up
            && self.paused_until == 0
            && self.node.caller().is_some_and(test)
    }

    /// After each turn: whether the moment has come for the caller to misuse the lock.
    #[inline]
    pub(super) fn consider(&mut self, now: u64) {
        if self.misuse && self.can(Caller::can_misuse) {
            self.misuse_at = now;
            self.look_ahead();
        }
    }

    fn try_to_cancel(&mut self, now: u64, turn: &mut Turn) {
        if self.can(Caller::can_cancel) {
            self.cancel_at = NEVER;
            self.happened.note(FaultKind::Cancel);
            turn.cause = Cause::Cancel;
            self.step(now, Stimulus::Cancel, turn);
        } else {
            let next = on_grid(now + CANCEL_EVERY, self.slot);
            self.cancel_at = if next <= self.cancel_until { next } else { NEVER };
        }
    }

    fn befall(&mut self, now: u64, what: Happening, turn: &mut Turn) {
        let up = self.running == Running::Up;
        match what {
            Happening::Crash { back_at } if up => self.crash(now, back_at, turn),
            Happening::Pause { until } if up => {
                self.paused_until = self.paused_until.max(until);
            }
            Happening::Disconnect { service, known_at } if up => {
                self.lose(now, service, known_at, turn);
            }
            Happening::Known { service, number } if up => {
                if self.paused_until == 0 {
                    self.find_broken(now, service, number, turn);
                } else {
                    self.postponed.push_back((now, Postponed::Broken(service, number)));
                }
            }
            Happening::Cut { client, before } => self.cuts[client] = before,
            Happening::ClockJump { by } => {
                if self.clock.set_forward(now, by) {
                    self.happened.note(FaultKind::ClockJump);
                }
            }
            Happening::FailOver if up && self.node.has_replica() => self.fail_over(now, turn),
            Happening::Misuse => self.misuse = true,
            Happening::Cancel => {
                self.cancel_at = now;
                self.cancel_until = now + CANCEL_WITHIN;
            }
            // It does not run, or has no replica.
            Happening::Crash { .. }
            | Happening::Pause { .. }
            | Happening::Disconnect { .. }
            | Happening::Known { .. }
            | Happening::FailOver => {}
        }
    }

    fn crash(&mut self, now: u64, back_at: Option<u64>, turn: &mut Turn) {
        let for_good = back_at.is_none();
        self.running = if for_good { Running::Gone } else { Running::Down };
        self.restart_at = back_at.unwrap_or(NEVER);
        self.happened.note(match (self.node.caller(), for_good) {
            (None, _) => FaultKind::ServiceCrash,
            (Some(_), true) => FaultKind::Death,
            (Some(_), false) => FaultKind::ClientCrash,
        });
        self.stop(now, turn);
        turn.cause = Cause::Crash { for_good };
        self.step(now, Stimulus::Crash, turn);
    }

    fn fail_over(&mut self, now: u64, turn: &mut Turn) {
        self.happened.note(FaultKind::Failover);
        self.stop(now, turn);
        self.clock.set_forward(now, self.replica_ahead);
        turn.cause = Cause::FailOver;
        self.step(now, Stimulus::FailOver, turn);
    }

    /// Ends connections, timers and a pause; what had arrived during the pause was never read.
    fn stop(&mut self, now: u64, turn: &mut Turn) {
        self.paused_until = 0;
        self.sever(now, &mut turn.flights);
        self.clock.crash(now);
        while let Some((_, postponed)) = self.postponed.pop_front() {
            if let Postponed::Packet(packet, _) = postponed {
                let news = self.arrive(now, &packet, &mut turn.flights);
                assert!(news.is_none(), "what was sent before a crash is not read after it");
            }
        }
    }

    /// A client's connection is lost. The client may come to know of it later, and if it is paused, it
    /// does so in its turn; what had arrived meanwhile is never read.
    fn lose(&mut self, now: u64, service: usize, known_at: u64, turn: &mut Turn) {
        let Some(dialled) = self.dials[service].current.filter(|dialled| !dialled.broken) else {
            return;
        };
        let number = dialled.number;
        self.happened.note(FaultKind::Disconnect);
        self.close(now, service, &mut turn.flights);
        let link = link(self.node.id, self.node_at(service), number, Towards::Client);
        let late = known_at > now;
        if self.paused_until == 0 && !late {
            turn.cause = Cause::Disconnect(link);
            self.lost(now, link, turn);
            return;
        }
        self.dials[service].current = Some(Dialled { broken: true, ..dialled });
        self.postponed.retain(|(_, postponed)| match postponed {
            Postponed::Packet(packet, _) => packet.link != link,
            Postponed::Broken(..) => true,
        });
        if late {
            self.plan(Planned { at: known_at, what: Happening::Known { service, number } });
        } else {
            self.postponed.push_back((now, Postponed::Broken(service, number)));
        }
        turn.cause = Cause::Break(link);
    }

    /// The client comes to know that its connection is lost, unless it has given it up.
    fn find_broken(&mut self, now: u64, service: usize, number: u16, turn: &mut Turn) {
        let current = &mut self.dials[service].current;
        if current.take_if(|dialled| dialled.broken && dialled.number == number).is_some() {
            let link = link(self.node.id, self.node_at(service), number, Towards::Client);
            turn.cause = Cause::Broken(link);
            self.lost(now, link, turn);
        }
    }

    fn lost(&mut self, now: u64, link: Link, turn: &mut Turn) {
        let peer = Peer { node: link.service, connection: link.connection };
        self.step(now, Stimulus::Disconnected(peer), turn);
    }

    /// Does one of the things that a pause has put off, in the order in which they came up.
    fn catch_up(&mut self, now: u64, turn: &mut Turn) {
        let arrived = self.postponed.front().map_or(NEVER, |&(at, _)| at);
        let timer = self.clock.earliest();
        if timer < arrived && timer < now {
            self.happened.note(FaultKind::Pause);
            return self.fire(now, turn);
        }
        match self.postponed.pop_front() {
            Some((_, Postponed::Packet(packet, order))) => self.admit(now, &packet, order, turn),
            Some((_, Postponed::Broken(service, number))) => {
                self.find_broken(now, service, number, turn);
            }
            None => self.paused_until = 0,
        }
    }
}
