//! The fingerprints of all known states: an open-addressing table that many threads read while one
//! writes.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// The table, cut into segments by the leading bits of the fingerprint. Each grows on its own, so
/// that growth never holds two copies of the whole.
pub(super) struct Seen {
    segments: Vec<Segment>,
}

/// Lines of eight slots, each line one line of the processor's cache. A fingerprint's home is the
/// line proportional to it; a full line overflows into the next. Growth therefore keeps the order of
/// the lines, and reads and writes memory from front to back.
///
/// A slot goes from zero to a fingerprint and stays. The one writer publishes the slot after its
/// number; a reader that misses a fresh slot takes a known state for a new one, which its later
/// admission puts right.
struct Segment {
    lines: Box<[Line]>,
    /// The numbers of the states, slot by slot; empty if nobody will ask for them.
    ids: Box<[AtomicU32]>,
    held: AtomicU32,
}

/// Eight slots, filled from the first on.
#[derive(Default)]
#[repr(align(64))]
struct Line([AtomicU64; SLOTS_PER_LINE]);

/// What became of a fingerprint that was to be entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    New,
    /// It was there, under this number ([`UNNUMBERED`] in a table without numbers).
    Known(u32),
}

/// The number that a table without numbers gives.
pub(super) const UNNUMBERED: u32 = u32::MAX;

const SEGMENTS: usize = 1 << SEGMENT_BITS;
const SEGMENT_BITS: u32 = 6;
const SLOTS_PER_LINE: usize = 8;
const LINES_AT_FIRST: usize = 4;
const EMPTY: u64 = 0;

impl Seen {
    /// Bytes for each state, at most, once the table has grown past its first size: a segment grows
    /// by half when it is between 25/32 and 4/5 full.
    pub const fn bytes_per_state(numbered: bool) -> u64 {
        if numbered { 24 } else { 16 }
    }

    pub fn new(numbered: bool) -> Seen {
        let segments = (0..SEGMENTS).map(|_| Segment::new(LINES_AT_FIRST, numbered)).collect();
        Seen { segments }
    }

    /// Reads the home of each fingerprint, for nothing but to have the processor fetch them all side
    /// by side. Looked up one after another, each would be waited for.
    pub fn fetch(&self, fingerprints: &[u64]) {
        let mixed = fingerprints.iter().fold(0, |mixed, &fingerprint| {
            let segment = self.segment(fingerprint);
            mixed ^ segment.lines[segment.home(fingerprint)].0[0].load(Ordering::Relaxed)
        });
        std::hint::black_box(mixed);
    }

    /// The number of a known fingerprint.
    #[inline]
    pub fn find(&self, fingerprint: u64) -> Option<u32> {
        let segment = self.segment(fingerprint);
        segment.locate(fingerprint).ok().map(|slot| segment.id(slot))
    }

    /// Enters a fingerprint under a number, unless it is known. One thread at a time may do so, and
    /// only as often as [`has_room_for`](Self::has_room_for) allows.
    #[inline]
    pub fn enter(&self, fingerprint: u64, id: u32) -> Entry {
        let segment = self.segment(fingerprint);
        let line = match segment.locate(fingerprint) {
            Ok(slot) => return Entry::Known(segment.id(slot)),
            Err(line) => line,
        };
        segment.put(line, fingerprint, id);
        segment.held.store(segment.held.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        Entry::New
    }

    /// Takes back the latest entry. (No later one can have probed past its slot, so that emptying
    /// the slot hides none.)
    pub fn take_back(&self, fingerprint: u64) {
        let segment = self.segment(fingerprint);
        let slot = segment.locate(fingerprint).expect("only what was entered is taken back");
        let line = &segment.lines[slot / SLOTS_PER_LINE];
        line.0[slot % SLOTS_PER_LINE].store(EMPTY, Ordering::Release);
        segment.held.store(segment.held.load(Ordering::Relaxed) - 1, Ordering::Relaxed);
    }

    /// Whether all of these could be entered.
    pub fn has_room_for(&self, fingerprints: &[u64]) -> bool {
        let more = count_by_segment(fingerprints);
        self.segments.iter().zip(more).all(|(segment, more)| segment.has_room_for(more))
    }

    /// Grows until all of these can be entered.
    pub fn make_room_for(&mut self, fingerprints: &[u64]) {
        let more = count_by_segment(fingerprints);
        for (segment, more) in self.segments.iter_mut().zip(more) {
            // Segments fill up together. The slack lets those that are nearly full grow now, while
            // the readers are held up anyway.
            while !segment.has_room_for(more + segment.slots() / 64) {
                segment.grow();
            }
        }
    }

    #[inline]
    fn segment(&self, fingerprint: u64) -> &Segment {
        &self.segments[segment_of(fingerprint)]
    }
}

#[inline]
fn segment_of(fingerprint: u64) -> usize {
    (fingerprint >> (u64::BITS - SEGMENT_BITS)) as usize
}

fn count_by_segment(fingerprints: &[u64]) -> [usize; SEGMENTS] {
    let mut counts = [0; SEGMENTS];
    for &fingerprint in fingerprints {
        counts[segment_of(fingerprint)] += 1;
    }
    counts
}

impl Line {
    /// The first slot that holds this. All are compared, because where the match stands cannot be
    /// foretold, and a branch that is mispredicted costs more than eight comparisons.
    #[inline]
    fn place_of(&self, fingerprint: u64) -> Option<usize> {
        let matches = self.0.iter().enumerate().fold(0_u32, |matches, (place, slot)| {
            matches | u32::from(slot.load(Ordering::Acquire) == fingerprint) << place
        });
        (matches != 0).then(|| matches.trailing_zeros() as usize)
    }

