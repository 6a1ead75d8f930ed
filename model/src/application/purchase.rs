//! What a hold's two writes are to a shop: it looks, and then it buys what it saw.
//!
//! A history does not say which of its writes a hold has made, so accepted writes are counted: the
//! first one looks, the second one buys, as callers make two and a lock's writes are never sent
//! twice. A write that the resource rejected does neither. A write that was lost is not there: a
//! hold of which only one arrived has looked and bought nothing, whichever of the two it was.

use std::collections::BTreeMap;

use crate::history::{Fact, Record, What};
use crate::ident::Hold;

/// Where holds buy.
pub(super) trait Shop {
    /// What a customer sees.
    fn look(&self) -> u64;

    /// A customer buys what it saw when it looked, whatever is there by now.
    fn buy(&mut self, seen: u64);
}

/// Serves all holds of a history in the order of the resource.
pub(super) fn serve(shop: &mut impl Shop, history: &[Record]) {
    // What each hold saw, until it has bought.
    let mut seen: BTreeMap<Hold, Option<u64>> = BTreeMap::new();
    for record in history {
        let What::Fact(Fact::Accepted(hold)) = record.what else { continue };
        match seen.get_mut(&hold) {
            None => drop(seen.insert(hold, Some(shop.look()))),
            Some(seen) => {
                if let Some(seen) = seen.take() {
                    shop.buy(seen);
                }
            }
        }
    }
}
