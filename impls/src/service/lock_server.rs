//! A lock server that is safe to lean on: numbered requests that count once, a list of those who
//! wait, first come first served, grants with a fencing token and a lease, and a log on disk.
//!
//! The repaired form of the server in the fourth document, section 3.2 (that one is [`flag`]). Its
//! parts are those of Chubby (Burrows, OSDI 2006): sequencers (section 2.4), the lock-delay after a
//! holder was lost (section 2.4), and leases that a new master takes to be as long as they can be
//! (section 2.9).
//!
//! The lease is judged on a clock that does not go on while the server is down. Grants are on disk
//! before they are answered, renewals are not; so after a restart a grant counts as just given.

pub mod flag;
mod log;

use contend_model::history::Fact;
use contend_model::ident::{NodeId, Peer};
use contend_model::message::Message;
use contend_model::message::lock_server::{Reply, Request};
use contend_model::process::{Effects, Event, Process};
use contend_model::symmetry::{Permutation, Symmetric};
use contend_model::time::Span;
use contend_model::timer::Timer;

use log::{Grant, Lock, Log, Standing};

const LEASE: Timer = Timer::Deadline(0);
const DELAY: Timer = Timer::Deadline(1);

/// A check that the server makes. Tests take one away to see whether the suite notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Guard {
    /// Nobody is granted the lock while somebody else's grant is in force.
    GrantsOneAtATime,
    /// A lease ends the grant.
    Expiry,
    /// Release compares client and fence.
    ComparesOnRelease,
    /// Renewal compares client and fence.
    ComparesOnRenewal,
    /// Every grant counts the fence up.
    FenceCounts,
    /// Grants are on disk before they are answered.
    SyncsBeforeReply,
    /// After a restart a grant on disk counts as just given.
    WaitsAfterRestart,
    /// After a lease has ended nobody is granted the lock for a while.
    LockDelay,
    /// A request that is asked again prolongs its grant: the answer is about this question.
    AcquireProlongs,
    /// Who renews a grant is told that somebody waits for it.
    TellsWhoWaits,
}

/// How a lock server is set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How long a grant lasts.
    pub lease: Span,
    /// How long nobody is granted the lock after a lease has ended.
    pub lock_delay: Span,
    /// Whether a holder that renews is told that somebody waits, as the blocking callbacks of a VMS lock
    /// manager tell it.
    pub recalls: bool,
    /// The check that this server has forgotten.
    pub lacks: Option<Guard>,
}

/// Settings are the same in all states of a world.
impl std::hash::Hash for Settings {
    fn hash<H: std::hash::Hasher>(&self, _: &mut H) {}
}

/// The server of one lock.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LockServer {
    settings: Settings,
    log: Log,
    /// The connections on which waiting requests are to be answered, by client and then in the order
    /// in which they came. A request that was asked again has more than one until the server notices
    /// the end of the old one.
    listeners: Vec<Peer>,
    /// Whether its clock runs.
    running: bool,
}

impl LockServer {
    /// A server that has granted nothing yet.
    pub fn new(settings: Settings) -> Self {
        LockServer { settings, log: Log::default(), listeners: Vec::new(), running: false }
    }

    fn has(&self, guard: Guard) -> bool {
        self.settings.lacks != Some(guard)
    }

    fn begin(&mut self, out: &mut Effects) {
        self.running = true;
        match self.log.lock {
            Lock::Free => {}
            Lock::Granted(_) if self.has(Guard::WaitsAfterRestart) => {
                out.arm(LEASE, self.settings.lease);
            }
            Lock::Granted(_) => self.log.lock = Lock::Free,
            Lock::Delayed => out.arm(DELAY, self.settings.lock_delay),
        }
    }

