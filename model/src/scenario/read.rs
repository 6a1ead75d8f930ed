//! Scenarios from files and into files.

use crate::nearest::nearest;
use toml::de::{DeTable, DeValue};

use super::{Scenario, ScenarioError, VERSION};

impl Scenario {
    /// Reads TOML. `file` is the name that errors give.
    pub fn from_toml(file: &str, text: &str) -> Result<Scenario, ScenarioError> {
        let source = Source { file, text, format: Format::Toml };
        let document = DeTable::parse(text).map_err(|error| source.toml_error(&error))?;
        if let Some(version) = document.get_ref().get("version") {
            let number = match version.get_ref() {
                DeValue::Integer(integer) => integer.as_str().parse().ok(),
                _ => None,
            };
            source.check_version(number)?;
        }
        let scenario = toml::from_str(text).map_err(|error| source.toml_error(&error))?;
        source.checked(scenario)
    }

    /// Reads JSON. `file` is the name that errors give.
    pub fn from_json(file: &str, text: &str) -> Result<Scenario, ScenarioError> {
        let source = Source { file, text, format: Format::Json };
        let document: serde_json::Value =
            serde_json::from_str(text).map_err(|error| source.json_error(&error))?;
        if let Some(version) = document.get("version") {
            source.check_version(version.as_i64())?;
        }
        let scenario = serde_json::from_str(text).map_err(|error| source.json_error(&error))?;
        source.checked(scenario)
    }

    /// The scenario as TOML.
    pub fn to_toml(&self) -> String {
        toml::to_string(self).expect("a scenario has nothing that TOML cannot say")
    }

    /// The scenario as JSON.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("a scenario has nothing that JSON cannot say")
    }
}

#[derive(Clone, Copy)]
enum Format {
    Toml,
    Json,
}

/// What is being read.
struct Source<'a> {
    file: &'a str,
    text: &'a str,
    format: Format,
}

impl Source<'_> {
    fn error(&self, line: Option<usize>, key: &str, problem: &str, mend: &str) -> ScenarioError {
        ScenarioError {
            file: self.file.into(),
            line,
            key: key.into(),
            problem: problem.into(),
            mend: mend.into(),
        }
    }

    fn check_version(&self, version: Option<i64>) -> Result<(), ScenarioError> {
        let (problem, mend) = match version {
            Some(version) if version == i64::from(VERSION) => return Ok(()),
            Some(version) if version > i64::from(VERSION) => (
                format!("{version} is newer than this build, which reads {VERSION}"),
                "use the build that wrote the file, or a later one",
            ),
            _ => ("not a version that there has been".into(), "write `version = 1`"),
        };
        Err(self.error(self.line_of(&["version".into()]), "version", &problem, mend))
    }

    fn checked(&self, scenario: Scenario) -> Result<Scenario, ScenarioError> {
        match scenario.problem() {
            None => Ok(scenario),
            Some(problem) => {
                let line = self.line_of(&problem.path);
                Err(self.error(line, &problem.key(), &problem.what, &problem.mend))
            }
        }
    }

    fn toml_error(&self, error: &toml::de::Error) -> ScenarioError {
        let start = error.span().map(|span| span.start.min(self.text.len()));
        let line = start.map(|start| line_at(self.text, start));
        // What is missing from the whole file is not the fault of its first line.
        let missing = error.message().starts_with("missing field");
        let key = line.map(|line| toml_key(self.text, line, !missing)).unwrap_or_default();
        let (problem, mend) = explained(error.message());
        self.error(line, &key, &problem, &mend)
    }

    fn json_error(&self, error: &serde_json::Error) -> ScenarioError {
        let line = (error.line() > 0).then(|| error.line());
        let key = line.map(|line| json_key(self.text, line)).unwrap_or_default();
        let message = error.to_string();
        let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(what, _)| what);
        let (problem, mend) = explained(message);
        self.error(line, &key, &problem, &mend)
    }

    fn line_of(&self, path: &[String]) -> Option<usize> {
        locate(self.text, self.format, path)
    }
}

/// The line on which a key is written, such as `plan.3.node`, or what it would lie in. A file
/// whose name ends in `json` is JSON, any other is TOML.
pub fn line_of(file: &str, text: &str, key: &str) -> Option<usize> {
    let format = if file.ends_with("json") { Format::Json } else { Format::Toml };
    let path: Vec<String> = key.split('.').map(str::to_owned).collect();
    locate(text, format, &path)
}

fn locate(text: &str, format: Format, path: &[String]) -> Option<usize> {
    (1..=path.len()).rev().map(|length| &path[..length]).find_map(|path| {
        let start = match format {
            Format::Toml => toml_place(text, path)?,
            Format::Json => json_place(text, path)?,
        };
        Some(line_at(text, start))
    })
}

