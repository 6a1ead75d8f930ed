use contend_model::search::*;

#[test]
fn a_fingerprint_is_the_same_for_ever() {
    assert_eq!(Fingerprinter::of(&()), GOLDEN[0]);
    assert_eq!(Fingerprinter::of(&(1_u8, 2_u16, 3_u32, 4_u64, -5_i8)), GOLDEN[1]);
    assert_eq!(Fingerprinter::of(&vec!["lease", "fencing token"]), GOLDEN[2]);
    assert_eq!(Fingerprinter::of(&Some([7_u8; 21])), GOLDEN[3]);
}

const GOLDEN: [u64; 4] =
    [0x4540_359c_0d1a_dc75, 0xfe2c_d8d2_44f8_f5cb, 0x08e2_6f3e_c143_84d6, 0x8383_2cf3_d423_39df];

/// A number that takes more than a byte is not taken for a small one and something behind it.
#[test]
fn lengths_of_any_size_are_told_apart() {
    let numbers = [0, 1, 0xfe, 0xff, 0x100, 0xff00, 0x1_0000, u64::MAX as usize];
    let pairs = numbers.iter().flat_map(|&one| numbers.map(|other| (one, other)));
    let prints: std::collections::BTreeSet<u64> =
        pairs.map(|pair| Fingerprinter::of(&pair)).collect();
    assert_eq!(prints.len(), numbers.len().pow(2));
}

#[test]
fn small_fields_are_told_apart_wherever_they_stand() {
    let mut prints = std::collections::BTreeSet::new();
    for place in 0..40 {
        for value in 1..=255 {
            let mut state = [0_u8; 40];
            state[place] = value;
            prints.insert(Fingerprinter::of(&state));
        }
    }
    assert_eq!(prints.len(), 40 * 255);
}

/// States of a model differ in few small fields. Each half of their fingerprints must collide
/// about as often as a random number of 32 bits would: n²/2³³ times.
#[test]
fn regular_states_collide_no_more_often_than_random_numbers() {
    const PER_FIELD: u32 = 5;
    const FIELDS: u32 = 9;
    let states: u32 = PER_FIELD.pow(FIELDS);
    let mut prints: Vec<u64> = (0..states)
        .map(|index| {
            let mut fields = [0_u8; FIELDS as usize];
            let mut rest = index;
            for field in &mut fields {
                *field = (rest % PER_FIELD) as u8;
                rest /= PER_FIELD;
            }
            Fingerprinter::of(&fields)
        })
        .collect();
    let expected = f64::from(states).powi(2) / 2_f64.powi(33);
    for half in [0, 32] {
        prints.sort_unstable_by_key(|print| (print >> half) as u32);
        let collisions = prints
            .windows(2)
            .filter(|pair| (pair[0] >> half) as u32 == (pair[1] >> half) as u32)
            .count() as f64;
        let deviation = (collisions - expected).abs() / expected.sqrt();
        assert!(deviation < 4.0, "{collisions} collisions where {expected:.0} are due");
    }
}
