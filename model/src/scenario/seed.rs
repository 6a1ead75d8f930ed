//! Seeds in files. TOML has no number beyond 2^63, so larger seeds are written as text.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

/// A seed as it may be written.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Number(u64),
    Text(String),
}

pub fn serialize<S: Serializer>(seed: &Option<u64>, serializer: S) -> Result<S::Ok, S::Error> {
    match *seed {
        Some(seed) if seed > i64::MAX as u64 => seed.to_string().serialize(serializer),
        seed => seed.serialize(serializer),
    }
}

pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    let wrong = || D::Error::custom("not a seed, expected a whole number from 0 to 2^64 - 1");
    match Option::<Written>::deserialize(deserializer).map_err(|_| wrong())? {
        None => Ok(None),
        Some(Written::Number(seed)) => Ok(Some(seed)),
        Some(Written::Text(text)) => text.parse().map(Some).map_err(|_| wrong()),
    }
}
