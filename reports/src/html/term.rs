//! Environments and properties, explained.

use contend_model::property::{Environment, Kind, Property};
use serde::Serialize;

/// A word and what it means.
#[derive(Serialize)]
pub(super) struct Term {
    name: String,
    /// An environment's letter; a property has none.
    letter: String,
    /// The kind of algorithm that has the property; empty for an environment.
    kind: String,
    meaning: &'static str,
}

impl Term {
    /// What the world may do.
    pub fn environment(environment: Environment) -> Self {
        Term {
            name: environment.to_string(),
            letter: environment.letter().to_string(),
            kind: String::new(),
            meaning: environment.meaning(),
        }
    }

    /// What an algorithm may promise.
    pub fn property(property: Property) -> Self {
        let of_locks = Property::of(Kind::Lock).contains(&property);
        let kind = if of_locks { Kind::Lock } else { Kind::Queue };
        Term {
            name: property.to_string(),
            letter: String::new(),
            kind: kind.to_string(),
            meaning: property.meaning(),
        }
    }
}
