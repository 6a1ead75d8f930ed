use contend_model::check::lock::*;

const GRANT: Action = Action::Acquire { fence: None };

fn op(client: u32, called: u64, returned: u64, action: Action) -> Operation {
    Operation { client, called, returned, action }
}

#[test]
fn a_hold_lasts_from_the_return_to_the_call() {
    let history = [
        op(0, 0, 10, GRANT),
        op(1, 5, 21, GRANT),
        op(0, 20, 30, Action::Release),
        op(1, 40, 41, Action::Release),
    ];
    assert_eq!(check(&history), []);
    let sooner = [history[0], op(1, 5, 19, GRANT), history[2], history[3]];
    assert_eq!(check(&sooner), [Violation::Overlap { first: 0, second: 1 }]);
}

#[test]
fn who_has_lost_the_lock_may_not_give_it_back() {
    let history = [op(0, 0, 1, GRANT), op(0, 5, 5, Action::Lost), op(0, 6, 7, Action::Release)];
    assert_eq!(check(&history), [Violation::NotTheOwner { release: 2 }]);
    let told = [history[0], history[1], op(0, 6, 7, Action::NotHeld)];
    assert_eq!(check(&told), []);
}

#[test]
fn a_holder_is_let_in_again_and_leaves_with_its_last_release() {
    let history = [
        op(0, 0, 1, GRANT),
        op(0, 2, 3, GRANT),
        op(0, 4, 5, Action::Release),
        op(1, 4, 6, GRANT),
        op(0, 8, 9, Action::Release),
    ];
    assert_eq!(check(&history), [Violation::Overlap { first: 0, second: 3 }]);
    let refused = [op(0, 0, 1, GRANT), op(0, 2, 3, Action::Refused)];
    assert_eq!(check(&refused), [Violation::RefusedToItsHolder { held_by: 0, refused: 1 }]);
}

#[test]
fn tokens_grow_with_grants_that_do_not_overlap() {
    let grant = |client, called, returned, fence| {
        op(client, called, returned, Action::Acquire { fence: Some(fence) })
    };
    let lost = |client, at| op(client, at, at, Action::Lost);
    let concurrent = [grant(0, 0, 10, 2), lost(0, 10), grant(1, 5, 12, 1)];
    assert_eq!(check(&concurrent), []);
    let later = [grant(0, 0, 10, 2), lost(0, 10), grant(1, 11, 12, 2)];
    assert_eq!(check(&later), [Violation::FenceWentBack { earlier: 0, later: 2 }]);
}

#[test]
fn the_resource_takes_no_older_token_after_a_newer_one() {
    let write = |at, fence| Write { at, fence };
    assert_eq!(check_writes(&[write(1, 1), write(2, 2), write(3, 2)]), None);
    assert_eq!(check_writes(&[write(1, 2), write(2, 1)]), Some([0, 1]));
}
