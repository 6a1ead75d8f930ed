//! Random streams, one for each concern, so that an edit to one does not re-roll the others.
//!
//! A stream is fully named by a seed, a concern and a number within the concern. The generator
//! (xoshiro256++) and the way of seeding it are part of what a seed means: changing either changes
//! every run.

use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use xxhash_rust::xxh3::xxh3_64;

/// What a stream decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Concern {
    /// What one link does to what it carries; numbered by sender and receiver.
    Link,
    /// When one node's timers fire; numbered by node.
    Timers,
    /// How long one caller thinks and works; numbered by client.
    Workload,
    /// Which faults of one kind there are; numbered by kind.
    Plan,
    /// How fast one link is throughout a run; numbered as links are.
    Pace,
    /// Whether the faults of a seed come close together, and when.
    Gathering,
}

/// A stream of random numbers.
#[derive(Clone, Debug)]
pub struct Stream(Xoshiro256PlusPlus);

impl Stream {
    /// The stream of this name.
    pub fn new(seed: u64, concern: Concern, number: u64) -> Self {
        let concern = match concern {
            Concern::Link => 1u64,
            Concern::Timers => 2,
            Concern::Workload => 3,
            Concern::Plan => 4,
            Concern::Pace => 5,
            Concern::Gathering => 6,
        };
        let mut name = [0; 24];
        name[..8].copy_from_slice(&seed.to_le_bytes());
        name[8..16].copy_from_slice(&concern.to_le_bytes());
        name[16..].copy_from_slice(&number.to_le_bytes());
        Stream(Xoshiro256PlusPlus::seed_from_u64(xxh3_64(&name)))
    }

    /// The next number: one draw.
    #[inline]
    pub fn draw(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number from `least` to `most`, both included: one draw.
    #[inline]
    pub fn between(&mut self, least: u64, most: u64) -> u64 {
        least + scaled(self.draw(), most.saturating_sub(least).saturating_add(1))
    }

    /// Whether something of this probability happens: one draw.
    pub fn happens(&mut self, probability: f64) -> bool {
        self.fraction() < probability
    }

    /// A number of at least 0 and less than 1: one draw.
    #[inline]
    pub fn fraction(&mut self) -> f64 {
        (self.draw() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }
}

/// A draw brought down to `0..below`.
#[inline]
pub fn scaled(draw: u64, below: u64) -> u64 {
    ((u128::from(draw) * u128::from(below)) >> 64) as u64
}
