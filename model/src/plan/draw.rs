//! The generator of fault plans. Each kind of fault has a random stream of its own, so switching
//! one kind off does not re-roll the others. Everything begins and ends within the fault phase.
//! In some seeds the faults come close together: what it takes two faults to break, two of them at
//! moments of their own hardly ever break.

use super::{ANYBODY, Entry, FaultKind, Plan};
use crate::algorithm::Role;
use crate::cast::Cast;
use crate::scenario::{Faults, Scenario};
use crate::stream::{Concern, Stream};

/// Draws the faults of one seed. With swarm, half of the kinds (by chance) are not used at all:
/// a run in which everything goes wrong at once hides what one kind of fault alone would show.
pub fn draw(seed: u64, scenario: &Scenario, cast: &Cast) -> Plan {
    let mut plan = Plan::default();
    let faults = &scenario.faults;
    let gathering = Gathering::draw(seed);
    for kind in FaultKind::ALL {
        let most = faults.at_most(kind);
        if most == 0 || faults.fault_phase_ms <= 0.0 {
            continue;
        }
        let stream = Stream::new(seed, Concern::Plan, kind as u64);
        let mut pen = Pen { stream, faults, cast, kind, gathering };
        let used = pen.stream.happens(0.5) || !faults.swarm;
        let count = pen.stream.between(1, u64::from(most));
        if !used {
            continue;
        }
        let mut victims = Vec::new();
        for _ in 0..count {
            plan.entries.extend(pen.entry(&mut victims));
        }
    }
    plan.entries.sort_by(|a, b| a.at_ms().total_cmp(&b.at_ms()));
    plan
}

/// Around when the faults of a seed happen, and how close together; as parts of the fault phase.
#[derive(Clone, Copy)]
struct Gathering {
    from: f64,
    spread: f64,
}

impl Gathering {
    /// How many seeds have one.
    const SHARE: f64 = 0.25;
    /// The widest is a quarter of the phase, the next an eighth, and so on: some faults meet within one
    /// operation, others within one lease.
    const OCTAVES: u64 = 9;

    fn draw(seed: u64) -> Option<Self> {
        let mut stream = Stream::new(seed, Concern::Gathering, 0);
        let has_one = stream.happens(Gathering::SHARE);
        let from = stream.fraction();
        let octave = stream.between(2, 1 + Gathering::OCTAVES);
        has_one.then(|| Gathering { from: from * from, spread: 0.5f64.powi(octave as i32) })
    }
}

/// Writes entries of one kind.
struct Pen<'a> {
    stream: Stream,
    faults: &'a Faults,
    cast: &'a Cast,
    kind: FaultKind,
    gathering: Option<Gathering>,
}

