//! How things are written in sentences and tables.

use contend_model::property::Property;

/// `a, b and c`.
pub(crate) fn list<S: AsRef<str>>(items: &[S]) -> String {
    match items {
        [] => String::new(),
        [one] => one.as_ref().to_owned(),
        [init @ .., last] => {
            let init: Vec<&str> = init.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", init.join(", "), last.as_ref())
        }
    }
}

/// `a, b and c`, or `a, b and 7 more` where there are too many to be read.
pub(crate) fn some(items: &[String], most: usize) -> String {
    if items.len() <= most + 1 {
        return list(items);
    }
    let mut shown = items[..most].to_vec();
    shown.push(format!("{} more", grouped((items.len() - most) as u64)));
    list(&shown)
}

/// `one lock`, `3 locks`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    match number {
        1 => format!("1 {noun}"),
        _ => format!("{} {noun}s", grouped(number as u64)),
    }
}

/// A number with its thousands apart.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Three significant digits, thousands apart, no exponent; what rounds to nothing is `0`.
pub(crate) fn number(value: f64) -> String {
    if !value.is_finite() {
        return "–".into();
    }
    let size = value.abs();
    if size < 0.0005 {
        "0".into()
    } else if size >= 99.95 {
        let sign = if value < 0.0 { "-" } else { "" };
        format!("{sign}{}", grouped(size.round() as u64))
    } else if size >= 9.995 {
        format!("{value:.1}")
    } else if size >= 0.0995 {
        format!("{value:.2}")
    } else {
        format!("{value:.3}")
    }
}

/// `MutualExclusion` as in a sentence: `mutual exclusion`.
pub(crate) fn in_words(property: Property) -> String {
    let mut words = String::new();
    for letter in property.to_string().chars() {
        if letter.is_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.extend(letter.to_lowercase());
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_significant_digits_and_columns_align() {
        let written = [0.0, 0.0004, 0.0123, 0.5, 9.99, 9.996, 55.04, 99.96, 1234.5, -1234.5];
        let expected =
            ["0", "0", "0.012", "0.50", "9.99", "10.0", "55.0", "100", "1,235", "-1,235"];
        assert_eq!(written.map(number), expected.map(String::from));
        assert_eq!((number(f64::NAN), grouped(1_000_000)), ("–".into(), "1,000,000".into()));
    }

    #[test]
    fn lists_and_properties_read_as_english() {
        assert_eq!(list(&["a", "b", "c"]), "a, b and c");
        let names = ["a", "b", "c", "d"].map(String::from);
        assert_eq!(
            (some(&names, 3), some(&names, 2)),
            ("a, b, c and d".into(), "a, b and 2 more".into())
        );
        assert_eq!(in_words(Property::AtMostOnce), "at most once");
        assert_eq!((count(1, "lock"), count(1200, "run")), ("1 lock".into(), "1,200 runs".into()));
    }
}
