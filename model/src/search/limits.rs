//! How much a search may spend, how far it has come, and why it ended early.

use std::fmt;
use std::time::Duration;

use super::Labels;

/// What a search may spend. The result depends on `max_states` and `max_bytes` alone, unless the
/// deadline or an interruption ends it.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Distinct states, at most. A search that would need one more ends before the state whose
    /// successors do not fit; [`Limits::MOST_STATES`] bounds it in any case.
    pub max_states: usize,
    /// Bytes held, at most, by an estimate from counts: it is the same on every machine. The
    /// allocator's true figure is usually lower.
    pub max_bytes: u64,
    /// Wall-clock time, looked at between blocks of states. Where it cuts, chance decides.
    pub deadline: Option<Duration>,
    /// Threads that expand states; 0 counts as 1. Levels of few states use one in any case.
    pub threads: usize,
    /// Facts of which one is enough: the search ends with the level in which one is met.
    pub until: Labels,
    /// Keep every transition and every state's labels, which the questions about traps and
    /// starvation need.
    pub keep_graph: bool,
}

impl Limits {
    /// The most states that any search can number: 31 bits, less the number that stands for the
    /// world beyond the model's boundary.
    pub const MOST_STATES: usize = (1 << 31) - 1;
}

impl Default for Limits {
    /// All the states that fit into 4 GiB, on one thread, without the graph.
    fn default() -> Limits {
        Limits {
            max_states: Limits::MOST_STATES,
            max_bytes: 4 << 30,
            deadline: None,
            threads: 1,
            until: Labels::NONE,
            keep_graph: false,
        }
    }
}

/// How far a search has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Distinct states so far.
    pub states: usize,
    /// Transitions so far.
    pub transitions: u64,
    /// States that are known and not yet expanded.
    pub waiting: usize,
    /// Levels so far, that of the initial states included.
    pub depth: usize,
    /// Bytes held, by the estimate that [`Limits::max_bytes`] bounds.
    pub bytes: u64,
}

/// Why a search ended before it knew every state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// [`Limits::max_states`] are known, and there are more.
    StateBudget,
    /// The next states would have passed [`Limits::max_bytes`].
    MemoryBudget,
    /// [`Limits::deadline`] passed.
    Deadline,
    /// The caller set `stop`.
    Interrupted,
    /// What [`Limits::until`] asks for was met.
    Met,
}

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Cut::StateBudget => "the state budget is spent",
            Cut::MemoryBudget => "the memory budget is spent",
            Cut::Deadline => "the deadline has passed",
            Cut::Interrupted => "interrupted",
            Cut::Met => "what was looked for was met",
        })
    }
}
