//! How the entries of a plan reach the stations and links that they are about.

use std::ops::Range;

use contend_model::ident::NodeId;
use contend_model::plan::{ANYBODY, Entry};

use super::{Stage, StageError};
use crate::fabric::{Influence, Odds, Spell};
use crate::grid::{nanos, on_grid, slot};
use crate::station::{Happening, Planned, Station};

/// What a name must stand for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Client,
    Service,
    Mortal,
    Any,
}

impl Stage {
    /// Whether all names that the scenario mentions are names of nodes.
    pub(super) fn check_names(&self) -> Result<(), StageError> {
        for name in self.scenario.clocks.keys() {
            self.find(&format!("clocks.{name}"), name, Wanted::Any)?;
        }
        for (number, link) in self.scenario.links.overrides.iter().enumerate() {
            let place = format!("links.override.{number}");
            self.range(&place, &link.from)?;
            self.range(&place, &link.to)?;
        }
        // Laying the plan out once finds what is wrong with it.
        let mut stations = self.blank_stations();
        let entries = &self.scenario.plan.entries;
        entries.iter().enumerate().try_for_each(|(n, entry)| self.lay_out(n, entry, &mut stations))
    }

    fn find(&self, place: &str, name: &str, wanted: Wanted) -> Result<usize, StageError> {
        let Some(index) = self.cast.find(name) else {
            let known = self.cast.names().join(", ");
            return Err(StageError::UnknownNode { place: place.into(), name: name.into(), known });
        };
        let is_client = index < self.cast.clients();
        let mend = match wanted {
            Wanted::Client if !is_client => "name a client",
            Wanted::Service if is_client => "name a service",
            Wanted::Mortal if index == self.cast.clients() => {
                "the resource does not fail; name a client or another service"
            }
            _ => return Ok(index),
        };
        Err(StageError::WrongNode { place: place.into(), name: name.into(), mend })
    }

    /// The indices that a name or `*` stands for.
    fn range(&self, place: &str, name: &str) -> Result<Range<usize>, StageError> {
        if name == ANYBODY {
            return Ok(0..self.cast.nodes());
        }
        let index = self.find(place, name, Wanted::Any)?;
        Ok(index..index + 1)
    }

    /// Hands one entry to those whom it concerns.
    pub(super) fn lay_out(
        &self,
        number: usize,
        entry: &Entry,
        stations: &mut [Station],
    ) -> Result<(), StageError> {
        let at = nanos(entry.at_ms());
        let until = at + nanos(entry.lasts_ms());
        let place = || format!("plan.{number}");
        let find = |name: &str, wanted| self.find(&place(), name, wanted);
        let mut put = |index: usize, what: Happening| {
            let slot = slot(self.cast.node(index));
            stations[index].plan(Planned { at: on_grid(at, slot), what });
        };
        match entry {
            Entry::Crash { node, back_after_ms, .. } => {
                let index = find(node, Wanted::Mortal)?;
                let back_at =
                    back_after_ms.map(|_| on_grid(until.max(at + 1), slot(self.cast.node(index))));
                put(index, Happening::Crash { back_at });
            }
            Entry::Pause { node, .. } => {
                let index = find(node, Wanted::Any)?;
                let until = on_grid(until.max(at + 1), slot(self.cast.node(index)));
                put(index, Happening::Pause { until });
            }
            Entry::Disconnect { client, service, .. } => {
                let (client, service) =
                    (find(client, Wanted::Client)?, find(service, Wanted::Service)?);
                self.disconnect(at, until, client, service, stations);
            }
            Entry::ClockJump { node, by_ms, .. } => {
                let by = (by_ms * 1_000.0).round() as i64 * 1_000;
                put(find(node, Wanted::Any)?, Happening::ClockJump { by });
            }
            Entry::Failover { service, .. } => {
                find(service, Wanted::Mortal)?;
                put(find(service, Wanted::Service)?, Happening::FailOver);
            }
            Entry::Misuse { client, .. } => put(find(client, Wanted::Client)?, Happening::Misuse),
            Entry::Cancel { client, .. } => put(find(client, Wanted::Client)?, Happening::Cancel),
            Entry::Drift { node, ppm, .. } => {
                stations[find(node, Wanted::Any)?].drift(at, until, *ppm);
            }
            Entry::LoseSyncs { service, .. } => {
                stations[find(service, Wanted::Service)?].lie(at, until);
            }
            Entry::Slow { service, extra_ms, .. } => {
                let influence = Influence::Slow { extra: nanos(*extra_ms) };
                let index = find(service, Wanted::Service)?;
                let everybody = 0..self.cast.nodes();
                lay(stations, index..index + 1, everybody, Spell { from: at, until, influence });
            }
            Entry::Partition { from, to, both, .. } => {
                let (from, to) = (self.range(&place(), from)?, self.range(&place(), to)?);
                let spell = Spell { from: at, until, influence: Influence::Partition };
                if *both {
                    lay(stations, to.clone(), from.clone(), spell);
                }
                lay(stations, from, to, spell);
            }
            Entry::LinkNoise { from, to, loss, duplicate, reorder, extra_ms, .. } => {
                let odds = Odds::new(*loss, *duplicate, *reorder);
                let influence = Influence::Noise { odds, extra: nanos(*extra_ms) };
                let (from, to) = (self.range(&place(), from)?, self.range(&place(), to)?);
                lay(stations, from, to, Spell { from: at, until, influence });
            }
        }
        Ok(())
    }

    /// The two halves of a lost connection. The service's comes at its first moment after the
    /// client's, so that nothing can arrive at the service in between.
    fn disconnect(
        &self,
        at: u64,
        known: u64,
        client: usize,
        service: usize,
        stations: &mut [Station],
    ) {
        let slot = |index| slot(self.cast.node(index));
        let before = on_grid(at, slot(client));
        let known_at = on_grid(known, slot(client));
        let what = Happening::Disconnect { service, known_at };
        stations[client].plan(Planned { at: before, what });
        let at = on_grid(before, slot(service));
        stations[service].plan(Planned { at, what: Happening::Cut { client, before } });
    }

    /// The node at the place of a station.
    pub fn id(&self, index: usize) -> NodeId {
        self.cast.node(index)
    }
}

fn lay(stations: &mut [Station], from: Range<usize>, to: Range<usize>, spell: Spell) {
    for sender in from {
        for receiver in to.clone() {
            stations[sender].wire(receiver).add(spell);
        }
    }
}
