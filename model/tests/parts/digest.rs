use contend_model::digest::*;
use std::hash::Hasher;

#[test]
fn the_encoding_is_little_endian_with_words_of_64_bits() {
    let mut digester = Digester::default();
    digester.write_u16(0x0102);
    digester.write_usize(3);
    digester.write_isize(-1);
    let mut expected = vec![2, 1, 3, 0, 0, 0, 0, 0, 0, 0];
    expected.extend([0xff; 8]);
    assert_eq!(digester.digest().0, xxhash_rust::xxh3::xxh3_64(&expected));
}

#[test]
fn long_input_is_hashed_like_one_piece() {
    let mut digester = Digester::default();
    let mut whole = Vec::new();
    for number in 0..5_000u32 {
        digester.write_u32(number);
        whole.extend(number.to_le_bytes());
    }
    assert_eq!(digester.digest().0, xxhash_rust::xxh3::xxh3_64(&whole));
    digester.clear();
    assert_eq!(digester.digest().0, xxhash_rust::xxh3::xxh3_64(&[]));
}

#[test]
fn a_digest_is_read_as_it_is_written() {
    let digest = Digest(0x00ab_0000_0000_0001);
    let text = serde_json::to_string(&digest).unwrap();
    assert_eq!(text, "\"00ab000000000001\"");
    assert_eq!(serde_json::from_str::<Digest>(&text).unwrap(), digest);
    assert!(serde_json::from_str::<Digest>("\"ab\"").is_err());
}
