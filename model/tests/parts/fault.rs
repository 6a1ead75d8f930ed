use contend_model::plan::*;

#[test]
fn kinds_are_counted_under_the_names_they_show() {
    let mut happened = Happened::default();
    for (place, kind) in FaultKind::ALL.into_iter().enumerate() {
        assert_eq!(kind as usize, place);
        (0..=place).for_each(|_| happened.note(kind));
    }
    let text = serde_json::to_string(&happened).unwrap();
    assert!(text.contains("\"lost-sync\":13"), "{text}");
    assert_eq!(serde_json::from_str::<Happened>(&text).unwrap(), happened);
    for kind in FaultKind::ALL {
        assert_eq!(serde_json::to_string(&kind).unwrap(), format!("\"{kind}\""));
    }
}
