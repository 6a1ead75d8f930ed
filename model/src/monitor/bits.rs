//! A set of at most 64 small numbers.

/// A set of clients or items by number, at most 64 of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bits(u64);

impl Bits {
    /// The empty set.
    pub const EMPTY: Bits = Bits(0);
    /// The set of all numbers that fit.
    pub const ALL: Bits = Bits(u64::MAX);
    /// How many different numbers fit.
    pub const CAPACITY: usize = 64;

    /// Adds a number.
    pub fn insert(&mut self, number: usize) {
        assert!(number < Bits::CAPACITY, "a monitor follows at most 64 clients and 64 items");
        self.0 |= 1 << number;
    }

    /// Removes a number.
    pub fn remove(&mut self, number: usize) {
        self.0 &= !(1 << number);
    }

    /// Whether the number is in the set.
    pub fn contains(self, number: usize) -> bool {
        self.0 >> number & 1 == 1
    }

    /// Whether nothing is in the set.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// How many numbers are in the set.
    pub fn len(self) -> u32 {
        self.0.count_ones()
    }

    /// What is in both.
    #[must_use]
    pub fn and(self, other: Bits) -> Bits {
        Bits(self.0 & other.0)
    }

    /// What is in either.
    #[must_use]
    pub fn or(self, other: Bits) -> Bits {
        Bits(self.0 | other.0)
    }

    /// The same set with this number.
    #[must_use]
    pub fn with(mut self, number: usize) -> Bits {
        self.insert(number);
        self
    }

    /// What is in this set and not in the other.
    #[must_use]
    pub fn without(self, other: Bits) -> Bits {
        Bits(self.0 & !other.0)
    }

    /// The numbers in rising order.
    pub fn iter(self) -> impl Iterator<Item = usize> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let number = rest.trailing_zeros() as usize;
            rest &= rest.checked_sub(1)?;
            Some(number)
        })
    }

    /// The set of the images of its numbers.
    #[must_use]
    pub fn map(self, image: impl Fn(usize) -> usize) -> Bits {
        let mut mapped = Bits::EMPTY;
        self.iter().for_each(|number| mapped.insert(image(number)));
        mapped
    }
}
