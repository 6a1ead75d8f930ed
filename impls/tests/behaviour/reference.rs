//! What tests of a server against a reference share.

use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestError, TestRng, TestRunner};

/// How many conversations a reference listens to.
pub fn conversations(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..Default::default() }
}

/// Whether some conversation is found in which the server and its reference differ: a reference that
/// agrees with a server that has forgotten a check is worth nothing.
pub fn differs<S: Strategy>(
    moves: &S,
    agrees: impl Fn(S::Value) -> Result<(), TestCaseError>,
) -> bool {
    let unshrunk = ProptestConfig { max_shrink_iters: 0, ..conversations(2_000) };
    match TestRunner::new_with_rng(unshrunk, rng()).run(moves, agrees) {
        Ok(()) => false,
        Err(TestError::Fail(..)) => true,
        Err(TestError::Abort(reason)) => panic!("no conversation could be drawn: {reason}"),
    }
}

/// The same conversations in every run.
fn rng() -> TestRng {
    TestRng::deterministic_rng(RngAlgorithm::ChaCha)
}
