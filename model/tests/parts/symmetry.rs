use contend_model::symmetry::*;

#[test]
fn renamings_keep_roles_and_start_with_the_identity() {
    let all = Permutation::all_within(&["producer", "consumer", "consumer"]);
    let images: Vec<_> = all.iter().map(|p| p.image().to_vec()).collect();
    assert_eq!(images, [[0, 1, 2], [0, 2, 1]]);
}
