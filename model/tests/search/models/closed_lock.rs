//! A closed Redis-like lock, the same transition system as `redlock.pml` in Promela: `SET key token
//! NX` and compare-and-delete, a key that may expire and clients that may crash at any moment.
//!
//! It says nothing about Contend's own algorithms. Its counts of states and transitions are known
//! from SPIN, TLC and stateright, so that it measures the search itself.

use contend_model::search::{Labels, Subject};
use stateright::{Model, Property};

/// `N` clients, each of which acquires at most `acquisitions` times.
#[derive(Clone)]
pub struct ClosedLock<const N: usize> {
    pub acquisitions: u8,
}

/// Field by field that of the Promela model, indexed by client.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State<const N: usize> {
    key: u8,
    pc: [u8; N],
    k: [u8; N],
    req: [u8; N],
    rep: [u8; N],
}

/// One guarded step of a client, of its connection, or of the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Acquire(u8),
    Acquired(u8),
    Refused(u8),
    Release(u8),
    Released(u8),
    Crash(u8),
    Serve(u8),
    Expire,
}

/// Two clients hold the lock, one of them without the key: the lease ended under it.
pub const TWO_HOLDERS: Labels = Labels::bit(0);
/// Two clients hold the lock, and the key is both's.
pub const TWO_VALID: Labels = Labels::bit(1);

const IDLE: u8 = 0;
const WAIT_ACQ: u8 = 1;
const HOLD: u8 = 2;
const WAIT_REL: u8 = 3;
const DEAD: u8 = 4;

const NONE: u8 = 0;
const SETNX: u8 = 1;
const CAD: u8 = 2;

const OK: u8 = 1;
const NIL: u8 = 2;

impl<const N: usize> ClosedLock<N> {
    fn token(&self, state: &State<N>, c: usize) -> u8 {
        c as u8 * self.acquisitions + state.k[c]
    }

    fn holders(state: &State<N>) -> impl Iterator<Item = usize> {
        (0..N).filter(|&c| state.pc[c] == HOLD)
    }

    fn has_two_holders(state: &State<N>) -> bool {
        Self::holders(state).count() > 1
    }

    fn has_two_valid(&self, state: &State<N>) -> bool {
        Self::holders(state).filter(|&c| state.key == self.token(state, c)).count() > 1
    }
}

impl<const N: usize> Model for ClosedLock<N> {
    type State = State<N>;
    type Action = Action;

    fn init_states(&self) -> Vec<State<N>> {
        vec![State { key: 0, pc: [IDLE; N], k: [0; N], req: [NONE; N], rep: [NONE; N] }]
    }

    fn actions(&self, state: &State<N>, actions: &mut Vec<Action>) {
        for c in 0..N {
            let client = c as u8;
            match (state.pc[c], state.rep[c]) {
                (IDLE, _) if state.k[c] < self.acquisitions => {
                    actions.push(Action::Acquire(client))
                }
                (WAIT_ACQ, OK) => actions.push(Action::Acquired(client)),
                (WAIT_ACQ, NIL) => actions.push(Action::Refused(client)),
                (HOLD, _) => actions.push(Action::Release(client)),
                (WAIT_REL, OK | NIL) => actions.push(Action::Released(client)),
                _ => {}
            }
            if state.pc[c] != DEAD {
                actions.push(Action::Crash(client));
            }
            if state.req[c] != NONE && state.rep[c] == NONE {
                actions.push(Action::Serve(client));
            }
        }
        if state.key != 0 {
            actions.push(Action::Expire);
        }
    }

    fn next_state(&self, last: &State<N>, action: Action) -> Option<State<N>> {
        let mut next = last.clone();
        match action {
            Action::Acquire(c) => {
                let c = usize::from(c);
                (next.k[c], next.req[c], next.pc[c]) = (last.k[c] + 1, SETNX, WAIT_ACQ);
            }
            Action::Acquired(c) => (next.rep[c as usize], next.pc[c as usize]) = (NONE, HOLD),
            Action::Refused(c) | Action::Released(c) => {
                (next.rep[c as usize], next.pc[c as usize]) = (NONE, IDLE);
            }
            Action::Release(c) => (next.req[c as usize], next.pc[c as usize]) = (CAD, WAIT_REL),
            Action::Crash(c) => next.pc[c as usize] = DEAD,
            Action::Serve(c) => {
                let c = usize::from(c);
                let token = self.token(last, c);
                (next.key, next.rep[c]) = match last.req[c] {
                    SETNX if last.key == 0 => (token, OK),
                    CAD if last.key == token => (0, OK),
                    _ => (last.key, NIL),
                };
                next.req[c] = NONE;
            }
            Action::Expire => next.key = 0,
        }
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![Property::always("one valid holder", |lock: &Self, state| !lock.has_two_valid(state))]
    }
}

impl<const N: usize> Subject for ClosedLock<N> {
    fn labels(&self, state: &State<N>) -> Labels {
        TWO_HOLDERS.when(Self::has_two_holders(state)) | TWO_VALID.when(self.has_two_valid(state))
    }

    fn is_fault(&self, _: &Self::State, action: &Action) -> bool {
        matches!(action, Action::Crash(_) | Action::Expire)
    }
}
