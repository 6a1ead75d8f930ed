//! What an algorithm says of itself: where it comes from, what it claims, and how to start it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::discipline::Discipline;
use crate::ident::NodeId;
use crate::process::AnyProcess;
use crate::property::{Environment, Kind, Property};
use crate::time::{Range, Span};
use crate::world::Scope;

/// How much of the source's text an implementation keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// What the text literally does, slips included.
    Raw,
    /// What it means to do: slips in names and parameters mended, the logic kept.
    Intended,
    /// What it ought to do.
    Repaired,
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Form::Raw => "raw",
            Form::Intended => "intended",
            Form::Repaired => "repaired",
        })
    }
}

/// "The property holds in these environments." Claims are two-sided: what is not claimed must be
/// shown broken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// What holds.
    pub property: Property,
    /// Where it holds.
    pub environments: Vec<Environment>,
}

/// An algorithm's visiting card.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    /// The name on the command line: lower case, words joined by hyphens.
    pub name: String,
    /// Lock or queue.
    pub kind: Kind,
    /// The catalogue's id of its source, such as `L-003-REDIS-C` or `R-REDIS`.
    pub document: String,
    /// Raw, intended or repaired.
    pub form: Form,
    /// The service it leans on, such as `redis`.
    pub backend: String,
    /// One sentence: what it does, and its flaw if it has one.
    pub summary: String,
    /// What it promises.
    pub claims: Vec<Claim>,
    /// Properties that the algorithm does not offer at all, with the reason.
    pub not_offered: Vec<(Property, String)>,
    /// For locks: who may hold at once.
    #[serde(default)]
    pub discipline: Discipline,
}

impl Card {
    /// A card of somebody's own algorithm, without claims.
    pub fn new(name: &str, kind: Kind, summary: &str) -> Self {
        Card {
            name: name.into(),
            kind,
            document: "own".into(),
            form: Form::Repaired,
            backend: "own".into(),
            summary: summary.into(),
            claims: Vec::new(),
            not_offered: Card::seldom_offered(kind),
            discipline: Discipline::Exclusive,
        }
    }

    /// What an algorithm of the kind does not offer unless it claims it, and why.
    pub fn seldom_offered(kind: Kind) -> Vec<(Property, String)> {
        match kind {
            Kind::Lock => {
                vec![(Property::Revocation, "a holder is never told that somebody waits".into())]
            }
            Kind::Queue => Vec::new(),
        }
    }

    /// Whether the card claims the property there.
    pub fn claims(&self, property: Property, environment: Environment) -> bool {
        self.claims
            .iter()
            .any(|claim| claim.property == property && claim.environments.contains(&environment))
    }

    /// Why the algorithm does not offer the property, if it does not.
    pub fn does_not_offer(&self, property: Property) -> Option<&str> {
        self.not_offered
            .iter()
            .find(|(not_offered, _)| *not_offered == property)
            .map(|(_, reason)| reason.as_str())
    }

    /// Adds the claim that the property holds in the environments that these letters name; so it is
    /// offered.
    ///
    /// # Panics
    /// If a letter names no environment.
    #[must_use]
    pub fn claim(mut self, property: Property, letters: &str) -> Self {
        let environments = letters
            .chars()
            .map(|letter| {
                Environment::ALL
                    .into_iter()
                    .find(|environment| environment.letter() == letter)
                    .unwrap_or_else(|| panic!("no environment has the letter {letter:?}"))
            })
            .collect();
        self.not_offered.retain(|(not_offered, _)| *not_offered != property);
        self.claims.push(Claim { property, environments });
        self
    }

    /// Adds that the property is not offered, and why.
    #[must_use]
    pub fn without(mut self, property: Property, reason: &str) -> Self {
        self.not_offered.push((property, reason.to_owned()));
        self
    }
}

/// What a client of an algorithm is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Acquires and releases.
    Locker,
    /// The same, but only to read: for locks that readers share.
    Reader,
    /// Enqueues.
    Producer,
    /// Dequeues and works.
    Consumer,
}

/// The durations that algorithms and services are built with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timing {
    /// How long a lock or a delivery is the client's own.
    pub lease: Span,
    /// How much earlier than the server a holder stops relying on its lease.
    pub margin: Span,
    /// How long a client library waits for an answer.
    pub timeout: Span,
    /// The pause before a client asks again.
    pub retry: Range,
    /// How often a server that does not sync every write syncs.
    pub sync_every: Span,
    /// How far a replica lags behind; `None` if there is none.
    pub replication_lag: Option<Range>,
}

/// Durations are the same in all states of a world, so a process that keeps them need not pay for
/// hashing them.
impl std::hash::Hash for Timing {
    fn hash<H: std::hash::Hasher>(&self, _: &mut H) {}
}

impl Timing {
    /// The explorer's durations: as few distinct moments as tell the causes apart. Two timeouts
    /// pass within a lease, so that two lost messages alone do not end it.
    pub const EXPLORED: Timing = Timing {
        lease: Span::ms(3),
        margin: Span::ms(1),
        timeout: Span::ms(1),
        retry: Range::up_to(Span::ms(1)),
        sync_every: Span::ms(1),
        replication_lag: None,
    };

    /// The simulator's durations, as a service would be configured.
    pub const SIMULATED: Timing = Timing {
        lease: Span::ms(1_000),
        margin: Span::ms(50),
        timeout: Span::ms(100),
        retry: Range::between(Span::ms(5), Span::ms(15)),
        sync_every: Span::ms(1_000),
        replication_lag: Some(Range::between(Span::ms(1), Span::ms(50))),
    };
}

/// A service and the name by which traces call it.
#[derive(Clone, Debug)]
pub struct Service {
    /// Such as `redis` or `resource`.
    pub name: &'static str,
    /// Its initial state.
    pub process: Box<dyn AnyProcess>,
}

/// A lock or a queue.
///
/// The protected resource is service number 0 of every world; `services` names it first, then
/// what the algorithm leans on.
pub trait Algorithm: Send + Sync {
    /// What the algorithm says of itself.
    fn card(&self) -> Card;

    /// A client in its initial state.
    fn client(&self, me: NodeId, role: Role, timing: &Timing) -> Box<dyn AnyProcess>;

    /// The services in their initial states, the resource first.
    fn services(&self, timing: &Timing) -> Vec<Service>;

    /// The scope in which the algorithm is explored, given what is usual. An algorithm that says much
    /// for each acquisition may need a narrower one, so that all that can happen in it still is
    /// explored; the row of the verdict says in words how wide it was.
    fn narrowed(&self, usual: Scope) -> Scope {
        usual
    }

    /// Whether a fault may do harm in this environment together with another, where one alone does not: a store has
    /// lost what it had acknowledged, and then the holder dies after a write; a request comes late, and
    /// then the next answer is lost. Two faults are explored as well then.
    fn falls_to_pairs(&self, _environment: Environment) -> bool {
        false
    }
}
