//! What Contend is about: processes, the worlds they run in, the properties that judge them, the
//! search that explores them, and the records of what was found.

pub mod algorithm;
pub mod application;
pub mod caller;
pub mod cast;
pub mod check;
pub mod digest;
pub mod discipline;
pub mod history;
pub mod ident;
pub mod measure;
pub mod message;
pub mod metrics;
pub mod monitor;
pub mod nearest;
pub mod node;
pub mod op;
pub mod plan;
pub mod process;
pub mod property;
pub mod run;
pub mod scenario;
pub mod search;
pub mod stream;
pub mod symmetry;
pub mod time;
pub mod timer;
pub mod verdict;
pub mod verify;
pub mod world;
