//! The smaller scenarios that are tried. Each edit makes something strictly smaller, down to a
//! floor, so that shrinking comes to an end.

use std::ops::Range;

use contend_model::cast::Cast;
use contend_model::plan::Entry;
use contend_model::scenario::{Law, LinkOverride, Scenario, Uniform};

/// No length of time is halved below this, in milliseconds.
const SHORTEST_MS: f64 = 1.0;

/// The scenario without these entries of its plan.
pub fn without(scenario: &Scenario, entries: Range<usize>) -> Scenario {
    let mut scenario = scenario.clone();
    let end = entries.end.min(scenario.plan.entries.len());
    scenario.plan.entries.drain(entries.start..end);
    scenario
}

/// All edits, those first that take most away. Each is different from the scenario.
pub fn edits(scenario: &Scenario) -> Vec<Scenario> {
    let mut edits = Edits { scenario, all: Vec::new() };
    edits.workload();
    edits.links();
    edits.entries();
    edits.lengths();
    edits.all
}

struct Edits<'a> {
    scenario: &'a Scenario,
    all: Vec<Scenario>,
}

impl Edits<'_> {
    fn push(&mut self, edit: impl FnOnce(&mut Scenario)) {
        let mut scenario = self.scenario.clone();
        edit(&mut scenario);
        if scenario != *self.scenario {
            self.all.push(scenario);
        }
    }

    fn workload(&mut self) {
        let load = &self.scenario.workload;
        for fewer in fewer(load.operations) {
            self.push(|scenario| scenario.workload.operations = fewer);
        }
        for fewer in fewer(load.lockers) {
            self.push(|scenario| {
                scenario.workload.lockers = fewer;
                forget_the_absent(scenario);
            });
        }
        for fewer in fewer(load.producers) {
            self.push(|scenario| {
                scenario.workload.producers = fewer;
                forget_the_absent(scenario);
            });
        }
        for fewer in fewer(load.consumers) {
            self.push(|scenario| {
                scenario.workload.consumers = fewer;
                forget_the_absent(scenario);
            });
        }
        self.push(|scenario| scenario.workload.nested = false);
    }

    fn links(&mut self) {
        let links = &self.scenario.links;
        self.push(|scenario| scenario.links.uneven = false);
        self.push(|scenario| scenario.links.loss = 0.0);
        self.push(|scenario| scenario.links.duplicate = 0.0);
        self.push(|scenario| scenario.links.reorder = 0.0);
        for place in 0..links.overrides.len() {
            self.push(|scenario| drop(scenario.links.overrides.remove(place)));
            let quiet = |link: &mut LinkOverride| {
                for odds in [&mut link.loss, &mut link.duplicate, &mut link.reorder] {
                    *odds = odds.map(|_| 0.0);
                }
            };
            self.push(|scenario| quiet(&mut scenario.links.overrides[place]));
        }
        for node in self.scenario.clocks.keys() {
            self.push(|scenario| {
                scenario.clocks.remove(node);
            });
        }
    }

    fn entries(&mut self) {
        for place in 0..self.scenario.plan.entries.len() {
            for which in 0..4 {
                self.push(|scenario| quiet(&mut scenario.plan.entries[place], which));
            }
            self.push(|scenario| {
                if let Some(length) = length(&mut scenario.plan.entries[place]) {
                    *length = halved(*length);
                }
            });
        }
    }

    fn lengths(&mut self) {
        self.push(|scenario| scenario.workload.think = Law::default());
        self.push(|scenario| scenario.workload.work = Law::default());
        self.push(|scenario| narrow_law(&mut scenario.workload.think));
        self.push(|scenario| narrow_law(&mut scenario.workload.work));
        self.push(|scenario| narrow(&mut scenario.links.delay_ms));
        for place in 0..self.scenario.links.overrides.len() {
            self.push(|scenario| {
                if let Some(delay) = &mut scenario.links.overrides[place].delay_ms {
                    narrow(delay);
                }
            });
        }
    }
}

/// One, half as many, one fewer.
fn fewer(number: u16) -> Vec<u16> {
    let mut all: Vec<u16> = [1, number / 2, number.saturating_sub(1)]
        .into_iter()
        .filter(|&fewer| 0 < fewer && fewer < number)
        .collect();
    all.dedup();
    all
}

/// What is said about clients that are no longer there is left out.
fn forget_the_absent(scenario: &mut Scenario) {
    let present = |scenario: &Scenario| {
        let nobody: [&'static str; 0] = [];
        Cast::new(scenario.roles(), nobody).names().to_vec()
    };
    let names = present(scenario);
    // Clients have the names of an alphabet of capital letters; services have not.
    let absent = |name: &str| {
        let mut letters = name.chars();
        let client = letters.next().is_some_and(|first| first.is_ascii_uppercase())
            && letters.all(|rest| rest.is_ascii_digit());
        client && !names.iter().any(|present| present == name)
    };
    scenario.plan.entries.retain(|entry| !entry.places().any(absent));
    scenario.clocks.retain(|name, _| !absent(name));
    scenario.links.overrides.retain(|link| !absent(&link.from) && !absent(&link.to));
}

fn quiet(entry: &mut Entry, which: usize) {
    match entry {
        Entry::LinkNoise { loss, duplicate, reorder, extra_ms, .. } => {
            *[loss, duplicate, reorder, extra_ms][which] = 0.0;
        }
        Entry::Partition { both, .. } if which == 0 => *both = false,
        Entry::Disconnect { news_after_ms, .. } if which == 0 => *news_after_ms = 0.0,
        _ => {}
    }
}

fn length(entry: &mut Entry) -> Option<&mut f64> {
    match entry {
        Entry::Crash { back_after_ms, .. } => back_after_ms.as_mut(),
        Entry::Pause { for_ms, .. }
        | Entry::Partition { for_ms, .. }
        | Entry::Drift { for_ms, .. }
        | Entry::Slow { for_ms, .. }
        | Entry::LoseSyncs { for_ms, .. }
        | Entry::LinkNoise { for_ms, .. } => Some(for_ms),
        Entry::Disconnect { news_after_ms, .. } => Some(news_after_ms),
        Entry::ClockJump { .. }
        | Entry::Failover { .. }
        | Entry::Misuse { .. }
        | Entry::Cancel { .. } => None,
    }
}

fn halved(ms: f64) -> f64 {
    let half = (ms * 500.0).floor() / 1_000.0;
    if half >= SHORTEST_MS { half } else { ms }
}

/// Half as wide, and exact once the width is not worth a millisecond.
fn narrow(range: &mut Uniform) {
    let width = range.most_ms - range.least_ms;
    range.most_ms = if width < SHORTEST_MS {
        range.least_ms
    } else {
        range.least_ms + (width * 500.0).floor() / 1_000.0
    };
}

fn narrow_law(law: &mut Law) {
    match law {
        Law::Uniform(range) => narrow(range),
        Law::Exponential { mean_ms } => *law = Law::exactly(*mean_ms),
    }
}
