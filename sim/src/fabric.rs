//! What links do to messages: pure decisions.
//!
//! Each link, from one sender to one receiver, has a random stream of its own and takes a fixed
//! number of draws for each packet. So what becomes of the n-th packet of a link depends on the
//! seed, the link and n, and on nothing else that happens in the run.

use contend_model::ident::NodeId;
use contend_model::plan::{FaultKind, Happened};
use contend_model::scenario::{LinkOverride, Links, Uniform};
use contend_model::stream::{Concern, Stream, scaled};
use contend_model::world::Towards;

use crate::grid::nanos;

/// How a link behaves when nothing special is said about it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Conduct {
    /// The shortest delay, in nanoseconds.
    least: u64,
    /// How many different delays there are.
    width: u64,
    /// Whether the link has a pace of its own in each run.
    uneven: bool,
    /// How much longer than others a message travels that is held back, at most.
    late: u64,
    /// What goes wrong by chance, in the fault phase.
    odds: Odds,
}

/// Probabilities, in units of 2^-32.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Odds {
    loss: u64,
    duplicate: u64,
    reorder: u64,
}

impl Odds {
    /// From probabilities of 0 to 1.
    pub fn new(loss: f64, duplicate: f64, reorder: f64) -> Self {
        let units = |probability: f64| (probability * (1u64 << 32) as f64) as u64;
        Odds { loss: units(loss), duplicate: units(duplicate), reorder: units(reorder) }
    }

    fn or(self, other: Odds) -> Odds {
        Odds {
            loss: self.loss.max(other.loss),
            duplicate: self.duplicate.max(other.duplicate),
            reorder: self.reorder.max(other.reorder),
        }
    }
}

impl Conduct {
    /// How the scenario says that the link behaves; `overrides` are those that concern it.
    pub fn new<'a>(links: &Links, overrides: impl IntoIterator<Item = &'a LinkOverride>) -> Self {
        let Links { mut delay_ms, mut loss, mut duplicate, mut reorder, .. } = *links;
        for link in overrides {
            delay_ms = link.delay_ms.unwrap_or(delay_ms);
            loss = link.loss.unwrap_or(loss);
            duplicate = link.duplicate.unwrap_or(duplicate);
            reorder = link.reorder.unwrap_or(reorder);
        }
        let Uniform { least_ms, most_ms } = delay_ms;
        let (least, most) = (nanos(least_ms), nanos(most_ms));
        let odds = Odds::new(loss, duplicate, reorder);
        Conduct {
            least,
            width: most - least + 1,
            uneven: links.uneven,
            late: nanos(links.late_ms),
            odds,
        }
    }
}

/// Something special about a link for a while.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spell {
    /// From when.
    pub from: u64,
    /// Up to when, exclusively.
    pub until: u64,
    /// What is special.
    pub influence: Influence,
}

/// What a spell does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Influence {
    /// Messages are lost; ends of connections wait.
    Partition,
    /// What may go wrong is likelier, and everything takes longer.
    Noise {
        /// At least this likely.
        odds: Odds,
        /// How much longer, in nanoseconds.
        extra: u64,
    },
    /// The sender is slow.
    Slow {
        /// By how much, in nanoseconds.
        extra: u64,
    },
}

impl Spell {
    /// Whether it is in force.
    pub fn covers(&self, time: u64) -> bool {
        self.from <= time && time < self.until
    }
}

/// What becomes of one packet. Times are nanoseconds, not yet on the receiver's grid, and know
/// nothing of what else travels on the same connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Passage {
    /// The how many-th packet of the link it is, from 0.
    pub number: u32,
    /// When it arrives; `None` if it is lost.
    pub arrives: Option<u64>,
    /// Whether it is exempt from its connection's order.
    pub held_back: bool,
    /// When a copy of it arrives, if there is one.
    pub copy: Option<u64>,
}

impl Passage {
    /// The same packet, lost.
    pub fn lost(self) -> Self {
        Passage { arrives: None, copy: None, ..self }
    }
}

/// The sender's side of one link.
#[derive(Clone, Debug)]
pub struct Wire {
    conduct: Conduct,
    from: NodeId,
    to: NodeId,
    /// Whether the client library may send a request twice here.
    repeats: bool,
    seed: u64,
    /// How many different delays there are in this run.
    width: u64,
    /// Made when it is first needed: most links of a large world are never used.
    stream: Option<Stream>,
    carried: u32,
    spells: Vec<Spell>,
}

impl Wire {
    /// A link that has carried nothing yet. Where requests are not sent twice, `repeats` is false.
    pub fn new(conduct: Conduct, from: NodeId, to: NodeId, repeats: bool) -> Self {
        let spells = Vec::new();
        Wire {
            conduct,
            from,
            to,
            repeats,
            seed: 0,
            width: conduct.width,
            stream: None,
            carried: 0,
            spells,
        }
    }

    /// Begins a run.
    pub fn reset(&mut self, seed: u64) {
        self.seed = seed;
        self.stream = None;
        self.carried = 0;
        self.spells.clear();
    }

