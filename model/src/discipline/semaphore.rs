//! A counting semaphore: as many holders as there are permits (Dijkstra, "Cooperating sequential
//! processes", 1965, section 4).

use super::Holders;

pub(super) fn admits(permits: u8, others: Holders) -> bool {
    others.writers + others.readers < usize::from(permits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_permit_is_the_last() {
        let holders = |writers| Holders { writers, readers: 0 };
        assert!(admits(2, holders(1)));
        assert!(!admits(2, holders(2)));
    }
}
