//! How an application is written in a scenario: as a name, or as a table where it has more to say.

use std::fmt;

use serde::de::{Error, IgnoredAny, IntoDeserializer, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::Application;

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Name {
    Inventory,
    Cart,
    Orders,
    Tasks,
}

/// What may be said of a flash sale.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Sale {
    stock: Option<u32>,
}

/// There is nothing to be said of the others.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

struct Written;

/// What may be written, for error lines.
const EXPECTED: &str = "\"inventory\", \"cart\", \"orders\" or \"tasks\"";

impl Name {
    fn application(self, sale: Sale) -> Application {
        let stock = sale.stock.unwrap_or(Application::USUAL_STOCK);
        match self {
            Name::Inventory => Application::Inventory { stock },
            Name::Cart => Application::Cart,
            Name::Orders => Application::Orders,
            Name::Tasks => Application::Tasks,
        }
    }
}

impl<'de> Visitor<'de> for Written {
    type Value = Application;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(EXPECTED)
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Application, E> {
        Name::deserialize(name.into_deserializer()).map(|name| name.application(Sale::default()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut table: A) -> Result<Application, A::Error> {
        let Some(name) = table.next_key::<Name>()? else {
            let problem = format!("no application is named, expected {EXPECTED}");
            return Err(A::Error::custom(problem));
        };
        let sale = match name {
            Name::Inventory => table.next_value()?,
            Name::Cart | Name::Orders | Name::Tasks => {
                let Nothing {} = table.next_value()?;
                Sale::default()
            }
        };
        match table.next_key::<IgnoredAny>()? {
            None => Ok(name.application(sale)),
            Some(_) => Err(A::Error::custom("several applications are named, expected one")),
        }
    }
}

impl<'de> Deserialize<'de> for Application {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Written)
    }
}
