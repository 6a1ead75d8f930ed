//! The weakest environments that break a property, as letters.

use contend_model::property::{Environment, Property};

use crate::matrix::{Mark, Matrix};

/// What it takes to break one property of one algorithm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// The algorithm does not offer it.
    Moot,
    /// Nothing that was tried; `unknown` names environments without a verdict.
    Nothing {
        /// Where nobody can tell.
        unknown: Vec<Environment>,
    },
    /// Any of these environments suffices, and no weaker one does.
    Broken {
        /// The weakest that break it.
        by: Vec<Environment>,
        /// Where nobody can tell.
        unknown: Vec<Environment>,
    },
}

impl Cause {
    /// Reads it off the verdicts.
    pub fn of(matrix: &Matrix<'_>, property: Property) -> Cause {
        let where_it = |mark: Mark| -> Vec<Environment> {
            let all = Environment::ALL.into_iter();
            all.filter(|&environment| matrix.mark(property, environment) == mark).collect()
        };
        // Where nobody has asked nobody can tell either.
        let mut unknown = [where_it(Mark::Unknown), where_it(Mark::Absent)].concat();
        unknown.sort();
        let mut by = where_it(Mark::Violated);
        // Every environment allows what calm allows, and adds one cause to it.
        if by.contains(&Environment::Calm) {
            return Cause::Broken { by: vec![Environment::Calm], unknown: Vec::new() };
        }
        if by.is_empty() && unknown.is_empty() && where_it(Mark::Holds).is_empty() {
            return Cause::Moot;
        }
        if by.is_empty() {
            return Cause::Nothing { unknown };
        }
        by.sort();
        Cause::Broken { by, unknown }
    }

    /// The letters `0 m N C T F` of the environments; `✔` if nothing breaks it, `–` if it is not
    /// offered, `?` before the letters of environments without a verdict.
    pub fn letters(&self) -> String {
        let letters = |environments: &[Environment]| -> String {
            let letters: Vec<String> =
                environments.iter().map(|environment| environment.letter().to_string()).collect();
            letters.join(" ")
        };
        let (mut text, unknown) = match self {
            Cause::Moot => return "–".into(),
            Cause::Nothing { unknown } if unknown.is_empty() => return "✔".into(),
            Cause::Nothing { unknown } => (String::new(), unknown),
            Cause::Broken { by, unknown } => (letters(by), unknown),
        };
        if !unknown.is_empty() {
            let gap = if text.is_empty() { "" } else { " " };
            text = format!("{text}{gap}?{}", letters(unknown).replace(' ', ""));
        }
        text
    }

    /// [`Self::letters`] of a property of one algorithm; for fairness `≤n` where nobody is overtaken
    /// more often, and `∞` before the letters of environments in which it goes on without end.
    pub fn cell(matrix: &Matrix<'_>, property: Property) -> String {
        let cause = Cause::of(matrix, property);
        let letters = cause.letters();
        match (property, &cause) {
            (Property::Fairness, Cause::Broken { .. }) => format!("∞ {letters}"),
            (Property::Fairness, Cause::Nothing { unknown }) => match matrix.most_overtaken() {
                Some(times) if unknown.is_empty() => format!("≤{times}"),
                Some(times) => format!("≤{times} {letters}"),
                None => letters,
            },
            _ => letters,
        }
    }

    /// The environments that break it.
    pub fn broken_by(&self) -> &[Environment] {
        match self {
            Cause::Broken { by, .. } => by,
            Cause::Moot | Cause::Nothing { .. } => &[],
        }
    }
}
