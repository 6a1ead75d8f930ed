//! Traps: states from which something that is still pending can never come true.

use super::graph::{Graph, Reversed};
use super::renaming::Renamings;
use super::{Labels, StateId};

/// Whether there is a state that cannot be left for the better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trap {
    /// There is none in the whole space.
    None,
    /// This one; none is nearer.
    Found(StateId),
    /// None is known, but not everything is known.
    Unknown,
}

/// What may be pending, each with what would be good: of one question each, or of one client each.
pub(super) type Questions<'a> = &'a [(Labels, Labels)];

/// Questions, one bit each.
type Answers = u8;

impl Graph {
    pub fn first_trap(
        &self,
        questions: Questions<'_>,
        renamings: &Renamings,
        exhausted: bool,
    ) -> Trap {
        assert!(questions.len() <= Answers::BITS as usize, "at most eight questions at once");
        let which = |state: u32, labels: fn(&(Labels, Labels)) -> Labels| {
            let holds = |question| self.holds(state, labels(question));
            (0..).zip(questions).fold(0, |all, (n, q)| all | Answers::from(holds(q)) << n)
        };
        let mut reaching: Vec<Answers> = (0..self.states()).map(|s| which(s, |q| q.1)).collect();
        let reversed = self.reversed();
        self.close_over(&reversed, renamings, &mut reaching);
        let is_caught =
            |reaching: &[Answers], s: u32| which(s, |q| q.0) & !reaching[s as usize] != 0;
        if self.first(|s| is_caught(&reaching, s)).is_none() {
            return if exhausted { Trap::None } else { Trap::Unknown };
        }
        // A state that leads somewhere unknown may lead to something good.
        for state in (0..self.states()).filter(|&state| self.is_open(state)) {
            reaching[state as usize] = Answers::MAX;
        }
        self.close_over(&reversed, renamings, &mut reaching);
        self.first(|s| is_caught(&reaching, s)).map_or(Trap::Unknown, Trap::Found)
    }

    /// Adds to each state the questions to which a state that can be reached has the answer. A
    /// transition may end in a renamed target, where a question goes by another number.
    fn close_over(&self, reversed: &Reversed, renamings: &Renamings, reaching: &mut [Answers]) {
        let mut rest: Vec<u32> =
            (0..reaching.len() as u32).filter(|&state| reaching[state as usize] != 0).collect();
        while let Some(state) = rest.pop() {
            let (answers, own) = (reaching[state as usize], self.renaming(state));
            for &(source, renaming) in reversed.sources(state) {
                let known = &mut reaching[source as usize];
                let more = *known | renamings.back(own, renaming, answers);
                if more != *known {
                    *known = more;
                    rest.push(source);
                }
            }
        }
    }
}
