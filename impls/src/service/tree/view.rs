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
//! may not show it yet.

use contend_model::message::tree::Session;
use contend_model::symmetry::{Permutation, Symmetric};

use super::transaction::Transaction;
use super::znodes::Znodes;

/// How many transactions a server may lag behind. A leader gives up a follower that lags for too
/// long (`syncLimit`), so there is a bound; where time is free it keeps the space finite.
const BEHIND_AT_MOST: usize = 3;

/// What one session may be shown.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct View {
    session: Session,
    /// What any server shows that takes the session over.
    floor: Znodes,
    /// What has been committed since, in order.
    pending: Vec<Transaction>,
    /// How many of them the server that serves the session now has applied, because it has
    /// answered a write or a `sync` that came after them.
    applied: usize,
}

/// The views that lag behind, in the order of their sessions; all others show what the leader has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Views {
    lagging: Vec<View>,
}

impl Views {
    /// Whether there is something that not every server can show the session yet.
    pub fn lags(&self, session: Session) -> bool {
        self.get(session).is_some()
    }

    /// The sessions whose views lag behind.
    pub fn sessions(&self) -> impl Iterator<Item = Session> {
        self.lagging.iter().map(|view| view.session)
    }

    /// What the session's server shows; `None` if that is what the leader has.
    pub fn shown(&self, session: Session) -> Option<Znodes> {
        let view = self.get(session).filter(|view| view.applied < view.pending.len())?;
        let mut shown = view.floor.clone();
        view.pending[..view.applied].iter().for_each(|transaction| shown.apply(transaction));
        Some(shown)
    }

    /// Whether a node with this suffix is shown below the parent in some view, or will be.
    pub fn know(&self, parent: &'static str, suffix: u16) -> bool {
        let is_it = |name: &str, other: u16| name == parent && other == suffix;
        self.lagging.iter().any(|view| {
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
    /// session's view begins to lag.
    pub fn commit(&mut self, session: Session, before: &Znodes, transaction: &Transaction) -> bool {
        let place = self.lagging.binary_search_by_key(&session, |view| view.session);
        let begins = place.is_err();
        let place = place.unwrap_or_else(|place| {
            let view = View { session, floor: before.clone(), pending: Vec::new(), applied: 0 };
            self.lagging.insert(place, view);
            place
        });
        self.lagging[place].pending.push(transaction.clone());
        begins
    }

    /// Whether the session's view has fallen further behind than a server may.
    pub fn is_too_far_behind(&self, session: Session) -> bool {
        self.get(session).is_some_and(|view| view.pending.len() > BEHIND_AT_MOST)
    }

    /// By now all servers have applied the first transaction that the session's view lacks. Gives it if
    /// the session's own server has applied it only now.
    pub fn advance(&mut self, session: Session) -> Option<Transaction> {
        let view = self.lagging.iter_mut().find(|view| view.session == session)?;
        let news = (view.applied == 0).then(|| view.pending[0].clone());
        view.pass(1);
        self.drop_those_up_to_date();
        news
    }

    /// The session's server applies all that was committed. Gives what it had not yet.
    pub fn catch_up(&mut self, session: Session) -> Vec<Transaction> {
        let Some(view) = self.lagging.iter_mut().find(|view| view.session == session) else {
            return Vec::new();
        };
        let news = view.pending[view.applied..].to_vec();
        view.applied = view.pending.len();
        news
    }

    /// The session's client asks for something, so it has heard the answer before; no server that
    /// takes it over shows less than that. A client that does not wait for answers
    /// would have to say what it has seen.
    pub fn heard(&mut self, session: Session) {
        if let Some(view) = self.lagging.iter_mut().find(|view| view.session == session) {
            view.pass(view.applied);
            self.drop_those_up_to_date();
        }
    }

    /// Another server serves the session.
    pub fn moved(&mut self, session: Session) {
        if let Some(view) = self.lagging.iter_mut().find(|view| view.session == session) {
            view.applied = 0;
        }
    }

    /// The session is over.
    pub fn remove(&mut self, session: Session) {
        self.lagging.retain(|view| view.session != session);
    }

    fn get(&self, session: Session) -> Option<&View> {
        self.lagging.iter().find(|view| view.session == session)
    }

    fn drop_those_up_to_date(&mut self) {
        self.lagging.retain(|view| !view.pending.is_empty());
    }
}

impl View {
    /// All servers that could serve the session have applied the first so many transactions.
    fn pass(&mut self, count: usize) {
        for transaction in self.pending.drain(..count) {
            self.floor.apply(&transaction);
        }
        self.applied = self.applied.saturating_sub(count);
    }
}

impl Symmetric for Views {
    fn permute(&mut self, permutation: &Permutation) {
        for view in &mut self.lagging {
            view.session.permute(permutation);
            view.floor.permute(permutation);
            view.pending.permute(permutation);
        }
        self.lagging.sort_unstable_by_key(|view| view.session);
    }
}
