//! How much of what may go wrong in one run.

use serde::{Deserialize, Serialize};

use super::Uniform;
use crate::plan::FaultKind;
use crate::property::Environment;

/// What is drawn from the seed to go wrong: how many faults of each kind at most, and how bad.
/// What is not said does not happen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Faults {
    /// Whether each seed draws which kinds it uses at all; otherwise it uses all of them.
    pub swarm: bool,
    /// How long things go wrong, in milliseconds; afterwards everything heals. A probability of
    /// the links is over by then as well.
    pub fault_phase_ms: f64,
    /// Crashes of clients that come back.
    pub client_crashes: u8,
    /// Crashes of clients for good. One client of each role always stays.
    pub client_deaths: u8,
    /// Crashes of services. The resource does not fail.
    pub service_crashes: u8,
    /// How long what crashed is down.
    pub down_ms: Uniform,
    /// Pauses of any node.
    pub pauses: u8,
    /// How long they are.
    pub pause_ms: Uniform,
    /// Partitions, one way or both ways.
    pub partitions: u8,
    /// Lost connections.
    pub disconnects: u8,
    /// Services whose wall clock is set.
    pub clock_jumps: u8,
    /// How far, at most.
    pub clock_jump_ms: f64,
    /// Nodes whose clock runs fast or slow for a while.
    pub drifts: u8,
    /// By how many millionths, at most.
    pub drift_ppm: u32,
    /// Services that are slow for a while.
    pub slowdowns: u8,
    /// By how much, at most.
    pub slow_ms: f64,
    /// Services whose disk lies for a while.
    pub lost_syncs: u8,
    /// Failovers.
    pub failovers: u8,
    /// Callers that call release without holding.
    pub misuses: u8,
    /// Callers that give up waiting.
    pub cancels: u8,
    /// Links that are bad for a while.
    pub link_noises: u8,
    /// The probability of loss, at most.
    pub noise_loss: f64,
    /// The probability that a request is sent twice, at most.
    pub noise_duplicate: f64,
    /// The probability that a message is held back, at most.
    pub noise_reorder: f64,
    /// How much longer messages take, at most.
    pub noise_extra_ms: f64,
    /// How long a partition, a drift, a slowness, a lie of the disk or a noise lasts.
    pub spell_ms: Uniform,
}

impl Faults {
    /// Nothing goes wrong.
    pub fn none() -> Self {
        Faults {
            swarm: false,
            fault_phase_ms: 2_000.0,
            client_crashes: 0,
            client_deaths: 0,
            service_crashes: 0,
            down_ms: Uniform::between(1.0, 500.0),
            pauses: 0,
            pause_ms: Uniform::between(10.0, 1_500.0),
            partitions: 0,
            disconnects: 0,
            clock_jumps: 0,
            clock_jump_ms: 1_000.0,
            drifts: 0,
            drift_ppm: 200_000,
            slowdowns: 0,
            slow_ms: 90.0,
            lost_syncs: 0,
            failovers: 0,
            misuses: 0,
            cancels: 0,
            link_noises: 0,
            noise_loss: 0.3,
            noise_duplicate: 0.3,
            noise_reorder: 0.3,
            noise_extra_ms: 30.0,
            spell_ms: Uniform::between(10.0, 1_000.0),
        }
    }

    /// Everything may go wrong, and each seed draws what does.
    pub fn every_kind() -> Self {
        Faults {
            swarm: true,
            client_crashes: 2,
            client_deaths: 1,
            service_crashes: 2,
            pauses: 2,
            partitions: 2,
            disconnects: 3,
            clock_jumps: 1,
            drifts: 1,
            slowdowns: 1,
            lost_syncs: 1,
            failovers: 1,
            misuses: 2,
            cancels: 2,
            link_noises: 3,
            ..Faults::none()
        }
    }

    /// What may go wrong in one environment. Cancelling is the caller's right in all of them, and
    /// no fault.
    pub fn of(environment: Environment) -> Self {
        let none = Faults { swarm: true, ..Faults::none() };
        match environment {
            Environment::Calm => none,
            Environment::Misuse => Faults { swarm: false, misuses: 3, ..none },
            Environment::Lossy => {
                Faults { partitions: 2, disconnects: 3, slowdowns: 1, link_noises: 4, ..none }
            }
            Environment::Crash => Faults {
                client_crashes: 2,
                client_deaths: 1,
                service_crashes: 2,
                lost_syncs: 1,
                ..none
            },
            Environment::Expiry => Faults { pauses: 3, clock_jumps: 1, drifts: 2, ..none },
            Environment::Failover => Faults { swarm: false, failovers: 12, ..none },
        }
    }

    /// How many faults of this kind a plan has at most. What the links do by chance is no entry.
    pub fn at_most(&self, kind: FaultKind) -> u8 {
        match kind {
            FaultKind::Loss | FaultKind::Duplicate | FaultKind::Reorder => 0,
            FaultKind::ClientCrash => self.client_crashes,
            FaultKind::ServiceCrash => self.service_crashes,
            FaultKind::Death => self.client_deaths,
            FaultKind::Pause => self.pauses,
            FaultKind::Partition => self.partitions,
            FaultKind::Disconnect => self.disconnects,
            FaultKind::ClockJump => self.clock_jumps,
            FaultKind::Drift => self.drifts,
            FaultKind::Slow => self.slowdowns,
            FaultKind::LostSync => self.lost_syncs,
            FaultKind::Failover => self.failovers,
            FaultKind::Misuse => self.misuses,
            FaultKind::Cancel => self.cancels,
            FaultKind::LinkNoise => self.link_noises,
        }
    }
}

impl Default for Faults {
    fn default() -> Self {
        Faults::none()
    }
}
