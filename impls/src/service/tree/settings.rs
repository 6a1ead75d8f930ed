//! How a server is set up, and the checks that it makes.

use contend_model::time::{Range, Span};

/// A check that the server makes. Tests take one away to see whether the suite notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Guard {
    /// A node is created only where there is none.
    CreateIsExclusive,
    /// A sequential node comes after those that were created before it.
    SequenceCounts,
    /// A session that is silent for its timeout ends.
    SessionsExpire,
    /// Ephemeral nodes end with their session.
    EphemeralsEnd,
    /// Every sign of life of a session puts its end off.
    HeartbeatsCount,
    /// Watches fire.
    WatchesFire,
    /// A session that moves to another connection is served on that one alone.
    SessionsMove,
    /// What was acknowledged survives a crash.
    SyncsBeforeReply,
    /// A session's server has applied the session's write, and all before it, when it answers.
    OwnWritesShow,
    /// Watches fire when the session's server applies the change, and not before.
    WatchesFollowTheView,
    /// A session's server has applied all that was committed when it answers `sync`.
    SyncCatchesUp,
    /// No server takes over a session whose client has seen more than that server has.
    SeenStaysSeen,
}

/// How a server is set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// After how long a silence a session ends.
    pub session_timeout: Span,
    /// The nodes that exist from the start.
    pub roots: &'static [&'static str],
    /// After how long the servers that answer reads apply what the leader has committed; `None` if
    /// the leader answers all reads.
    pub lag: Option<Range>,
    /// The check that this server has forgotten.
    pub lacks: Option<Guard>,
}

/// Settings are the same in all states of a world.
impl std::hash::Hash for Settings {
    fn hash<H: std::hash::Hasher>(&self, _: &mut H) {}
}