    /// Slots fill from the first to the last, and empty again only from the last.
    #[inline]
    fn has_room(&self) -> bool {
        self.0[SLOTS_PER_LINE - 1].load(Ordering::Acquire) == EMPTY
    }
}

impl Segment {
    fn new(lines: usize, numbered: bool) -> Segment {
        let ids = if numbered { lines * SLOTS_PER_LINE } else { 0 };
        Segment {
            lines: std::iter::repeat_with(Line::default).take(lines).collect(),
            ids: std::iter::repeat_with(AtomicU32::default).take(ids).collect(),
            held: AtomicU32::new(0),
        }
    }

    fn slots(&self) -> usize {
        self.lines.len() * SLOTS_PER_LINE
    }

    /// The bits below those that chose the segment, scaled to the number of lines.
    #[inline]
    fn home(&self, fingerprint: u64) -> usize {
        let fraction = u128::from(fingerprint << SEGMENT_BITS);
        ((fraction * self.lines.len() as u128) >> u64::BITS) as usize
    }

    /// The slot of the fingerprint, or the line that has room for it.
    #[inline]
    fn locate(&self, fingerprint: u64) -> Result<usize, usize> {
        let mut line = self.home(fingerprint);
        loop {
            if let Some(place) = self.lines[line].place_of(fingerprint) {
                return Ok(line * SLOTS_PER_LINE + place);
            }
            if self.lines[line].has_room() {
                return Err(line);
            }
            line += 1;
            if line == self.lines.len() {
                line = 0;
            }
        }
    }

    /// Puts a fingerprint into a line that has room, with its number.
    #[inline]
    fn put(&self, line: usize, fingerprint: u64, id: u32) {
        let place = self.lines[line].place_of(EMPTY).expect("the line has room");
        if let Some(held) = self.ids.get(line * SLOTS_PER_LINE + place) {
            held.store(id, Ordering::Relaxed);
        }
        self.lines[line].0[place].store(fingerprint, Ordering::Release);
    }

    #[inline]
    fn id(&self, slot: usize) -> u32 {
        self.ids.get(slot).map_or(UNNUMBERED, |id| id.load(Ordering::Relaxed))
    }

    fn has_room_for(&self, more: usize) -> bool {
        let held = self.held.load(Ordering::Relaxed) as usize;
        5 * (held + more) <= 4 * self.slots()
    }

    fn grow(&mut self) {
        let lines = self.lines.len();
        let grown = Segment::new(lines + lines / 2, !self.ids.is_empty());
        for (slot, held) in self.lines.iter().flat_map(|line| &line.0).enumerate() {
            let fingerprint = held.load(Ordering::Relaxed);
            if fingerprint == EMPTY {
                continue;
            }
            let line = grown.locate(fingerprint).expect_err("no fingerprint is there twice");
            grown.put(line, fingerprint, self.id(slot));
        }
        grown.held.store(self.held.load(Ordering::Relaxed), Ordering::Relaxed);
        *self = grown;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::Fingerprinter;

    #[test]
    fn what_was_entered_is_found_again_under_its_number_after_any_growth() {
        let mut seen = Seen::new(true);
        for id in 0..50_000_u32 {
            let print = Fingerprinter::of(&id);
            if !seen.has_room_for(&[print]) {
                seen.make_room_for(&[print]);
            }
            assert_eq!(seen.enter(print, id), Entry::New);
            assert_eq!(seen.enter(print, 7), Entry::Known(id));
        }
        for id in 0..100_000_u32 {
            let found = seen.find(Fingerprinter::of(&id));
            assert_eq!(found, (id < 50_000).then_some(id));
        }
    }

    #[test]
    fn fingerprints_that_share_one_home_wrap_round_the_end() {
        let mut seen = Seen::new(true);
        let prints: Vec<u64> = (0..100).map(|n| u64::MAX - n).collect();
        seen.make_room_for(&prints);
        for (id, &print) in prints.iter().enumerate() {
            assert_eq!(seen.enter(print, id as u32), Entry::New);
        }
        seen.fetch(&prints);
        for (id, &print) in prints.iter().enumerate() {
            assert_eq!(seen.find(print), Some(id as u32));
        }
    }

    #[test]
    fn the_latest_entries_can_be_taken_back_in_reverse() {
        let mut seen = Seen::new(false);
        let prints: Vec<u64> = (1..=200).map(|n| Fingerprinter::of(&n)).collect();
        seen.make_room_for(&prints);
        for &print in &prints {
            seen.enter(print, 0);
        }
        for &print in prints[100..].iter().rev() {
            seen.take_back(print);
        }
        assert!(prints[..100].iter().all(|&print| seen.find(print) == Some(UNNUMBERED)));
        assert!(prints[100..].iter().all(|&print| seen.find(print).is_none()));
    }

    #[test]
    fn a_large_table_stays_within_its_bytes_per_state() {
        let mut seen = Seen::new(false);
        for id in 0..300_000_u32 {
            let print = Fingerprinter::of(&id);
            if !seen.has_room_for(&[print]) {
                seen.make_room_for(&[print]);
            }
            seen.enter(print, id);
            let slots: usize = seen.segments.iter().map(Segment::slots).sum();
            let first = SEGMENTS * LINES_AT_FIRST * SLOTS_PER_LINE;
            assert!(
                8 * slots as u64
                    <= Seen::bytes_per_state(false) * u64::from(id + 1).max(first as u64)
            );
        }
    }
}