/// What the reader of the format says, in one line, and what to do about it.
fn explained(message: &str) -> (String, String) {
    let message = message.trim().replace('\n', ", ");
    for (start, noun) in [("unknown field `", "key"), ("unknown variant `", "kind")] {
        if let Some((name, rest)) = message.strip_prefix(start).and_then(|m| m.split_once('`')) {
            let known: Vec<&str> = rest.split('`').skip(1).step_by(2).collect();
            let mend = match nearest(name, &known) {
                Some(near) => format!("did you mean `{near}`?"),
                None if known.is_empty() => "leave it out".into(),
                None => format!("known are: {}", known.join(", ")),
            };
            return (format!("there is no {noun} `{name}` here"), mend);
        }
    }
    if let Some(name) = message.strip_prefix("missing field `").and_then(|m| m.split('`').next()) {
        return (format!("`{name}` is missing"), format!("add `{name}`"));
    }
    if let Some(rest) = message.strip_prefix("unexpected keys in table: ") {
        let (keys, known) = rest.split_once(", available keys: ").unwrap_or((rest, "none"));
        return (format!("there is no key `{keys}` here"), format!("known are: {known}"));
    }
    if message.starts_with("duplicate key") {
        return (message, "delete one of the two".into());
    }
    if message.starts_with("EOF") {
        return ("the file ends too early".into(), "restore the rest of it".into());
    }
    if message.starts_with("string values must be quoted") {
        return ("the value is missing or not quoted".into(), "write it, text in quotes".into());
    }
    if let Some((what, expected)) = message.rsplit_once(", expected ") {
        return (what.to_owned(), format!("write {}", in_words(expected)));
    }
    if let Some(expected) = message.strip_prefix("expected ") {
        return ("something is out of place".into(), format!("write {}", in_words(expected)));
    }
    (message, "correct it".into())
}

/// What is expected, for somebody who does not know the types.
fn in_words(expected: &str) -> String {
    match expected {
        "f64" => "a number".into(),
        "u8" => "a whole number from 0 to 255".into(),
        "u16" => "a whole number from 0 to 65535".into(),
        "u32" | "u64" => "a whole number, not negative".into(),
        "i32" => "a whole number".into(),
        "a boolean" => "true or false".into(),
        other => other.into(),
    }
}

fn line_at(text: &str, start: usize) -> usize {
    text.as_bytes()[..start].iter().filter(|&&byte| byte == b'\n').count() + 1
}

/// The key that a line of TOML is about, with its table; or the table alone.
fn toml_key(text: &str, line: usize, with_key: bool) -> String {
    let lines: Vec<&str> = text.lines().take(line).collect();
    let header = |line: &&&str| line.trim_start().starts_with('[');
    let table = lines.iter().rev().find(header).map_or("", |line| {
        line.trim().trim_start_matches('[').split(']').next().unwrap_or_default()
    });
    let last =
        lines.last().filter(|line| with_key && !header(line)).and_then(|line| line.split_once('='));
    let key = last.map_or("", |(key, _)| key.trim());
    [table.trim(), key].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(".")
}

/// The last key on a line of JSON.
fn json_key(text: &str, line: usize) -> String {
    let line = text.lines().nth(line - 1).unwrap_or_default();
    let key = line.rsplit_once("\":").map(|(before, _)| before);
    key.and_then(|before| before.rsplit('"').next()).unwrap_or_default().to_owned()
}

fn toml_place(text: &str, path: &[String]) -> Option<usize> {
    let document = DeTable::parse(text).ok()?;
    let (first, rest) = path.split_first()?;
    let mut value = document.get_ref().get(first.as_str())?;
    for key in rest {
        value = match value.get_ref() {
            DeValue::Table(table) => table.get(key.as_str())?,
            DeValue::Array(array) => array.get(key.parse::<usize>().ok()?)?,
            _ => return None,
        };
    }
    Some(value.span().start)
}

/// Where the value of a path stands in a valid text.
fn json_place(text: &str, path: &[String]) -> Option<usize> {
    // For each open bracket: the key or the index that what follows is under.
    let mut under: Vec<String> = Vec::new();
    let mut string_start = None;
    let mut skip = false;
    let mut last_string = "";
    for (place, byte) in text.bytes().enumerate() {
        if let Some(start) = string_start {
            match byte {
                _ if skip => skip = false,
                b'\\' => skip = true,
                b'"' => {
                    last_string = &text[start..place];
                    string_start = None;
                }
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => string_start = Some(place + 1),
            b':' => *under.last_mut()? = last_string.to_owned(),
            b'{' => under.push(String::new()),
            b'[' => under.push("0".into()),
            b'}' | b']' => drop(under.pop()),
            b',' => {
                if let Some(index) = under.last().and_then(|index| index.parse::<usize>().ok()) {
                    *under.last_mut()? = (index + 1).to_string();
                }
            }
            _ => continue,
        }
        if under == path {
            return Some(place);
        }
    }
    None
}
