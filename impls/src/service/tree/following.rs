//! How changes reach sessions: at once, or as the servers that serve them follow the leader.

use contend_model::ident::Peer;
use contend_model::message::tree::{Change, Ordered, Path, Reply, Session};
use contend_model::process::Effects;
use contend_model::timer::Timer;

use super::transaction::Transaction;
use super::{Guard, Tree, Znodes};

/// The timer after which a session's server has applied one transaction more.
pub(super) fn lag_of(session: Session) -> Timer {
    Timer::ReplicateTo(session.client, session.number)
}

impl Tree {
    /// Tells those who watch, before anybody hears of the change in any other way. Where servers lag
    /// behind, sessions are told as their servers come to know of it.
    pub(super) fn commit(
        &mut self,
        before: Option<Znodes>,
        transaction: &Transaction,
        out: &mut Effects,
    ) {
        if before.is_none() || !self.has(Guard::WatchesFollowTheView) {
            for (path, change) in transaction.changes() {
                let told = self.watches.fire(path, change);
                self.tell(told, out);
            }
        }
        let Some(before) = before else { return };
        let sessions: Vec<Session> = self.sessions.iter().collect();
        for session in sessions {
            if self.views.commit(session, &before, transaction) {
                self.await_lag(session, out);
            }
            if self.views.is_too_far_behind(session) {
                self.advance(session, out);
            }
        }
    }

    /// What servers show that have applied all there is so far, if there are such that lag.
    pub(super) fn shown_before(&self) -> Option<Znodes> {
        self.settings.lag.map(|_| self.nodes.as_shown())
    }

    /// The session's server applies one transaction more in time.
    pub(super) fn await_lag(&self, session: Session, out: &mut Effects) {
        if let Some(lag) = self.settings.lag {
            out.arm(lag_of(session), lag);
        }
    }

    fn advance(&mut self, session: Session, out: &mut Effects) {
        if let Some(transaction) = self.views.advance(session) {
            self.show(session, &transaction, out);
        }
    }

    pub(super) fn catch_up(&mut self, session: Session, answered: Ordered, out: &mut Effects) {
        let news = self.views.catch_up(session, answered);
        if !news.is_empty() {
            out.disarm(lag_of(session));
        }
        for transaction in news {
            self.show(session, &transaction, out);
        }
    }

    /// Another server serves the session, whose client has had no answer to this.
    pub(super) fn move_view(
        &mut self,
        session: Session,
        unheard: Option<Ordered>,
        out: &mut Effects,
    ) {
        let lagged = self.views.lags(session);
        self.views.moved(session, unheard, self.has(Guard::SeenStaysSeen));
        match (lagged, self.views.lags(session)) {
            (false, true) => self.await_lag(session, out),
            (true, false) => out.disarm(lag_of(session)),
            _ => {}
        }
    }

    /// The session's server applies the transaction: its watches fire before it answers anything from it.
    fn show(&mut self, session: Session, transaction: &Transaction, out: &mut Effects) {
        let Some(peer) = self.sessions.peer(session) else { return };
        if !self.has(Guard::WatchesFollowTheView) {
            return;
        }
        for (path, change) in transaction.changes() {
            let told = self.watches.fire_on(peer, path, change);
            self.tell(told, out);
        }
    }

    fn tell(&self, told: Vec<(Peer, Path, Change)>, out: &mut Effects) {
        if self.has(Guard::WatchesFire) {
            for (peer, path, change) in told {
                out.reply(peer, Reply::Watched(path, change));
            }
        }
    }

    /// The lag of a server has passed.
    pub(super) fn replicate(&mut self, session: Session, out: &mut Effects) {
        self.advance(session, out);
        if self.views.lags(session) {
            self.await_lag(session, out);
        }
    }
}
