//! Advisory locks: held by sessions, counted, or by transactions. A session that has one gets it
//! again at once.

use contend_model::ident::Peer;
use contend_model::message::table::Until;
use contend_model::symmetry::{Permutation, Symmetric};

/// One session's hold on one lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Held {
    key: u8,
    peer: Peer,
    /// How often the session has locked it.
    times: u8,
    /// Whether its transaction has locked it too.
    in_transaction: bool,
}

/// All advisory locks that are held, ordered by key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Advisory {
    held: Vec<Held>,
}

impl Advisory {
    /// Who else holds the lock, if somebody does.
    pub fn held_against(&self, key: u8, peer: Peer) -> Option<Peer> {
        self.held.iter().find(|held| held.key == key && held.peer != peer).map(|held| held.peer)
    }

    /// Gives the lock to the session.
    pub fn take(&mut self, key: u8, peer: Peer, until: Until) {
        let known = self.held.iter().position(|held| held.key == key && held.peer == peer);
        let place = known.unwrap_or_else(|| {
            let held = Held { key, peer, times: 0, in_transaction: false };
            let place = self.held.partition_point(|other| *other < held);
            self.held.insert(place, held);
            place
        });
        match until {
            Until::SessionEnd => self.held[place].times += 1,
            Until::TransactionEnd => self.held[place].in_transaction = true,
        }
    }

    /// Unlocks once, or, if `counts` is false, for good. `None` if the session did not have it;
    /// otherwise whether it is free now.
    pub fn release(&mut self, key: u8, peer: Peer, counts: bool) -> Option<bool> {
        let mut own = self.held.iter_mut().filter(|held| held.key == key && held.peer == peer);
        let held = own.find(|held| held.times > 0)?;
        held.times = if counts { held.times - 1 } else { 0 };
        let free = held.times == 0 && !held.in_transaction;
        self.drop_free();
        Some(free)
    }

    /// Takes the lock from whoever has it.
    pub fn wrest(&mut self, key: u8) -> Option<Peer> {
        let place = self.held.iter().position(|held| held.key == key)?;
        Some(self.held.remove(place).peer)
    }

    /// Ends what the session's transaction held.
    pub fn end_transaction(&mut self, peer: Peer) {
        for held in self.held.iter_mut().filter(|held| held.peer == peer) {
            held.in_transaction = false;
        }
        self.drop_free();
    }

    /// Ends what the session held.
    pub fn end_session(&mut self, peer: Peer) {
        self.held.retain(|held| held.peer != peer);
    }

    fn drop_free(&mut self) {
        self.held.retain(|held| held.times > 0 || held.in_transaction);
    }
}

impl Symmetric for Advisory {
    fn permute(&mut self, permutation: &Permutation) {
        for held in &mut self.held {
            held.peer.permute(permutation);
        }
        self.held.sort_unstable();
    }
}
