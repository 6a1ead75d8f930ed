//! What an algorithm of your own and a look at its verdicts need: `use contend::prelude::*`.

pub use crate::algorithm::{Algorithm, Card, Role, Service, Timing};
pub use crate::ident::{BACKEND, Item, NodeId, Peer, Token};
pub use crate::message::Message;
pub use crate::op::{Notice, Op, Outcome};
pub use crate::process::{AnyProcess, Effects, Event, Process};
pub use crate::property::{Environment, Kind, Property};
pub use crate::reports::terminal;
pub use crate::scenario::Scenario;
pub use crate::timer::Timer;
pub use crate::{Options, simulate, verify};
