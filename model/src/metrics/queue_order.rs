//! How far a queue is from first in, first out.

/// One item's way through a queue: the call and the return of its enqueuing and of the dequeuing
/// that delivered it first, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Passage {
    pub enqueued: (u64, u64),
    pub delivered: (u64, u64),
}

/// Pairs of items that were enqueued one after the other and delivered in reverse, neither call
/// overlapping the other: only those are certain. Takes n log n steps.
pub(super) fn inversions(passages: Vec<Passage>) -> u64 {
    let mut calls: Vec<u64> = passages.iter().map(|passage| passage.delivered.0).collect();
    calls.sort_unstable();
    let mut by_call = passages.clone();
    by_call.sort_unstable_by_key(|passage| passage.enqueued.0);
    let mut by_return = passages;
    by_return.sort_unstable_by_key(|passage| passage.enqueued.1);

    let mut earlier = by_return.into_iter().peekable();
    let mut counts = Counts::new(calls.len());
    let mut inversions = 0;
    for later in by_call {
        while let Some(passage) = earlier.next_if(|passage| passage.enqueued.1 < later.enqueued.0) {
            counts.insert(calls.partition_point(|&call| call < passage.delivered.0));
        }
        // Those of the earlier whose dequeuing began after the later one's was over.
        let overtaken_from = calls.partition_point(|&call| call <= later.delivered.1);
        inversions += counts.total - counts.below(overtaken_from);
    }
    inversions
}

/// Counts by rank, with prefix sums in logarithmic time: a Fenwick tree.
struct Counts {
    tree: Vec<u64>,
    total: u64,
}

impl Counts {
    fn new(ranks: usize) -> Self {
        Counts { tree: vec![0; ranks + 1], total: 0 }
    }

    fn insert(&mut self, rank: usize) {
        self.total += 1;
        let mut place = rank + 1;
        while place < self.tree.len() {
            self.tree[place] += 1;
            place += place & place.wrapping_neg();
        }
    }

    fn below(&self, rank: usize) -> u64 {
        let mut sum = 0;
        let mut place = rank;
        while place > 0 {
            sum += self.tree[place];
            place &= place - 1;
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn passage(enqueued: u64, delivered: u64) -> Passage {
        Passage { enqueued: (enqueued, enqueued + 1), delivered: (delivered, delivered + 1) }
    }

    #[test]
    fn a_stack_inverts_every_pair_and_a_queue_none() {
        let stack = (0..5).map(|n| passage(10 * n, 100 - 10 * n)).collect();
        assert_eq!(inversions(stack), 10);
        let queue = (0..5).map(|n| passage(10 * n, 100 + 10 * n)).collect();
        assert_eq!(inversions(queue), 0);
        assert_eq!(inversions(Vec::new()), 0);
    }

    #[test]
    fn calls_that_overlap_are_in_no_order() {
        let first = Passage { enqueued: (0, 10), delivered: (50, 60) };
        let overlapping_enqueue = Passage { enqueued: (10, 20), delivered: (30, 40) };
        assert_eq!(inversions(vec![first, overlapping_enqueue]), 0);
        let overlapping_dequeue = Passage { enqueued: (11, 20), delivered: (30, 50) };
        assert_eq!(inversions(vec![first, overlapping_dequeue]), 0);
        let inverted = Passage { enqueued: (11, 20), delivered: (30, 49) };
        assert_eq!(inversions(vec![first, inverted]), 1);
    }

    proptest! {
        #[test]
        fn the_tree_counts_what_all_pairs_count(
            times in prop::collection::vec((0_u64..40, 0_u64..9, 0_u64..40, 0_u64..9), 0..25),
        ) {
            let passages: Vec<Passage> = times
                .into_iter()
                .map(|(e, long, d, late)| Passage { enqueued: (e, e + long), delivered: (d, d + late) })
                .collect();
            let inverted = |a: &Passage, b: &Passage| {
                a.enqueued.1 < b.enqueued.0 && b.delivered.1 < a.delivered.0
            };
            let pairs = passages.iter().flat_map(|a| passages.iter().map(move |b| (a, b)));
            let expected = pairs.filter(|(a, b)| inverted(a, b)).count() as u64;
            prop_assert_eq!(inversions(passages.clone()), expected);
        }
    }
}
