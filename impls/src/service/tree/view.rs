//! What sessions are shown by servers that follow the leader. Writes are the leader's; reads are answered
//! by the server that a session is connected to, from as much as that server has applied.
//!
//! Sources: zookeeper.apache.org, "ZooKeeper Programmer's Guide", section "Consistency Guarantees"
//! (sequential consistency, single system image, timeliness; no simultaneously consistent views:
//! `sync` before a read that must not be stale), and "ZooKeeper Internals", section "Consistency
//! Guarantees" (reads are not linearizable). A request that changes nothing because it is refused is a
//! transaction too (`PrepRequestProcessor` makes an `ErrorTxn` of it), so its answer as well comes
//! after all that was committed before. A client that connects again names the last transaction that an
//! answer told it of, and a server that has applied less refuses it (`ZooKeeperServer`, "Refusing
//! session request"); of a write whose answer it never heard it knows nothing, so the next server
//! may not show it yet. `sync` is taken to be what it is meant to be: a deposed leader that
//! answers it (same section, ZOOKEEPER-1675) is not modelled.
//!
//! A server applies one transaction after the other, each within the lag. What its own
//! session's write made it apply counts as seen when the client asks again; a client asks one thing
//! at a time.

use contend_model::message::tree::{Ordered, Session};
use contend_model::symmetry::{Permutation, Symmetric};

use super::transaction::Transaction;
use super::znodes::Znodes;

/// How many transactions a server may lag behind. Two show that they are applied in order. A leader gives up
/// a follower that lags for too long (`syncLimit`), so there is a bound; where time is free it keeps the
/// space finite.
const BEHIND_AT_MOST: usize = 2;

/// What one session may be shown.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct View {
    session: Session,
    /// What any server shows that takes the session over.
    floor: Znodes,
    /// What has been committed since, in order.
    pending: Vec<Transaction>,
    /// How many of them the session's own server has applied, since it has answered something that
    /// came after them.
    applied: usize,
    /// How many the last such answer told the client of, whichever server gave it.
    told: usize,
    /// What that answer was to, if it told of any.
    answered: Option<Ordered>,
}

/// The views that may show something else than the leader has, in the order of their sessions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Views {
    views: Vec<View>,
}

impl Views {
    /// Whether the session's server has something to apply.
    pub fn lags(&self, session: Session) -> bool {
        self.get(session).is_some_and(View::lags)
    }

    /// The sessions whose servers have something to apply.
    pub fn lagging(&self) -> impl Iterator<Item = Session> {
        self.views.iter().filter(|view| view.lags()).map(|view| view.session)
    }

    /// What the session's server shows; `None` if that is what the leader has.
    pub fn shown(&self, session: Session) -> Option<Znodes> {
        let view = self.get(session).filter(|view| view.lags())?;
        let mut shown = view.floor.clone();
        view.pending[..view.applied].iter().for_each(|transaction| shown.apply(transaction));
        Some(shown)
    }

    /// Whether a node with this suffix is shown below the parent in some view, or will be.
    pub fn know(&self, parent: &'static str, suffix: u16) -> bool {
        let is_it = |name: &str, other: u16| name == parent && other == suffix;
        self.views.iter().any(|view| {
            let mut nodes = view.floor.children(parent);
            let mut coming = view.pending.iter().filter_map(|transaction| match transaction {
                Transaction::Create(path, _) => path.child.map(|node| (path.name, node.suffix)),
                _ => None,
            });
            nodes.any(|node| is_it(parent, node.suffix))
                || coming.any(|(name, other)| is_it(name, other))
        })
    }

    /// The leader has committed a transaction: before it, servers showed these nodes. Says whether the
    /// session's server had nothing else to apply.
    pub fn commit(&mut self, session: Session, before: &Znodes, transaction: &Transaction) -> bool {
        let place = self.views.binary_search_by_key(&session, |view| view.session);
        let place = place.unwrap_or_else(|place| {
            self.views.insert(place, View::new(session, before.clone()));
            place
        });
        let view = &mut self.views[place];
        let begins = !view.lags();
        view.pending.push(transaction.clone());
        begins
    }

    /// Whether the session's view has fallen further behind than a server may.
    pub fn is_too_far_behind(&self, session: Session) -> bool {
        self.get(session).is_some_and(|view| view.pending.len() - view.applied > BEHIND_AT_MOST)
    }

    /// The session's server applies one transaction more, and so has every other by now that could
    /// serve it.
    pub fn advance(&mut self, session: Session) -> Option<Transaction> {
        let view = self.get_mut(session).filter(|view| view.lags())?;
        let news = view.pending[view.applied].clone();
        view.pass(view.applied + 1);
        self.drop_those_up_to_date();
        Some(news)
    }

    /// The session's server applies all that was committed, before it answers this. Gives what it had
    /// not applied yet.
    pub fn catch_up(&mut self, session: Session, answered: Ordered) -> Vec<Transaction> {
        let Some(view) = self.get_mut(session) else { return Vec::new() };
        let news = view.pending[view.applied..].to_vec();
        view.applied = view.pending.len();
        (view.told, view.answered) = (view.applied, Some(answered));
        news
    }

    /// The session's client asks for something on the connection that serves it, so it has heard all that
    /// was answered there, and nothing that was answered before and that it said it had not heard.
    pub fn heard(&mut self, session: Session) {
        if let Some(view) = self.get_mut(session) {
            view.pass(view.applied);
            (view.told, view.answered) = (0, None);
            self.drop_those_up_to_date();
        }
    }

    /// Another server serves the session; what its client has seen it shows as well, if it compares.
    /// What the server before had applied for an answer that was not heard, it has yet to apply; the next
    /// handshake may still tell that it was heard, if this one was late.
    pub fn moved(&mut self, session: Session, unheard: Option<Ordered>, compares: bool) {
        if let Some(view) = self.get_mut(session) {
            if compares && (unheard.is_none() || unheard != view.answered) {
                view.pass(view.told);
            }
            view.applied = 0;
            self.drop_those_up_to_date();
        }
    }

    /// The session is over.
    pub fn remove(&mut self, session: Session) {
        self.views.retain(|view| view.session != session);
    }

    fn get(&self, session: Session) -> Option<&View> {
        self.views.iter().find(|view| view.session == session)
    }

    fn get_mut(&mut self, session: Session) -> Option<&mut View> {
        self.views.iter_mut().find(|view| view.session == session)
    }

    fn drop_those_up_to_date(&mut self) {
        self.views.retain(|view| !view.pending.is_empty());
    }
}

impl View {
    fn new(session: Session, floor: Znodes) -> Self {
        View { session, floor, pending: Vec::new(), applied: 0, told: 0, answered: None }
    }

    fn lags(&self) -> bool {
        self.applied < self.pending.len()
    }

    /// All servers that could serve the session have applied the first so many transactions.
    fn pass(&mut self, count: usize) {
        for transaction in self.pending.drain(..count) {
            self.floor.apply(&transaction);
        }
        self.applied = self.applied.saturating_sub(count);
        self.told = self.told.saturating_sub(count);
        self.answered = self.answered.filter(|_| self.told > 0);
    }
}

impl Symmetric for Views {
    fn permute(&mut self, permutation: &Permutation) {
        for view in &mut self.views {
            view.session.permute(permutation);
            view.floor.permute(permutation);
            view.pending.permute(permutation);
        }
        self.views.sort_unstable_by_key(|view| view.session);
    }
}
