//! What is seen in the bytes of a file, while the archive is read: no file is kept.

use std::collections::BTreeMap;

use regex::bytes::{Regex, RegexBuilder};

use crate::{
    auditable,
    elf::Elf,
    entries::Entry,
    facts::Facts,
    pattern::{self, any_fits},
    unreadable::Unreadable,
};

/// How many bytes are shown before what was found, and how many of it: enough to tell what it is,
/// and too few of a secret.
const BEFORE: usize = 40;
const SHOWN: usize = 16;

/// What was seen in the bytes of a file.
pub(crate) struct Inside {
    /// Forbidden things.
    pub(crate) forbidden: Vec<String>,
    /// Only of programs and libraries.
    pub(crate) elf: Option<Elf>,
    /// Whether it says which crates are in it, or why that cannot be read.
    pub(crate) auditable: Result<bool, String>,
    pub(crate) script: bool,
    /// Only of files whose text is a fact.
    pub(crate) text: Option<String>,
}

impl Default for Inside {
    fn default() -> Self {
        Self {
            forbidden: Vec::new(),
            elf: None,
            auditable: Ok(false),
            script: false,
            text: None,
        }
    }
}

/// Expressions, each with the kind of thing that it finds.
type Expressions<'a> = Vec<(&'a str, Regex)>;

/// What the facts have looked for in files, and in variables.
pub(crate) struct Look<'a> {
    facts: &'a Facts,
    forbidden: Expressions<'a>,
    in_environment: Expressions<'a>,
}

impl<'a> Look<'a> {
    /// Refuses a pattern or an expression that is none.
    pub(crate) fn new(facts: &'a Facts) -> Result<Self, Unreadable> {
        facts.patterns().try_for_each(pattern::check)?;
        Ok(Self {
            facts,
            forbidden: compiled("forbidden-content", &facts.forbidden_content)?,
            in_environment: compiled("forbidden-environment", &facts.forbidden_environment)?,
        })
    }

    /// A sentence for each thing that a variable, as `NAME=VALUE`, must not be; its value is not said.
    pub(crate) fn variable(&self, variable: &str) -> Vec<String> {
        let name = variable.split('=').next().unwrap_or_default();
        if any_fits(&self.facts.allowed_environment, name) {
            return Vec::new();
        }
        let say = |kind| {
            format!("environment: {name} is {kind}; allowed-environment = [{name:?}] lets it pass")
        };
        self.kinds(variable).map(say).collect()
    }

    /// The same of a step of the history, where builders write down what they set.
    pub(crate) fn step(&self, text: &str) -> Vec<String> {
        let say = |kind| format!("history: a step has what is {kind}");
        self.kinds(text).map(say).collect()
    }

    fn kinds(&self, text: &str) -> impl Iterator<Item = &'a str> {
        let expressions = self.in_environment.iter();
        expressions.filter_map(|(kind, regex)| regex.is_match(text.as_bytes()).then_some(*kind))
    }

    /// The names of the forbidden things in a text, each with where its first one is.
    pub(crate) fn text(&self, bytes: &[u8]) -> Vec<String> {
        let found = self
            .forbidden
            .iter()
            .filter_map(|(name, regex)| Some((name, regex.find(bytes)?)));
        found
            .map(|(name, found)| {
                let (start, end) = (found.start(), found.end().min(found.start() + SHOWN));
                let before = &bytes[start.saturating_sub(BEFORE)..start];
                format!(
                    "{name} at byte {start}: \"{}{}…\"",
                    before.escape_ascii(),
                    bytes[start..end].escape_ascii()
                )
            })
            .collect()
    }

    pub(crate) fn file(&self, entry: &Entry, bytes: &[u8]) -> Inside {
        Inside {
            forbidden: if any_fits(&self.facts.allowed_content, &entry.path) {
                Vec::new()
            } else {
                self.text(bytes)
            },
            elf: Elf::read(bytes),
            auditable: auditable::read(bytes).map(|said| said.is_some()),
            script: bytes.starts_with(b"#!"),
            text: (self.facts.files.contains_key(&entry.path))
                .then(|| String::from_utf8_lossy(bytes).into_owned()),
        }
    }
}

fn compiled<'a>(
    fact: &str,
    expressions: &'a BTreeMap<String, String>,
) -> Result<Expressions<'a>, Unreadable> {
    let compile = |(name, expression): (&'a String, &'a String)| {
        let regex = RegexBuilder::new(expression).unicode(false).build();
        regex
            .map(|regex| (name.as_str(), regex))
            .map_err(|error| Unreadable(format!("{fact}, {name}: {error}")))
    };
    expressions.iter().map(compile).collect()
}
