//! What tests of a server against a reference share.

use std::fmt::Debug;

use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestError, TestRng, TestRunner};

/// How many conversations a reference listens to.
pub fn conversations(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..Default::default() }
}

/// For each of these checks, some conversation is found in which a server that has forgotten it and the reference
/// differ: a reference that agrees with such a server is worth nothing.
pub fn notices_each<G: Copy + Debug, S: Strategy>(
    guards: &[G],
    moves: &S,
    agrees: impl Fn(G, S::Value) -> Result<(), TestCaseError>,
) {
    for &guard in guards {
        let noticed = differs(moves, |moves| agrees(guard, moves));
        assert!(noticed, "nothing shows that {guard:?} is missing");
    }
}

/// Whether some conversation is found in which the server and its reference differ.
fn differs<S: Strategy>(moves: &S, agrees: impl Fn(S::Value) -> Result<(), TestCaseError>) -> bool {
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