impl Pen<'_> {
    /// One entry; none if there is nobody whom it could befall.
    fn entry(&mut self, dead: &mut Vec<usize>) -> Option<Entry> {
        // A fixed number of draws for each entry, whatever becomes of it.
        let draws: [u64; 6] = std::array::from_fn(|_| self.stream.draw());
        let [when, length, who, whom, how, how_much] = draws.map(fraction);
        let faults = self.faults;
        let lengths = match self.kind {
            FaultKind::ClientCrash | FaultKind::ServiceCrash => faults.down_ms,
            FaultKind::Pause => faults.pause_ms,
            _ => faults.spell_ms,
        };
        let phase = faults.fault_phase_ms;
        // Early and short is likelier than late and long: most of the work is done early, and what is
        // short can fall between two steps of one operation.
        let length = lengths.at(length * length).min(phase);
        // What lasts is over when the fault phase is.
        let moment = |lasts: f64| match self.gathering {
            None => when * when * (phase - lasts),
            Some(Gathering { from, spread }) => ((from + when * spread) * phase).min(phase - lasts),
        };
        let (at_ms, early_ms) = (rounded(moment(0.0)), rounded(moment(length)));
        let for_ms = rounded(length);
        let client = |fraction| self.client(fraction);
        Some(match self.kind {
            FaultKind::Loss | FaultKind::Duplicate | FaultKind::Reorder => return None,
            FaultKind::ClientCrash => {
                Entry::Crash { at_ms: early_ms, node: client(who)?, back_after_ms: Some(for_ms) }
            }
            FaultKind::ServiceCrash => {
                let node = self.service(who, 1)?;
                Entry::Crash { at_ms: early_ms, node, back_after_ms: Some(for_ms) }
            }
            FaultKind::Death => {
                let victim = self.expendable(who, dead)?;
                dead.push(victim);
                let node = self.cast.names()[victim].clone();
                Entry::Crash { at_ms, node, back_after_ms: None }
            }
            FaultKind::Pause => {
                let node = self.anybody(who);
                Entry::Pause { at_ms: early_ms, node, for_ms }
            }
            FaultKind::Partition => {
                let (from, to) = self.link(who, whom, how);
                let both = how_much < 0.5;
                Entry::Partition { at_ms: early_ms, from, to, both, for_ms }
            }
            FaultKind::Disconnect => {
                let service = self.service(whom, 0)?;
                let client = client(who)?;
                let late = how < 0.5;
                let (at_ms, news_after_ms) = if late { (early_ms, for_ms) } else { (at_ms, 0.0) };
                Entry::Disconnect { at_ms, client, service, news_after_ms }
            }
            FaultKind::ClockJump => {
                let most = faults.clock_jump_ms;
                let node = self.service(who, 1)?;
                Entry::ClockJump { at_ms, node, by_ms: rounded((2.0 * how - 1.0) * most) }
            }
            FaultKind::Drift => {
                let most = f64::from(faults.drift_ppm);
                let ppm = ((2.0 * how - 1.0) * most) as i32;
                Entry::Drift { at_ms: early_ms, node: self.anybody(who), ppm, for_ms }
            }
            FaultKind::Slow => {
                let extra_ms = rounded(how * faults.slow_ms);
                Entry::Slow { at_ms: early_ms, service: self.service(who, 0)?, extra_ms, for_ms }
            }
            FaultKind::LostSync => {
                let service = self.service(who, 1)?;
                Entry::LoseSyncs { at_ms: early_ms, service, for_ms }
            }
            FaultKind::Failover => Entry::Failover { at_ms, service: self.service(who, 1)? },
            FaultKind::Misuse => Entry::Misuse { at_ms, client: client(who)? },
            FaultKind::Cancel => Entry::Cancel { at_ms, client: client(who)? },
            FaultKind::LinkNoise => {
                let (from, to) = self.link(who, whom, how);
                // One noise is mostly loss, another mostly repetition, and so on.
                let [loss, duplicate, reorder, extra] = [(); 4].map(|()| self.stream.fraction());
                Entry::LinkNoise {
                    at_ms: early_ms,
                    from,
                    to,
                    loss: rounded(faults.noise_loss * loss * loss),
                    duplicate: rounded(faults.noise_duplicate * duplicate * duplicate),
                    reorder: rounded(faults.noise_reorder * reorder * reorder),
                    extra_ms: rounded(faults.noise_extra_ms * extra * extra),
                    for_ms,
                }
            }
        })
    }

    fn name(&self, index: usize) -> String {
        self.cast.names()[index].clone()
    }

    fn anybody(&self, fraction: f64) -> String {
        self.name(chosen(fraction, self.cast.nodes()))
    }

    fn client(&self, fraction: f64) -> Option<String> {
        let clients = self.cast.clients();
        (clients > 0).then(|| self.name(chosen(fraction, clients)))
    }

    /// A service, without the first few; the resource is the first.
    fn service(&self, fraction: f64, without: usize) -> Option<String> {
        let services = self.cast.services().checked_sub(without).filter(|&n| n > 0)?;
        Some(self.name(self.cast.clients() + without + chosen(fraction, services)))
    }

    /// A client of whose role another one stays alive.
    fn expendable(&self, fraction: f64, dead: &[usize]) -> Option<usize> {
        let roles = self.cast.roles();
        let alive = |role: Role| {
            (0..roles.len()).filter(move |client| roles[*client] == role && !dead.contains(client))
        };
        let candidates: Vec<usize> = (0..roles.len())
            .filter(|client| !dead.contains(client) && alive(roles[*client]).count() > 1)
            .collect();
        (!candidates.is_empty()).then(|| candidates[chosen(fraction, candidates.len())])
    }

    /// A link between a client and a service, or all links of one of them.
    fn link(&self, who: f64, whom: f64, how: f64) -> (String, String) {
        let client = self.client(who).unwrap_or_else(|| ANYBODY.into());
        let service = self.service(whom, 0).unwrap_or_else(|| ANYBODY.into());
        match chosen(how, 4) {
            0 => (client, service),
            1 => (service, client),
            2 => (client, ANYBODY.into()),
            _ => (ANYBODY.into(), client),
        }
    }
}

fn fraction(draw: u64) -> f64 {
    (draw >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
}

fn chosen(fraction: f64, of: usize) -> usize {
    ((fraction * of as f64) as usize).min(of.saturating_sub(1))
}

/// Three digits are enough, and a person can read them.
fn rounded(number: f64) -> f64 {
    (number * 1_000.0).floor() / 1_000.0
}
