//! The bridge between the explored world and the stations, both ways: a run on virtual time must
//! be a path of the explored world ([`follow`]), and a path of the explored world must be
//! something that stations do ([`reenact`]). Each of the two engines guards the other.

mod follow;
mod names;
mod reenact;
mod script;
mod staging;

use contend_model::world::{Scope, World};

pub use follow::{Diverged, Followed, follow};
pub use reenact::{Parted, Reenacted, reenact};
pub use staging::{Unstageable, scenario_of};

/// The world of a scope as paths are walked in it: clients are told apart.
pub(crate) fn world(algorithm: &dyn contend_model::algorithm::Algorithm, scope: &Scope) -> World {
    World::new(algorithm, scope.clone()).without_symmetry()
}
