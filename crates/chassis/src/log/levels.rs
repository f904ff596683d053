//! What is logged, and in which shape.

use ::log::LevelFilter;

use crate::variable::{Allowed, Value};

/// The shape of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// `time level message name=value …`
    Text,
    /// One JSON object.
    Json,
}

impl Value for LogFormat {
    const ALLOWED: Allowed = Allowed::Text("`text` or `json`");

    fn parse(text: &str) -> Option<Self> {
        match text {
            "text" => Some(Self::Text),
            "json" => Some(Self::Json),
            _ => None,
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Text => "text",
            Self::Json => "json",
        }
        .to_owned()
    }
}

/// What is logged: a level for everything, and others for targets by their prefix.
///
/// This is `env_logger`'s syntax without its bare `target` and `/filter`: with them, a mistyped
/// level would be taken for the name of a target, and silence everything else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLevels(Vec<(Option<String>, LevelFilter)>);

impl LogLevels {
    /// The levels, each with its target, or with none where it is for everything.
    pub fn iter(&self) -> impl Iterator<Item = (Option<&str>, LevelFilter)> {
        self.0
            .iter()
            .map(|(target, level)| (target.as_deref(), *level))
    }
}

impl Value for LogLevels {
    const ALLOWED: Allowed = Allowed::Text(
        "`off`, `error`, `warn`, `info`, `debug` or `trace`, or `target=level`, separated by commas",
    );

    fn parse(text: &str) -> Option<Self> {
        text.split(',')
            .map(|item| match item.trim().split_once('=') {
                None => Some((None, item.trim().parse().ok()?)),
                Some((target, level)) if is_target(target) => {
                    Some((Some(target.to_owned()), level.parse().ok()?))
                }
                Some(_) => None,
            })
            .collect::<Option<_>>()
            .map(Self)
    }

    fn text(&self) -> String {
        let items: Vec<_> = self
            .iter()
            .map(|(target, level)| {
                let level = level.as_str().to_ascii_lowercase();
                target.map_or(level.clone(), |target| format!("{target}={level}"))
            })
            .collect();
        items.join(",")
    }
}

fn is_target(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_-:".contains(&byte))
}
