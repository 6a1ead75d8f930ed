//! When each station next does something of its own accord, and which is first.

use crate::grid::Moment;

/// When each station is due.
#[derive(Debug, Default)]
pub struct Agenda {
    due: Vec<Moment>,
    /// The place of the first that is due.
    first: usize,
}

impl Agenda {
    /// Begins anew with these.
    pub fn fill(&mut self, due: impl Iterator<Item = Moment>) {
        self.due.clear();
        self.due.extend(due);
        self.look();
    }

    /// The station that is due first, and when.
    #[inline]
    pub fn first(&self) -> (usize, Moment) {
        (self.first, self.due[self.first])
    }

    /// Takes note of when a station is due now.
    #[inline]
    pub fn set(&mut self, station: usize, due: Moment) {
        let before = std::mem::replace(&mut self.due[station], due);
        if due < self.due[self.first] {
            self.first = station;
        } else if station == self.first && before < due {
            self.look();
        }
    }

    fn look(&mut self) {
        let first = self.due.iter().enumerate().min_by_key(|&(_, &due)| due);
        self.first = first.map_or(0, |(station, _)| station);
    }
}
