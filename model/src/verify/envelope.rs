//! The timing envelope of a lock: how long its clients may be paused, how late messages may be and how far off
//! clocks, before mutual exclusion breaks.
//!
//! Each is searched by itself, a millisecond more at a time, in worlds in which everything else is punctual
//! ([`Reading::Bounded`]). Two clients acquire once each and work for a millisecond; leases are as short as they
//! can be without one figure hiding another, so what counts is their proportions.

use std::fmt;
use std::sync::atomic::AtomicBool;

use serde::Serialize;

use super::explain;
use crate::algorithm::{Algorithm, Timing};
use crate::property::{Environment, Property};
use crate::search::{Labels, Limits, search};
use crate::time::{Range, Span};
use crate::verdict::Counterexample;
use crate::world::{Mark, Reading, Scope, World};

/// What may be late or wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Lateness {
    /// Each timer of a client is late by any time up to this, because the client is paused.
    Pause,
    /// Each message takes any time up to this.
    Delay,
    /// Each timer of anybody is off by any time up to this, because its clock runs fast or slow.
    Drift,
}

impl Lateness {
    /// All of them, in the order of reports.
    pub const ALL: [Lateness; 3] = [Lateness::Pause, Lateness::Delay, Lateness::Drift];

    fn up_to(self, most: Span) -> Reading {
        let none = Span::ZERO;
        let (delay, pause, drift) = match self {
            Lateness::Pause => (none, most, none),
            Lateness::Delay => (most, none, none),
            Lateness::Drift => (none, none, most),
        };
        Reading::Bounded { delay, pause, drift }
    }
}

impl fmt::Display for Lateness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Lateness::Pause => "pause",
            Lateness::Delay => "delay",
            Lateness::Drift => "drift",
        })
    }
}

/// How much of one kind a lock bears.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Bound {
    /// What is late or wrong.
    pub lateness: Lateness,
    /// The most, in milliseconds, with which mutual exclusion still holds; `None` if it holds with none.
    pub holds_up_to_ms: Option<u32>,
    /// Why no more can be said.
    pub end: End,
    /// Distinct states of the largest search.
    pub states: usize,
}

/// What happens with a millisecond more.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    /// Mutual exclusion breaks, like this.
    Broken(Box<Counterexample>),
    /// Nobody knows: why the search does not tell.
    Undecided(String),
    /// Nothing more was tried: all that was tried is borne.
    Borne,
}

/// The timing envelope of one lock.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Envelope {
    /// The lock.
    pub algorithm: String,
    /// How long a lease lasts, in milliseconds.
    pub lease_ms: f64,
    /// How much earlier its holder stops relying on it, in milliseconds, if it looks at all; where a server waits
    /// before it grants anew, as long as that.
    pub margin_ms: f64,
    /// One for each kind of lateness.
    pub bounds: Vec<Bound>,
}

/// Twice as long as a lease.
const FURTHEST_MS: u32 = 8;

/// Nobody gives up on an answer, but for clients who must in order to keep a lease alive.
const TIMING: Timing = Timing {
    lease: Span::ms(4),
    margin: Span::ms(1),
    timeout: Span::ms(30),
    retry: Range::exactly(Span::ms(2)),
    sync_every: Span::ms(1),
    replication_lag: None,
};

/// Searches the timing envelope of a lock. Setting `stop` leaves undecided what is not found by then.
pub fn envelope(algorithm: &dyn Algorithm, max_states: usize, stop: &AtomicBool) -> Envelope {
    let bounds = Lateness::ALL.map(|lateness| bound(algorithm, lateness, max_states, stop));
    Envelope {
        algorithm: algorithm.card().name,
        lease_ms: TIMING.lease.as_ms(),
        margin_ms: TIMING.margin.as_ms(),
        bounds: bounds.into(),
    }
}

fn bound(
    algorithm: &dyn Algorithm,
    lateness: Lateness,
    max_states: usize,
    stop: &AtomicBool,
) -> Bound {
    let violated = Labels::bit(Mark::Violated(Property::MutualExclusion).bit());
    let limits = Limits { max_states, until: violated, keep_graph: false, ..Limits::default() };
    let mut bound = Bound { lateness, holds_up_to_ms: None, end: End::Borne, states: 0 };
    for ms in 0..=FURTHEST_MS {
        let world = World::new(algorithm, scope(algorithm, lateness.up_to(Span::ms(ms))));
        let explored = search(&world, &limits, |_| {}, stop);
        bound.states = bound.states.max(explored.states());
        if let Some(state) = explored.first(violated) {
            let property = Property::MutualExclusion;
            let told = explain::counterexample(&world, &explored, state, property)
                .expect("the way to a state that was found");
            let command = format!("contend envelope {}", world.card().name);
            bound.end = End::Broken(Box::new(Counterexample { command, ..told }));
            break;
        }
        if let Some(cut) = explored.cut() {
            bound.end = End::Undecided(format!("{cut} after {} states", explored.states()));
            break;
        }
        if explored.first(Labels::bit(Mark::Reached.bit())).is_none() {
            bound.end = End::Undecided("vacuous: nobody ever obtained the lock".into());
            break;
        }
        bound.holds_up_to_ms = Some(ms);
    }
    bound
}

fn scope(algorithm: &dyn Algorithm, reading: Reading) -> Scope {
    let mut scope = Scope::of(&algorithm.card(), Environment::Calm, 0);
    scope.timing = TIMING;
    scope.duty.operations = 1;
    scope.duty.think = Range::default();
    scope.duty.work = Range::exactly(Span::ms(1));
    scope.duty.retry = TIMING.retry;
    scope.reading = reading;
    algorithm.narrowed(scope)
}
