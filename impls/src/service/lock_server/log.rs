//! What the lock server keeps on disk.

use contend_model::ident::Token;
use contend_model::symmetry::{Permutation, Symmetric};

/// Whose the lock is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) enum Lock {
    /// Nobody's.
    #[default]
    Free,
    /// Somebody's.
    Granted(Grant),
    /// Nobody's for a while, because a lease has ended that nobody gave back.
    Delayed,
}

/// A grant in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Grant {
    pub request: Token,
    pub fence: u32,
}

/// Where a request stands.
pub(super) enum Standing {
    /// It was never heard of.
    Unknown,
    /// It waits for its turn.
    Waiting,
    /// It holds the lock, with this fence.
    Granted(u32),
    /// It was granted or withdrawn, or its client has asked anew since.
    Over,
}

/// The log, as the state that it adds up to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Log {
    /// The fence of the newest grant.
    pub fence: u32,
    pub lock: Lock,
    /// Requests that wait, in order of arrival, at most one a client.
    pub waiting: Vec<Token>,
    /// Each client's newest request, in order of name.
    newest: Vec<Token>,
}

impl Log {
    pub fn standing(&self, request: Token) -> Standing {
        if let Lock::Granted(grant) = self.lock
            && grant.request == request
        {
            return Standing::Granted(grant.fence);
        }
        if self.waiting.contains(&request) {
            return Standing::Waiting;
        }
        let newest = self.newest.iter().find(|newest| newest.client == request.client);
        if newest.is_some_and(|&newest| newest >= request) {
            return Standing::Over;
        }
        Standing::Unknown
    }

    /// Takes in a request that was never heard of. It goes to the end of the line, and replaces one
    /// of the same client.
    pub fn enrol(&mut self, request: Token) {
        self.waiting.retain(|waiting| waiting.client != request.client);
        self.waiting.push(request);
        self.remember(request);
    }

    /// The request waits no longer, and will not if it arrives later.
    pub fn withdraw(&mut self, request: Token) {
        self.waiting.retain(|&waiting| waiting != request);
        self.remember(request);
    }

    fn remember(&mut self, request: Token) {
        match self.newest.binary_search_by_key(&request.client, |newest| newest.client) {
            Ok(place) => self.newest[place] = self.newest[place].max(request),
            Err(place) => self.newest.insert(place, request),
        }
    }
}

impl Symmetric for Log {
    fn permute(&mut self, permutation: &Permutation) {
        if let Lock::Granted(grant) = &mut self.lock {
            grant.request.permute(permutation);
        }
        self.waiting.permute(permutation);
        self.newest.permute(permutation);
        self.newest.sort_unstable();
    }
}
