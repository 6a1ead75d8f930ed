//! `contend list`: the algorithms.

use clap::Args;
use contend::algorithm::Card;
use contend::registry;
use contend::reports::terminal;

use crate::Status;
use crate::console::{self, Format};
use crate::failure::{Failure, Nearest};

/// The algorithms: origin, backend, form and claims.
#[derive(Args)]
pub struct List {
    /// Only this kind: lock or queue.
    #[arg(long)]
    kind: Option<String>,
    /// Only those that lean on this backend.
    #[arg(long)]
    backend: Option<String>,
    /// Only this form: raw, intended or repaired.
    #[arg(long)]
    form: Option<String>,
    /// How it is written.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

impl List {
    pub fn run(self) -> Result<Status, Failure> {
        let mut cards: Vec<Card> = registry::algorithms().iter().map(|a| a.card()).collect();
        keep(&mut cards, "kind", self.kind.as_deref(), |card| card.kind.to_string())?;
        keep(&mut cards, "backend", self.backend.as_deref(), |card| card.backend.clone())?;
        keep(&mut cards, "form", self.form.as_deref(), |card| card.form.to_string())?;
        match self.format {
            Format::Text if cards.is_empty() => console::say("no algorithm is all of that"),
            Format::Text => console::print(&terminal::list(&cards))?,
            Format::Json => console::print_json(&serde_json::json!({ "algorithms": cards }))?,
        }
        Ok(Status::AsClaimed)
    }
}

/// Keeps what is wanted; what no algorithm is at all is a slip.
fn keep(
    cards: &mut Vec<Card>,
    what: &'static str,
    wanted: Option<&str>,
    trait_of: impl Fn(&Card) -> String,
) -> Result<(), Failure> {
    let Some(wanted) = wanted else { return Ok(()) };
    let mut known: Vec<String> =
        registry::algorithms().iter().map(|a| trait_of(&a.card())).collect();
    known.sort();
    known.dedup();
    if !known.iter().any(|name| name.eq_ignore_ascii_case(wanted)) {
        let otherwise = format!("there are {}", known.join(", "));
        let nearest = Nearest::to(wanted, known.iter().map(String::as_str), otherwise);
        return Err(Failure::Unknown { what, name: wanted.into(), nearest });
    }
    cards.retain(|card| trait_of(card).eq_ignore_ascii_case(wanted));
    Ok(())
}
