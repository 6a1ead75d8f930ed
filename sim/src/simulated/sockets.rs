//! The network as a driver sees it: its machine's sockets, and through them madsim's endpoints.

use std::future::poll_fn;
use std::net::SocketAddr;
use std::sync::Arc;

use contend_model::cast::Cast;

use super::SimulatedError;
use super::cluster::TAG;
use super::machine::Machine;
use super::timescale::Timescale;
use super::world::World;
use crate::connection::Flight;
use crate::grid::Moment;
use crate::network::Network;

/// Where a driver runs: its machine, and what that can reach.
pub struct Site {
    /// The machine.
    pub machine: Arc<Machine>,
    /// The time.
    pub clock: Timescale,
    /// Everybody.
    pub cast: Arc<Cast>,
    /// Everybody's address, as the cast has them.
    pub addresses: Arc<[SocketAddr]>,
    /// What all machines share.
    pub world: Arc<World>,
}

/// A driver's use of its machine's sockets.
pub struct Sockets<'a> {
    site: &'a Site,
}

impl<'a> Sockets<'a> {
    /// The sockets of this machine.
    pub fn new(site: &'a Site) -> Self {
        Sockets { site }
    }

    /// Sends what is in the outbox. A packet leaves it at the moment at which madsim has it, so
    /// that whoever goes on after a kill neither loses nor repeats one.
    async fn flush(&self) -> Result<(), SimulatedError> {
        let machine = &*self.site.machine;
        while let Some(flight) = machine.outgoing() {
            let receiver = self.site.cast.index(flight.packet.link.receiver());
            let address = self.site.addresses[receiver];
            let endpoint = machine.endpoint.get().expect("sockets are bound before time begins");
            endpoint
                .send_to_raw(address, TAG, Box::new(flight))
                .await
                .map_err(|source| SimulatedError::Network { node: machine.node, source })?;
            machine.gone();
        }
        Ok(())
    }
}

impl Network for Sockets<'_> {
    type Error = SimulatedError;

    fn send(&mut self, flight: Flight) {
        self.site.machine.post(flight);
    }

    async fn next(&mut self, until: Moment) -> Result<Option<Flight>, SimulatedError> {
        let Site { machine, clock, .. } = self.site;
        // Sending takes a while, and what happens at one moment must not be torn apart.
        if let Some(next) = machine.at_once(until) {
            return Ok(next);
        }
        self.flush().await?;
        poll_fn(|context| machine.poll_next(until, clock, context)).await
    }
}
