//! One number that stands for everything that happened in a run.
//!
//! Values are fed through their `Hash` implementations into a portable encoding: numbers in
//! little-endian order; `usize`, lengths and the tags of enums, which are small, in one byte, or in
//! one that says that they are not and 64 bits. So the digest of a run is the same on every machine.
//! The encoding is hashed by XXH3-64.

use std::fmt;
use std::hash::{Hash, Hasher};

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::Xxh3;

/// A digest; shown as sixteen hexadecimal digits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub u64);

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl Serialize for Digest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        u64::from_str_radix(&text, 16)
            .ok()
            .filter(|_| text.len() == 16)
            .map(Digest)
            .ok_or_else(|| serde::de::Error::custom("a digest has sixteen hexadecimal digits"))
    }
}

/// How many bytes are gathered before they are hashed: many small writes, few calls.
const GATHERED: usize = 1024;

/// The first byte of a number that does not fit in less.
const LARGE: u8 = 0xff;

/// Takes in values and makes their digest.
#[derive(Clone)]
pub struct Digester {
    room: [u8; GATHERED],
    /// How much of the room is taken.
    taken: usize,
    hash: Xxh3,
}

impl fmt::Debug for Digester {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Digester").field("digest", &self.digest()).finish()
    }
}

impl Default for Digester {
    fn default() -> Self {
        Digester { room: [0; GATHERED], taken: 0, hash: Xxh3::new() }
    }
}

impl Digester {
    /// Takes in a value.
    #[inline]
    pub fn add(&mut self, value: &impl Hash) {
        value.hash(self);
    }

    /// The digest of everything so far.
    pub fn digest(&self) -> Digest {
        let mut hash = self.hash.clone();
        hash.update(self.gathered());
        Digest(hash.digest())
    }

    /// Forgets everything, and keeps its room.
    pub fn clear(&mut self) {
        self.taken = 0;
        self.hash.reset();
    }

    fn gathered(&self) -> &[u8] {
        &self.room[..self.taken]
    }

    #[inline(always)]
    fn put<const N: usize>(&mut self, bytes: [u8; N]) {
        match self.room.get_mut(self.taken..).and_then(<[u8]>::first_chunk_mut) {
            Some(place) => {
                *place = bytes;
                self.taken += N;
            }
            None => self.put_after_hashing(bytes),
        }
    }

    #[cold]
    #[inline(never)]
    fn put_after_hashing<const N: usize>(&mut self, bytes: [u8; N]) {
        self.make_room();
        self.put(bytes);
    }

    fn make_room(&mut self) {
        self.hash.update(&self.room[..self.taken]);
        self.taken = 0;
    }

    /// A number that is mostly small. No small one begins as a large one does.
    #[inline(always)]
    fn put_small(&mut self, number: u64) {
        if number < u64::from(LARGE) {
            return self.put([number as u8]);
        }
        self.put([LARGE]);
        self.put(number.to_le_bytes());
    }
}

/// `finish` is the digest so far. All writes are portable, whatever the machine's word.
impl Hasher for Digester {
    fn finish(&self) -> u64 {
        self.digest().0
    }

    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        for piece in bytes.chunks(GATHERED) {
            if self.taken + piece.len() > GATHERED {
                self.make_room();
            }
            self.room[self.taken..][..piece.len()].copy_from_slice(piece);
            self.taken += piece.len();
        }
    }

    #[inline]
    fn write_u8(&mut self, number: u8) {
        self.put([number]);
    }

    #[inline]
    fn write_u16(&mut self, number: u16) {
        self.put(number.to_le_bytes());
    }

    #[inline]
    fn write_u32(&mut self, number: u32) {
        self.put(number.to_le_bytes());
    }

    #[inline]
    fn write_u64(&mut self, number: u64) {
        self.put(number.to_le_bytes());
    }

    #[inline]
    fn write_u128(&mut self, number: u128) {
        self.put(number.to_le_bytes());
    }

    #[inline]
    fn write_usize(&mut self, number: usize) {
        self.put_small(number as u64);
    }

    #[inline]
    fn write_i8(&mut self, number: i8) {
        self.put(number.to_le_bytes());
    }

    #[inline]
    fn write_i16(&mut self, number: i16) {
        self.put(number.to_le_bytes());
    }

    #[inline]
    fn write_i32(&mut self, number: i32) {
        self.put(number.to_le_bytes());
    }

    #[inline]
    fn write_i64(&mut self, number: i64) {
        self.put(number.to_le_bytes());
    }

    #[inline]
    fn write_i128(&mut self, number: i128) {
        self.put(number.to_le_bytes());
    }

    #[inline]
    fn write_isize(&mut self, number: isize) {
        // Sign-extended first, so that a negative one is the same on 32-bit machines.
        self.put_small(number as i64 as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_encoding_is_little_endian_and_short_where_numbers_are_small() {
        let mut digester = Digester::default();
        digester.write_u16(0x0102);
        digester.write_usize(3);
        digester.write_usize(254);
        digester.write_usize(255);
        digester.write_isize(-1);
        let mut expected = vec![2, 1, 3, 254, 0xff, 255, 0, 0, 0, 0, 0, 0, 0];
        expected.extend([0xff; 9]);
        assert_eq!(digester.gathered(), expected);
        assert_eq!(digester.digest().0, xxhash_rust::xxh3::xxh3_64(&expected));
    }

    #[test]
    fn long_input_is_hashed_like_one_piece() {
        let mut digester = Digester::default();
        let mut whole = Vec::new();
        for number in 0..5_000u32 {
            digester.write_u32(number);
            whole.extend(number.to_le_bytes());
        }
        assert_eq!(digester.digest().0, xxhash_rust::xxh3::xxh3_64(&whole));
        let long = vec![7; 3 * GATHERED];
        digester.write(&long);
        whole.extend(&long);
        assert_eq!(digester.digest().0, xxhash_rust::xxh3::xxh3_64(&whole));
        digester.clear();
        assert_eq!(digester.digest().0, xxhash_rust::xxh3::xxh3_64(&[]));
    }

    #[test]
    fn a_digest_is_read_as_it_is_written() {
        let digest = Digest(0x00ab_0000_0000_0001);
        let text = serde_json::to_string(&digest).unwrap();
        assert_eq!(text, "\"00ab000000000001\"");
        assert_eq!(serde_json::from_str::<Digest>(&text).unwrap(), digest);
        assert!(serde_json::from_str::<Digest>("\"ab\"").is_err());
    }
}
