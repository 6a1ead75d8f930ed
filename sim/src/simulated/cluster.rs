//! Machines and processes as nodes of madsim.

use std::future::poll_fn;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use contend_model::cast::Cast;
use madsim::net::Endpoint;
use madsim::runtime::Handle;
use madsim::task;

use super::SimulatedError;
use super::machine::Machine;
use super::sockets::{Site, Sockets};
use super::supervisor::Supervisor;
use super::timescale::Timescale;
use super::world::World;
use crate::connection::Flight;
use crate::network::drive;
use crate::station::Station;

/// All endpoints use one tag: what kind of packet it is, the packet says.
pub const TAG: u64 = 0;

/// Runs these stations, each on a machine of its own, until the world says that it is over.
pub async fn play(cast: &Cast, stations: Vec<Station>, world: &Arc<World>) -> Vec<Arc<Machine>> {
    let addresses: Arc<[SocketAddr]> = (0..stations.len()).map(address).collect();
    let shared = Arc::new(cast.clone());
    let clock = Timescale::current();
    let handle = Handle::current();
    let mut nodes = Vec::new();
    let mut sites = Vec::new();
    for (place, station) in stations.into_iter().enumerate() {
        let machine = Arc::new(Machine::new(place, station));
        let site = Site {
            machine,
            clock: clock.clone(),
            cast: Arc::clone(&shared),
            addresses: Arc::clone(&addresses),
            world: Arc::clone(world),
        };
        let site = Arc::new(site);
        sites.push(Arc::clone(&site));
        let node = handle
            .create_node()
            .name(format!("{} (machine)", cast.names()[place]))
            .ip(addresses[place].ip())
            .init(move || keep(Arc::clone(&site)))
            .build();
        nodes.push(node.id());
    }
    clock.until_bound().await;
    for site in &sites {
        let (name, own) = (&cast.names()[site.machine.place], Arc::clone(site));
        let node = handle.create_node().name(name).init(move || run(Arc::clone(&own))).build();
        nodes.push(node.id());
        site.machine.process.set(node.id()).expect("a machine has one process");
    }
    poll_fn(|context| world.poll_over(context)).await;
    // Tasks that still wait would keep each other alive.
    nodes.into_iter().for_each(|node| handle.kill(node));
    clock.settle().await;
    sites.iter().map(|site| Arc::clone(&site.machine)).collect()
}

fn address(place: usize) -> SocketAddr {
    let place = u32::try_from(place).expect("nodes are numbered by a byte and their kind");
    let first = u32::from(Ipv4Addr::new(10, 0, 0, 1));
    (Ipv4Addr::from(first + place), 1).into()
}

/// The process.
async fn run(site: Arc<Site>) {
    let mut supervisor = Supervisor::new(&site);
    let mut sockets = Sockets::new(&site);
    if let Err(error) = drive(&site.machine.station, &mut sockets, &mut supervisor).await {
        site.world.fail(error);
    }
}

/// The machine: binds the socket, fills the inbox, and stands in for the process while it is down.
/// Its tasks end with it.
async fn keep(site: Arc<Site>) {
    let bound = Endpoint::bind(site.addresses[site.machine.place]).await;
    match bound {
        Ok(endpoint) => {
            // Receiving is not safe to cancel: a message would be lost between being taken and
            // being handed over. So it has a task of its own.
            task::spawn_local(receive(Arc::clone(&site), endpoint.clone()));
            assert!(site.machine.endpoint.set(endpoint).is_ok(), "a machine binds once");
        }
        Err(source) => {
            return site.world.fail(SimulatedError::Network { node: site.machine.node, source });
        }
    }
    let mut supervisor = Supervisor::new(&site);
    let mut sockets = Sockets::new(&site);
    loop {
        poll_fn(|context| site.machine.poll_down(context)).await;
        let driven = drive(&site.machine.station, &mut sockets, &mut supervisor).await;
        if let Err(error) = driven {
            return site.world.fail(error);
        }
        if supervisor.has_seen_enough() {
            return;
        }
    }
}

/// Takes packets from madsim and puts them into the inbox.
async fn receive(site: Arc<Site>, endpoint: Endpoint) {
    let node = site.machine.node;
    loop {
        let accepted = match endpoint.recv_from_raw(TAG).await {
            Ok((payload, _)) => {
                let flight = payload.downcast::<Flight>().expect("only flights are sent");
                site.machine.accept(*flight, &site.clock)
            }
            Err(source) => Err(SimulatedError::Network { node, source }),
        };
        if let Err(error) = accepted {
            return site.world.fail(error);
        }
    }
}
