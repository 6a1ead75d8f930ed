//! A counting semaphore: as many holders as there are permits (Dijkstra, "Cooperating sequential
//! processes", 1965, section 4).

use super::Holders;

pub(super) fn admits(permits: u8, others: Holders) -> bool {
    others.writers + others.readers < usize::from(permits)
}
