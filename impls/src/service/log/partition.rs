//! One partition: its records, and the producers it has heard of.

use contend_model::ident::{Item, Token};
use contend_model::message::log::Sequence;
use contend_model::symmetry::{Permutation, Symmetric};

/// A record; its offset is its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Record {
    pub item: Item,
    pub sequence: Option<Sequence>,
}

/// A partition as one broker has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Partition {
    pub records: Vec<Record>,
    /// The number of each idempotent producer's last record, in order of name. It can be read off
    /// the records, and is there to be found quickly.
    producers: Vec<(Token, u32)>,
}

/// What a producer's number says about a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is the producer's next.
    Next,
    /// It is in the log.
    Repeated,
    /// Some of the producer's records are missing before it.
    Gap,
}

impl Partition {
    pub fn end(&self) -> u32 {
        u32::try_from(self.records.len()).expect("fewer than 2^32 records")
    }

    pub fn standing(&self, sequence: Sequence) -> Standing {
        let found = self.producers.binary_search_by_key(&sequence.producer, |&(id, _)| id);
        let next = found.map_or(0, |place| self.producers[place].1 + 1);
        match sequence.number.cmp(&next) {
            std::cmp::Ordering::Less => Standing::Repeated,
            std::cmp::Ordering::Equal => Standing::Next,
            std::cmp::Ordering::Greater => Standing::Gap,
        }
    }

    pub fn append(&mut self, record: Record) {
        self.records.push(record);
        self.remember(record);
    }

    fn remember(&mut self, record: Record) {
        let Some(Sequence { producer, number }) = record.sequence else { return };
        match self.producers.binary_search_by_key(&producer, |&(id, _)| id) {
            Ok(place) => self.producers[place].1 = number,
            Err(place) => self.producers.insert(place, (producer, number)),
        }
    }

    /// The partition as a replica has it that has received this much of the log.
    pub fn up_to(&self, end: u32) -> Self {
        let mut copy = Partition::default();
        for &record in &self.records[..end as usize] {
            copy.append(record);
        }
        copy
    }
}

impl Symmetric for Partition {
    fn permute(&mut self, permutation: &Permutation) {
        for record in &mut self.records {
            record.item.permute(permutation);
            record.sequence.permute(permutation);
        }
        for (producer, _) in &mut self.producers {
            producer.permute(permutation);
        }
        self.producers.sort_unstable();
    }
}