    fn serve(&mut self, from: Peer, request: Request, out: &mut Effects) {
        match request {
            Request::Acquire(token) => match self.log.standing(token) {
                Standing::Granted(fence) => {
                    if self.has(Guard::AcquireProlongs) {
                        self.prolong(from.node, out);
                    }
                    out.reply(from, Reply::Granted { fence });
                }
                Standing::Over => out.reply(from, Reply::Over),
                Standing::Waiting => self.listen(from),
                Standing::Unknown => {
                    // A request of this client that still waits is one that it has given up.
                    self.listeners.retain(|peer| peer.node != from.node);
                    self.log.enrol(token);
                    self.listen(from);
                }
            },
            Request::Renew { client, fence } => {
                let own = self.is_in_force(client, fence, Guard::ComparesOnRenewal);
                if own {
                    self.prolong(from.node, out);
                }
                let wanted = self.settings.recalls
                    && self.has(Guard::TellsWhoWaits)
                    && !self.log.waiting.is_empty();
                out.reply(from, if own { Reply::Renewed { wanted } } else { Reply::NotHeld });
            }
            Request::Release { client, fence } => {
                let own = self.is_in_force(client, fence, Guard::ComparesOnRelease);
                if own {
                    self.end_grant(from.node, out);
                }
                out.reply(from, if own { Reply::Released } else { Reply::NotHeld });
            }
            Request::Cancel(token) => {
                match self.log.standing(token) {
                    Standing::Granted(_) => self.end_grant(from.node, out),
                    Standing::Waiting => self.listeners.retain(|peer| peer.node != from.node),
                    Standing::Unknown | Standing::Over => {}
                }
                self.log.withdraw(token);
                out.reply(from, Reply::Cancelled);
            }
            // Another server's vocabulary.
            Request::Lock | Request::Unlock => {}
        }
        self.grant_next(out);
    }

    fn is_in_force(&self, client: NodeId, fence: u32, guard: Guard) -> bool {
        let Lock::Granted(grant) = self.log.lock else { return false };
        !self.has(guard) || (grant.request.client, grant.fence) == (client, fence)
    }

    fn prolong(&mut self, by: NodeId, out: &mut Effects) {
        self.note_disposal(by, out);
        out.arm(LEASE, self.settings.lease);
    }

    fn end_grant(&mut self, by: NodeId, out: &mut Effects) {
        self.note_disposal(by, out);
        out.disarm(LEASE);
        self.log.lock = Lock::Free;
    }

    fn note_disposal(&self, by: NodeId, out: &mut Effects) {
        if let Lock::Granted(grant) = self.log.lock {
            out.note(Fact::Disposed { by, of: grant.request.client });
        }
    }

    fn listen(&mut self, from: Peer) {
        if !self.listeners.contains(&from) {
            let place = self.listeners.partition_point(|peer| peer.node <= from.node);
            self.listeners.insert(place, from);
        }
    }

    /// Grants the lock, if it is free, to the first who waits and listens. Who waits and does not
    /// listen keeps its place.
    fn grant_next(&mut self, out: &mut Effects) {
        loop {
            let free = match self.log.lock {
                Lock::Free => true,
                Lock::Granted(_) => !self.has(Guard::GrantsOneAtATime),
                Lock::Delayed => false,
            };
            let listens = |client| self.listeners.iter().any(|peer| peer.node == client);
            let next = self.log.waiting.iter().position(|request| listens(request.client));
            let Some(place) = next.filter(|_| free) else { return };
            let request = self.log.waiting.remove(place);
            if self.has(Guard::FenceCounts) {
                self.log.fence += 1;
            }
            let fence = self.log.fence;
            self.log.lock = Lock::Granted(Grant { request, fence });
            out.arm(LEASE, self.settings.lease);
            for peer in self.listeners.extract_if(.., |peer| peer.node == request.client) {
                out.reply(peer, Reply::Granted { fence });
            }
        }
    }

    fn lease_ends(&mut self, out: &mut Effects) {
        if !self.has(Guard::Expiry) {
            return;
        }
        if self.has(Guard::LockDelay) {
            self.log.lock = Lock::Delayed;
            out.arm(DELAY, self.settings.lock_delay);
        } else {
            self.log.lock = Lock::Free;
            self.grant_next(out);
        }
    }
}

impl Process for LockServer {
    fn step(&mut self, event: Event, out: &mut Effects) {
        match event {
            Event::Start { .. } => self.begin(out),
            Event::Deliver { from, message: Message::LockServer(request) } => {
                self.serve(from, request, out);
            }
            // A timer that fires while the server is down is one of the clock that has stopped.
            Event::Fire(LEASE) if self.running => self.lease_ends(out),
            Event::Fire(DELAY) if self.running => {
                self.log.lock = Lock::Free;
                self.grant_next(out);
            }
            Event::Disconnected(peer) => self.listeners.retain(|&other| other != peer),
            _ => {}
        }
    }

    fn crashed(&self) -> Self {
        let keeps = self.has(Guard::SyncsBeforeReply);
        let log = if keeps { self.log.clone() } else { Log::default() };
        LockServer { settings: self.settings, log, listeners: Vec::new(), running: false }
    }

    fn permute(&mut self, permutation: &Permutation) -> bool {
        self.log.permute(permutation);
        self.listeners.permute(permutation);
        self.listeners.sort_by_key(|peer| peer.node);
        true
    }
}