    /// Adds something special.
    pub fn add(&mut self, spell: Spell) {
        self.spells.push(spell);
    }

    fn draws(&mut self) -> [u64; 4] {
        let (seed, from, to) = (self.seed, u64::from(self.from.code()), u64::from(self.to.code()));
        let number = from << 16 | to;
        if self.stream.is_none() && self.conduct.uneven {
            self.width = paced(self.conduct.width, Stream::new(seed, Concern::Pace, number).draw());
        }
        let stream = self.stream.get_or_insert_with(|| Stream::new(seed, Concern::Link, number));
        self.carried += 1;
        std::array::from_fn(|_| stream.draw())
    }

    /// Decides on a message that is sent now. Chance is against it only before `healed`.
    #[inline]
    pub fn message(
        &mut self,
        now: u64,
        healed: u64,
        towards: Towards,
        happened: &mut Happened,
    ) -> Passage {
        let number = self.carried;
        let draws = self.draws();
        let width = self.width;
        let base = if now < healed { self.conduct.odds } else { Odds::default() };
        if self.spells.is_empty() && base == Odds::default() {
            let arrives = Some(now + self.conduct.least + scaled(draws[0], width));
            return Passage { number, arrives, held_back: false, copy: None };
        }
        let repeats = self.repeats && towards == Towards::Service;
        self.troubled(now, number, base, draws, repeats, happened)
    }

    #[inline(never)]
    fn troubled(
        &self,
        now: u64,
        number: u32,
        base: Odds,
        draws: [u64; 4],
        repeats: bool,
        happened: &mut Happened,
    ) -> Passage {
        let [travel, chance, lateness, copy] = draws;
        let unlikely = |odds: Odds| if repeats { odds } else { Odds { duplicate: 0, ..odds } };
        let base = unlikely(base);
        let mut odds = base;
        let (mut slow, mut noise) = (0, 0);
        let mut partition = false;
        for spell in self.spells.iter().filter(|spell| spell.covers(now)) {
            match spell.influence {
                Influence::Partition => partition = true,
                Influence::Noise { odds: other, extra } => {
                    odds = odds.or(other);
                    noise += extra;
                }
                Influence::Slow { extra } => slow += extra,
            }
        }
        if partition {
            happened.note(FaultKind::Partition);
            return Passage { number, arrives: None, held_back: false, copy: None };
        }
        let odds = unlikely(odds);
        let lost = (chance >> 32) < odds.loss;
        let copied = (chance & 0xffff_ffff) < odds.duplicate;
        let held_back = (lateness >> 32) < odds.reorder && !lost;
        let noisy = lost != ((chance >> 32) < base.loss)
            || copied != ((chance & 0xffff_ffff) < base.duplicate)
            || held_back != ((lateness >> 32) < base.reorder && !lost)
            || noise > 0;
        for (kind, is) in [
            (FaultKind::Loss, lost),
            (FaultKind::Duplicate, copied),
            (FaultKind::Reorder, held_back),
            (FaultKind::Slow, slow > 0),
            (FaultKind::LinkNoise, noisy),
        ] {
            if is {
                happened.note(kind);
            }
        }
        let least = now + self.conduct.least + slow + noise;
        let late = if held_back { lateness_of(lateness as u32, self.conduct.late) } else { 0 };
        let arrives = (!lost).then(|| least + scaled(travel, self.width) + late);
        // A library repeats itself when it has waited, so the copy is late.
        let copy = copied.then(|| {
            least + scaled(copy, self.width) + lateness_of(copy as u32, self.conduct.late)
        });
        Passage { number, arrives, held_back, copy }
    }

    /// Decides on the end of a connection, which is never lost, only late.
    pub fn end(&mut self, now: u64) -> Passage {
        let number = self.carried;
        let [travel, ..] = self.draws();
        let mut leaves = now;
        let partition = |time: u64| {
            let cuts =
                |spell: &&Spell| spell.influence == Influence::Partition && spell.covers(time);
            self.spells.iter().find(cuts)
        };
        while let Some(spell) = partition(leaves) {
            leaves = spell.until;
        }
        let arrives = leaves + self.conduct.least + scaled(travel, self.width);
        Passage { number, arrives: Some(arrives), held_back: false, copy: None }
    }
}

/// The delays of a link with a pace of its own: four times as many, twice, as many, half, and so on
/// down to an eighth.
fn paced(width: u64, draw: u64) -> u64 {
    const PACES: u64 = 6;
    ((width * Links::SLOWEST) >> scaled(draw, PACES)).max(1)
}

/// How much longer a message travels that is held back: up to `most`, half of that, a quarter and so
/// on, each as likely. Most are overtaken by the next message, and some outlast a whole lease.
fn lateness_of(draw: u32, most: u64) -> u64 {
    const OCTAVES: u32 = 3;
    let octave = draw >> (u32::BITS - OCTAVES);
    scaled(u64::from(draw << OCTAVES) << 32, (most >> octave) + 1)
}
