//! Which step of a counterexample receives the message that another step sends.

use contend_model::verdict::Frame;

/// A message between two steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Arrow<'a> {
    /// The sending step's place.
    pub sent: usize,
    /// The receiver.
    pub to: &'a str,
    /// The place of the step at which it arrives; `None` if it never does.
    pub arrived: Option<usize>,
}

/// Pairs sendings and arrivals: the oldest message that is on its way between the two and reads
/// as the arrival says, or else a message that arrives a second time.
pub(super) fn arrows(steps: &[Frame]) -> Vec<Arrow<'_>> {
    let mut arrows: Vec<(Arrow<'_>, &str)> = Vec::new();
    for (place, step) in steps.iter().enumerate() {
        if let Some(from) = &step.from {
            let fits = |(arrow, message): &(Arrow<'_>, &str)| {
                steps[arrow.sent].who == *from
                    && arrow.to == step.who
                    && step.cause.contains(*message)
            };
            let open = arrows.iter().position(|arrow| arrow.0.arrived.is_none() && fits(arrow));
            match open {
                Some(open) => arrows[open].0.arrived = Some(place),
                None => {
                    if let Some(&(arrow, message)) = arrows.iter().rfind(|arrow| fits(arrow)) {
                        arrows.push((Arrow { arrived: Some(place), ..arrow }, message));
                    }
                }
            }
        }
        for (to, message) in &step.sends {
            arrows.push((Arrow { sent: place, to, arrived: None }, message));
        }
    }
    arrows.into_iter().map(|(arrow, _)| arrow).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(who: &str, cause: &str, from: Option<&str>, sends: &[(&str, &str)]) -> Frame {
        Frame {
            number: 0,
            who: who.into(),
            cause: cause.into(),
            outcome: String::new(),
            fault: false,
            sends: sends.iter().map(|(to, what)| ((*to).into(), (*what).into())).collect(),
            from: from.map(str::to_owned),
            holders: Vec::new(),
            violates: Vec::new(),
            line: String::new(),
        }
    }

    fn ends(steps: &[Frame]) -> Vec<(usize, Option<usize>)> {
        arrows(steps).iter().map(|arrow| (arrow.sent, arrow.arrived)).collect()
    }

    #[test]
    fn a_late_message_is_told_from_the_one_that_overtook_it() {
        let steps = [
            step("A", "next operation", None, &[("redis", "SET lock")]),
            step("A", "timeout", None, &[("redis", "DEL lock")]),
            step("redis", "<- A: DEL lock", Some("A"), &[("A", "1")]),
            step("redis", "<- A: SET lock (late)", Some("A"), &[]),
        ];
        assert_eq!(ends(&steps), [(0, Some(3)), (1, Some(2)), (2, None)]);
    }

    #[test]
    fn a_message_that_is_sent_twice_arrives_twice() {
        let steps = [
            step("A", "next operation", None, &[("redis", "DEL lock")]),
            step("world", "fault: request A->redis is sent twice", None, &[]),
            step("redis", "<- A: DEL lock", Some("A"), &[]),
            step("redis", "<- A#1: DEL lock", Some("A"), &[]),
        ];
        assert_eq!(ends(&steps), [(0, Some(2)), (0, Some(3))]);
    }
}
