//! Whether the answer that a queue is empty is true: at some moment of the call each item whose enqueuing was
//! acknowledged had been taken. With the aspects that [`super::QueueMonitor`] judges (nothing unasked for, nothing
//! twice, nothing out of order) it makes a queue linearizable (Henzinger, Sezgin and Vafeiadis,
//! "Aspect-oriented linearizability proofs", CONCUR 2013, which calls it VWit).
//!
//! At a moment at which one item is left and another call is under way, the answer is true if that call
//! turns out to get that item, so it rests on that call. A call that ended without an outcome may have
//! taken any item, and is taken to have got what is missing; of three calls that are under way at once,
//! two are. There the judge says nothing rather than something wrong. The checker of whole histories
//! ([`crate::check::queue`]) is exact.

use super::Bits;
use crate::symmetry::Permutation;

/// One consumer's call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Call {
    under_way: bool,
    /// The queue has been empty since it was called.
    met: bool,
    /// Any of these items would have been the last one, had this other client's call got it by then.
    rests_on: Option<(u8, Bits)>,
    /// Somebody was told of an emptiness that is true only if this call gets one of these.
    owes: Option<Bits>,
}

/// How a call to take an item has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// It got this item.
    Got(usize),
    /// It was told that there is none.
    ToldEmpty,
    /// Nobody knows.
    Unknown,
}

/// The judge.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Emptiness {
    calls: Vec<Call>,
    /// How many calls have ended without an outcome; not more than there are items.
    unknown: u8,
    most: u8,
}

impl Emptiness {
    pub fn new(clients: usize, items: usize) -> Self {
        let most = u8::try_from(items).expect("a monitor follows at most 64 items");
        Emptiness { calls: vec![Call::default(); clients], unknown: 0, most }
    }

    /// A client asks for an item while these are in the queue.
    pub fn calls(&mut self, client: usize, left: Bits) {
        self.calls[client] = Call { under_way: true, ..Call::default() };
        self.look(left);
    }

    /// A client's call, if it has one, has ended, and these are left in the queue. Says whether that shows that
    /// somebody was told of an emptiness that never was.
    pub fn ends(&mut self, client: usize, end: End, left: Bits) -> bool {
        let ended = std::mem::take(&mut self.calls[client]);
        if !ended.under_way {
            return false;
        }
        let got = match end {
            End::Got(item) => Bits::EMPTY.with(item),
            End::ToldEmpty => Bits::EMPTY,
            End::Unknown => {
                self.unknown = (self.unknown + 1).min(self.most);
                Bits::ALL
            }
        };
        let mut wrong = ended.owes.is_some_and(|owed| owed.and(got).is_empty());
        for call in &mut self.calls {
            let rested = call.rests_on.take_if(|(other, _)| usize::from(*other) == client);
            call.met |= rested.is_some_and(|(_, items)| !items.and(got).is_empty());
            // Nobody else gets what has been got.
            if let (End::Got(item), Some(owed)) = (end, &mut call.owes) {
                owed.remove(item);
                wrong |= owed.is_empty();
            }
            if let (End::Got(item), Some((_, items))) = (end, &mut call.rests_on) {
                items.remove(item);
            }
        }
        if end == End::ToldEmpty && !ended.met {
            wrong |= match ended.rests_on {
                Some((other, items)) => {
                    let owed = &mut self.calls[usize::from(other)].owes;
                    let either = owed.unwrap_or(Bits::ALL).and(items);
                    *owed = Some(either);
                    either.is_empty()
                }
                None => true,
            };
        }
        self.look(left);
        wrong
    }

    /// Looks at what each call could rest on at this moment.
    fn look(&mut self, left: Bits) {
        let mut under_way = Bits::EMPTY;
        let calls = self.calls.iter().enumerate();
        calls.filter(|(_, call)| call.under_way).for_each(|(client, _)| under_way.insert(client));
        for client in under_way.iter() {
            let call = &mut self.calls[client];
            let mut others = under_way;
            others.remove(client);
            let missing = left.len().saturating_sub(self.unknown.into());
            match (missing, others.len()) {
                (0, _) => call.met = true,
                (1, 1) => {
                    let other = others.iter().next().expect("there is one") as u8;
                    let known = call.rests_on.filter(|&(known, _)| known == other);
                    let items = known.map_or(Bits::EMPTY, |(_, items)| items);
                    call.rests_on = Some((other, items.or(left)));
                }
                (missing, others) => call.met |= missing <= others,
            }
            if call.met {
                call.rests_on = None;
            }
        }
    }

    pub fn permute(&mut self, permutation: &Permutation, item: impl Fn(usize) -> usize) {
        let image = |client: usize| usize::from(permutation.image()[client]);
        for (number, mut call) in self.calls.clone().into_iter().enumerate() {
            if let Some((other, items)) = &mut call.rests_on {
                *other = image(usize::from(*other)) as u8;
                *items = items.map(&item);
            }
            call.owes = call.owes.map(|items| items.map(&item));
            self.calls[image(number)] = call;
        }
    }
}
