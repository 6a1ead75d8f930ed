//! One number that stands for everything that happened in a run.
//!
//! Values are fed through their `Hash` implementations into a portable encoding: numbers in
//! little-endian order, `usize` and the tags of enums as 64 bits, so that the digest of a run is
//! the same on every machine. The encoding is hashed by XXH3-64.

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
const GATHERED: usize = 4096;

/// Takes in values and makes their digest.
#[derive(Clone)]
pub struct Digester {
    gathered: Vec<u8>,
    hash: Xxh3,
}

impl fmt::Debug for Digester {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Digester").field("digest", &self.digest()).finish()
    }
}

impl Default for Digester {
    fn default() -> Self {
        Digester { gathered: Vec::with_capacity(GATHERED + 256), hash: Xxh3::new() }
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
        hash.update(&self.gathered);
        Digest(hash.digest())
    }

    /// Forgets everything, and keeps its room.
    pub fn clear(&mut self) {
        self.gathered.clear();
        self.hash.reset();
    }

    #[inline]
    fn put<const N: usize>(&mut self, bytes: [u8; N]) {
        self.gathered.extend_from_slice(&bytes);
        if self.gathered.len() >= GATHERED {
            self.pass_on();
        }
    }

    #[cold]
    fn pass_on(&mut self) {
        self.hash.update(&self.gathered);
        self.gathered.clear();
    }
}

/// `finish` is the digest so far. All writes are portable, whatever the machine's word.
impl Hasher for Digester {
    fn finish(&self) -> u64 {
        self.digest().0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.gathered.extend_from_slice(bytes);
        if self.gathered.len() >= GATHERED {
            self.pass_on();
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
        self.put((number as u64).to_le_bytes());
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
        self.put((number as i64).to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_encoding_is_little_endian_with_words_of_64_bits() {
        let mut digester = Digester::default();
        digester.write_u16(0x0102);
        digester.write_usize(3);
        digester.write_isize(-1);
        let mut expected = vec![2, 1, 3, 0, 0, 0, 0, 0, 0, 0];
        expected.extend([0xff; 8]);
        assert_eq!(digester.gathered, expected);
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
