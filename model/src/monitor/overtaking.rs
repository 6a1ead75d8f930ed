//! How often a waiter is overtaken: by somebody who began to want the lock when the waiter was
//! already waiting, and obtains it first.
//!
//! A client waits from the moment at which time passes while it wants the lock. In punctual time
//! nothing travels then, so every request that it has sent has been seen: what it has not obtained
//! by then it waits for (Lamport's doorway, "A new solution of Dijkstra's concurrent programming
//! problem", 1974, is what came before). A refusal ends the doorway as well.

use super::Bits;
use crate::history::What;
use crate::op::{Op, Outcome};
use crate::symmetry::{Permutation, Symmetric};

/// Overtakings are counted up to here.
const MOST: u8 = 250;

/// What is known of one client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Waiter {
    wants: bool,
    waits: bool,
    holds: bool,
    /// Those who were waiting already when it began to want the lock.
    elders: Bits,
    /// By how many later comers it has been overtaken in this wait.
    overtaken: u8,
}

/// Counts overtakings.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Overtakings {
    waiters: Vec<Waiter>,
}

impl Overtakings {
    /// Nobody waits yet.
    pub fn new(clients: usize) -> Self {
        Overtakings { waiters: vec![Waiter::default(); clients] }
    }

    /// By how many later comers somebody who waits now has been overtaken, at most.
    pub fn most(&self) -> u8 {
        self.waiters.iter().map(|waiter| waiter.overtaken).max().unwrap_or(0)
    }

    /// By how many later comers this client has been overtaken in its present wait.
    pub fn of(&self, client: usize) -> u8 {
        self.waiters[client].overtaken
    }

    /// Whether somebody waits.
    pub fn contended(&self) -> bool {
        self.waiters.iter().any(|waiter| waiter.waits)
    }

    /// Takes in one entry of a client's history.
    pub fn observe(&mut self, client: usize, what: &What) {
        match what {
            What::Invoke(Op::Acquire) => self.wants(client),
            What::Return(Op::Acquire | Op::Cancel, Outcome::Acquired { .. }) => {
                self.acquired(client);
            }
            What::Return(Op::Cancel, _) | What::Crashed => self.leaves(client),
            What::Return(Op::Acquire, _) => {
                let waiter = &mut self.waiters[client];
                waiter.waits = waiter.wants;
            }
            What::Invoke(Op::Release) | What::Notify(_) => self.waiters[client].holds = false,
            _ => {}
        }
    }

    /// Time passes: whoever wants the lock now waits for it.
    pub fn time_passes(&mut self) {
        for waiter in &mut self.waiters {
            waiter.waits = waiter.wants;
        }
    }

    fn wants(&mut self, client: usize) {
        let mut waiting = Bits::EMPTY;
        for (number, waiter) in self.waiters.iter().enumerate() {
            if waiter.waits {
                waiting.insert(number);
            }
        }
        let waiter = &mut self.waiters[client];
        if !waiter.wants && !waiter.holds {
            waiter.wants = true;
            waiter.elders = waiting;
        }
    }

    fn acquired(&mut self, client: usize) {
        if !self.waiters[client].wants {
            return;
        }
        let elders = self.waiters[client].elders;
        for elder in elders.iter() {
            let overtaken = &mut self.waiters[elder].overtaken;
            *overtaken = (*overtaken + 1).min(MOST);
        }
        self.leaves(client);
        self.waiters[client].holds = true;
    }

    fn leaves(&mut self, client: usize) {
        for waiter in &mut self.waiters {
            waiter.elders.remove(client);
        }
        self.waiters[client] = Waiter::default();
    }
}

impl Symmetric for Overtakings {
    fn permute(&mut self, permutation: &Permutation) {
        let image = |number: usize| usize::from(permutation.image()[number]);
        let old = self.waiters.clone();
        for (number, mut waiter) in old.into_iter().enumerate() {
            waiter.elders = waiter.elders.map(image);
            self.waiters[image(number)] = waiter;
        }
    }
}
