use contend_model::algorithm::Role;
use contend_model::cast::*;

#[test]
fn names_are_unique_and_found_again() {
    let cast = Cast::new(vec![Role::Locker; 2], ["resource", "redis", "redis", "A"]);
    assert_eq!(cast.names(), ["A", "B", "resource", "redis", "redis2", "A2"]);
    for (index, name) in cast.names().iter().enumerate() {
        assert_eq!(cast.find(name), Some(index));
        assert_eq!(cast.index(cast.node(index)), index);
    }
    assert_eq!(cast.find("C"), None);
}
