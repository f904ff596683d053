//! The one kind of error: a sentence for the person who supplied the files.

use std::{fmt, path::Path};

/// One sentence, on one line, that names the file, what is wrong and what is allowed. It
/// never holds key material.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal(String);

impl Refusal {
    /// Wraps the sentence. Text from a certificate or a file name may hold anything, so that it
    /// is made visible, and the sentence stays on its line.
    #[must_use]
    pub fn new(sentence: impl AsRef<str>) -> Self {
        Self(one_line(sentence.as_ref()))
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refusal {}

/// The path as text for a sentence.
pub(super) fn shown(path: &Path) -> String {
    path.display().to_string().escape_debug().to_string()
}

/// The most that a sentence has, in characters.
const MAX_LENGTH: usize = 1000;

/// Makes text of files fit for a log and a terminal: what does not show, such as control
/// characters and marks that turn the direction, is written as its number, and what is too
/// long is cut off. So a file forges no lines and fills no log.
pub(super) fn one_line(text: &str) -> String {
    let shown = |c: char| match c {
        // They would be escaped as well, and are harmless.
        '\'' | '"' | '\\' => String::from(c),
        _ => c.escape_debug().to_string(),
    };
    let mut line: String = text.chars().take(MAX_LENGTH).map(shown).collect();
    if text.chars().count() > MAX_LENGTH {
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_show_is_made_visible() {
        for (text, wanted) in [
            ("a 'b' \"c\" \\ é 日 …", "a 'b' \"c\" \\ é 日 …"),
            ("a\nb\r\t\0", r"a\nb\r\t\0"),
            ("\u{1b}[31m\u{7f}\u{9b}", r"\u{1b}[31m\u{7f}\u{9b}"),
            (
                "\u{202e}\u{2066}\u{200b}\u{feff}",
                r"\u{202e}\u{2066}\u{200b}\u{feff}",
            ),
        ] {
            assert_eq!(one_line(text), wanted);
        }
        assert_eq!(one_line(&"a".repeat(2000)).chars().count(), 1001);
    }
}
