//! Which algorithms, properties and environments a command line means.

use std::num::NonZeroUsize;
use std::str::FromStr;

use contend::algorithm::{Algorithm, Card};
use contend::property::{Environment, Property};
use contend::registry;

use crate::failure::{Failure, Nearest};

const LIST: &str = "`contend list` shows all algorithms";

/// The algorithms that the filters choose, in the order of the registry; all if there is none.
///
/// A filter that is the whole name of an algorithm chooses that one alone; any other chooses
/// those in whose name, document, backend or form it occurs.
pub fn algorithms(filters: &[String]) -> Result<Vec<Box<dyn Algorithm>>, Failure> {
    let cards: Vec<Card> = registry::algorithms().iter().map(|a| a.card()).collect();
    let mut chosen = vec![filters.is_empty(); cards.len()];
    for filter in filters {
        let named = cards.iter().any(|card| card.name == *filter);
        let matching =
            |card: &Card| if named { card.name == *filter } else { matches(card, filter) };
        let mut none = true;
        for (chosen, card) in chosen.iter_mut().zip(&cards) {
            let fits = matching(card);
            *chosen |= fits;
            none &= !fits;
        }
        if none {
            let names = cards.iter().flat_map(|card| {
                [card.name.as_str(), card.document.as_str(), card.backend.as_str()]
            });
            let nearest = Nearest::to(filter, names, LIST);
            return Err(Failure::NoMatch { filter: filter.clone(), nearest });
        }
    }
    let all = registry::algorithms().into_iter().zip(chosen);
    Ok(all.filter(|(_, chosen)| *chosen).map(|(algorithm, _)| algorithm).collect())
}

fn matches(card: &Card, filter: &str) -> bool {
    let filter = filter.to_lowercase();
    [&card.name, &card.document, &card.backend, &card.form.to_string()]
        .into_iter()
        .any(|text| text.to_lowercase().contains(&filter))
}

/// The algorithm of this name.
pub fn algorithm(name: &str) -> Result<Box<dyn Algorithm>, Failure> {
    registry::find(name).ok_or_else(|| {
        let cards: Vec<Card> = registry::algorithms().iter().map(|a| a.card()).collect();
        let names = cards.iter().map(|card| card.name.as_str());
        let nearest = Nearest::to(name, names, LIST);
        Failure::Unknown { what: "algorithm", name: name.into(), nearest }
    })
}

/// The property of this name.
pub fn property(name: &str) -> Result<Property, Failure> {
    parsed("property", name, &Property::ALL)
}

/// The environment of this name.
pub fn environment(name: &str) -> Result<Environment, Failure> {
    parsed("environment", name, &Environment::ALL)
}

fn parsed<T: FromStr + ToString>(what: &'static str, name: &str, all: &[T]) -> Result<T, Failure> {
    name.parse().map_err(|_| {
        let names: Vec<String> = all.iter().map(T::to_string).collect();
        let otherwise = format!("there are {}", names.join(", "));
        let nearest = Nearest::to(name, names.iter().map(String::as_str), otherwise);
        Failure::Unknown { what, name: name.into(), nearest }
    })
}

/// A number of threads; as many as there are cores if nothing is said.
pub fn threads(wanted: Option<usize>) -> Result<NonZeroUsize, Failure> {
    match wanted.map(NonZeroUsize::new) {
        None => Ok(contend::all_cores()),
        Some(Some(threads)) if threads.get() <= 1024 => Ok(threads),
        Some(_) => Err(Failure::Option {
            option: "--threads",
            value: wanted.unwrap_or(0).to_string(),
            problem: "work needs at least one thread, and 1024 are enough",
        }),
    }
}

/// A range of seeds, which must not be empty.
pub fn seeds(from: u64, count: u64) -> Result<std::ops::Range<u64>, Failure> {
    let failure =
        |option, value: u64, problem| Failure::Option { option, value: value.to_string(), problem };
    if count == 0 {
        return Err(failure("--seeds", 0, "nothing would be run; ask for at least one seed"));
    }
    match from.checked_add(count) {
        Some(end) => Ok(from..end),
        None => Err(failure("--from", from, "there are not so many seeds; begin with a lower one")),
    }
}
