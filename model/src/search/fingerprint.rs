//! A 64-bit digest of a state: the same in every process and every build.

use std::hash::{Hash, Hasher};

/// The hasher behind a state's fingerprint.
///
/// Fields are packed side by side into 128 bits, so that a state of many small ones costs few
/// multiplications; each full pack is folded into the digest by a 64×64→128-bit product whose halves
/// are xored (the step of wyhash and its kin). There is no key, which makes the digest repeatable,
/// and of no use against somebody who looks for collisions. Discriminants and lengths, which are small,
/// count as one byte. Integers count as little-endian; only slices of integers wider than a byte, whose
/// bytes the standard library hands over as they lie in memory, are different on a big-endian machine.
#[derive(Clone)]
pub struct Fingerprinter {
    digest: u64,
    pack: u128,
    packed_bits: u32,
}

/// Fractional digits of pi.
const KEYS: [u64; 4] =
    [0x243f_6a88_85a3_08d3, 0x1319_8a2e_0370_7344, 0xa409_3822_299f_31d0, 0x082e_fa98_ec4e_6c89];

/// The first byte of a number that does not fit in less.
const LARGE: u8 = 0xff;

impl Fingerprinter {
    /// The fingerprint of a value. It is never zero.
    pub fn of(value: &impl Hash) -> u64 {
        let mut hasher = Fingerprinter::default();
        value.hash(&mut hasher);
        hasher.finish().max(1)
    }

    #[inline(always)]
    fn put(&mut self, word: u64, bits: u32) {
        if self.packed_bits + bits > u128::BITS {
            self.digest = self.folded();
            self.pack = 0;
            self.packed_bits = 0;
        }
        self.pack |= u128::from(word) << self.packed_bits;
        self.packed_bits += bits;
    }

    /// A number that is mostly small: one byte, or one that says that it is not, and the number. No small
    /// one begins as a large one does.
    #[inline(always)]
    fn put_small(&mut self, number: u64) {
        if number < u64::from(LARGE) {
            return self.put(number, 8);
        }
        self.put(LARGE.into(), 8);
        self.put(number, 64);
    }

    #[inline(always)]
    fn folded(&self) -> u64 {
        let (low, high) = (self.pack as u64, (self.pack >> 64) as u64);
        fold(self.digest ^ low, high ^ KEYS[1])
    }
}

impl Default for Fingerprinter {
    #[inline(always)]
    fn default() -> Fingerprinter {
        Fingerprinter { digest: KEYS[0], pack: 0, packed_bits: 0 }
    }
}

impl Hasher for Fingerprinter {
    #[inline(always)]
    fn finish(&self) -> u64 {
        fold(self.folded() ^ KEYS[2], u64::from(self.packed_bits) ^ KEYS[3])
    }

    #[inline(always)]
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.put(u64::from_le_bytes(*word), 64);
        }
        if !rest.is_empty() {
            let mut last = [0; 8];
            last[..rest.len()].copy_from_slice(rest);
            self.put(u64::from_le_bytes(last), 8 * rest.len() as u32);
        }
    }

    #[inline(always)]
    fn write_u8(&mut self, value: u8) {
        self.put(value.into(), 8);
    }

    #[inline(always)]
    fn write_u16(&mut self, value: u16) {
        self.put(value.into(), 16);
    }

    #[inline(always)]
    fn write_u32(&mut self, value: u32) {
        self.put(value.into(), 32);
    }

    #[inline(always)]
    fn write_u64(&mut self, value: u64) {
        self.put(value, 64);
    }

    #[inline(always)]
    fn write_u128(&mut self, value: u128) {
        self.put(value as u64, 64);
        self.put((value >> 64) as u64, 64);
    }

    #[inline(always)]
    fn write_usize(&mut self, value: usize) {
        self.put_small(value as u64);
    }

    #[inline(always)]
    fn write_i8(&mut self, value: i8) {
        self.write_u8(value as u8);
    }

    #[inline(always)]
    fn write_i16(&mut self, value: i16) {
        self.write_u16(value as u16);
    }

    #[inline(always)]
    fn write_i32(&mut self, value: i32) {
        self.write_u32(value as u32);
    }

    #[inline(always)]
    fn write_i64(&mut self, value: i64) {
        self.write_u64(value as u64);
    }

    #[inline(always)]
    fn write_i128(&mut self, value: i128) {
        self.write_u128(value as u128);
    }

    #[inline(always)]
    fn write_isize(&mut self, value: isize) {
        // Sign-extended first, so that a negative discriminant is the same on 32-bit machines.
        self.put_small(value as i64 as u64);
    }
}

#[inline(always)]
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product as u64) ^ ((product >> 64) as u64)
}
