//! A machine: what outlives the process that runs on it. It has the station and the sockets'
//! buffers: what has come in and waits for its time, and what is to go out.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Mutex, OnceLock};
use std::task::{Context, Poll, Waker};

use contend_model::ident::NodeId;
use madsim::net::Endpoint;
use madsim::task::NodeId as ProcessId;

use super::SimulatedError;
use super::timescale::Timescale;
use crate::connection::{Flight, Order};
use crate::grid::Moment;
use crate::network::{into_inner, lock};
use crate::station::Station;

/// What outlives a process.
pub struct Machine {
    /// Whose it is.
    pub node: NodeId,
    /// Its place among all machines.
    pub place: usize,
    /// The node at run time.
    pub station: Mutex<Station>,
    /// Its socket, once it is bound.
    pub endpoint: OnceLock<Endpoint>,
    /// Its process, once there is one.
    pub process: OnceLock<ProcessId>,
    buffers: Mutex<Buffers>,
}

/// What the sockets hold, and who waits for it.
#[derive(Default)]
struct Buffers {
    inbox: BTreeMap<(Moment, Order), Flight>,
    outbox: VecDeque<Flight>,
    /// The time of what was last taken from here.
    reached: Option<u64>,
    /// The driver: the process, or the machine while that is down.
    driver: Option<Waker>,
    /// When the driver will be woken.
    alarms: BTreeSet<u64>,
    /// Whether the process is down.
    down: bool,
    /// The machine's own task, if it waits for the process to go down.
    caretaker: Option<Waker>,
}

impl Machine {
    /// A machine with nothing in its sockets.
    pub fn new(place: usize, station: Station) -> Self {
        Machine {
            node: station.id(),
            place,
            station: Mutex::new(station),
            endpoint: OnceLock::new(),
            process: OnceLock::new(),
            buffers: Mutex::default(),
        }
    }

    /// The node as the run left it.
    pub fn into_station(self) -> Station {
        into_inner(self.station)
    }

    /// Takes in a packet, to be held until it arrives.
    pub fn accept(&self, flight: Flight, clock: &Timescale) -> Result<(), SimulatedError> {
        let at = flight.arrives;
        if clock.now().is_none_or(|now| at <= now) {
            return Err(SimulatedError::Late { node: self.node, at });
        }
        let mut buffers = lock(&self.buffers);
        buffers.inbox.insert((Moment::packet(at), flight.order), flight);
        buffers.ring(at, clock);
        Ok(())
    }

    /// Puts a packet into the outbox.
    pub fn post(&self, flight: Flight) {
        lock(&self.buffers).outbox.push_back(flight);
    }

    /// The packet that is to go out first.
    pub fn outgoing(&self) -> Option<Flight> {
        lock(&self.buffers).outbox.front().copied()
    }

    /// Takes the packet out that has gone.
    pub fn gone(&self) {
        lock(&self.buffers).outbox.pop_front();
    }

    /// What comes next at the moment that has been reached already, if anything.
    pub fn at_once(&self, until: Moment) -> Option<Option<Flight>> {
        let mut buffers = lock(&self.buffers);
        let first = buffers.first().min(until);
        (first != Moment::NEVER && buffers.reached == Some(first.time()))
            .then(|| buffers.take(until))
    }

    /// What comes next, once its time has come.
    pub fn poll_next(
        &self,
        until: Moment,
        clock: &Timescale,
        context: &mut Context<'_>,
    ) -> Poll<Result<Option<Flight>, SimulatedError>> {
        let mut buffers = lock(&self.buffers);
        if !buffers.driver.as_ref().is_some_and(|driver| driver.will_wake(context.waker())) {
            buffers.driver = Some(context.waker().clone());
            buffers.alarms.clear();
        }
        let now = clock.now();
        while buffers.alarms.first().is_some_and(|&alarm| Some(alarm) <= now) {
            buffers.alarms.pop_first();
        }
        let first = buffers.first().min(until);
        if first == Moment::NEVER {
            return Poll::Pending;
        }
        let at = first.time();
        if now == Some(at) {
            buffers.reached = now;
            return Poll::Ready(Ok(buffers.take(until)));
        }
        if now > Some(at) {
            return Poll::Ready(Err(SimulatedError::Late { node: self.node, at }));
        }
        buffers.ring(at, clock);
        Poll::Pending
    }

    /// Notes that the process is down, and lets the machine's own task take its place.
    pub fn take_over(&self) {
        let mut buffers = lock(&self.buffers);
        buffers.down = true;
        if let Some(caretaker) = buffers.caretaker.take() {
            caretaker.wake();
        }
    }

    /// Notes that the process runs again.
    pub fn hand_over(&self) {
        lock(&self.buffers).down = false;
    }

    /// Whether the process is down.
    pub fn is_down(&self) -> bool {
        lock(&self.buffers).down
    }

    /// Waits for the process to go down.
    pub fn poll_down(&self, context: &mut Context<'_>) -> Poll<()> {
        let mut buffers = lock(&self.buffers);
        if buffers.down {
            return Poll::Ready(());
        }
        buffers.caretaker = Some(context.waker().clone());
        Poll::Pending
    }
}

impl Buffers {
    fn first(&self) -> Moment {
        self.inbox.first_key_value().map_or(Moment::NEVER, |(&(moment, _), _)| moment)
    }

    /// The first packet, if it comes before this moment.
    fn take(&mut self, until: Moment) -> Option<Flight> {
        if self.first() < until { self.inbox.pop_first().map(|(_, flight)| flight) } else { None }
    }

    /// Sees to it that the driver is woken no later than this. One that is woken earlier looks
    /// again; timers cannot be taken back, so fewer of them are better.
    fn ring(&mut self, at: u64, clock: &Timescale) {
        let Some(driver) = &self.driver else { return };
        if self.alarms.first().is_none_or(|&first| at < first) {
            self.alarms.insert(at);
            clock.alarm(at, driver);
        }
    }
}
