//! One node as an asynchronous program: the loop that drives a station over a network and a clock,
//! whatever they are. Under madsim time is virtual and packets travel through its endpoints; over
//! real connections a packet arrives when it arrives.
//!
//! The loop keeps nothing of its own from one wait to the next. So it may be killed wherever it
//! waits, and another may go on with the same station: that is what a crash of a process is.

use std::future::Future;
use std::ops::ControlFlow;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::connection::Flight;
use crate::grid::{Moment, NEVER};
use crate::station::{Station, Turn};

/// What carries a node's packets and tells it the time.
///
/// What was handed to [`send`](Network::send) must survive a driver that is killed before it has
/// left, as what a process has written to a socket survives the process.
pub trait Network {
    /// What can go wrong for good. Loss and lost connections are no errors but events.
    type Error;

    /// Takes a packet to be carried. It need not leave before the driver waits in
    /// [`next`](Network::next).
    fn send(&mut self, flight: Flight);

    /// Waits for the first packet that arrives before `until`: `None` if there is none and that
    /// moment has come. Packets that arrive at the same time come in their
    /// [`Order`](crate::connection::Order). With [`Moment::NEVER`] it waits for a packet alone.
    fn next(&mut self, until: Moment) -> impl Future<Output = Result<Option<Flight>, Self::Error>>;
}

/// Who writes down what happens, and says when it is enough.
pub trait Witness {
    /// To be asked before anything happens at this time; `Break` if nothing may any more.
    fn before(&mut self, now: u64) -> ControlFlow<()>;

    /// To be told of each turn of a station; `Break` if the driver has done its part.
    fn after(&mut self, now: u64, station: &Station, turn: &Turn) -> ControlFlow<()>;
}

/// Drives a station until the witness has seen enough. The station belongs to whoever can restart
/// the driver; it is locked for the length of a turn, never while the driver waits.
pub async fn drive<N: Network>(
    station: &Mutex<Station>,
    network: &mut N,
    witness: &mut impl Witness,
) -> Result<(), N::Error> {
    let mut turn = Turn::default();
    loop {
        let own = lock(station).due();
        let arrived = network.next(own).await?;
        let now = arrived.map_or(own.time(), |flight| flight.arrives);
        if witness.before(now).is_break() {
            return Ok(());
        }
        let goes_on = {
            let mut station = lock(station);
            match arrived {
                Some(flight) => station.receive(now, &flight.packet, flight.order, &mut turn),
                None => station.wake(now, &mut turn),
            }
            witness.after(now, &station, &turn)
        };
        // The sender has decided what is lost.
        let carried = turn.flights.iter().filter(|flight| flight.arrives != NEVER);
        carried.for_each(|&flight| network.send(flight));
        if goes_on.is_break() {
            return Ok(());
        }
    }
}

/// A driver that panics ends the run, so nobody meets what it has left half done.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// See [`lock`].
pub(crate) fn into_inner<T>(mutex: Mutex<T>) -> T {
    mutex.into_inner().unwrap_or_else(PoisonError::into_inner)
}
